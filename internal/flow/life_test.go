package flow_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
)

func TestTCPState(t *testing.T) {
	for _, c := range []struct {
		name  string
		ps    []*packet.Packet
		want  flow.State // of the newest flow
		flows uint64     // that were opened
	}{
		{"SYN", []*packet.Packet{tcp(out, S, 100, 0, "")}, flow.Opening, 1},
		{"SYN, twice", []*packet.Packet{tcp(out, S, 100, 0, ""), tcp(out, S, 100, 0, "")}, flow.Opening, 1},
		{"SYN, answered", handshake()[:2], flow.Established, 1},
		{"handshake", handshake(), flow.Established, 1},
		{"simultaneous open", []*packet.Packet{tcp(out, S, 100, 0, ""), tcp(in, S, 500, 0, "")}, flow.Established, 1},
		{"answer first", handshake()[1:2], flow.Opening, 1},
		{"answer first, then the opener", handshake()[1:], flow.Established, 1},
		{"refused", []*packet.Packet{tcp(out, S, 100, 0, ""), tcp(in, RA, 0, 101, "")}, flow.Reset, 1},
		{"RST first", []*packet.Packet{tcp(out, R, 100, 0, "")}, flow.Reset, 1},
		{"midway, bare ACK", []*packet.Packet{tcp(out, A, 100, 1, "")}, flow.Opening, 1},
		{"midway, both", []*packet.Packet{tcp(out, A, 100, 1, ""), tcp(in, A, 1, 100, "")}, flow.Established, 1},
		{"midway, data", []*packet.Packet{tcp(out, A, 100, 1, "ab")}, flow.Established, 1},
		{"one side captured", []*packet.Packet{tcp(out, S, 100, 0, ""), tcp(out, A, 101, 1, "ab")}, flow.Established, 1},
		{"half closed", handshake(tcp(out, FA, 101, 501, "")), flow.Established, 1},
		{"closed", handshake(tcp(out, FA, 101, 501, ""), tcp(in, FA, 501, 102, ""), tcp(out, A, 102, 502, "")), flow.Closed, 1},
		{"closed, then RST", handshake(tcp(out, FA, 101, 501, ""), tcp(in, FA, 501, 102, ""), tcp(out, R, 102, 0, "")), flow.Closed, 1},
		{"reset", handshake(tcp(in, R, 501, 0, "")), flow.Reset, 1},
		{"reset, then more from its sender", handshake(tcp(in, A, 501, 101, "a"), tcp(in, R, 502, 0, ""), tcp(in, A, 502, 101, "b")), flow.Established, 1},
		{"reset, then more from the other", handshake(tcp(in, R, 501, 0, ""), tcp(out, A, 101, 501, "b")), flow.Reset, 1},
		{"forged reset", handshake(tcp(out, A, 101, 501, "a"), tcp(out, R, 1<<31, 0, "")), flow.Established, 1},
		{"forged FINs", handshake(tcp(out, FA, 1<<31, 501, ""), tcp(in, FA, 1<<31, 501, "")), flow.Established, 1},

		{"another SYN before the answer", []*packet.Packet{tcp(out, S, 100, 0, ""), tcp(out, S, 9000, 0, "")}, flow.Opening, 2},
		{"SYN after the refusal", []*packet.Packet{tcp(out, S, 100, 0, ""), tcp(in, RA, 0, 101, ""), tcp(out, S, 9000, 0, "")}, flow.Opening, 2},
		{"SYN after the end", handshake(tcp(out, FA, 101, 501, ""), tcp(in, FA, 501, 102, ""), tcp(out, S, 9000, 0, "")), flow.Opening, 2},
		{"SYN after one FIN", handshake(tcp(out, FA, 101, 501, ""), tcp(out, S, 9000, 0, "")), flow.Opening, 2},
		{"SYN again after the refusal", []*packet.Packet{tcp(out, S, 100, 0, ""), tcp(in, RA, 0, 101, ""), tcp(out, S, 100, 0, "")}, flow.Opening, 1},
		{"answer after the refusal", []*packet.Packet{tcp(out, S, 100, 0, ""), tcp(in, RA, 0, 101, ""), tcp(in, SA, 500, 101, "")}, flow.Opening, 1},
		{"answers first, other numbers", []*packet.Packet{tcp(in, SA, 500, 101, ""), tcp(in, SA, 800, 101, ""), tcp(out, A, 101, 801, "")}, flow.Established, 1},
		{"trailing after the end", handshake(tcp(out, FA, 101, 501, ""), tcp(in, FA, 501, 102, ""), after(29*time.Second, tcp(out, A, 102, 502, ""))), flow.Closed, 1},
		{"SYN against a live connection", handshake(tcp(out, S, 9000, 0, "")), flow.Established, 1},
		{"SYN against a quiet connection", handshake(after(61*time.Second, tcp(out, S, 9000, 0, ""))), flow.Opening, 2},
		{"SYN against a live connection, answered", handshake(tcp(out, S, 9000, 0, ""), tcp(in, SA, 7000, 9001, "")), flow.Opening, 2},
		{"SYN cookie", append(handshake()[:2:2], tcp(in, SA, 800, 101, "")), flow.Established, 1},
		{"challenged", handshake(tcp(out, S, 9000, 0, ""), tcp(in, A, 501, 101, "")), flow.Established, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := flow.New(flow.Config{}, newRecorder())
			var f *flow.Flow
			for _, p := range c.ps {
				f = tab.Add(p)
			}
			if f.State != c.want || tab.Stats().Opened != c.flows {
				t.Errorf("%v with %d flows, want %v with %d", f.State, tab.Stats().Opened, c.want, c.flows)
			}
		})
	}
}

