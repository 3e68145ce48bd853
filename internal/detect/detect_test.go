package detect_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/detect"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

const second = int64(1e9)

func addr(s string) netid.Addr { return netid.AddrFrom(netip.MustParseAddr(s)) }

// refused is a flow whose SYN was answered by a RST.
func refused(id uint64, src, dst string, port uint16, at int64, ended bool) *flow.Flow {
	return &flow.Flow{
		ID: id, Src: addr(src), Dst: addr(dst), DstPort: port, Proto: packet.ProtoTCP, State: flow.Reset, Ended: ended,
		Packets: [2]uint64{1, 1}, First: at, FirstNumber: id,
	}
}

func findings(w *detect.Watcher) []cordon.Finding {
	d := detect.New()
	signals, _ := w.Take()
	d.Apply("test.pcap", signals)
	return d.Findings()
}

func TestScans(t *testing.T) {
	for _, tc := range []struct {
		name  string
		watch func(w *detect.Watcher)
		want  string // rule of the only finding; empty for none
	}{
		{"one port of many addresses", func(w *detect.Watcher) {
			for i := range 25 {
				w.Flow(refused(uint64(i+1), "10.0.0.9", fmt.Sprintf("10.0.1.%d", i+1), 445, int64(i)*second, true))
			}
		}, "scan-horizontal"},
		{"many ports of one address", func(w *detect.Watcher) {
			for i := range 40 {
				w.Flow(refused(uint64(i+1), "10.0.0.9", "10.0.1.1", uint16(20+i), int64(i)*second/2, true))
			}
		}, "scan-vertical"},
		{"a client that tries its three servers all day", func(w *detect.Watcher) {
			for i := range 500 {
				w.Flow(refused(uint64(i+1), "10.0.0.9", fmt.Sprintf("10.0.1.%d", i%3+1), 104, int64(i)*second, true))
			}
		}, ""},
		{"a slow poll of many, all of which answer", func(w *detect.Watcher) {
			for i := range 200 {
				f := refused(uint64(i+1), "10.0.0.9", fmt.Sprintf("10.0.1.%d", i+1), 161, int64(i)*second/10, true)
				f.State, f.Packets = flow.Closed, [2]uint64{6, 6}
				w.Flow(f)
			}
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var w detect.Watcher
			tc.watch(&w)
			got := findings(&w)
			switch {
			case tc.want == "" && len(got) > 0:
				t.Errorf("found %q", got[0].Title)
			case tc.want != "" && (len(got) != 1 || got[0].Rule != tc.want || got[0].Src != netip.MustParseAddr("10.0.0.9") || len(got[0].Packets) == 0):
				t.Errorf("found %+v, want one %s by 10.0.0.9 with packets", got, tc.want)
			}
		})
	}
}

// TestLingeringFlowsCountOnce: a live sensor reports a refused flow at once and
// again when it is dropped.
func TestLingeringFlowsCountOnce(t *testing.T) {
	var w detect.Watcher
	for _, ended := range []bool{false, false, true} {
		w.Flow(refused(1, "10.0.0.9", "10.0.1.1", 445, 0, ended))
	}
	if signals, dropped := w.Take(); len(signals) != 1 || dropped != 0 {
		t.Errorf("%d signals, %d dropped; want one", len(signals), dropped)
	}
}

func claim(w *detect.Watcher, mac byte, at int64) {
	o := &observation.ARP{SenderMAC: netid.MAC{0, 1, 2, 3, 4, mac}, SenderIP: addr("10.0.0.1")}
	w.Event(&dissect.Event{Observation: o, Time: at, Number: uint64(at/second) + 1})
}

func TestAddressConflict(t *testing.T) {
	for _, tc := range []struct {
		name   string
		owners []byte // of one address, a second apart
		want   int
	}{
		{"one owner", []byte{1, 1, 1}, 0},
		{"a new owner", []byte{1, 1, 2, 2}, 0},
		{"back and forth", []byte{1, 2, 1, 2}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var w detect.Watcher
			for i, mac := range tc.owners {
				claim(&w, mac, int64(i)*second)
			}
			if got := findings(&w); len(got) != tc.want {
				t.Errorf("found %+v, want %d", got, tc.want)
			}
		})
	}
}

func TestRepeatsFold(t *testing.T) {
	var w detect.Watcher
	for i := range 6 {
		claim(&w, byte(1+i%2), int64(i)*second)
	}
	got := findings(&w)
	if len(got) != 1 || got[0].Count != 4 || !got[0].First.Before(got[0].Last) {
		t.Fatalf("found %+v, want one, seen four times", got)
	}
	// A later run takes the finding up again.
	d := detect.New()
	d.Restore(got)
	for i := range 4 {
		claim(&w, byte(1+i%2), int64(100+i)*second)
	}
	signals, _ := w.Take()
	d.Apply("again.pcap", signals)
	if again := d.Changes(); len(again) != 1 || again[0].ID != got[0].ID || again[0].Count != 6 {
		t.Errorf("after a restart: %+v, want the same finding, seen six times", again)
	}
	if more := d.Changes(); len(more) != 0 {
		t.Errorf("nothing is new, yet %+v", more)
	}
}

func TestFloodIsBounded(t *testing.T) {
	var w detect.Watcher
	const flood = 100_000
	for i := range flood {
		w.Flow(refused(uint64(i+1), "10.0.0.9", "10.0.1.1", uint16(i), int64(i), true))
	}
	signals, dropped := w.Take()
	if len(signals)+int(dropped) != flood || dropped == 0 {
		t.Errorf("%d signals kept and %d dropped of %d", len(signals), dropped, flood)
	}
}
