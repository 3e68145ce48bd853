package packet

import (
	"encoding/binary"
)

// Bounds on what one frame may make a Decoder do.
const (
	// maxTunnels is the number of tunnel layers that are peeled off. Real
	// networks nest two or three (GTP-U in VXLAN); tshark gives up later.
	maxTunnels = 8
	// maxLinkTags is the number of VLAN tags, MPLS labels and LLC headers, all
	// layers together, that are skipped.
	maxLinkTags = 16
	// maxExtensions is the number of IPv6 extension headers (RFC 8200 §4.1
	// names six, of which Destination Options may come twice).
	maxExtensions = 8
)

// Decoder decodes frames. The zero value is ready to use; it belongs to one
// goroutine. It keeps nothing from one frame to the next.
type Decoder struct {
	// OuterOnly leaves tunnels as they are: a GRE or VXLAN packet is then one
	// of IP protocol 47 or a UDP datagram, whatever it carries.
	OuterOnly bool

	// tags counts towards maxLinkTags in the frame being decoded.
	tags uint8
}

// Decode decodes frame, which begins with the header that link names, into p.
// wireLen is the frame's length on the wire in bytes; a value below len(frame)
// is taken as len(frame). All fields of p are overwritten but Time and Number,
// which are the caller's. The slices of p alias frame.
func (d *Decoder) Decode(p *Packet, link LinkType, frame []byte, wireLen uint32) {
	time, number := p.Time, p.Number
	*p = Packet{}
	p.Time, p.Number = time, number
	wireLen = max(wireLen, uint32(len(frame)))
	p.WireLen = wireLen
	p.LinkPayload = frame
	d.tags = 0
	d.link(p, link, frame, int(wireLen)-len(frame))
}

// link decodes the header that link names. In this and the functions below,
// missing is how many bytes followed b on the wire that the capture does not
// hold.
func (d *Decoder) link(p *Packet, link LinkType, b []byte, missing int) {
	switch link {
	case LinkEthernet:
		d.ethernet(p, b, missing)
	case LinkNull, LinkLoop:
		d.loopback(p, b, missing)
	case LinkRaw, linkRawBSD, linkRawOpenBSD:
		d.ip(p, b, missing)
	case LinkIPv4:
		d.etherPayload(p, EtherTypeIPv4, b, missing)
	case LinkIPv6:
		d.etherPayload(p, EtherTypeIPv6, b, missing)
	case LinkLinuxSLL:
		d.cooked(p, b, missing)
	case LinkLinuxSLL2:
		d.cooked2(p, b, missing)
	case LinkPPP, linkPPPSerial, linkHDLC:
		d.pppFrame(p, b, missing)
	case linkPPPEther:
		d.pppoe(p, b, missing)
	case LinkIEEE80211:
		d.wifi(p, b, missing)
	case LinkRadiotap:
		d.radiotap(p, b, missing)
	case linkPPI:
		d.ppi(p, b, missing)
	case linkMPacket:
		d.mPacket(p, b, missing)
	default:
		p.Malformed = UnknownLink
	}
}

// fail notes why decoding stops here. The first reason stands.
func (p *Packet) fail(why Malformed) {
	if p.Malformed == WellFormed {
		p.Malformed = why
	}
}

// enterTunnel counts one more tunnel layer, and reports false when there are
// too many.
func (p *Packet) enterTunnel() bool {
	if p.Tunnels >= maxTunnels {
		p.fail(TooManyTunnels)
		return false
	}
	p.Tunnels++
	return true
}

// trim cuts b to the n bytes that its header says it has. Where b is shorter
// than that, the difference is missing from the capture.
func trim(b []byte, n, missing int) ([]byte, int) {
	if n <= len(b) {
		return b[:n], 0
	}
	return b, n - len(b)
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
