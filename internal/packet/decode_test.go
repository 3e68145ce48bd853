package packet_test

import (
	"bytes"
	"fmt"
	"reflect"
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
		{"capwap", packet.LinkRaw, ip4(17, c4, d4, udp(9, 5247, cat([]byte{0, 0x10, 0x43, 0}, u32(0), wifiFrame(0x0108, cat(macA, macA, macB, u16(0)), snapped(u4))))), "tunnels 1 " + want4},
		{"capwap, bytes swapped", packet.LinkRaw, ip4(17, c4, d4, udp(5247, 9, cat([]byte{0, 0x18, 0x43, 0}, u32(0), u32(0), wifiFrame(0x0802, cat(macA, macA, macB, u16(0)), snapped(u4))))), "tunnels 1 " + want4},
		{"capwap, 802.3", packet.LinkRaw, ip4(17, c4, d4, udp(9, 5247, cat([]byte{0, 0x10, 0x42, 0}, u32(0), innerEth))), "tunnels 1 " + want4},
		{"capwap, encrypted", packet.LinkRaw, ip4(17, c4, d4, udp(9, 5247, []byte("\x01\x00\x00\x00dtls"))), `0800 192.0.2.1>192.0.2.2 proto 17 9>5247 "\x01\x00\x00\x00dtls"`},
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

func TestDecodeSaysWhatIsMalformed(t *testing.T) {
	u4 := ip4(17, a4, b4, udp(7, 9, []byte("hi")))
	t4 := ip4(6, a4, b4, tcp(7, 9, 2, []byte{1, 1, 1, 1}, nil))
	set := func(b []byte, at int, v ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], v)
		return b
	}
	many := udp(7, 9, nil)
	for range 12 {
		many = ext6(60, many)
	}
	nested := u4
	for range 12 {
		nested = ip4(4, c4, d4, nested)
	}
	tags := u4
	for range 40 {
		tags = vlan(5, 0x8100, tags)
	}
	tests := []struct {
		name  string
		link  packet.LinkType
		frame []byte
		want  packet.Malformed
		line  string // what is decoded all the same, in part
	}{
		{"unknown link", 147, []byte("hi"), packet.UnknownLink, `link "hi"`},
		{"short ethernet", packet.LinkEthernet, eth(0x0800, nil)[:13], packet.ShortLink, ""},
		{"short vlan", packet.LinkEthernet, eth(0x8100, []byte{0, 5, 8}), packet.ShortLink, ""},
		{"short snap", packet.LinkEthernet, llc3([]byte{0xaa, 0xaa, 3, 0, 0})[:19], packet.ShortLink, ""},
		{"label stack without an end", packet.LinkEthernet, eth(0x8847, cat(u32(0), u32(0))), packet.ShortLink, ""},
		{"short pppoe", packet.LinkEthernet, eth(0x8864, []byte{0x11, 0, 0}), packet.ShortLink, ""},
		{"short cooked", packet.LinkLinuxSLL, make([]byte, 15), packet.ShortLink, ""},
		{"short cooked v2", packet.LinkLinuxSLL2, make([]byte, 19), packet.ShortLink, ""},
		{"short null", packet.LinkNull, make([]byte, 3), packet.ShortLink, ""},
		{"short arp", packet.LinkEthernet, eth(0x0806, cat(u16(1), u16(0x800), []byte{6, 4})), packet.ShortNetwork, "0806"},
		{"empty raw", packet.LinkRaw, nil, packet.ShortNetwork, ""},
		{"short ipv4", packet.LinkRaw, u4[:19], packet.ShortNetwork, ""},
		{"short ipv4 options", packet.LinkRaw, set(u4, 0, 0x4f), packet.BadNetwork, "10.0.0.1>10.0.0.2"},
		{"ipv4 header length below the least", packet.LinkRaw, set(u4, 0, 0x44), packet.BadNetwork, ""},
		{"ipv4 total length below the header's", packet.LinkRaw, set(u4, 2, 0, 19), packet.BadNetwork, "10.0.0.1>10.0.0.2"},
		{"ipv6 where ipv4 is said", packet.LinkIPv4, set(u4, 0, 0x65), packet.BadNetwork, ""},
		{"neither ipv4 nor ipv6", packet.LinkRaw, set(u4, 0, 0x55), packet.BadNetwork, ""},
		{"ipv4 total length past the wire", packet.LinkRaw, set(u4, 2, 0, 99), packet.BadNetwork, `7>9 "hi"`},
		{"ipv6 length past the wire", packet.LinkRaw, set(ip6(17, a6, b6, udp(7, 9, []byte("hi"))), 4, 0, 99), packet.BadNetwork, `7>9 "hi"`},
		{"short ipv6", packet.LinkRaw, ip6(17, a6, b6, nil)[:39], packet.ShortNetwork, ""},
		{"short extension", packet.LinkRaw, ip6(0, a6, b6, []byte{17, 4, 0, 0, 0, 0, 0, 0}), packet.ShortNetwork, "2001:db8::1>2001:db8::2"},
		{"many extensions", packet.LinkRaw, ip6(60, a6, b6, many), packet.TooManyExtension, "2001:db8::1>2001:db8::2 proto 60"},
		{"short tcp keeps its ports", packet.LinkRaw, ip4(6, a4, b4, tcp(7, 9, 2, nil, nil)[:19]), packet.ShortTransport, "7>9"},
		{"tcp offset below the least", packet.LinkRaw, set(t4, 32, 0x40), packet.BadTransport, "7>9"},
		{"tcp offset past the end", packet.LinkRaw, set(t4, 32, 0xf0), packet.BadTransport, "7>9"},
		{"short udp keeps its ports", packet.LinkRaw, ip4(17, a4, b4, udp(7, 9, nil)[:6]), packet.ShortTransport, "7>9"},
		{"udp length below the header's", packet.LinkRaw, set(u4, 24, 0, 7), packet.BadTransport, "7>9"},
		{"udp length past the datagram", packet.LinkRaw, set(u4, 24, 0, 99), packet.BadTransport, `7>9 "hi"`},
		{"short icmp", packet.LinkRaw, ip4(1, a4, b4, []byte{8, 0}), packet.ShortTransport, "proto 1"},
		{"short sctp", packet.LinkRaw, ip4(132, a4, b4, make([]byte, 11)), packet.ShortTransport, "proto 132"},
		{"short gre", packet.LinkRaw, ip4(47, a4, b4, []byte{0, 0}), packet.ShortTransport, "proto 47"},
		{"nested too deeply", packet.LinkRaw, nested, packet.TooManyTunnels, "tunnels 8 0800 192.0.2.1>192.0.2.2 proto 4"},
		{"too many tags", packet.LinkEthernet, eth(0x8100, tags), packet.TooManyTunnels, "vlan 5"},
		{"inner header cut", packet.LinkRaw, ip4(4, c4, d4, u4[:19]), packet.WellFormed, "192.0.2.1>192.0.2.2 proto 4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := decode(tt.link, tt.frame)
			if p.Malformed != tt.want {
				t.Errorf("malformed = %d, want %d", p.Malformed, tt.want)
			}
			if got := line(&p); !strings.Contains(got, tt.line) {
				t.Errorf("got %s, want %s in it", got, tt.line)
			}
		})
	}
}