func TestStateOfDatagrams(t *testing.T) {
	tab := flow.New(flow.Config{}, newRecorder())
	for _, proto := range []uint8{packet.ProtoUDP, packet.ProtoICMP, packet.ProtoSCTP, packet.ProtoESP} {
		a, b := pkt(proto, "10.0.0.1:0", "10.0.0.2:0"), pkt(proto, "10.0.0.2:0", "10.0.0.1:0")
		a.ICMPType = 8
		if f := tab.Add(a); f.State != flow.Opening {
			t.Errorf("protocol %d: %v after one", proto, f.State)
		}
		if f := tab.Add(a); f.State != flow.Opening {
			t.Errorf("protocol %d: %v after two of one side", proto, f.State)
		}
		if f := tab.Add(b); f.State != flow.Established {
			t.Errorf("protocol %d: %v after both sides", proto, f.State)
		}
	}
}

func TestTimeouts(t *testing.T) {
	udp := func(a, b string) *packet.Packet { return pkt(packet.ProtoUDP, a, b) }
	icmp := pkt(packet.ProtoICMP, "10.0.0.1:0", "10.0.0.2:0")
	icmp.ICMPType = 8
	cfg := flow.Config{Hard: 50 * time.Hour}
	for _, c := range []struct {
		name string
		ps   []*packet.Packet
		idle time.Duration
		want flow.State
	}{
		{"SYN", handshake()[:1], 60 * time.Second, flow.Expired},
		{"half-open", handshake()[:2], 60 * time.Second, flow.Expired},
		{"established", handshake(), 124 * time.Minute, flow.Expired},
		{"data of one side", []*packet.Packet{tcp(out, A, 1, 1, "a")}, 5 * time.Minute, flow.Expired},
		{"closing", handshake(tcp(out, FA, 101, 501, "")), 4 * time.Minute, flow.Expired},
		{"closed", handshake(tcp(out, FA, 101, 501, ""), tcp(in, FA, 501, 102, "")), 30 * time.Second, flow.Closed},
		{"reset", handshake(tcp(out, R, 101, 0, "")), 30 * time.Second, flow.Reset},
		{"query", []*packet.Packet{udp(client, server)}, 2 * time.Minute, flow.Expired},
		{"query and answer", []*packet.Packet{udp(client, server), udp(server, client)}, 5 * time.Minute, flow.Expired},
		{"echo", []*packet.Packet{icmp}, 2 * time.Minute, flow.Expired},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRecorder()
			tab := flow.New(cfg, r)
			for _, p := range c.ps {
				tab.Add(p)
			}
			tab.Advance(epoch + int64(c.idle) - 1)
			if tab.Len() != 1 {
				t.Fatal("ended early")
			}
			tab.Advance(epoch + int64(c.idle)*101/100)
			if tab.Len() != 0 || !slices.Equal(r.ends, []flow.State{c.want}) {
				t.Fatalf("%d flows are left; ended as %v", tab.Len(), r.ends)
			}
		})
		t.Run(c.name+", found late", func(t *testing.T) {
			tab := flow.New(cfg, newRecorder())
			for _, p := range c.ps {
				tab.Add(p)
			}
			late := *c.ps[0]
			late.Time = epoch + int64(c.idle)
			if f := tab.Add(&late); f.ID != 2 {
				t.Errorf("a packet after %v belongs to flow %d", c.idle, f.ID)
			}
		})
	}
}

func TestBusyFlowsLive(t *testing.T) {
	r := newRecorder()
	tab := flow.New(flow.Config{Hard: time.Hour}, r)
	p := pkt(packet.ProtoUDP, client, server)
	for s := int64(0); s < 3599; s += 7 {
		p.Time = epoch + s*1e9
		if f := tab.Add(p); f.ID != 1 {
			t.Fatalf("flow %d after %d s", f.ID, s)
		}
	}
	p.Time = epoch + 3602e9
	if f := tab.Add(p); f.ID != 2 || r.ends[0] != flow.Expired {
		t.Errorf("flow %d after the hard timeout, ended as %v", f.ID, r.ends)
	}
}

