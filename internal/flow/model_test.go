package flow_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// modelFlow is what a plain map knows of a flow of datagrams.
type modelFlow struct {
	id       uint64
	last     int64
	packets  [2]uint64
	answered bool
	changed  bool
}

type modelKey struct {
	a, b         netid.Addr
	aPort, bPort uint16
}

func keyOf(p *packet.Packet) modelKey {
	k := modelKey{p.Src, p.Dst, p.SrcPort, p.DstPort}
	if bytes.Compare(p.Src[:], p.Dst[:]) > 0 || p.Src == p.Dst && p.SrcPort > p.DstPort {
		k = modelKey{p.Dst, p.Src, p.DstPort, p.SrcPort}
	}
	return k
}

// TestAgainstMap holds the table, its index, its free list and its wheels to a
// plain map through a random life of datagram flows.
func TestAgainstMap(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		r := newRecorder()
		tab := flow.New(flow.Config{UDPOneSided: 20 * time.Second, UDPAnswered: 50 * time.Second}, r)
		model := make(map[modelKey]*modelFlow)
		hosts := 2 + rnd.IntN(40)
		now, next := epoch, uint64(1)
		for step := range 20_000 {
			now += rnd.Int64N(int64(60 * time.Millisecond))
			p := pkt(packet.ProtoUDP, "10.0.0.0:0", "10.0.0.0:0")
			p.Src[15], p.Dst[15] = byte(rnd.IntN(hosts)), byte(rnd.IntN(hosts))
			p.SrcPort, p.DstPort = uint16(50000+rnd.IntN(6)), uint16(50000+rnd.IntN(6))
			p.Time = now

			f := tab.Add(p)
			m := model[keyOf(p)]
			timeout := int64(20 * time.Second)
			if m != nil && m.answered {
				timeout = int64(50 * time.Second)
			}
			if m == nil || now-m.last >= timeout {
				m = &modelFlow{id: next}
				next++
				model[keyOf(p)] = m
			}
			d := flow.Out
			if f.Src != p.Src || f.SrcPort != p.SrcPort {
				d = flow.In
			}
			m.packets[d]++
			m.last, m.changed = now, true
			m.answered = m.answered || m.packets[0] > 0 && m.packets[1] > 0
			if f.ID != m.id || f.Packets != m.packets || f.Last != m.last || (f.State == flow.Established) != m.answered {
				t.Fatalf("seed %d, step %d: flow %d %v %v, want %+v", seed, step, f.ID, f.Packets, f.State, m)
			}
			if rnd.IntN(500) == 0 {
				checkChanged(t, tab, model, r)
			}
		}
		tab.Flush()
		if uint64(len(r.closed)) != next-1 {
			t.Fatalf("seed %d: %d flows closed, want %d", seed, len(r.closed), next-1)
		}
	}
}

func checkChanged(t *testing.T, tab *flow.Table, model map[modelKey]*modelFlow, r *recorder) {
	t.Helper()
	got := make(map[uint64]bool)
	tab.Changed(func(f *flow.Flow) { got[f.ID] = true })
	for _, m := range model {
		if want := m.changed && r.closed[m.id] == 0; got[m.id] != want {
			t.Fatalf("flow %d changed: %v, want %v", m.id, got[m.id], want)
		}
		delete(got, m.id)
		m.changed = false
	}
	if len(got) > 0 {
		t.Fatalf("flows %v have changed but are not live", got)
	}
}

// TestFirstStands sends segments that contradict each other where they overlap.
// Of each byte, the one that came first must be delivered.
func TestFirstStands(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		size := 1 + rnd.IntN(20_000)
		isn := rnd.Uint32()
		want := make([]byte, size)
		known := make([]bool, size)
		got := &collector{}
		tab := flow.New(flow.Config{ReassemblyStream: 1 << 20}, got)
		tab.Add(tcp(out, S, isn, 0, ""))
		send := func(from, to int) {
			data := make([]byte, to-from)
			for i := range data {
				data[i] = byte(rnd.Uint32())
				if at := from + i; !known[at] {
					want[at], known[at] = data[i], true
				}
			}
			tab.Add(tcp(out, A, isn+1+uint32(from), 0, string(data)))
		}
		for range rnd.IntN(60) {
			from := rnd.IntN(size)
			send(from, min(size, from+1+rnd.IntN(1+rnd.IntN(3000))))
		}
		for from := 0; from < size; {
			to := min(size, from+1+rnd.IntN(1500))
			send(from, to)
			from = to
		}
		if !bytes.Equal(got.data[out], want) || got.gaps > 0 {
			t.Fatalf("seed %d: %d bytes and %d gaps delivered, want %d bytes", seed, len(got.data[out]), got.gaps, size)
		}
	}
}
