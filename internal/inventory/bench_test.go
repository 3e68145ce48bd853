package inventory_test

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/inventory"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// site makes flows of a site of that many devices that talk to each other and
// to addresses beyond.
func site(devices, flows int) []flow.Flow {
	protocols := []cordon.Protocol{cordon.HL7, cordon.DICOM, cordon.TLS, cordon.HTTP, cordon.SMB2, cordon.MQTT, cordon.DNS, cordon.Unknown}
	address := func(n int) (netid.MAC, netid.Addr) {
		m := netid.MAC{0x00, 0x1b, 0x21}
		binary.BigEndian.PutUint16(m[4:], uint16(n))
		return m, netid.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
	}
	all := make([]flow.Flow, flows)
	for i := range all {
		f := &all[i]
		p := protocols[i%len(protocols)]
		*f = flow.Flow{
			ID: uint64(i + 1), Proto: packet.ProtoTCP, SrcPort: uint16(40000 + i%20000), DstPort: 1000 + uint16(p), State: flow.Established,
			Protocol: p, Confidence: uint8(dissect.Sure), Ignore: true, TTLs: [2]uint8{64, 64},
			First: at(float64(i) / 1000), Last: at(float64(i)/1000 + 1), Packets: [2]uint64{10, 9}, Bytes: [2]uint64{1000, 900},
		}
		f.MACs[flow.Out], f.Src = address(1 + i%devices)
		if i%16 == 0 {
			f.Dst = netid.AddrFrom4([4]byte{198, 51, byte(i >> 8 % 20), byte(i)})
			f.MACs[flow.In], f.TTLs[flow.In] = netid.MAC{0, 0x1b, 0x21, 0xff}, 55
		} else {
			f.MACs[flow.In], f.Dst = address(1 + (i/devices*7919+i*31)%devices)
		}
	}
	return all
}

// BenchmarkFlow is the price of telling a Feed of a flow that has changed.
func BenchmarkFlow(b *testing.B) {
	flows := site(1000, 100_000)
	feed := inventory.NewFeed()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		f := &flows[i%len(flows)]
		f.Packets[0]++
		feed.Flow(f)
		if i++; i%10_000 == 0 {
			feed.Take()
		}
	}
}

// BenchmarkSite is a first look at a whole site: all its flows, then its
// devices and conversations.
func BenchmarkSite(b *testing.B) {
	for _, c := range []struct {
		name           string
		devices, flows int
	}{{"1,000 devices", 1000, 100_000}, {"10,000 devices", 10_000, 100_000}} {
		b.Run(c.name, func(b *testing.B) {
			flows := site(c.devices, c.flows)
			r := rules(b)
			for b.Loop() {
				feed, v := inventory.NewFeed(), inventory.New(r)
				for i := range flows {
					feed.Flow(&flows[i])
				}
				v.Apply(feed.Take())
				v.Changes()
			}
		})
	}
}

// BenchmarkTick is the work of one interval of a running site of 1,000
// devices, in which a tenth of its flows have changed.
func BenchmarkTick(b *testing.B) {
	flows := site(1000, 100_000)
	feed, v := inventory.NewFeed(), inventory.New(rules(b))
	for i := range flows {
		feed.Flow(&flows[i])
	}
	v.Apply(feed.Take())
	v.Changes()
	n := 0
	for b.Loop() {
		for range len(flows) / 10 {
			f := &flows[n%len(flows)]
			f.Packets[0]++
			f.Last++
			feed.Flow(f)
			n++
		}
		v.Apply(feed.Take())
		v.Changes()
	}
}

// TestMemory holds a site of 1,000 devices with 100,000 live flows to its part
// of the promised 256 MB.
func TestMemory(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	r := rules(t)
	flows := site(1000, 100_000)
	before := heap()
	feed, v := inventory.NewFeed(), inventory.New(r)
	for i := range flows {
		feed.Flow(&flows[i])
		if i%10_000 == 0 {
			v.Apply(feed.Take())
			v.Changes()
		}
	}
	v.Apply(feed.Take())
	v.Changes()
	after := heap()
	s := v.Stats()
	t.Logf("%d devices, %d conversations: %d MB", s.Devices, s.Conversations, (after-before)>>20)
	if after-before > 96<<20 {
		t.Errorf("%d MB, want at most 96", (after-before)>>20)
	}
	runtime.KeepAlive(feed)
	runtime.KeepAlive(flows)
}