// A snap length cuts frames; the lengths in the headers still tell what was
// sent, and padding behind them is never counted as missing.
func TestDecodeOfCutFrames(t *testing.T) {
	payload := pattern(1000)
	whole4 := eth(0x0800, ip4(6, a4, b4, tcp(7, 9, 0x10, make([]byte, 12), payload)))
	whole6 := eth(0x86dd, ip6(17, a6, b6, udp(7, 9, payload)))
	tunnel := eth(0x0800, ip4(47, c4, d4, gre(0, 0x0800, nil, ip4(17, a4, b4, udp(7, 9, payload)))))
	tests := []struct {
		name     string
		frame    []byte
		captured int
		payload  int
	}{
		{"tcp over ipv4", whole4, 100, 100 - 14 - 20 - 32},
		{"udp over ipv6", whole6, 100, 100 - 14 - 40 - 8},
		{"udp in gre", tunnel, 100, 100 - 14 - 20 - 4 - 20 - 8},
		{"all but one byte", whole4, len(whole4) - 1, 999},
		{"cut inside the tcp options", whole4, 14 + 20 + 25, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d packet.Decoder
			var p packet.Packet
			d.Decode(&p, packet.LinkEthernet, tt.frame[:tt.captured], uint32(len(tt.frame)))
			if !p.Truncated || int(p.PayloadLen) != len(payload) || len(p.Payload) != tt.payload {
				t.Errorf("truncated %t, payload %d of %d, want %d of %d", p.Truncated, len(p.Payload), p.PayloadLen, tt.payload, len(payload))
			}
			if p.SrcPort != 7 || p.DstPort != 9 {
				t.Errorf("ports %d>%d, want 7>9", p.SrcPort, p.DstPort)
			}
		})
	}
	t.Run("only padding cut", func(t *testing.T) {
		frame := eth(0x0800, ip4(17, a4, b4, udp(7, 9, []byte("hi"))))
		var d packet.Decoder
		var p packet.Packet
		d.Decode(&p, packet.LinkEthernet, frame, 60)
		if p.Truncated || p.PayloadLen != 2 || p.WireLen != 60 {
			t.Errorf("truncated %t, payload length %d, wire length %d", p.Truncated, p.PayloadLen, p.WireLen)
		}
	})
	t.Run("large send of no stated length", func(t *testing.T) {
		frame := eth(0x0800, ip4(6, a4, b4, tcp(7, 9, 0x10, nil, payload)))
		frame[16], frame[17] = 0, 0
		var d packet.Decoder
		var p packet.Packet
		d.Decode(&p, packet.LinkEthernet, frame[:200], 80_000)
		if want := 80_000 - 14 - 40; !p.Truncated || int(p.PayloadLen) != want || len(p.Payload) != 200-14-40 {
			t.Errorf("truncated %t, payload %d of %d, want of %d", p.Truncated, len(p.Payload), p.PayloadLen, want)
		}
	})
}

