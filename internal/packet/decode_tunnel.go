package packet

import "github.com/cordonhq/cordon/internal/platform/netid"

// UDP ports of the tunnels that are peeled off (IANA).
const (
	portGTPU   = 2152
	portTeredo = 3544
	portVXLAN  = 4789
	portCAPWAP = 5247 // data channel
	portGeneve = 6081
)

func isTunnelPort(port uint16) bool {
	switch port {
	case portGTPU, portTeredo, portVXLAN, portCAPWAP, portGeneve:
		return true
	}
	return false
}

// reenter forgets the outer network layer, so that only the inner one shows,
// and counts the tunnel. It reports false, with nothing forgotten, when the
// frame is nested too deeply.
func (p *Packet) reenter() bool {
	if !p.enterTunnel() {
		return false
	}
	p.EtherType, p.IPVersion, p.Proto, p.TTL = 0, 0, 0, 0
	p.Src, p.Dst = netid.Addr{}, netid.Addr{}
	p.SrcPort, p.DstPort = 0, 0
	p.setPayload(nil, 0)
	return true
}

// ipTunnel enters what p, an IP packet of protocol proto with payload b,
// carries, if that is a tunnel that can be read.
func (d *Decoder) ipTunnel(p *Packet, proto uint8, b []byte, missing int) {
	switch proto {
	case ProtoGRE:
		d.gre(p, b, missing)
	case protoIPv4, protoIPv6:
		d.enterIP(p, b, missing)
	case protoMPLS:
		if len(b) >= 4 {
			d.enterType(p, etherTypeMPLS, b, missing)
		}
	case protoEtherIP:
		const header, version = 2, 0x30
		if len(b) >= header && b[0] == version {
			d.enterEthernet(p, b[header:], missing)
		}
	}
}

// enterIP decodes b as an inner IP packet if its header looks like one.
func (d *Decoder) enterIP(p *Packet, b []byte, missing int) {
	if plausibleIP(b) && p.reenter() {
		d.ip(p, b, missing)
	}
}

// enterEthernet decodes b as an inner Ethernet frame.
func (d *Decoder) enterEthernet(p *Packet, b []byte, missing int) {
	if len(b) >= ethernetHeader && p.reenter() {
		d.ethernet(p, b, missing)
	}
}

// enterType decodes b as the payload of EtherType t.
func (d *Decoder) enterType(p *Packet, t uint16, b []byte, missing int) {
	switch t {
	case EtherTypeIPv4, EtherTypeIPv6:
		d.enterIP(p, b, missing)
	case etherTypeTransparent:
		d.enterEthernet(p, b, missing)
	case etherTypePPP:
		if len(b) >= 2 && p.reenter() {
			d.pppFrame(p, b, missing)
		}
	case EtherTypeARP, etherTypeVLAN, etherTypeMPLS, etherTypeMPLSUp, etherTypePPPoE:
		if p.reenter() {
			d.etherPayload(p, t, b, missing)
		}
	}
}

// plausibleIP reports whether b begins with an IP header that does not
// contradict itself. A packet that was cut before it entered the tunnel is one
// all the same.
func plausibleIP(b []byte) bool {
	if len(b) < ipv4Header {
		return false
	}
	switch b[0] >> 4 {
	case 4:
		header, total := int(b[0]&0x0f)*4, int(be16(b[2:]))
		return header >= ipv4Header && (total == 0 || header <= total)
	case 6:
		return len(b) >= ipv6Header
	}
	return false
}

// gre decodes GRE (RFC 2784, RFC 2890), its PPTP variant (RFC 2637 §4.1) and
// ERSPAN inside it. Source routes (RFC 1701) are not followed.
func (d *Decoder) gre(p *Packet, b []byte, missing int) {
	const (
		checksum    = 0x8000
		routing     = 0x4000
		key         = 0x2000
		sequence    = 0x1000
		acknowledge = 0x0080
		versionMask = 0x0007
	)
	if len(b) < 4 {
		p.fail(ShortTransport)
		return
	}
	flags, t := be16(b), be16(b[2:])
	if flags&routing != 0 || flags&versionMask > 1 {
		return
	}
	n := 4
	for _, option := range [...]uint16{checksum, key, sequence} {
		if flags&option != 0 {
			n += 4
		}
	}
	if flags&versionMask == 1 && flags&acknowledge != 0 {
		n += 4
	}
	if len(b) < n {
		p.fail(ShortTransport)
		return
	}
	d.grePayload(p, t, flags&sequence != 0, b[n:], missing)
}

// grePayload decodes what GRE of protocol type t carries. ERSPAN without a
// sequence number is type I, which has no header of its own.
func (d *Decoder) grePayload(p *Packet, t uint16, sequenced bool, b []byte, missing int) {
	const (
		erspan         = 0x88be // types I and II
		erspanIII      = 0x22eb
		erspanHeader   = 8
		erspan3Header  = 12
		platformHeader = 8
	)
	n := 0
	switch t {
	case erspan:
		if sequenced {
			n = erspanHeader
		}
	case erspanIII:
		n = erspan3Header
		if len(b) >= n && b[n-1]&1 != 0 { // platform-specific subheader
			n += platformHeader
		}
	default:
		d.enterType(p, t, b, missing)
		return
	}
	if len(b) >= n {
		d.enterEthernet(p, b[n:], missing)
	}
}

