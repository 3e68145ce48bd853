package attack

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"

	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// crafter builds frames from one card to another that no healthy stack sends.
type crafter struct {
	srcMAC, dstMAC netid.MAC
	src, dst       netip.Addr
	dice           *rand.Rand
}

// crafted is one kind of damage.
type crafted struct {
	name string
	make func(c *crafter) []byte
}

// damages are what a malformed-packet storm is made of.
var damages = []crafted{
	{"IPv4 header cut short", func(c *crafter) []byte { return c.frame(packet.EtherTypeIPv4, c.ip(packet.ProtoTCP, c.noise(20))[:9]) }},
	{"IPv4 header length below 20", func(c *crafter) []byte {
		return c.altered(packet.ProtoUDP, c.noise(24), func(h []byte) { h[0] = 0x42 })
	}},
	{"IPv4 header longer than the datagram", func(c *crafter) []byte {
		return c.altered(packet.ProtoUDP, nil, func(h []byte) { h[0] = 0x4f })
	}},
	{"IPv4 total length beyond the frame", func(c *crafter) []byte {
		return c.altered(packet.ProtoUDP, c.noise(24), func(h []byte) { binary.BigEndian.PutUint16(h[2:], 0xffff) })
	}},
	{"IPv4 total length below its header", func(c *crafter) []byte {
		return c.altered(packet.ProtoUDP, c.noise(24), func(h []byte) { binary.BigEndian.PutUint16(h[2:], 8) })
	}},
	{"IP version 7", func(c *crafter) []byte {
		return c.altered(packet.ProtoTCP, c.noise(20), func(h []byte) { h[0] = 0x75 })
	}},
	{"source is everybody", func(c *crafter) []byte {
		return c.altered(packet.ProtoICMP, c.noise(16), func(h []byte) { copy(h[12:16], []byte{255, 255, 255, 255}) })
	}},
	{"land: to itself from itself", func(c *crafter) []byte {
		seg := c.tcp(6661, 6661, 0x02)
		return c.altered(packet.ProtoTCP, seg, func(h []byte) { copy(h[12:16], h[16:20]) })
	}},
	{"first fragment that the second overlaps", func(c *crafter) []byte { return c.fragment(packet.ProtoUDP, 0, true, c.noise(40)) }},
	{"second fragment inside of the first", func(c *crafter) []byte { return c.fragment(packet.ProtoUDP, 24, false, c.noise(8)) }},
	{"fragment beyond 65,535 bytes", func(c *crafter) []byte { return c.fragment(packet.ProtoICMP, 65528, false, c.noise(400)) }},
	{"fragment too small for its ports", func(c *crafter) []byte { return c.fragment(packet.ProtoTCP, 0, true, c.noise(8)) }},
	{"loose source route without end", func(c *crafter) []byte { return c.options([]byte{131, 255, 0, 0}) }},
	{"IP option of length 0", func(c *crafter) []byte { return c.options([]byte{7, 0, 0, 0}) }},
	{"TCP header cut short", func(c *crafter) []byte { return c.whole(packet.ProtoTCP, c.tcp(1024, 6661, 0x02)[:11]) }},
	{"TCP data offset 0", func(c *crafter) []byte { return c.tcpAltered(func(t []byte) { t[12] = 0 }) }},
	{"TCP data offset beyond the segment", func(c *crafter) []byte { return c.tcpAltered(func(t []byte) { t[12] = 0xf0 }) }},
	{"TCP without flags", func(c *crafter) []byte { return c.tcpAltered(func(t []byte) { t[13] = 0 }) }},
	{"TCP with all flags", func(c *crafter) []byte { return c.tcpAltered(func(t []byte) { t[13] = 0xff }) }},
	{"SYN with FIN", func(c *crafter) []byte { return c.tcpAltered(func(t []byte) { t[13] = 0x03 }) }},
	{"urgent pointer 0", func(c *crafter) []byte {
		return c.tcpAltered(func(t []byte) { t[13] = 0x38; t[18], t[19] = 0, 0 })
	}},
	{"TCP option of length 0", func(c *crafter) []byte {
		return c.whole(packet.ProtoTCP, append(c.tcpWith(1024, 6661, 0x02, 6), 2, 0, 0, 0))
	}},
	{"UDP length beyond the datagram", func(c *crafter) []byte { return c.whole(packet.ProtoUDP, c.udp(53, 1024, 0xfff0, c.noise(12))) }},
	{"UDP length 0", func(c *crafter) []byte { return c.whole(packet.ProtoUDP, c.udp(53, 1024, 0, c.noise(12))) }},
	{"DNS name that points at itself", func(c *crafter) []byte {
		dns := []byte{0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 200}
		return c.whole(packet.ProtoUDP, c.udp(53, 1024, 8+len(dns), dns))
	}},
	{"DHCP option past the end", func(c *crafter) []byte {
		dhcp := append(make([]byte, 236), 0x63, 0x82, 0x53, 0x63, 53, 1, 5, 15, 255)
		return c.whole(packet.ProtoUDP, c.udp(67, 68, 8+len(dhcp), dhcp))
	}},
	{"SNMP length of four billion", func(c *crafter) []byte {
		snmp := []byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 1, 4, 0x84, 0x7f, 0xff, 0xff, 0xff}
		return c.whole(packet.ProtoUDP, c.udp(1024, 161, 8+len(snmp), snmp))
	}},
	{"ICMP cut short", func(c *crafter) []byte { return c.whole(packet.ProtoICMP, []byte{8, 0}) }},
	{"ARP cut short", func(c *crafter) []byte { return c.frame(packet.EtherTypeARP, []byte{0, 1, 8, 0, 6, 4, 0, 1, 1}) }},
	{"ARP with addresses of 255 bytes", func(c *crafter) []byte {
		return c.frame(packet.EtherTypeARP, append([]byte{0, 1, 8, 0, 255, 255, 0, 1}, c.noise(20)...))
	}},
	{"noise under an unknown type", func(c *crafter) []byte { return c.frame(0x88b5, c.noise(60)) }}, // IEEE 802, for experiments
	{"LLC length beyond the frame", func(c *crafter) []byte { return c.frame(1400, c.noise(10)) }},
}

