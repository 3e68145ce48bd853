package packet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cordonhq/cordon/internal/packet"
)

const (
	a4, b4 = "10.0.0.1", "10.0.0.2"
	c4, d4 = "192.0.2.1", "192.0.2.2" // tunnel ends
	a6, b6 = "2001:db8::1", "2001:db8::2"
	c6, d6 = "2001:db8:ffff::1", "2001:db8:ffff::2"
)

// line says what a packet decoded to, in the fields that are set:
// vlan, tunnels, ether type, then the conversation and its payload.
func line(p *packet.Packet) string {
	var s []string
	add := func(format string, args ...any) { s = append(s, fmt.Sprintf(format, args...)) }
	if p.VLAN != 0 {
		add("vlan %d", p.VLAN)
	}
	if p.Tunnels != 0 {
		add("tunnels %d", p.Tunnels)
	}
	add("%04x", p.EtherType)
	if p.IPVersion == 0 {
		add("link %q", p.LinkPayload)
	} else {
		add("%s>%s proto %d", p.Src, p.Dst, p.Proto)
		if p.SrcPort != 0 || p.DstPort != 0 {
			add("%d>%d", p.SrcPort, p.DstPort)
		}
		if p.Fragment {
			add("fragment %x at %d more %t %q", p.FragmentID, p.FragmentOffset, p.MoreFragments, p.FragmentData)
		} else {
			add("%q", p.Payload)
		}
	}
	if p.Truncated {
		add("of %d", p.PayloadLen)
	}
	if p.Malformed != packet.WellFormed {
		add("malformed %d", p.Malformed)
	}
	return strings.Join(s, " ")
}

func decode(link packet.LinkType, frame []byte) packet.Packet {
	var d packet.Decoder
	var p packet.Packet
	d.Decode(&p, link, frame, 0)
	return p
}

