package packet

import (
	"encoding/binary"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Bits of an 802.11 frame control field, read as little-endian
// (IEEE Std 802.11-2020 §9.2.4.1).
const (
	wifiTypeMask     = 0x000c
	wifiTypeControl  = 0x0004
	wifiTypeData     = 0x0008
	wifiNoData       = 0x0040 // in a data frame's subtype: no body
	wifiQoS          = 0x0080 // in a data frame's subtype: QoS control present
	wifiToDS         = 0x0100
	wifiFromDS       = 0x0200
	wifiMoreFragment = 0x0400
	wifiProtected    = 0x4000
	wifiOrder        = 0x8000
)

// wifi decodes an 802.11 frame: addresses of all frames but control frames,
// and the payload of data frames that are neither encrypted nor fragments.
func (d *Decoder) wifi(p *Packet, b []byte, missing int) {
	if len(b) < 2 {
		p.fail(ShortLink)
		return
	}
	control := binary.LittleEndian.Uint16(b)
	const sequenceControl, fragmentNumber = 22, 0x0f
	whole := control&wifiMoreFragment == 0 && (len(b) <= sequenceControl || b[sequenceControl]&fragmentNumber == 0)
	d.wifiFrame(p, control, whole, b, missing)
}

// wifiFrame is wifi with the frame control field read already. whole is false
// for a fragment.
func (d *Decoder) wifiFrame(p *Packet, control uint16, whole bool, b []byte, missing int) {
	if control&wifiTypeMask == wifiTypeControl {
		return
	}
	const header = 24
	if len(b) < header {
		p.fail(ShortLink)
		return
	}
	n := header
	a1, a2, a3 := netid.MAC(b[4:10]), netid.MAC(b[10:16]), netid.MAC(b[16:22])
	switch control & (wifiToDS | wifiFromDS) {
	case 0:
		p.DstMAC, p.SrcMAC = a1, a2
	case wifiFromDS:
		p.DstMAC, p.SrcMAC = a1, a3
	case wifiToDS:
		p.DstMAC, p.SrcMAC = a3, a2
	default: // between access points, with a fourth address
		if len(b) < header+6 {
			p.fail(ShortLink)
			return
		}
		p.DstMAC, p.SrcMAC = a3, netid.MAC(b[header:header+6])
		n += 6
	}
	if control&wifiTypeMask != wifiTypeData || control&wifiNoData != 0 {
		p.LinkPayload = b[n:]
		return
	}
	d.wifiData(p, control, whole, b, n, missing)
}

// wifiData skips what a data frame has behind its n bytes of common header
// and decodes the body. Of an aggregate the first subframe is decoded.
func (d *Decoder) wifiData(p *Packet, control uint16, whole bool, b []byte, n, missing int) {
	aggregate := false
	if control&wifiQoS != 0 {
		const aMSDUPresent = 0x80
		aggregate = len(b) > n && b[n]&aMSDUPresent != 0
		n += 2
		if control&wifiOrder != 0 { // HT control
			n += 4
		}
	}
	if len(b) < n {
		p.fail(ShortLink)
		return
	}
	b = b[n:]
	p.LinkPayload = b
	switch {
	case control&wifiProtected != 0 || !whole:
	case aggregate:
		if len(b) < ethernetHeader {
			p.fail(ShortLink)
			return
		}
		p.DstMAC, p.SrcMAC = netid.MAC(b[0:6]), netid.MAC(b[6:12])
		n := int(be16(b[12:]))
		b, missing = trimLength(b[ethernetHeader:], n, missing)
		d.llc(p, b, missing)
	default:
		d.llc(p, b, missing)
	}
}

// radiotap skips a radiotap header (radiotap.org), reading only whether the
// frame behind it has its FCS.
func (d *Decoder) radiotap(p *Packet, b []byte, missing int) {
	const minHeader, version = 8, 0
	if len(b) < minHeader {
		p.fail(ShortLink)
		return
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if b[0] != version || n < minHeader || n > len(b) {
		p.fail(ShortLink)
		return
	}
	const hasFCS = 0x10
	flags := radiotapFlags(b[:n])
	b = b[n:]
	if flags&hasFCS != 0 {
		b, missing = cutFCS(b, missing)
	}
	d.wifi(p, b, missing)
}

// radiotapFlags returns the flags field, 0 if the header has none.
func radiotapFlags(h []byte) byte {
	const tsft, flags, more = 1 << 0, 1 << 1, 1 << 31
	first := binary.LittleEndian.Uint32(h[4:])
	if first&flags == 0 {
		return 0
	}
	i := 4
	for {
		if i+4 > len(h) {
			return 0
		}
		word := binary.LittleEndian.Uint32(h[i:])
		i += 4
		if word&more == 0 {
			break
		}
	}
	if first&tsft != 0 {
		i = (i + 7) &^ 7
		i += 8
	}
	if i >= len(h) {
		return 0
	}
	return h[i]
}

// cutFCS removes the last four bytes of the frame, of which the capture may
// hold none.
func cutFCS(b []byte, missing int) ([]byte, int) {
	const fcs = 4
	if missing >= fcs {
		return b, missing - fcs
	}
	n := min(fcs-missing, len(b))
	return b[:len(b)-n], 0
}

// ppi skips a per-packet information header (CACE PPI 1.0.7 §3.1), which
// names the link type behind it.
func (d *Decoder) ppi(p *Packet, b []byte, missing int) {
	const header = 8
	if len(b) < header {
		p.fail(ShortLink)
		return
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	inner := LinkType(min(binary.LittleEndian.Uint32(b[4:]), 0xffff))
	if n < header || n > len(b) {
		p.fail(ShortLink)
		return
	}
	if inner == linkPPI {
		p.fail(UnknownLink)
		return
	}
	b = b[n:]
	p.LinkPayload = b
	d.link(p, inner, b, missing)
}
