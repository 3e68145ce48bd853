package packet

import (
	"encoding/binary"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Link types that are decoded as variants of the exported ones.
const (
	linkRawBSD     LinkType = 12 // LinkRaw as most BSDs wrote it
	linkRawOpenBSD LinkType = 14
	linkPPPSerial  LinkType = 50 // PPP or Cisco HDLC, RFC 1547
	linkPPPEther   LinkType = 51 // PPPoE session header first
	linkHDLC       LinkType = 104
	linkPPI        LinkType = 192 // per-packet information, then another link type
	linkMPacket    LinkType = 274 // IEEE 802.3br: preamble, then Ethernet
)

// EtherTypes that are peeled off; none of them is ever left in
// Packet.EtherType of a well-formed frame.
const (
	etherTypeTransparent = 0x6558 // bridged Ethernet, RFC 1701
	etherTypeVLAN        = 0x8100
	etherTypeMPLS        = 0x8847
	etherTypeMPLSUp      = 0x8848 // upstream-assigned label, RFC 5332
	etherTypePPPoE       = 0x8864 // session stage
	etherTypePPP         = 0x880b
	etherTypeQinQ        = 0x88a8 // IEEE 802.1ad
	etherTypePBB         = 0x88e7 // IEEE 802.1ah
	etherTypeQinQOld     = 0x9100
	etherTypeQinQOlder   = 0x9200
)

const (
	ethernetHeader = 14
	// minEtherType is the least value that is a type, not a length
	// (IEEE Std 802.3 §3.2.6).
	minEtherType = 0x0600
)

// ethernet decodes a MAC frame without its FCS.
func (d *Decoder) ethernet(p *Packet, b []byte, missing int) {
	if len(b) < ethernetHeader {
		p.fail(ShortLink)
		return
	}
	p.DstMAC = netid.MAC(b[0:6])
	p.SrcMAC = netid.MAC(b[6:12])
	d.etherType(p, be16(b[12:]), b[ethernetHeader:], missing)
}

// etherType decodes what follows a type or length field.
func (d *Decoder) etherType(p *Packet, t uint16, b []byte, missing int) {
	if t == EtherTypeIPv4 {
		p.EtherType, p.LinkPayload = t, b
		d.ipv4(p, b, missing)
		return
	}
	if t < minEtherType {
		b, missing = trimLength(b, int(t), missing)
		d.llc(p, b, missing)
		return
	}
	d.etherPayload(p, t, b, missing)
}

// trimLength applies an IEEE 802.3 length field. A length of 0 or one that
// reaches past the wire is not believed.
func trimLength(b []byte, n, missing int) ([]byte, int) {
	if n == 0 || n > len(b)+missing {
		return b, missing
	}
	return trim(b, n, missing)
}

// etherPayload decodes b by its EtherType.
func (d *Decoder) etherPayload(p *Packet, t uint16, b []byte, missing int) {
	p.EtherType, p.LinkPayload = t, b
	switch t {
	case EtherTypeIPv4:
		d.ipv4(p, b, missing)
	case EtherTypeIPv6:
		d.ipv6(p, b, missing)
	case EtherTypeARP:
		checkARP(p, b)
	case etherTypeVLAN, etherTypeQinQ, etherTypeQinQOld, etherTypeQinQOlder:
		d.vlan(p, b, missing)
	case etherTypeMPLS, etherTypeMPLSUp:
		d.mpls(p, b, missing)
	case etherTypePPPoE:
		d.pppoe(p, b, missing)
	case etherTypePBB:
		d.pbb(p, b, missing)
	}
}

// checkARP judges the lengths only (RFC 826); the message is in LinkPayload.
func checkARP(p *Packet, b []byte) {
	if len(b) < 8 || len(b) < 8+2*int(b[4])+2*int(b[5]) {
		p.fail(ShortNetwork)
	}
}

// tag counts a tag against the bound on tags in one frame.
func (d *Decoder) tag(p *Packet) bool {
	if d.tags >= maxLinkTags {
		p.fail(TooManyTunnels)
		return false
	}
	d.tags++
	return true
}

// vlan skips one tag (IEEE Std 802.1Q §9.6). Packet.VLAN keeps the outermost
// identifier; 0 there is a mere priority tag.
func (d *Decoder) vlan(p *Packet, b []byte, missing int) {
	if len(b) < 4 {
		p.fail(ShortLink)
		return
	}
	if !d.tag(p) {
		return
	}
	if p.VLAN == 0 {
		p.VLAN = be16(b) & 0x0fff
	}
	d.etherType(p, be16(b[2:]), b[4:], missing)
}

// pbb enters the customer's frame behind a backbone service tag.
func (d *Decoder) pbb(p *Packet, b []byte, missing int) {
	if len(b) < 4 {
		p.fail(ShortLink)
		return
	}
	if p.enterTunnel() {
		d.ethernet(p, b[4:], missing)
	}
}

// llc decodes an IEEE 802.2 header and the SNAP header behind it. PDUs other
// than IP and what SNAP names are left whole, with EtherType 0.
func (d *Decoder) llc(p *Packet, b []byte, missing int) {
	p.EtherType, p.LinkPayload = 0, b
	if len(b) < 3 {
		p.fail(ShortLink)
		return
	}
	const unnumbered = 0x03
	switch {
	case b[0] == 0xaa && b[1] == 0xaa && b[2] == unnumbered:
		d.snap(p, b[3:], missing)
	case b[0] == 0x06 && b[1] == 0x06 && b[2] == unnumbered: // IP, IEEE 802.2 SAP
		d.etherPayload(p, EtherTypeIPv4, b[3:], missing)
	}
}

// snap decodes an organisation code and protocol number (RFC 1042; for
// 802.11 also the bridge-tunnel code of IEEE Std 802.1H).
func (d *Decoder) snap(p *Packet, b []byte, missing int) {
	if len(b) < 5 {
		p.fail(ShortLink)
		return
	}
	oui := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
	pid := be16(b[3:])
	const encapsulatedEthernet, bridgeTunnel, cisco = 0x000000, 0x0000f8, 0x00000c
	switch {
	case (oui == encapsulatedEthernet || oui == bridgeTunnel) && pid >= minEtherType:
		if d.tag(p) {
			d.etherPayload(p, pid, b[5:], missing)
		}
	case oui == cisco && pid == EtherTypeCDP:
		p.EtherType, p.LinkPayload = EtherTypeCDP, b[5:]
	}
}

// mpls skips a label stack (RFC 3032 §2.1) and decodes IP, or Ethernet behind
// a control word (RFC 4385 §3), which the first nibble tells apart. Other
// payloads are known only to the label's owner.
func (d *Decoder) mpls(p *Packet, b []byte, missing int) {
	const bottomOfStack = 1 << 8
	for {
		if len(b) < 4 {
			p.fail(ShortLink)
			return
		}
		if !d.tag(p) {
			return
		}
		label := be32(b)
		b = b[4:]
		if label&bottomOfStack != 0 {
			break
		}
	}
	p.EtherType, p.LinkPayload = 0, b
	if len(b) == 0 {
		return
	}
	switch b[0] >> 4 {
	case 4, 6:
		d.ip(p, b, missing)
	case 0:
		if len(b) >= 4+ethernetHeader && !d.OuterOnly && p.enterTunnel() {
			d.ethernet(p, b[4:], missing)
		}
	}
}

// cooked decodes LINKTYPE_LINUX_SLL.
func (d *Decoder) cooked(p *Packet, b []byte, missing int) {
	if len(b) < 16 {
		p.fail(ShortLink)
		return
	}
	d.cookedPayload(p, be16(b[2:]), be16(b[4:]), b[6:12], be16(b[14:]), b[16:], missing)
}

// cooked2 decodes LINKTYPE_LINUX_SLL2.
func (d *Decoder) cooked2(p *Packet, b []byte, missing int) {
	if len(b) < 20 {
		p.fail(ShortLink)
		return
	}
	d.cookedPayload(p, be16(b[8:]), uint16(b[11]), b[12:18], be16(b), b[20:], missing)
}

// cookedPayload decodes what both cooked headers say: the sender's address,
// where it is six bytes long, and the protocol.
func (d *Decoder) cookedPayload(p *Packet, hardware, addrLen uint16, addr []byte, proto uint16, b []byte, missing int) {
	const (
		hardwareNetlink = 824 // proto is then a netlink family
		hardwareGRE     = 778
		protoLLC        = 0x0004
	)
	if addrLen == 6 {
		p.SrcMAC = netid.MAC(addr)
	}
	p.LinkPayload = b
	switch {
	case hardware == hardwareNetlink:
	case proto == protoLLC:
		d.llc(p, b, missing)
	case proto >= minEtherType:
		d.etherPayload(p, proto, b, missing)
	case proto == 0 && hardware == hardwareGRE:
		d.ip(p, b, missing)
	}
}

// loopback decodes the address family in front of LinkNull and LinkLoop
// frames. Both byte orders occur in both, for the order is the writer's.
func (d *Decoder) loopback(p *Packet, b []byte, missing int) {
	if len(b) < 4 {
		p.fail(ShortLink)
		return
	}
	family := binary.LittleEndian.Uint32(b)
	if family > 0xffff {
		family = be32(b)
	}
	b = b[4:]
	p.LinkPayload = b
	switch family {
	case 2: // everywhere
		d.etherPayload(p, EtherTypeIPv4, b, missing)
	case 10, 23, 24, 28, 30: // Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS
		d.etherPayload(p, EtherTypeIPv6, b, missing)
	}
}

// mPacket decodes an IEEE 802.3br express frame: eight bytes that end in its
// start delimiter, then Ethernet with its FCS. Fragments of preempted frames
// carry other delimiters and are left alone.
func (d *Decoder) mPacket(p *Packet, b []byte, missing int) {
	const preamble, startFrame, startExpress = 8, 0xd5, 0x07
	if len(b) < preamble {
		p.fail(ShortLink)
		return
	}
	p.LinkPayload = b[preamble:]
	if sfd := b[preamble-1]; sfd == startFrame || sfd == startExpress {
		d.ethernet(p, b[preamble:], missing)
	}
}
