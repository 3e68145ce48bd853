package packet

import (
	"encoding/binary"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

// IP protocol numbers that are followed but not exported.
const (
	protoHopByHop     = 0
	protoIPv4         = 4 // IP in IP, RFC 2003
	protoIPv6         = 41
	protoRouting      = 43
	protoFragment     = 44
	protoNoNext       = 59
	protoDestination  = 60
	protoEtherIP      = 97 // RFC 3378
	protoMPLS         = 137
	ipv4Header        = 20
	ipv6Header        = 40
	ipv4MoreFragments = 0x2000
	ipv4OffsetMask    = 0x1fff
)

// ip decodes IPv4 or IPv6, whichever the first nibble says.
func (d *Decoder) ip(p *Packet, b []byte, missing int) {
	if len(b) == 0 {
		p.fail(ShortNetwork)
		return
	}
	switch b[0] >> 4 {
	case 4:
		d.etherPayload(p, EtherTypeIPv4, b, missing)
	case 6:
		d.etherPayload(p, EtherTypeIPv6, b, missing)
	default:
		p.fail(BadNetwork)
	}
}

// ipv4 decodes an IPv4 header (RFC 791 §3.1). A total length of 0 is what a
// sender captures of its own large segments before the card cuts them: the
// datagram is then the rest of the frame.
func (d *Decoder) ipv4(p *Packet, b []byte, missing int) {
	if len(b) < ipv4Header {
		p.fail(ShortNetwork)
		return
	}
	header := int(b[0]&0x0f) * 4
	if b[0]>>4 != 4 || header < ipv4Header {
		p.fail(BadNetwork)
		return
	}
	p.IPVersion = 4
	p.TTL = b[8]
	p.Proto = b[9]
	mapIPv4(&p.Src, be32(b[12:]))
	mapIPv4(&p.Dst, be32(b[16:]))
	if total := int(be16(b[2:])); total != 0 {
		if total < header {
			p.fail(BadNetwork)
			return
		}
		b, missing = p.trimIP(b, total, missing)
	}
	if header > len(b) {
		p.fail(ShortNetwork)
		return
	}
	fragment := be16(b[6:])
	if fragment&(ipv4MoreFragments|ipv4OffsetMask) != 0 {
		p.FragmentID = uint32(be16(b[4:]))
		p.setFragment(uint32(fragment&ipv4OffsetMask)*8, fragment&ipv4MoreFragments != 0, b[header:], missing)
		return
	}
	d.transport(p, b[9], b[header:], missing)
}

// trimIP is trim for a length that an IP header states. One that reaches past
// the wire is a lie, or the packet was cut before it was sent on: p is then
// malformed, and all that there is belongs to it.
func (p *Packet) trimIP(b []byte, n, missing int) ([]byte, int) {
	if n > len(b)+missing {
		p.fail(BadNetwork)
		return b, missing
	}
	return trim(b, n, missing)
}

// mapIPv4 is netid.AddrFrom4 in two wide stores. Assembled from bytes, an
// address costs a store-forwarding stall, a third of the time of a frame.
func mapIPv4(a *netid.Addr, v4 uint32) {
	binary.BigEndian.PutUint64(a[0:], 0)
	binary.BigEndian.PutUint64(a[8:], 0xffff<<32|uint64(v4))
}

// ipv6 decodes an IPv6 header (RFC 8200 §3). A payload length of 0 means the
// rest of the frame, for jumbograms (RFC 2675) as for large segments.
func (d *Decoder) ipv6(p *Packet, b []byte, missing int) {
	if len(b) < ipv6Header {
		p.fail(ShortNetwork)
		return
	}
	if b[0]>>4 != 6 {
		p.fail(BadNetwork)
		return
	}
	p.IPVersion = 6
	p.TTL = b[7]
	p.Src = netid.Addr(b[8:24])
	p.Dst = netid.Addr(b[24:40])
	next := b[6]
	if n := int(be16(b[4:])); n != 0 || next == protoNoNext {
		b, missing = p.trimIP(b, ipv6Header+n, missing)
	}
	d.extensions(p, next, b[ipv6Header:], missing)
}

// extensions skips IPv6 extension headers (RFC 8200 §4) and, in both
// families, the authentication header (RFC 4302), then decodes the transport.
func (d *Decoder) extensions(p *Packet, next uint8, b []byte, missing int) {
	for range maxExtensions + 1 {
		p.Proto = next
		if !isExtension(next, p.IPVersion) {
			d.transport(p, next, b, missing)
			return
		}
		n := 8
		if len(b) < n {
			p.fail(ShortNetwork)
			return
		}
		switch next {
		case protoFragment:
			const moreFragments = 1
			offset := be16(b[2:])
			if offset&(^uint16(7)|moreFragments) != 0 {
				p.Proto = b[0]
				p.FragmentID = be32(b[4:])
				p.setFragment(uint32(offset&^7), offset&moreFragments != 0, b[n:], missing)
				return
			}
		case ProtoAH:
			n = (int(b[1]) + 2) * 4
		default:
			n = (int(b[1]) + 1) * 8
		}
		if len(b) < n {
			p.fail(ShortNetwork)
			return
		}
		next, b = b[0], b[n:]
	}
	p.fail(TooManyExtension)
	p.setPayload(b, missing)
}

// isExtension reports whether a header of that protocol is skipped.
func isExtension(proto, version uint8) bool {
	switch proto {
	case ProtoAH:
		return true
	case protoHopByHop, protoRouting, protoFragment, protoDestination:
		return version == 6
	}
	return false
}

// setFragment keeps a piece of a datagram for a Reassembler.
func (p *Packet) setFragment(offset uint32, more bool, b []byte, missing int) {
	p.Fragment = true
	p.FragmentOffset = offset
	p.MoreFragments = more
	p.FragmentData = b
	p.Truncated = missing > 0
	p.PayloadLen = uint32(len(b) + missing)
}

// setPayload makes b what the innermost decoded layer carries.
func (p *Packet) setPayload(b []byte, missing int) {
	p.Payload = b
	p.PayloadLen = uint32(len(b) + missing)
	p.Truncated = missing > 0
}