func TestDecode(t *testing.T) {
	hi := []byte("hi")
	u4 := ip4(17, a4, b4, udp(7, 9, hi))
	u6 := ip6(17, a6, b6, udp(7, 9, hi))
	t4 := ip4(6, a4, b4, tcp(7, 9, 0x18, nil, hi))
	const want4 = `0800 10.0.0.1>10.0.0.2 proto 17 7>9 "hi"`
	const want6 = `86dd 2001:db8::1>2001:db8::2 proto 17 7>9 "hi"`
	innerEth := eth(0x0800, u4)
	pad := make([]byte, 18)

	tests := []struct {
		name  string
		link  packet.LinkType
		frame []byte
		want  string
	}{
		{"ipv4 udp", packet.LinkEthernet, eth(0x0800, u4), want4},
		{"ipv4 tcp", packet.LinkEthernet, eth(0x0800, t4), `0800 10.0.0.1>10.0.0.2 proto 6 7>9 "hi"`},
		{"ipv4 options", packet.LinkEthernet, eth(0x0800, ip4Options(17, a4, b4, []byte{1, 1, 1, 0}, udp(7, 9, hi))), want4},
		{"ethernet padding", packet.LinkEthernet, eth(0x0800, cat(u4, pad)), want4},
		{"ipv6 udp", packet.LinkEthernet, eth(0x86dd, u6), want6},
		{"ipv6 extension headers", packet.LinkEthernet, eth(0x86dd, ip6(0, a6, b6, ext6(60, ext6(17, udp(7, 9, hi))))), want6},
		{"ipv6 atomic fragment", packet.LinkEthernet, eth(0x86dd, ip6(44, a6, b6, frag6(17, 5, 0, false, udp(7, 9, hi)))), want6},
		{"ipv6 fragment", packet.LinkEthernet, eth(0x86dd, ip6(44, a6, b6, frag6(17, 5, 16, true, hi))),
			`86dd 2001:db8::1>2001:db8::2 proto 17 fragment 5 at 16 more true "hi"`},
		{"ipv6 no next header", packet.LinkEthernet, eth(0x86dd, cat(ip6(59, a6, b6, nil), pad)),
			`86dd 2001:db8::1>2001:db8::2 proto 59 ""`},
		{"ipv4 authentication header", packet.LinkEthernet, eth(0x0800, ip4(51, a4, b4, cat([]byte{17, 1, 0, 0}, u32(1), u32(1), udp(7, 9, hi)))), want4},
		{"ipv4 fragment", packet.LinkEthernet, eth(0x0800, ip4Fragment(17, 0xbeef, 8, false, a4, b4, hi)),
			`0800 10.0.0.1>10.0.0.2 proto 17 fragment beef at 8 more false "hi"`},
		{"icmp", packet.LinkEthernet, eth(0x0800, ip4(1, a4, b4, []byte("\x08\x00chid"))), `0800 10.0.0.1>10.0.0.2 proto 1 "\b\x00chid"`},
		{"sctp", packet.LinkEthernet, eth(0x0800, ip4(132, a4, b4, cat(u16(7), u16(9), u32(0), u32(0), hi))), `0800 10.0.0.1>10.0.0.2 proto 132 7>9 "hi"`},
		{"igmp", packet.LinkEthernet, eth(0x0800, ip4(2, a4, b4, hi)), `0800 10.0.0.1>10.0.0.2 proto 2 "hi"`},
		{"arp", packet.LinkEthernet, eth(0x0806, cat(u16(1), u16(0x800), []byte{1, 1}, u16(1), []byte("abcd"))), `0806 link "\x00\x01\b\x00\x01\x01\x00\x01abcd"`},
		{"lldp", packet.LinkEthernet, eth(0x88cc, hi), `88cc link "hi"`},

		{"vlan", packet.LinkEthernet, eth(0x8100, vlan(0xe005, 0x0800, u4)), "vlan 5 " + want4},
		{"stacked vlan", packet.LinkEthernet, eth(0x88a8, vlan(7, 0x8100, vlan(5, 0x0800, u4))), "vlan 7 " + want4},
		{"priority tag, then vlan", packet.LinkEthernet, eth(0x9100, vlan(0, 0x8100, vlan(5, 0x0800, u4))), "vlan 5 " + want4},
		{"vlan with llc", packet.LinkEthernet, eth(0x8100, vlan(5, 4, []byte{0x42, 0x42, 3, 0, 9})), `vlan 5 0000 link "BB\x03\x00"`},
		{"llc snap", packet.LinkEthernet, llc3(cat([]byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(0x0800), u4)), want4},
		{"cdp", packet.LinkEthernet, llc3(cat([]byte{0xaa, 0xaa, 3, 0, 0, 0x0c}, u16(0x2000), hi)), `2000 link "hi"`},
		{"other cisco snap", packet.LinkEthernet, llc3(cat([]byte{0xaa, 0xaa, 3, 0, 0, 0x0c}, u16(0x2003), hi)), `0000 link "\xaa\xaa\x03\x00\x00\f \x03hi"`},
		{"spanning tree", packet.LinkEthernet, llc3([]byte{0x42, 0x42, 3, 0}), `0000 link "BB\x03\x00"`},
		{"mpls", packet.LinkEthernet, eth(0x8847, cat(u32(0x00010040), u32(0x00020140), u4)), want4},
		{"mpls pseudowire", packet.LinkEthernet, eth(0x8847, cat(u32(0x00020140), u32(0), innerEth)), "tunnels 1 " + want4},
		{"pppoe session", packet.LinkEthernet, eth(0x8864, cat([]byte{0x11, 0}, u16(1), u16(2+len(u4)), u16(0x0021), u4, pad)), want4},
		{"pppoe lcp", packet.LinkEthernet, eth(0x8864, cat([]byte{0x11, 0}, u16(1), u16(4), u16(0xc021), hi, pad)), `0000 link "\xc0!hi"`},
		{"pppoe discovery", packet.LinkEthernet, eth(0x8863, hi), `8863 link "hi"`},
		{"provider backbone", packet.LinkEthernet, eth(0x88e7, cat(u32(1), innerEth)), "tunnels 1 " + want4},

		{"ppp", packet.LinkPPP, cat([]byte{0xff, 3}, u16(0x0021), u4), want4},
		{"ppp, all compressed", packet.LinkPPP, cat([]byte{0x57}, u6), want6},
		{"cisco hdlc", packet.LinkPPP, cat([]byte{0x0f, 0}, u16(0x0800), u4), want4},
		{"raw ipv4", packet.LinkRaw, u4, want4},
		{"raw ipv6", packet.LinkRaw, u6, want6},
		{"ipv4 link", packet.LinkIPv4, u4, want4},
		{"ipv6 link", packet.LinkIPv6, u6, want6},
		{"null, little endian", packet.LinkNull, cat([]byte{2, 0, 0, 0}, u4), want4},
		{"null, big endian", packet.LinkNull, cat([]byte{0, 0, 0, 30}, u6), want6},
		{"loop", packet.LinkLoop, cat([]byte{0, 0, 0, 24}, u6), want6},
		{"linux cooked", packet.LinkLinuxSLL, cat(u16(0), u16(1), u16(6), macA, u16(0), u16(0x0800), u4), want4},
		{"linux cooked v2", packet.LinkLinuxSLL2, cat(u16(0x86dd), u16(0), u32(3), u16(1), []byte{0, 6}, macA, u16(0), u6), want6},
		{"linux cooked netlink", packet.LinkLinuxSLL, cat(u16(0), u16(824), u16(0), macA, u16(0), u16(0x0800), hi), `0000 link "hi"`},

		{"ip in ip", packet.LinkRaw, ip4(4, c4, d4, u4), "tunnels 1 " + want4},
		{"6in4", packet.LinkRaw, ip4(41, c4, d4, u6), "tunnels 1 " + want6},
		{"4in6", packet.LinkRaw, ip6(4, c6, d6, u4), "tunnels 1 " + want4},
		{"6in6", packet.LinkRaw, ip6(41, c6, d6, u6), "tunnels 1 " + want6},
		{"gre", packet.LinkRaw, ip4(47, c4, d4, gre(0, 0x0800, nil, u4)), "tunnels 1 " + want4},
		{"gre key and sequence", packet.LinkRaw, ip4(47, c4, d4, gre(0x3000, 0x86dd, cat(u32(1), u32(2)), u6)), "tunnels 1 " + want6},
		{"gre bridged", packet.LinkRaw, ip4(47, c4, d4, gre(0x8000, 0x6558, u32(0), innerEth)), "tunnels 1 " + want4},
		{"pptp", packet.LinkRaw, ip4(47, c4, d4, gre(0x3081, 0x880b, cat(u16(9), u16(1), u32(1), u32(2)), cat([]byte{0xff, 3, 0x21}, u4))), "tunnels 1 " + want4},
		{"erspan 1", packet.LinkRaw, ip4(47, c4, d4, gre(0, 0x88be, nil, innerEth)), "tunnels 1 " + want4},
		{"erspan 2", packet.LinkRaw, ip4(47, c4, d4, gre(0x1000, 0x88be, u32(1), cat(u32(0x10000000), u32(0), innerEth))), "tunnels 1 " + want4},
		{"erspan 3", packet.LinkRaw, ip4(47, c4, d4, gre(0x1000, 0x22eb, u32(1), cat(u32(0x20000000), u32(0), u32(1), u32(0), u32(0), innerEth))), "tunnels 1 " + want4},
		{"gre unknown payload", packet.LinkRaw, ip4(47, c4, d4, gre(0, 0xb7ea, nil, hi)), `0800 192.0.2.1>192.0.2.2 proto 47 "\x00\x00\xb7\xeahi"`},
		{"mpls in ip", packet.LinkRaw, ip4(137, c4, d4, cat(u32(0x00020140), u4)), "tunnels 1 " + want4},
		{"ether ip", packet.LinkRaw, ip4(97, c4, d4, cat(u16(0x3000), innerEth)), "tunnels 1 " + want4},
		{"vxlan", packet.LinkRaw, ip4(17, c4, d4, udp(50000, 4789, cat(u32(0x08000000), u32(0x500), innerEth))), "tunnels 1 " + want4},
		{"vxlan carrying lldp", packet.LinkRaw, ip4(17, c4, d4, udp(50000, 4789, cat(u32(0x08000000), u32(0x500), eth(0x88cc, hi)))), `tunnels 1 88cc link "hi"`},
		{"no vxlan on its port", packet.LinkRaw, ip4(17, c4, d4, udp(50000, 4789, []byte("just some other protocol"))), `0800 192.0.2.1>192.0.2.2 proto 17 50000>4789 "just some other protocol"`},
		{"geneve", packet.LinkRaw, ip4(17, c4, d4, udp(50000, 6081, cat([]byte{1, 0}, u16(0x6558), u32(0x500), u32(0), innerEth))), "tunnels 1 " + want4},
		{"gtp-u", packet.LinkRaw, ip4(17, c4, d4, udp(2152, 2152, cat([]byte{0x30, 0xff}, u16(len(u4)), u32(1), u4))), "tunnels 1 " + want4},
		{"gtp-u extension", packet.LinkRaw, ip4(17, c4, d4, udp(2152, 2152, cat([]byte{0x34, 0xff}, u16(8+len(u4)), u32(1), u16(0), []byte{0, 0x85}, []byte{1, 0, 0, 0}, u4))), "tunnels 1 " + want4},
		{"teredo", packet.LinkRaw, ip4(17, c4, d4, udp(50000, 3544, cat(u16(0), u16(1), u32(2), u6))), "tunnels 1 " + want6},
		{"teredo with authentication", packet.LinkRaw, ip4(17, c4, d4, udp(3544, 50000, cat([]byte{0, 1, 1, 1}, make([]byte, 11), u6))), "tunnels 1 " + want6},
		{"gtp-u in gre in vlan", packet.LinkEthernet, eth(0x8100, vlan(3, 0x0800, ip4(47, c4, d4, gre(0, 0x0800, nil, ip4(17, c4, d4, udp(2152, 2152, cat([]byte{0x30, 0xff}, u16(len(u6)), u32(1), u6))))))),
			"vlan 3 tunnels 2 " + want6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := decode(tt.link, tt.frame)
			if got := line(&p); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if int(p.WireLen) != len(tt.frame) {
				t.Errorf("WireLen = %d, want the frame's %d", p.WireLen, len(tt.frame))
			}
		})
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	frame := eth(0x8100, vlan(3, 0x0800, ip4(47, c4, d4, gre(0, 0x0800, nil, ip4(17, a4, b4, udp(7, 9, []byte("hi")))))))
	var d packet.Decoder
	var p packet.Packet
	if n := testing.AllocsPerRun(1000, func() { d.Decode(&p, packet.LinkEthernet, frame, 0) }); n != 0 {
		t.Errorf("Decode allocates %v times a frame, want 0", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	payload := make([]byte, 400)
	frames := []struct {
		name  string
		frame []byte
	}{
		{"tcp4", eth(0x0800, ip4(6, a4, b4, tcp(7, 9, 0x10, make([]byte, 12), payload)))},
		{"udp4", eth(0x0800, ip4(17, a4, b4, udp(7, 9, payload)))},
		{"tcp6", eth(0x86dd, ip6(6, a6, b6, tcp(7, 9, 0x10, make([]byte, 12), payload)))},
		{"vlan-tcp4", eth(0x8100, vlan(3, 0x0800, ip4(6, a4, b4, tcp(7, 9, 0x10, make([]byte, 12), payload))))},
		{"vxlan-tcp4", eth(0x0800, ip4(17, c4, d4, udp(50000, 4789, cat(u32(0x08000000), u32(0x500), eth(0x0800, ip4(6, a4, b4, tcp(7, 9, 0x10, nil, payload)))))))},
		{"arp", eth(0x0806, make([]byte, 46))},
	}
	for _, f := range frames {
		b.Run(f.name, func(b *testing.B) {
			b.ReportAllocs()
			var d packet.Decoder
			var p packet.Packet
			for b.Loop() {
				d.Decode(&p, packet.LinkEthernet, f.frame, 0)
			}
		})
	}
}