// udpTunnel enters the payload of p, a UDP datagram on a tunnel's port, if it
// is that tunnel's. Anybody may use the port for something else, so each
// header is checked first and the datagram stays one when it does not fit.
func (d *Decoder) udpTunnel(p *Packet) {
	if d.OuterOnly {
		return
	}
	b, missing := p.Payload, int(p.PayloadLen)-len(p.Payload)
	switch {
	case p.DstPort == portVXLAN:
		d.vxlan(p, b, missing)
	case p.DstPort == portGeneve:
		d.geneve(p, b, missing)
	case p.DstPort == portGTPU || p.SrcPort == portGTPU:
		d.gtpu(p, b, missing)
	case p.DstPort == portCAPWAP || p.SrcPort == portCAPWAP:
		d.capwap(p, b, missing)
	case p.DstPort == portTeredo || p.SrcPort == portTeredo:
		d.teredo(p, b, missing)
	}
}

// vxlan decodes RFC 7348 §5: the I flag alone, reserved bits zero.
func (d *Decoder) vxlan(p *Packet, b []byte, missing int) {
	const header, validID = 8, 0x08000000
	if len(b) >= header+ethernetHeader && be32(b) == validID && b[7] == 0 {
		d.enterEthernet(p, b[header:], missing)
	}
}

// geneve decodes RFC 8926 §3.4, skipping its options.
func (d *Decoder) geneve(p *Packet, b []byte, missing int) {
	const header, versionMask, reserved = 8, 0xc0, 0x3f
	if len(b) < header || b[0]&versionMask != 0 || b[1]&reserved != 0 || b[7] != 0 {
		return
	}
	n := header + int(b[0]&^versionMask)*4
	if len(b) >= n {
		d.enterType(p, be16(b[2:]), b[n:], missing)
	}
}

// gtpu decodes a user-plane packet (3GPP TS 29.281 §5), skipping its
// extension headers.
func (d *Decoder) gtpu(p *Packet, b []byte, missing int) {
	const (
		header        = 8
		versionMask   = 0xf0
		version1GTP   = 0x30
		optional      = 0x07 // extension, sequence and N-PDU flags
		extension     = 0x04
		gPDU          = 0xff
		maxExtensions = 4
	)
	if len(b) < header || b[0]&versionMask != version1GTP || b[1] != gPDU {
		return
	}
	if int(be16(b[2:]))+header > len(b)+missing {
		return
	}
	flags := b[0]
	b = b[header:]
	if flags&optional != 0 {
		if len(b) < 4 {
			return
		}
		next := b[3]
		b = b[4:]
		for range maxExtensions {
			if flags&extension == 0 || next == 0 {
				break
			}
			if len(b) == 0 || b[0] == 0 || int(b[0])*4 > len(b) {
				return
			}
			n := int(b[0]) * 4
			next, b = b[n-1], b[n:]
		}
	}
	d.enterIP(p, b, missing)
}

// teredo decodes RFC 4380 §5.1.1: IPv6 behind optional authentication and
// origin indications. Nothing else marks it, so the IPv6 packet must end where
// the datagram does.
func (d *Decoder) teredo(p *Packet, b []byte, missing int) {
	const authentication, origin = 0x0001, 0x0000
	if len(b) >= 4 && be16(b) == authentication {
		n := 4 + int(b[2]) + int(b[3]) + 9 // identifier, value, nonce, confirmation
		if len(b) < n {
			return
		}
		b = b[n:]
	}
	if len(b) >= 8 && be16(b) == origin {
		b = b[8:]
	}
	if len(b) >= ipv6Header && b[0]>>4 == 6 && ipv6Header+int(be16(b[4:])) <= len(b)+missing {
		d.enterIP(p, b, missing)
	}
}

// capwap decodes what an access point and its controller exchange for
// stations (RFC 5415 §4.3): 802.11 or 802.3 frames, unless DTLS hides them or
// they are in pieces.
func (d *Decoder) capwap(p *Packet, b []byte, missing int) {
	const (
		header      = 8
		plain       = 0x00 // version and type
		wordsShift  = 3
		wordsBits   = 0x1f
		native      = 0x01 // in b[2]: 802.11, not 802.3
		inPieces    = 0x80 // in b[3]
		keepAlive   = 0x08 // in b[3]
		dot11       = 1    // binding
		bindingBits = 0x1f
	)
	if len(b) < header || b[0] != plain || b[3]&(inPieces|keepAlive) != 0 {
		return
	}
	n := int(b[1]>>wordsShift&wordsBits) * 4
	binding := b[2] >> 1 & bindingBits
	if n < header || n > len(b) || binding != dot11 {
		return
	}
	isNative := b[2]&native != 0
	b = b[n:]
	if !isNative {
		d.enterEthernet(p, b, missing)
		return
	}
	if control, ok := capwapControl(b); ok && p.reenter() {
		// Controllers put anything into the fragment number.
		d.wifiFrame(p, control, true, b, missing)
	}
}

// capwapControl reads the frame control field of a data frame, of which some
// controllers swap the bytes. ok is false for other frames.
func capwapControl(b []byte) (control uint16, ok bool) {
	const wifiHeader, versionAndType = 24, 0x0f
	if len(b) < wifiHeader {
		return 0, false
	}
	switch byte(wifiTypeData) {
	case b[0] & versionAndType:
		return uint16(b[1])<<8 | uint16(b[0]), true
	case b[1] & versionAndType:
		return be16(b), true
	}
	return 0, false
}