func TestDecodeTCP(t *testing.T) {
	options := []byte{2, 4, 5, 0xb4}
	p := decode(packet.LinkRaw, ip4(6, a4, b4, tcp(7, 9, 0xc0|0x12, options, nil)))
	if p.TCPFlags != packet.SYN|packet.ACK {
		t.Errorf("flags %06b, want SYN and ACK, without ECE and CWR", p.TCPFlags)
	}
	if p.Seq != 1000 || p.Ack != 2000 || p.Window != 512 || !bytes.Equal(p.TCPOptions, options) {
		t.Errorf("got sequence %d, acknowledgement %d, window %d, options %x", p.Seq, p.Ack, p.Window, p.TCPOptions)
	}
}

func TestDecodeOuterOnlyLeavesTunnels(t *testing.T) {
	inner := ip4(17, a4, b4, udp(7, 9, []byte("hi")))
	for _, frame := range [][]byte{
		ip4(4, c4, d4, inner),
		ip4(47, c4, d4, gre(0, 0x0800, nil, inner)),
		ip4(17, c4, d4, udp(50000, 4789, cat(u32(0x08000000), u32(0x500), eth(0x0800, inner)))),
	} {
		d := packet.Decoder{OuterOnly: true}
		var p packet.Packet
		d.Decode(&p, packet.LinkRaw, frame, 0)
		if got := p.Src.String(); got != c4 || p.Tunnels != 0 {
			t.Errorf("got source %s behind %d tunnels, want the outer %s", got, p.Tunnels, c4)
		}
	}
}

