package sensor_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/capture"
	"github.com/cordonhq/cordon/internal/capture/capturetest"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/catalog"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/sensor"
)

// log notes what a worker tells.
type log struct {
	observed []cordon.Protocol
	live     int
	ended    []flow.Flow
}

func (l *log) Event(e *dissect.Event) { l.observed = append(l.observed, e.Observation.Protocol()) }

func (l *log) Flow(f *flow.Flow) {
	if f.Ended {
		l.ended = append(l.ended, *f)
	} else {
		l.live++
	}
}

// read feeds a capture of our own to a worker, with a report in its middle.
func read(t *testing.T, cfg sensor.Config) (*log, sensor.Stats) {
	t.Helper()
	data, err := capturetest.Pcap(capturetest.Browse(capturetest.Workstation(1), capturetest.WebServer))
	if err != nil {
		t.Fatal(err)
	}
	src, err := capture.NewReader("browse.pcap", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	told := &log{}
	cfg.Table = catalog.Table()
	w := sensor.NewWorker(cfg, told)
	var frame capture.Frame
	for n := 0; ; n++ {
		err := src.Next(&frame)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		w.Frame(&frame)
		if n == 4 {
			w.Report()
			w.Report() // nothing has changed since
		}
	}
	w.Flush()
	return told, w.Stats()
}

func TestWorkerTellsFlowsAndObservations(t *testing.T) {
	told, stats := read(t, sensor.Config{})
	if told.live != 1 || len(told.ended) != 1 {
		t.Fatalf("%d reports of live flows and %d of ended ones, want one each", told.live, len(told.ended))
	}
	f := told.ended[0]
	if f.Protocol != cordon.HTTP || f.Packets != [2]uint64{5, 3} || f.DstPort != 80 || f.FirstNumber != 1 {
		t.Errorf("the flow is %v with %v packets to port %d from packet %d", f.Protocol, f.Packets, f.DstPort, f.FirstNumber)
	}
	if len(told.observed) < 2 || told.observed[0] != cordon.HTTP {
		t.Errorf("observed %v, want a request and a response", told.observed)
	}
	if stats.Packets != 8 || stats.Malformed != 0 || stats.LiveFlows != 0 || stats.Dissect.Panics != 0 {
		t.Errorf("stats %+v", stats)
	}
}

func TestWorkerThatReportsEndsOnly(t *testing.T) {
	if told, _ := read(t, sensor.Config{EndsOnly: true}); told.live != 0 || len(told.ended) != 1 {
		t.Errorf("%d reports of live flows and %d of ended ones, want none and one", told.live, len(told.ended))
	}
}
