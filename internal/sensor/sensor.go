// Package sensor takes frames to flows and observations in one pass: it joins
// capture, packet, flow and dissect for one worker. Everything that a Worker
// owns is touched by one goroutine only, so the packet path takes no locks;
// several workers share a link by the kernel's fan-out. What was seen goes to
// a Consumer; time is packet time throughout.
package sensor

import (
	"github.com/cordonhq/cordon/internal/capture"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
)

// Consumer is told what a Worker sees, on the worker's goroutine. It keeps
// none of the pointers.
type Consumer interface {
	// Event is one observation.
	Event(*dissect.Event)
	// Flow is a flow that has changed since it was last told, or has ended
	// (its State says which).
	Flow(*flow.Flow)
}

// Config bounds a Worker. Zero fields take the defaults of the layers.
type Config struct {
	Flow    flow.Config
	Dissect dissect.Config
	// Table lists the dissectors.
	Table dissect.Table
	// EndsOnly leaves out reports of live flows: the consumer hears of each
	// flow once, when it ends.
	EndsOnly bool
}

// Stats counts what a Worker did.
type Stats struct {
	Packets uint64 // frames read
	Bytes   uint64 // on the wire, link headers included
	// Malformed frames are counted here and as far as they could be decoded.
	Malformed uint64
	Flow      flow.Stats
	Dissect   dissect.Stats
	LiveFlows int
}

// Worker is one pass over frames. It is not safe for concurrent use.
type Worker struct {
	cfg       Config
	consumer  Consumer
	decoder   packet.Decoder
	fragments *packet.Reassembler
	flows     *flow.Table
	engine    *dissect.Engine
	packet    packet.Packet

	packets, bytes, malformed uint64
}

// NewWorker makes a Worker that tells c.
func NewWorker(cfg Config, c Consumer) *Worker {
	w := &Worker{cfg: cfg, consumer: c, fragments: packet.NewReassembler(packet.ReassemblerConfig{})}
	w.engine = dissect.NewEngine(cfg.Dissect, cfg.Table, c.Event)
	w.flows = flow.New(cfg.Flow, inspector{w})
	return w
}

// Frame takes the next frame of the source. Frames come in the order of the
// capture; the frame's bytes are not kept.
func (w *Worker) Frame(f *capture.Frame) {
	p := &w.packet
	w.decoder.Decode(p, packet.LinkType(f.Link), f.Data, f.WireLen)
	p.Time, p.Number = f.Time, f.Number
	w.packets++
	w.bytes += uint64(p.WireLen)
	if p.Malformed != packet.WellFormed {
		w.malformed++
	}
	if p.Fragment {
		w.fragments.Add(p)
	}
	if w.flows.Add(p) == nil && p.IPVersion == 0 {
		w.engine.Link(p)
	}
}

// Report tells the consumer of the live flows that have changed since the last
// call.
func (w *Worker) Report() {
	if !w.cfg.EndsOnly {
		w.flows.Changed(w.consumer.Flow)
	}
}

// Advance moves packet time on to now (nanoseconds since the Unix epoch) while
// no frames come, so that flows end.
func (w *Worker) Advance(now int64) { w.flows.Advance(now) }

// Flush ends all flows: the source has ended.
func (w *Worker) Flush() { w.flows.Flush() }

// Shed turns the inspection of payloads off or on. Under overload flows are
// still counted.
func (w *Worker) Shed(on bool) { w.engine.Shed(on) }

// Stats returns the counts so far.
func (w *Worker) Stats() Stats {
	return Stats{
		Packets: w.packets, Bytes: w.bytes, Malformed: w.malformed,
		Flow: w.flows.Stats(), Dissect: w.engine.Stats(), LiveFlows: w.flows.Len(),
	}
}

// inspector hands flows' payload to the engine and tells the consumer of their
// end after the engine has had its last word.
type inspector struct{ w *Worker }

func (i inspector) Payload(f *flow.Flow, dir flow.Direction, data []byte, now int64) {
	i.w.engine.Payload(f, dir, data, now)
}

func (i inspector) Gap(f *flow.Flow, dir flow.Direction, n uint32, now int64) {
	i.w.engine.Gap(f, dir, n, now)
}

func (i inspector) Closed(f *flow.Flow) {
	i.w.engine.Closed(f)
	i.w.consumer.Flow(f)
}