func TestDecodeOverwritesAllButTimeAndNumber(t *testing.T) {
	var d packet.Decoder
	var fresh, used packet.Packet
	used.Time, used.Number = 5, 6
	fresh.Time, fresh.Number = 5, 6
	d.Decode(&used, packet.LinkEthernet, eth(0x8100, vlan(3, 0x86dd, ip6(6, a6, b6, tcp(7, 9, 2, make([]byte, 4), []byte("hi"))))), 99)
	arp := eth(0x0806, make([]byte, 46))
	d.Decode(&used, packet.LinkEthernet, arp, 0)
	d.Decode(&fresh, packet.LinkEthernet, arp, 0)
	if !reflect.DeepEqual(used, fresh) {
		t.Errorf("a reused packet is %+v, want %+v", used, fresh)
	}
}

// snapped puts LLC and SNAP before an IPv4 packet.
func snapped(packet []byte) []byte {
	return cat([]byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(0x0800), packet)
}

func wifiFrame(control int, addresses, rest []byte) []byte {
	return cat([]byte{byte(control), byte(control >> 8)}, u16(0), addresses, rest)
}

func TestDecodeWifi(t *testing.T) {
	x, a, b := []byte{2, 0, 0, 0, 0, 0xee}, macA, macB
	inner := snapped(ip4(17, a4, b4, udp(7, 9, []byte("hi"))))
	seq := u16(0)
	const want = `0800 10.0.0.1>10.0.0.2 proto 17 7>9 "hi"`
	body := wifiFrame(0x0208, cat(b, x, a, seq), inner)
	tests := []struct {
		name  string
		link  packet.LinkType
		frame []byte
		want  string
	}{
		{"from the access point", packet.LinkIEEE80211, body, want},
		{"to the access point", packet.LinkIEEE80211, wifiFrame(0x0108, cat(x, a, b, seq), inner), want},
		{"between stations", packet.LinkIEEE80211, wifiFrame(0x0008, cat(b, a, x, seq), inner), want},
		{"between access points", packet.LinkIEEE80211, wifiFrame(0x0308, cat(x, x, b, seq, a), inner), want},
		{"quality of service", packet.LinkIEEE80211, wifiFrame(0x0288, cat(b, x, a, seq, u16(0)), inner), want},
		{"quality of service and HT control", packet.LinkIEEE80211, wifiFrame(0x8288, cat(b, x, a, seq, u16(0), u32(0)), inner), want},
		{"aggregate", packet.LinkIEEE80211, wifiFrame(0x0288, cat(b, x, x, seq, []byte{0x80, 0}, b, a, u16(len(inner))), cat(inner, []byte("next"))), want},
		{"encrypted", packet.LinkIEEE80211, wifiFrame(0x4208, cat(b, x, a, seq), []byte("secret")), `0000 link "secret"`},
		{"no data", packet.LinkIEEE80211, wifiFrame(0x0248, cat(b, x, a, seq), nil), `0000 link ""`},
		{"radiotap", packet.LinkRadiotap, cat([]byte{0, 0, 8, 0, 0, 0, 0, 0}, body), want},
		{"radiotap with time and flags", packet.LinkRadiotap, cat([]byte{0, 0, 17, 0, 3, 0, 0, 0}, make([]byte, 8), []byte{0x10}, body, u32(0)), want},
		{"radiotap with two words of flags", packet.LinkRadiotap, cat([]byte{0, 0, 13, 0, 2, 0, 0, 0x80}, make([]byte, 4), []byte{0x10}, body, u32(0)), want},
		{"per-packet information", 192, cat([]byte{0, 0, 8, 0, 105, 0, 0, 0}, body), want},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := decode(tt.link, tt.frame)
			if got := line(&p); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if !bytes.Equal(p.SrcMAC[:], a) || !bytes.Equal(p.DstMAC[:], b) {
				t.Errorf("addresses %s>%s", p.SrcMAC, p.DstMAC)
			}
		})
	}
}
