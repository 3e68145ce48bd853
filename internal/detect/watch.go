package detect

import (
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Signal is one small thing that a rule may add up: a value, so that it can be
// handed from a sensor's worker to the Detector.
type Signal struct {
	Kind SignalKind
	// Time is packet time in nanoseconds since the Unix epoch.
	Time int64
	// Number is the packet's 1-based position in its source, 0 if unknown.
	Number   uint64
	Src, Dst netid.Addr
	MAC      netid.MAC
	Port     uint16
	Proto    uint8
	// Detail is what else the rule needs, such as a protocol's token.
	Detail string
}

// SignalKind tells signals apart.
type SignalKind uint8

// The kinds of signal.
const (
	// Attempt: Src tried to reach Port of Dst and was refused or not answered.
	Attempt SignalKind = iota + 1
	// Claim: MAC says that Src is its own address.
	Claim
	// Exposed: Src sent a credential that any listener can read to Dst; Detail
	// names the protocol.
	Exposed
)

// maxSignals bounds what a Watcher holds between two calls of Take. More is
// dropped and counted: a flood says enough in its first signals.
const maxSignals = 1 << 15

// Watcher turns what one sensor worker sees into signals. It belongs to that
// worker's goroutine.
type Watcher struct {
	signals []Signal
	dropped uint64
	// told holds the flows that were refused and signalled but linger: they
	// are reported once more when they end.
	told map[uint64]struct{}
}

// Event implements a half of sensor.Consumer.
func (w *Watcher) Event(e *dissect.Event) {
	if b, ok := e.Observation.(observation.Binder); ok && e.Flow == nil {
		b.Bindings(func(b observation.Binding) {
			if !b.MAC.IsZero() && !b.IP.IsZero() {
				w.add(Signal{Kind: Claim, Time: e.Time, Number: e.Number, Src: b.IP, MAC: b.MAC})
			}
		})
	}
	// Servers repeat a credential in their answers (SNMP): what counts is who
	// sent it first.
	if c, ok := e.Observation.(observation.Credential); ok && e.Dir == flow.Out && e.Flow != nil && c.ClearText() {
		w.add(Signal{Kind: Exposed, Time: e.Time, Number: e.Number, Src: e.Sender, Dst: e.Receiver, Port: e.Flow.DstPort, Proto: e.Flow.Proto, Detail: e.Observation.Protocol().String()})
	}
}

// Flow implements the other half of sensor.Consumer.
func (w *Watcher) Flow(f *flow.Flow) {
	if _, told := w.told[f.ID]; told {
		if f.Ended {
			delete(w.told, f.ID)
		}
		return
	}
	if failed(f) && !f.Dst.Netip().IsMulticast() {
		if !f.Ended {
			if w.told == nil {
				w.told = map[uint64]struct{}{}
			}
			w.told[f.ID] = struct{}{}
		}
		w.add(Signal{Kind: Attempt, Time: f.First, Number: f.FirstNumber, Src: f.Src, Dst: f.Dst, Port: f.DstPort, Proto: f.Proto})
	}
}

// failed reports whether the opener of a flow got nothing: no answer at all
// until its end, or a refusal to its SYN.
func failed(f *flow.Flow) bool {
	switch f.State {
	case flow.Reset:
		return f.Proto == packet.ProtoTCP && f.Packets[flow.In] <= 1 && f.Packets[flow.Out] <= 2
	case flow.Closed, flow.Expired, flow.Flushed:
		return f.Packets[flow.In] == 0 && f.Proto == packet.ProtoTCP && f.Packets[flow.Out] <= 8 && f.Protocol == 0
	default:
		return false
	}
}

func (w *Watcher) add(s Signal) {
	if len(w.signals) >= maxSignals {
		w.dropped++
		return
	}
	w.signals = append(w.signals, s)
}

// Take returns the signals since the last call and how many were dropped. The
// caller owns them.
func (w *Watcher) Take() ([]Signal, uint64) {
	s, n := w.signals, w.dropped
	w.signals, w.dropped = nil, 0
	return s, n
}
