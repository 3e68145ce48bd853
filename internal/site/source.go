package site

import (
	"context"
	"sync"
	"time"

	"github.com/cordonhq/cordon/internal/api"
	"github.com/cordonhq/cordon/internal/detect"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/catalog"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/inventory"
	"github.com/cordonhq/cordon/internal/sensor"
)

// reportEvery is how often a worker hands over what it has seen.
const reportEvery = 100 * time.Millisecond

// tap is one sensor worker with what it tells: flows and observations go to
// the inventory's feed and to the detector's watcher. One goroutine owns it.
type tap struct {
	source  *source
	index   int
	worker  *sensor.Worker
	feed    *inventory.Feed
	watcher detect.Watcher
	out     chan<- handoff
	last    int64 // packet time of the newest frame

	// dropped counts the frames that the kernel dropped; droppedBefore is what
	// it was at the report before.
	dropped, droppedBefore uint64
}

func newTap(s *source, index int, pseudonymKey []byte, out chan<- handoff) *tap {
	t := &tap{source: s, index: index, feed: inventory.NewFeed(), out: out}
	t.worker = sensor.NewWorker(sensor.Config{
		Table: catalog.Table(), Dissect: dissect.Config{PseudonymKey: pseudonymKey},
	}, t)
	return t
}

// Event implements sensor.Consumer.
func (t *tap) Event(e *dissect.Event) {
	t.feed.Event(e)
	t.watcher.Event(e)
}

// Flow implements sensor.Consumer.
func (t *tap) Flow(f *flow.Flow) {
	t.feed.Flow(f)
	t.watcher.Flow(f)
}

// report hands over what was seen. With wait it blocks until the brain takes
// it (a recording can wait); without, what the brain has no time for stays in
// the feed, which is bounded, and goes with the next report.
func (t *tap) report(ctx context.Context, wait bool) {
	t.worker.Report()
	t.source.update(t.index, t.worker.Stats(), t.dropped, t.last)
	if !wait && len(t.out) == cap(t.out) {
		return
	}
	h := handoff{source: t.source.name, batch: t.feed.Take(), last: t.last}
	h.signals, _ = t.watcher.Take()
	select {
	case t.out <- h:
	case <-ctx.Done():
		// The brain drains what is in the channel before it stops; give it the
		// last report if there is room.
		select {
		case t.out <- h:
		default:
		}
	}
}

// source is one interface or recording, as the API tells of it.
type source struct {
	name string
	kind api.SourceKind

	mu       sync.Mutex
	state    api.SourceState
	problem  string
	progress float64
	taps     []tapState
	rate     rate
}

// tapState is what one tap last reported.
type tapState struct {
	stats   sensor.Stats
	dropped uint64
	last    int64
}

func newSource(name string, kind api.SourceKind) *source {
	return &source{name: name, kind: kind, state: api.SourceStarting}
}

func (s *source) update(index int, stats sensor.Stats, dropped uint64, last int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.taps) <= index {
		s.taps = append(s.taps, tapState{})
	}
	s.taps[index] = tapState{stats, dropped, last}
}

func (s *source) set(state api.SourceState, problem string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.problem = state, problem
}

func (s *source) setProgress(part float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress = part
}

// status sums over the taps.
func (s *source) status(now time.Time) api.Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := api.Source{Name: s.name, Kind: s.kind, State: s.state, Error: s.problem}
	var last int64
	for _, t := range s.taps {
		out.Packets += t.stats.Packets
		out.Bytes += t.stats.Bytes
		out.KernelDrops += t.dropped
		out.Malformed += t.stats.Malformed
		out.Shed += t.stats.Dissect.Shed
		out.FlowsLive += uint64(t.stats.LiveFlows)
		last = max(last, t.last)
	}
	if last != 0 {
		at := time.Unix(0, last).UTC()
		out.LastPacket = &at
	}
	if s.kind == api.SourceReplay {
		part := s.progress
		out.Progress = &part
	}
	out.PacketsPerSecond = s.rate.of(out.Packets, now)
	return out
}

// rate measures a counter over the last seconds.
type rate struct {
	at    time.Time
	count uint64
	value float64
}

// rateOver is the least time that a rate is measured over.
const rateOver = 2 * time.Second

func (r *rate) of(count uint64, now time.Time) float64 {
	if r.at.IsZero() || count < r.count {
		r.at, r.count = now, count
		return r.value
	}
	if passed := now.Sub(r.at); passed >= rateOver {
		r.value = float64(count-r.count) / passed.Seconds()
		r.at, r.count = now, count
	}
	return r.value
}