// TestClocks reads captures of other days into one table, with packets slightly
// out of order.
func TestClocks(t *testing.T) {
	r := newRecorder()
	tab := flow.New(flow.Config{}, r)
	p := pkt(packet.ProtoUDP, client, server)
	for i, c := range []struct {
		at   time.Duration
		want uint64
	}{
		{0, 1}, {5 * time.Second, 1}, {time.Second, 1}, {24 * time.Hour, 2}, {time.Second, 3}, {2 * time.Second, 3},
		{-1e6 * time.Hour, 4}, {2e6 * time.Hour, 5}, {0, 6},
	} {
		p.Time = epoch + int64(c.at)
		if f := tab.Add(p); f.ID != c.want {
			t.Errorf("step %d, at %v: flow %d, want %d", i, c.at, f.ID, c.want)
		}
	}
	tab.Flush()
	for id := range uint64(6) {
		if r.closed[id+1] != 1 {
			t.Errorf("flow %d was closed %d times", id+1, r.closed[id+1])
		}
	}
}

func TestFloodSparesTheEstablished(t *testing.T) {
	const most = 5000
	r := newRecorder()
	tab := flow.New(flow.Config{MaxFlows: most}, r)
	now := epoch
	port := func(p *packet.Packet, i int) *packet.Packet {
		if p.SrcPort == 6661 {
			p.DstPort = uint16(i)
		} else {
			p.SrcPort = uint16(i)
		}
		now += 1e5
		p.Time = now
		return p
	}
	for i := range 1000 {
		for _, p := range handshake() {
			tab.Add(port(p, i+1))
		}
	}
	// A client that is in the middle of its handshake, among the newest.
	for i := range 100_000 {
		p := tcp(out, S, uint32(i), 0, "")
		p.Src[12], p.Src[13], p.Src[14], p.Src[15] = 192, 168, byte(i>>8), byte(i)
		tab.Add(port(p, i))
		if i%2000 == 0 {
			tab.Add(port(tcp(out, S, 1, 0, ""), 60_000))
			p := port(tcp(in, SA, 1, 2, ""), 60_000)
			tab.Add(p)
			f := tab.Add(port(tcp(out, A, 2, 2, ""), 60_000))
			tab.Add(port(tcp(out, R, 2, 2, ""), 60_000))
			if f.Packets[out] < 2 {
				t.Fatal("a handshake was pushed out by the flood")
			}
		}
	}
	if tab.Len() > most {
		t.Errorf("%d flows", tab.Len())
	}
	for id := uint64(1); id <= 1000; id++ {
		if r.closed[id] != 0 {
			t.Fatalf("established flow %d was pushed out", id)
		}
	}
	if s := tab.Stats(); s.Ended[flow.Evicted] < 90_000 {
		t.Errorf("%+v", s)
	}
	// Among the unanswered, the idlest went first.
	for i, id := range r.order {
		if i > 0 && r.ends[i] == flow.Evicted && r.ends[i-1] == flow.Evicted && id < r.order[i-1] && r.order[i-1]-id > 10_000 {
			t.Fatalf("flow %d was evicted after %d", id, r.order[i-1])
		}
	}
}

func TestEvictionPrefersIdle(t *testing.T) {
	r := newRecorder()
	tab := flow.New(flow.Config{MaxFlows: 2}, r)
	for i, to := range []string{"10.0.0.2:1", "10.0.0.2:2", "10.0.0.2:1", "10.0.0.2:3"} {
		tab.Add(after(time.Duration(i)*20*time.Second, pkt(packet.ProtoUDP, client, to)))
	}
	if !slices.Equal(r.order, []uint64{2}) || r.ends[0] != flow.Evicted {
		t.Errorf("evicted %v as %v, want flow 2", r.order, r.ends)
	}
}

func TestEachFlowIsClosedOnce(t *testing.T) {
	r := newRecorder()
	tab := flow.New(flow.Config{MaxFlows: 300, TCPOpening: time.Second, TCPEnded: time.Second}, r)
	flags := []packet.TCPFlags{S, SA, A, FA, R, A, A}
	for i := range 50_000 {
		p := tcp(flow.Direction(i*7/3&1), flags[i*31%len(flags)], uint32(i*i), uint32(i), "data"[:i%5])
		p.SrcPort, p.DstPort = p.SrcPort+uint16(i*131%509), p.DstPort+uint16(i*131%509)
		p.Time += int64(i) * 3e6
		tab.Add(p)
		if i%1000 == 0 {
			tab.Changed(func(*flow.Flow) {})
		}
	}
	tab.Flush()
	s := tab.Stats()
	var ended uint64
	for _, n := range s.Ended {
		ended += n
	}
	if uint64(len(r.closed)) != s.Opened || ended != s.Opened {
		t.Errorf("%d flows opened, %d ended, %d told", s.Opened, ended, len(r.closed))
	}
	for id, n := range r.closed {
		if n != 1 {
			t.Errorf("flow %d was closed %d times", id, n)
		}
	}
}
