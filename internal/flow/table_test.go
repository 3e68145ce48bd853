package flow_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

func TestDirection(t *testing.T) {
	const (
		a, b   = "10.0.0.1:50000", "10.0.0.2:50001"
		http   = "10.0.0.2:80"
		dicom  = "10.0.0.2:11112"
		bacnet = "10.0.0.2:47808"
	)
	with := func(p *packet.Packet, set func(*packet.Packet)) *packet.Packet { set(p); return p }
	flags := func(fl packet.TCPFlags, from, to string) *packet.Packet {
		return with(pkt(packet.ProtoTCP, from, to), func(p *packet.Packet) { p.TCPFlags = fl })
	}
	icmp := func(version, kind uint8) *packet.Packet {
		proto := uint8(packet.ProtoICMP)
		if version == 6 {
			proto = packet.ProtoICMPv6
		}
		return with(pkt(proto, "10.0.0.1:0", "10.0.0.2:0"), func(p *packet.Packet) { p.ICMPType = kind })
	}
	sctp := func(chunk byte) *packet.Packet {
		return with(pkt(packet.ProtoSCTP, a, b), func(p *packet.Packet) { p.Payload = []byte{chunk} })
	}
	for _, c := range []struct {
		name string
		p    *packet.Packet
		want flow.Direction
	}{
		{"SYN", flags(S, a, b), flow.Out},
		{"SYN from a service port", flags(S, http, a), flow.Out},
		{"SYN and ACK", flags(SA, a, b), flow.In},
		{"SYN and ACK towards a service port", flags(SA, a, http), flow.In},
		{"midway, client first", flags(A, a, http), flow.Out},
		{"midway, server first", flags(A, http, a), flow.In},
		{"midway, no service", flags(A, a, b), flow.Out},
		{"midway, registered service", flags(A, dicom, a), flow.In},
		{"midway, service in the clients' range", flags(A, bacnet, "10.0.0.1:2000"), flow.Out},
		{"midway, reserved client port", flags(A, "10.0.0.1:2049", "10.0.0.2:900"), flow.In},
		{"query", pkt(packet.ProtoUDP, a, "10.0.0.2:53"), flow.Out},
		{"answer", pkt(packet.ProtoUDP, "10.0.0.2:53", a), flow.In},
		{"service to service", pkt(packet.ProtoUDP, "10.0.0.2:53", "10.0.0.3:53"), flow.Out},
		{"offer to all", pkt(packet.ProtoUDP, "10.0.0.2:67", "255.255.255.255:68"), flow.Out},
		{"answer to a group", pkt(packet.ProtoUDP, "10.0.0.2:1900", "239.255.255.250:50000"), flow.Out},
		{"answer to a group, IPv6", pkt(packet.ProtoUDP, "[fe80::1]:5353", "[ff02::fb]:50000"), flow.Out},
		{"answer to a subnet", with(pkt(packet.ProtoUDP, "10.0.0.2:137", "10.0.0.255:50000"),
			func(p *packet.Packet) { p.DstMAC = netid.MAC{255, 255, 255, 255, 255, 255} }), flow.Out},
		{"echo", icmp(4, 8), flow.Out},
		{"echo reply", icmp(4, 0), flow.In},
		{"echo, ICMPv6", icmp(6, 128), flow.Out},
		{"echo reply, ICMPv6", icmp(6, 129), flow.In},
		{"INIT", sctp(1), flow.Out},
		{"INIT ACK", sctp(2), flow.In},
		{"ESP", pkt(packet.ProtoESP, "10.0.0.1:0", "10.0.0.2:0"), flow.Out},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := flow.New(flow.Config{}, newRecorder()).Add(c.p)
			got := flow.Out
			if f.Src != c.p.Src || f.SrcPort != c.p.SrcPort {
				got = flow.In
			}
			if got != c.want || f.Packets[c.want] != 1 || f.MACs[c.want] != c.p.SrcMAC || f.TTLs[c.want] != 64 {
				t.Errorf("taken as %v, want %v; %+v", got, c.want, f)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b *packet.Packet
		same bool
	}{
		{"both directions", pkt(17, "10.0.0.1:5", "10.0.0.2:6"), pkt(17, "10.0.0.2:6", "10.0.0.1:5"), true},
		{"ports swapped", pkt(17, "10.0.0.1:5", "10.0.0.2:6"), pkt(17, "10.0.0.1:6", "10.0.0.2:5"), false},
		{"another protocol", pkt(17, "10.0.0.1:5", "10.0.0.2:6"), pkt(6, "10.0.0.1:5", "10.0.0.2:6"), false},
		{"another port", pkt(17, "10.0.0.1:5", "10.0.0.2:6"), pkt(17, "10.0.0.1:5", "10.0.0.2:7"), false},
		{"another address", pkt(17, "10.0.0.1:5", "10.0.0.2:6"), pkt(17, "10.0.0.1:5", "10.0.0.3:6"), false},
		{"to itself", pkt(17, "10.0.0.1:5", "10.0.0.1:5"), pkt(17, "10.0.0.1:5", "10.0.0.1:5"), true},
		{"IPv6", pkt(17, "[fe80::1]:5", "[fe80::2]:6"), pkt(17, "[fe80::2]:6", "[fe80::1]:5"), true},
		{"without ports", pkt(1, "10.0.0.1:0", "10.0.0.2:0"), pkt(1, "10.0.0.2:0", "10.0.0.1:0"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := flow.New(flow.Config{}, newRecorder())
			id := tab.Add(c.a).ID
			if same := tab.Add(c.b).ID == id; same != c.same {
				t.Errorf("same flow %v, want %v", same, c.same)
			}
			if c.same && flow.Hash(c.a) != flow.Hash(c.b) {
				t.Error("the hash differs between the directions")
			}
		})
	}
}

func TestHashSpreads(t *testing.T) {
	var workers [8]int
	p := pkt(packet.ProtoTCP, client, server)
	const n = 80_000
	for i := range n {
		p.SrcPort, p.Src[15], p.Src[14] = uint16(i), byte(i>>4), byte(i>>10)
		workers[flow.Hash(p)%8]++
	}
	for w, got := range workers {
		if got < n/8*9/10 || got > n/8*11/10 {
			t.Errorf("worker %d has %d of %d flows", w, got, n)
		}
	}
}

func TestPacketsWithoutFlow(t *testing.T) {
	tab := flow.New(flow.Config{}, newRecorder())
	fragment := pkt(packet.ProtoUDP, client, server)
	fragment.Fragment = true
	cut := pkt(packet.ProtoTCP, "10.0.0.1:0", "10.0.0.2:0")
	cut.Malformed = packet.ShortTransport
	for _, p := range []*packet.Packet{{}, fragment, cut} {
		if f := tab.Add(p); f != nil {
			t.Errorf("%+v opened a flow", p)
		}
	}
	if s := tab.Stats(); s.Fragments != 1 || s.Cut != 1 || s.Packets != 0 {
		t.Errorf("counted %+v", s)
	}
}

func TestCounts(t *testing.T) {
	tab := flow.New(flow.Config{}, newRecorder())
	var f *flow.Flow
	for i, p := range []*packet.Packet{
		tcp(flow.Out, S, 1, 0, ""), tcp(flow.In, SA, 1, 2, ""), tcp(flow.Out, A, 2, 2, "hello"),
	} {
		p.Number, p.VLAN, p.Time = uint64(i+10), uint16(i+3), epoch+int64(i)
		p.TTL -= uint8(i)
		f = tab.Add(p)
	}
	if f.Packets != [2]uint64{2, 1} || f.Bytes != [2]uint64{125, 60} || f.VLAN != 3 ||
		f.FirstNumber != 10 || f.LastNumber != 12 || f.First != epoch || f.Last != epoch+2 ||
		f.TTLs != [2]uint8{64, 63} || f.MACs != [2]netid.MAC{{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}} {
		t.Errorf("%+v", f)
	}
	if f.SrcAddrPort().String() != client || f.DstAddrPort().String() != server {
		t.Errorf("%v to %v", f.SrcAddrPort(), f.DstAddrPort())
	}
}

func TestChanged(t *testing.T) {
	tab := flow.New(flow.Config{}, newRecorder())
	changed := func() (ids []uint64) {
		tab.Changed(func(f *flow.Flow) { ids = append(ids, f.ID) })
		return ids
	}
	var ps []*packet.Packet
	for _, from := range []string{"10.0.0.1:50001", "10.0.0.1:50002", "10.0.0.1:50003"} {
		ps = append(ps, pkt(packet.ProtoTCP, from, server))
		ps[len(ps)-1].TCPFlags = RA
		tab.Add(ps[len(ps)-1])
	}
	if got := changed(); !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("after three: %v", got)
	}
	if got := changed(); len(got) != 0 {
		t.Errorf("at rest: %v", got)
	}
	tab.Add(ps[1])
	tab.Add(ps[0])
	tab.Add(ps[1])
	if got := changed(); !slices.Equal(got, []uint64{2, 1}) {
		t.Errorf("after two: %v", got)
	}
	tab.Add(after(20*time.Second, ps[0]))
	tab.Add(after(25*time.Second, ps[2]))
	tab.Add(after(29*time.Second, ps[1]))
	tab.Advance(epoch + 51*int64(time.Second))
	if got := changed(); !slices.Equal(got, []uint64{2, 3}) {
		t.Errorf("after the first has ended: %v", got)
	}
}

func TestFlush(t *testing.T) {
	r := newRecorder()
	tab := flow.New(flow.Config{}, r)
	for _, to := range []string{"10.0.0.2:1", "10.0.0.2:2", "10.0.0.2:3", "10.0.0.2:4"} {
		p := pkt(packet.ProtoTCP, client, to)
		p.TCPFlags = S
		if to == "10.0.0.2:3" {
			p.TCPFlags = R
		}
		tab.Add(p)
	}
	tab.Flush()
	if !slices.Equal(r.order, []uint64{1, 2, 3, 4}) {
		t.Errorf("ended in the order %v", r.order)
	}
	if !slices.Equal(r.ends, []flow.State{flow.Flushed, flow.Flushed, flow.Reset, flow.Flushed}) {
		t.Errorf("ended as %v", r.ends)
	}
	if tab.Len() != 0 || tab.Stats().Ended[flow.Flushed] != 3 {
		t.Errorf("%d left, %+v", tab.Len(), tab.Stats())
	}
	if f := tab.Add(pkt(packet.ProtoUDP, client, server)); f.ID != 5 {
		t.Errorf("the next flow is number %d", f.ID)
	}
}
