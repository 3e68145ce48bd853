package packet_test

import (
	"testing"
	"unsafe"

	"github.com/cordonhq/cordon/internal/packet"
)

// FuzzDecode holds Decode and Reassembler to their promises on any bytes of
// any link type.
func FuzzDecode(f *testing.F) {
	links := []packet.LinkType{
		packet.LinkNull, packet.LinkEthernet, packet.LinkPPP, packet.LinkRaw, packet.LinkIEEE80211, packet.LinkLoop,
		packet.LinkLinuxSLL, packet.LinkRadiotap, packet.LinkIPv4, packet.LinkIPv6, packet.LinkLinuxSLL2,
		12, 50, 51, 104, 192, 274,
	}
	hi := []byte("hi")
	u4, u6 := ip4(17, a4, b4, udp(7, 9, hi)), ip6(0, a6, b6, ext6(17, udp(7, 9, hi)))
	bodies := [][]byte{
		u4, u6,
		ip4(6, a4, b4, tcp(7, 9, 2, []byte{2, 4, 5, 0xb4}, hi)),
		ip4Fragment(17, 1, 0, false, a4, b4, udp(7, 9, hi)),
		ip6(44, a6, b6, frag6(17, 1, 0, true, udp(7, 9, []byte("12345678")))),
		ip4(47, c4, d4, gre(0xb000, 0x6558, make([]byte, 12), eth(0x0800, u4))),
		ip4(17, c4, d4, udp(2152, 2152, cat([]byte{0x34, 0xff}, u16(8+len(u4)), u32(1), u16(0), []byte{0, 0x85}, []byte{1, 0, 0, 0}, u4))),
		ip4(17, c4, d4, udp(9, 3544, cat([]byte{0, 1, 1, 1}, make([]byte, 11), u6))),
		ip4(17, c4, d4, udp(9, 4789, cat(u32(0x08000000), u32(0x500), eth(0x8847, cat(u32(0x140), u6))))),
	}
	heads := map[packet.LinkType][]byte{
		packet.LinkNull: {2, 0, 0, 0}, packet.LinkLoop: {0, 0, 0, 2}, packet.LinkPPP: {0xff, 3, 0, 0x21}, packet.LinkEthernet: eth(0x8100, vlan(5, 0x0800, nil)),
		packet.LinkLinuxSLL:  cat(u16(0), u16(1), u16(6), macA, u16(0), u16(0x0800)),
		packet.LinkLinuxSLL2: cat(u16(0x86dd), u16(0), u32(3), u16(1), []byte{0, 6}, macA, u16(0)),
		packet.LinkIEEE80211: wifiFrame(0x0208, cat(macB, macA, macA, u16(0)), cat([]byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(0x0800))),
		packet.LinkRadiotap:  cat([]byte{0, 0, 9, 0, 2, 0, 0, 0, 0x10}, wifiFrame(0x0288, cat(macB, macA, macA, u16(0), u16(0)), cat([]byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(0x0800)))),
	}
	for i, link := range links {
		for _, b := range bodies {
			f.Add(uint8(i), cat(heads[link], b), uint16(0))
		}
		f.Add(uint8(i), cat(heads[link], u4)[:len(heads[link])+21], uint16(100))
	}
	r := packet.NewReassembler(packet.ReassemblerConfig{MaxBytes: 1 << 16, MaxDatagrams: 16})
	f.Fuzz(func(t *testing.T, which uint8, frame []byte, missing uint16) {
		var d packet.Decoder
		p := packet.Packet{Time: 1, Number: 2}
		d.Decode(&p, links[int(which)%len(links)], frame, uint32(len(frame))+uint32(missing))
		if p.Time != 1 || p.Number != 2 || int(p.WireLen) != len(frame)+int(missing) {
			t.Fatalf("caller's fields: time %d, number %d, wire length %d", p.Time, p.Number, p.WireLen)
		}
		within(t, "LinkPayload", frame, p.LinkPayload)
		within(t, "Payload", frame, p.Payload)
		within(t, "TCPOptions", frame, p.TCPOptions)
		within(t, "FragmentData", frame, p.FragmentData)
		data := p.Payload
		if p.Fragment {
			data = p.FragmentData
		}
		if int(p.PayloadLen) < len(data) || p.Truncated != (int(p.PayloadLen) > len(data)) && p.Malformed == packet.WellFormed {
			t.Fatalf("payload of %d bytes, PayloadLen %d, truncated %t", len(data), p.PayloadLen, p.Truncated)
		}
		if p.IPVersion != 0 && p.IPVersion != 4 && p.IPVersion != 6 {
			t.Fatalf("IP version %d", p.IPVersion)
		}
		r.Add(&p)
		if n, size := r.Pending(); n > 16 || size > 1<<16 {
			t.Fatalf("%d datagrams pending in %d bytes", n, size)
		}
	})
}

// within fails unless part is empty or lies inside of whole.
func within(t *testing.T, name string, whole, part []byte) {
	t.Helper()
	if len(part) == 0 {
		return
	}
	from := uintptr(unsafe.Pointer(unsafe.SliceData(part))) - uintptr(unsafe.Pointer(unsafe.SliceData(whole)))
	if from > uintptr(len(whole)) || from+uintptr(len(part)) > uintptr(len(whole)) {
		t.Fatalf("%s is not a part of the frame", name)
	}
}
