package packet_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// The builders below write headers with right lengths and no checksums, which
// a Decoder does not look at.

var (
	macA = []byte{0x02, 0, 0, 0, 0, 0x0a}
	macB = []byte{0x02, 0, 0, 0, 0, 0x0b}
)

func u16(v int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func u32(v int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(v)) }

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func eth(etherType int, payload []byte) []byte {
	return cat(macB, macA, u16(etherType), payload)
}

// llc3 is an 802.3 frame; its length field counts payload, not the padding.
func llc3(payload []byte) []byte {
	return cat(macB, macA, u16(len(payload)), payload, make([]byte, 8))
}

func vlan(id, etherType int, payload []byte) []byte {
	return cat(u16(id), u16(etherType), payload)
}

func ip4(proto int, src, dst string, payload []byte) []byte {
	return ip4Options(proto, src, dst, nil, payload)
}

func ip4Options(proto int, src, dst string, options, payload []byte) []byte {
	s, d := netip.MustParseAddr(src).As4(), netip.MustParseAddr(dst).As4()
	header := 20 + len(options)
	return cat([]byte{0x40 | byte(header/4), 0}, u16(header+len(payload)), u16(0x1234), u16(0),
		[]byte{64, byte(proto), 0, 0}, s[:], d[:], options, payload)
}

// ip4Fragment is a piece of datagram id at offset, in bytes.
func ip4Fragment(proto, id, offset int, more bool, src, dst string, piece []byte) []byte {
	b := ip4(proto, src, dst, piece)
	copy(b[4:], u16(id))
	flags := offset / 8
	if more {
		flags |= 0x2000
	}
	copy(b[6:], u16(flags))
	return b
}

func ip6(next int, src, dst string, payload []byte) []byte {
	s, d := netip.MustParseAddr(src).As16(), netip.MustParseAddr(dst).As16()
	return cat([]byte{0x60, 0, 0, 0}, u16(len(payload)), []byte{byte(next), 63}, s[:], d[:], payload)
}

// ext6 is an extension header of 8 bytes followed by payload.
func ext6(next int, payload []byte) []byte {
	return cat([]byte{byte(next), 0, 1, 4, 0, 0, 0, 0}, payload)
}

func frag6(next, id, offset int, more bool, piece []byte) []byte {
	flags := offset
	if more {
		flags |= 1
	}
	return cat([]byte{byte(next), 0}, u16(flags), u32(id), piece)
}

func udp(src, dst int, payload []byte) []byte {
	return cat(u16(src), u16(dst), u16(8+len(payload)), u16(0), payload)
}

func tcp(src, dst int, flags byte, options, payload []byte) []byte {
	header := 20 + len(options)
	return cat(u16(src), u16(dst), u32(1000), u32(2000), []byte{byte(header/4) << 4, flags}, u16(512), u32(0), options, payload)
}

func gre(flags, etherType int, optional, payload []byte) []byte {
	return cat(u16(flags), u16(etherType), optional, payload)
}
