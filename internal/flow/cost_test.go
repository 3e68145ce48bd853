package flow_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
)

// nothing is an Inspector that does nothing.
type nothing struct{}

func (nothing) Payload(*flow.Flow, flow.Direction, []byte, int64) {}
func (nothing) Gap(*flow.Flow, flow.Direction, uint32, int64)     {}
func (nothing) Closed(*flow.Flow)                                 {}

// numbered makes p one of flow i.
func numbered(p *packet.Packet, i uint32) {
	binary.BigEndian.PutUint32(p.Src[12:], 10<<24|i>>4)
	p.SrcPort = 40000 + uint16(i&15)
}

func TestMemoryOfAMillionFlows(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a quarter of a gigabyte")
	}
	const n = 1 << 20
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	tab := flow.New(flow.Config{}, nothing{})
	p := tcp(out, S, 1, 0, "")
	for i := range uint32(n) {
		numbered(p, i)
		p.Time += 1000
		tab.Add(p)
	}
	used := heap() - before
	if tab.Len() != n {
		t.Fatalf("%d flows", tab.Len())
	}
	t.Logf("%d flows take %d MB, %d bytes each", n, used>>20, used/n)
	if used/n > 300 {
		t.Errorf("a flow takes %d bytes", used/n)
	}
	runtime.KeepAlive(tab)
}

func TestAddAllocatesNothing(t *testing.T) {
	tab := flow.New(flow.Config{MaxFlows: 1000}, nothing{})
	data := make([]byte, 1400)
	syn, answer, ack := tcp(out, S, 100, 0, ""), tcp(in, SA, 500, 101, ""), tcp(out, A, 101, 501, "")
	late, early, end := tcp(out, A, 111, 501, string(data)), tcp(out, A, 101, 501, "0123456789"), tcp(in, R, 501, 0, "")
	udp := pkt(packet.ProtoUDP, client, "10.0.0.2:53")
	var i uint32
	round := func() {
		for _, p := range []*packet.Packet{syn, answer, ack, late, early, end, udp} {
			i++
			p.Seq, p.Time = p.Seq+1<<20, epoch+int64(i)*1e6
			tab.Add(p)
		}
		numbered(udp, i)
		if i%100 == 0 {
			tab.Changed(func(*flow.Flow) {})
		}
	}
	for range 3000 {
		round() // fills the table and its pools
	}
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%v allocations in 7 packets", n)
	}
}

func BenchmarkAdd(b *testing.B) {
	const order = 0x9e3779b1 // visits the flows in an order that caches don't guess
	for _, n := range []uint32{1, 10_000, 100_000, 1_000_000} {
		for _, proto := range []string{"tcp", "udp"} {
			b.Run(fmt.Sprintf("%s/flows=%d", proto, n), func(b *testing.B) {
				tab := flow.New(flow.Config{}, nothing{})
				p := tcp(out, A, 1, 1, "")
				if proto == "udp" {
					p.Proto = packet.ProtoUDP
				}
				for i := range n {
					numbered(p, i)
					tab.Add(p)
				}
				b.ReportAllocs()
				b.ResetTimer()
				for i := range uint32(b.N) {
					numbered(p, uint32(uint64(i*order)*uint64(n)>>32))
					p.Time += 100
					tab.Add(p)
				}
			})
		}
	}
}

// BenchmarkAddLikely is nearer to a real link than BenchmarkAdd: of 100,000
// flows a few are busy.
func BenchmarkAddLikely(b *testing.B) {
	const n = 100_000
	tab := flow.New(flow.Config{}, nothing{})
	p := tcp(out, A, 1, 1, "")
	for i := range uint32(n) {
		numbered(p, i)
		tab.Add(p)
	}
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 1)), 1.2, 10, n-1)
	order := make([]uint32, 1<<20)
	for i := range order {
		order[i] = uint32(zipf.Uint64())
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		numbered(p, order[i%len(order)])
		p.Time += 1000
		tab.Add(p)
	}
}

func BenchmarkOpenAndEvict(b *testing.B) {
	tab := flow.New(flow.Config{MaxFlows: 100_000}, nothing{})
	p := tcp(out, S, 1, 0, "")
	b.ReportAllocs()
	for i := range uint32(b.N) {
		numbered(p, i&0xfffffff)
		p.Time += 1000
		tab.Add(p)
	}
}

func BenchmarkReassembly(b *testing.B) {
	data := string(make([]byte, 1400))
	for _, c := range []struct {
		name   string
		stride []int // order of segments within a group
	}{
		{"in order", []int{0, 1, 2, 3}},
		{"out of order", []int{1, 0, 3, 2}},
	} {
		b.Run(c.name, func(b *testing.B) {
			tab := flow.New(flow.Config{}, nothing{})
			for _, p := range handshake() {
				tab.Add(p)
			}
			p := tcp(out, A, 101, 501, data)
			base := uint32(101)
			b.SetBytes(int64(4 * len(data)))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				for _, k := range c.stride {
					p.Seq = base + uint32(k*len(data))
					p.Time += 100
					tab.Add(p)
				}
				base += uint32(4 * len(data))
			}
		})
	}
}

func BenchmarkHash(b *testing.B) {
	p := tcp(out, A, 1, 1, "")
	var sum uint32
	for i := range uint32(b.N) {
		p.SrcPort = uint16(i)
		sum += flow.Hash(p)
	}
	runtime.KeepAlive(sum)
}