func (c *crafter) noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(c.dice.Uint32())
	}
	return b
}

func (c *crafter) frame(etherType uint16, payload []byte) []byte {
	b := append(append([]byte(nil), c.dstMAC[:]...), c.srcMAC[:]...)
	return append(binary.BigEndian.AppendUint16(b, etherType), payload...)
}

// ip is a healthy datagram.
func (c *crafter) ip(proto byte, payload []byte) []byte {
	src, dst := c.src.As4(), c.dst.As4()
	h := []byte{0x45, 0, 0, 0, byte(c.dice.Uint32()), byte(c.dice.Uint32()), 0, 0, 64, proto, 0, 0}
	h = append(append(h, src[:]...), dst[:]...)
	h = append(h, payload...)
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)))
	sealIP(h, 20)
	return h
}

func (c *crafter) whole(proto byte, payload []byte) []byte {
	return c.frame(packet.EtherTypeIPv4, c.ip(proto, payload))
}

// altered is a datagram whose header was changed; its checksum is right, so
// that the damage is looked at.
func (c *crafter) altered(proto byte, payload []byte, alter func(header []byte)) []byte {
	b := c.ip(proto, payload)
	alter(b)
	sealIP(b, 20)
	return c.frame(packet.EtherTypeIPv4, b)
}

// fragmentID is shared by the fragments that are meant for each other.
const fragmentID = 0x7777

func (c *crafter) fragment(proto byte, offset int, more bool, piece []byte) []byte {
	return c.altered(proto, piece, func(h []byte) {
		binary.BigEndian.PutUint16(h[4:], fragmentID)
		word := uint16(offset / 8)
		if more {
			word |= 0x2000
		}
		binary.BigEndian.PutUint16(h[6:], word)
	})
}

// options is a datagram with IP options, a multiple of four bytes.
func (c *crafter) options(options []byte) []byte {
	b := c.ip(packet.ProtoUDP, append(append([]byte(nil), options...), c.udp(1024, 53, 16, c.noise(8))...))
	b[0] = 0x45 + byte(len(options)/4)
	sealIP(b, 20+len(options))
	return c.frame(packet.EtherTypeIPv4, b)
}

func (c *crafter) tcp(src, dst uint16, flags byte) []byte { return c.tcpWith(src, dst, flags, 5) }

// tcpWith is a TCP header that says it is that many words long.
func (c *crafter) tcpWith(src, dst uint16, flags byte, words byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = append(b, c.noise(4)...)
	return append(b, 0, 0, 0, 0, words<<4, flags, 0x20, 0, 0, 0, 0, 0)
}

func (c *crafter) tcpAltered(alter func(t []byte)) []byte {
	t := c.tcp(uint16(1024+c.dice.IntN(60000)), 6661, 0x02)
	alter(t)
	return c.whole(packet.ProtoTCP, t)
}

func (c *crafter) udp(src, dst uint16, length int, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint16(b, uint16(length))
	return append(append(b, 0, 0), payload...)
}

// sealIP sets the checksum of an IPv4 header of that length (RFC 1071), as far
// as there is one.
func sealIP(b []byte, header int) {
	b[10], b[11] = 0, 0
	sum := uint32(0)
	for i := 0; i+1 < min(header, len(b)); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(b[10:], ^uint16(sum))
}
