package attack

import "net/netip"

// FiltersForTest are the filters of selectors of every shape.
func FiltersForTest() []string {
	a, b := host(netip.MustParseAddr("10.77.20.1")), netip.MustParsePrefix("10.77.30.0/27")
	var out []string
	for _, s := range []Selector{
		{Src: a, Dst: b},
		{Src: a, Dst: a, Transport: "tcp", Port: 104},
		{Src: a, Dst: b, Transport: "icmp"},
		{SrcMAC: rogueMAC},
		{DstMAC: rogueMAC, Transport: "arp"},
		{SrcMAC: rogueMAC, Transport: "udp", Port: 68},
		{SrcMAC: rogueMAC, DstMAC: outsideMAC, Src: a, Dst: b},
	} {
		out = append(out, s.filter())
	}
	return out
}
