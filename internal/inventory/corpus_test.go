package inventory_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon/internal/capture"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/catalog"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/inventory"
	"github.com/cordonhq/cordon/internal/platform/corpus"
	"github.com/cordonhq/cordon/internal/sensor"
)

// dealer hands what a sensor sees to several feeds, as several workers would,
// and now and then takes their batches.
type dealer struct {
	feeds   []*inventory.Feed
	every   int // calls between two takes, 0 for none
	calls   int
	batches []*inventory.Batch
}

func newDealer(feeds, every int) *dealer {
	d := &dealer{every: every}
	for range feeds {
		d.feeds = append(d.feeds, inventory.NewFeed())
	}
	return d
}

func (d *dealer) Event(e *dissect.Event) {
	n := uint64(e.SenderMAC[5])
	if e.Flow != nil {
		n = e.Flow.ID
	}
	d.feeds[n%uint64(len(d.feeds))].Event(e)
	d.count()
}

func (d *dealer) Flow(f *flow.Flow) {
	d.feeds[f.ID%uint64(len(d.feeds))].Flow(f)
	d.count()
}

func (d *dealer) count() {
	if d.calls++; d.every > 0 && d.calls%d.every == 0 {
		d.take()
	}
}

func (d *dealer) take() {
	for _, f := range d.feeds {
		d.batches = append(d.batches, f.Take())
	}
}

// run reads a capture to its end or damage, telling of live flows every so
// many frames.
func (d *dealer) run(t *testing.T, file string, report int) {
	src, err := capture.Open(file)
	if err != nil {
		t.Skip(err)
	}
	defer src.Close()
	w := sensor.NewWorker(sensor.Config{Table: catalog.Table()}, d)
	var frame capture.Frame
	for n := 1; ; n++ {
		err := src.Next(&frame)
		var damage *capture.DamageError
		if err == io.EOF || errors.As(err, &damage) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		w.Frame(&frame)
		if n%report == 0 {
			w.Report()
		}
	}
	w.Flush()
	d.take()
}

// captures returns some of the corpus, the same ones each time.
func captures(t *testing.T, n int) []string {
	files, err := filepath.Glob(filepath.Join(corpus.Dir(t), "pcap", "ndpi", "*.pcap*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return filepath.Ext(f) == ".out" })
	random := rand.New(rand.NewPCG(3, 4))
	random.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	return files[:min(len(files), n)]
}

// Real traffic gives the same devices and conversations through one feed in
// one batch as through several in many, in any order.
func TestOrderDoesNotMatterInRealTraffic(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, file := range captures(t, 80) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			whole, spread := newDealer(1, 0), newDealer(3, 97)
			whole.run(t, file, 1<<30)
			spread.run(t, file, 50)
			random.Shuffle(len(spread.batches), func(i, j int) {
				spread.batches[i], spread.batches[j] = spread.batches[j], spread.batches[i]
			})
			a, b := inventory.New(rules(t)), inventory.New(rules(t))
			for _, batch := range whole.batches {
				a.Apply(batch)
			}
			for i, batch := range spread.batches {
				b.Apply(batch)
				switch i % 5 {
				case 0:
					b.Changes()
				case 2, 3:
					b.Devices()
				}
			}
			if s := a.Stats(); s.Folded+s.LostEndpoints+s.LostFacts+s.LostRows > 0 {
				t.Skip("at a bound it matters what comes first")
			}
			if diff := cmp.Diff(text(t, a), text(t, b)); diff != "" {
				t.Errorf("(-one batch, +spread):\n%.3000s", diff)
			}
		})
	}
}

// A restart in the midst of real traffic changes no device.
func TestRestoreInRealTraffic(t *testing.T) {
	for _, file := range captures(t, 80) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			d := newDealer(1, 0)
			d.run(t, file, 1<<30)
			before, after := inventory.New(rules(t)), inventory.New(rules(t))
			for _, batch := range d.batches {
				before.Apply(batch)
			}
			if s := before.Stats(); s.Folded+s.LostEndpoints+s.LostFacts+s.LostRows > 0 {
				t.Skip("what was folded cannot be told apart again")
			}
			after.Restore(before.Devices(), before.Conversations(), nil)
			if diff := cmp.Diff(text(t, before), text(t, after)); diff != "" {
				t.Errorf("(-before, +after):\n%.3000s", diff)
			}
			again := newDealer(1, 0)
			again.run(t, file, 1<<30)
			for _, batch := range again.batches {
				after.Apply(batch)
			}
			if diff := cmp.Diff(identities(before), identities(after)); diff != "" {
				t.Errorf("devices once the same traffic came again (-before, +after):\n%.3000s", diff)
			}
		})
	}
}

// The same capture gives the same inventory, also where bounds are met: it is
// of a host that talks to thousands.
func TestSameCaptureGivesTheSame(t *testing.T) {
	file := filepath.Join(corpus.Dir(t), "pcap", "ndpi", "gnutella.pcap")
	var first string
	for range 3 {
		d, v := newDealer(1, 1000), inventory.New(rules(t))
		d.run(t, file, 500)
		for _, b := range d.batches {
			v.Apply(b)
		}
		if s := v.Stats(); s.Folded == 0 {
			t.Fatal("the capture meets no bound any more: choose another")
		}
		got := text(t, v)
		if first == "" {
			first = got
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Fatalf("(-first, +again):\n%.2000s", diff)
		}
	}
}
