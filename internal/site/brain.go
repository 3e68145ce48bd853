package site

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/detect"
	"github.com/cordonhq/cordon/internal/inventory"
	"github.com/cordonhq/cordon/internal/platform/netid"
	"github.com/cordonhq/cordon/internal/store"
)

const (
	// commitEvery is how long a change may wait before it is stored and shown.
	// With the sensors' reporting interval it keeps a new device under a second
	// from its first packet to the screen.
	commitEvery = 150 * time.Millisecond
	// retryEvery is how often a failed save is tried again.
	retryEvery = time.Second
	// statusEvery is how often counts and sensors are published.
	statusEvery = time.Second
	// forgetEvery is how often what is long gone is dropped, and forgetAfter
	// what long means, in packet time: visitors' phones would pile up.
	forgetEvery = time.Hour
	forgetAfter = 30 * 24 * time.Hour
)

// handoff is what one sensor worker has seen since its last one.
type handoff struct {
	source  string
	batch   *inventory.Batch
	signals []detect.Signal
	last    int64 // packet time of the newest frame, nanoseconds
	// shown, if not nil, is closed once all handed over so far is stored and
	// shown.
	shown chan<- struct{}
}

// request is a person's word on a device, answered once it is stored.
type request struct {
	device cordon.DeviceID
	change func(cordon.Override) cordon.Override
	answer chan<- answer
}

type answer struct {
	device cordon.Device
	err    error
}

// brain owns the inventory and the detector: it adds up what the sensors hand
// over, stores the changes, and only then shows them, so that nothing shown is
// ever lost. One goroutine runs it.
type brain struct {
	inventory *inventory.Inventory
	detector  *detect.Detector
	store     store.Store
	publish   func(store.Changes)
	status    func()
	health    *health

	handoffs chan handoff
	requests chan request

	known     map[cordon.DeviceID]*cordon.Device  // as last stored
	met       map[cordon.ConversationID]struct{}  // stored before
	overrides map[cordon.DeviceID]cordon.Override // as last stored
	newest    int64                               // packet time reached, nanoseconds
	pending   store.Changes                       // not stored yet because a save failed
}

// run works until ctx ends, then stores what is left.
func (b *brain) run(ctx context.Context) error {
	commit, status, forget := time.NewTicker(commitEvery), time.NewTicker(statusEvery), time.NewTicker(forgetEvery)
	defer commit.Stop()
	defer status.Stop()
	defer forget.Stop()
	var notBefore time.Time // of the next save, after a failure
	var waiting []chan<- struct{}
	for {
		select {
		case <-ctx.Done():
			return b.finish()
		case h := <-b.handoffs:
			b.add(h)
			if h.shown != nil {
				waiting = append(waiting, h.shown)
			}
		case r := <-b.requests:
			r.answer <- b.override(ctx, r)
		case <-status.C:
			b.status()
		case <-forget.C:
			b.inventory.Forget(time.Unix(0, b.newest).Add(-forgetAfter))
		case now := <-commit.C:
			if now.Before(notBefore) {
				continue
			}
			if err := b.save(ctx); err != nil {
				if ctx.Err() == nil {
					b.health.storeFailed(err)
					notBefore = now.Add(retryEvery)
				}
				continue
			}
			for _, shown := range waiting {
				close(shown)
			}
			waiting = nil
		}
	}
}

// finish takes what the sensors handed over before they stopped and stores it.
func (b *brain) finish() error {
	for {
		select {
		case h := <-b.handoffs:
			b.add(h)
			continue
		default:
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := b.save(ctx); err != nil {
			return fmt.Errorf("store the last changes: %w", err)
		}
		return nil
	}
}

func (b *brain) add(h handoff) {
	b.newest = max(b.newest, h.last)
	b.inventory.Apply(h.batch)
	b.detector.Apply(h.source, h.signals)
}

// save stores what has changed and shows it. When it fails, the changes are
// kept and go with the next save.
func (b *brain) save(ctx context.Context) error {
	b.gather()
	if b.pending.Empty() {
		b.health.upToDate()
		return nil
	}
	if err := b.store.Save(ctx, b.pending); err != nil {
		return err
	}
	b.health.storeWorks()
	done := b.pending
	b.pending = store.Changes{}
	b.publish(done)
	return nil
}

// gather adds to pending what has changed since the last call.
func (b *brain) gather() {
	c := b.inventory.Changes()
	var fresh store.Changes
	for i := range c.Devices {
		d := c.Devices[i]
		fresh.Timeline = append(fresh.Timeline, timeline(b.known[d.ID], &d)...)
		b.known[d.ID] = &d
	}
	for id, into := range c.Removed {
		delete(b.known, id)
		if into != "" {
			fresh.Timeline = append(fresh.Timeline, b.mergedEntry(id, into))
		}
	}
	for i := range c.Conversations {
		conv := &c.Conversations[i]
		if _, ok := b.met[conv.ID]; !ok {
			b.met[conv.ID] = struct{}{}
			fresh.Timeline = append(fresh.Timeline, met(conv)...)
		}
	}
	for _, id := range c.RemovedConversations {
		delete(b.met, id)
	}
	fresh.Devices, fresh.Conversations = c.Devices, c.Conversations
	fresh.Removed, fresh.RemovedConversations = c.Removed, c.RemovedConversations
	fresh.Overrides = c.Overrides
	maps.Copy(b.overrides, c.Overrides)
	fresh.Findings = b.findings(&fresh)
	b.pending = merge(b.pending, fresh)
}

func (b *brain) mergedEntry(id, into cordon.DeviceID) cordon.TimelineEntry {
	at := time.Time{}
	if d := b.known[into]; d != nil {
		at = d.LastSeen
	}
	return cordon.TimelineEntry{
		Device: into, Time: at, Event: cordon.TimelineMerged,
		Text: fmt.Sprintf("Turned out to be one with %s", id),
	}
}

// findings names the devices of changed findings and tells their timelines.
func (b *brain) findings(fresh *store.Changes) []cordon.Finding {
	out := b.detector.Changes()
	for i := range out {
		f := &out[i]
		f.SrcDevice = b.inventory.Lookup(netid.MAC{}, netid.AddrFrom(f.Src))
		f.DstDevice = b.inventory.Lookup(netid.MAC{}, netid.AddrFrom(f.Dst))
		if f.Count == 1 || f.First.Equal(f.Last) {
			fresh.Timeline = append(fresh.Timeline, found(f)...)
		}
	}
	return out
}

// merge lays newer changes over older ones that are not stored yet.
func merge(older, newer store.Changes) store.Changes {
	if older.Empty() {
		return newer
	}
	out := store.Changes{
		Devices:       latestOf(older.Devices, newer.Devices, func(d cordon.Device) cordon.DeviceID { return d.ID }),
		Conversations: latestOf(older.Conversations, newer.Conversations, func(c cordon.Conversation) cordon.ConversationID { return c.ID }),
		Findings:      latestOf(older.Findings, newer.Findings, func(f cordon.Finding) cordon.FindingID { return f.ID }),
		Timeline:      append(older.Timeline, newer.Timeline...),
		Removed:       older.Removed,
		Overrides:     older.Overrides,

		RemovedConversations: append(older.RemovedConversations, newer.RemovedConversations...),
	}
	for id, into := range newer.Removed {
		if out.Removed == nil {
			out.Removed = map[cordon.DeviceID]cordon.DeviceID{}
		}
		out.Removed[id] = into
	}
	for id, o := range newer.Overrides {
		if out.Overrides == nil {
			out.Overrides = map[cordon.DeviceID]cordon.Override{}
		}
		out.Overrides[id] = o
	}
	out.Devices = slices.DeleteFunc(out.Devices, func(d cordon.Device) bool { _, gone := newer.Removed[d.ID]; return gone })
	out.Conversations = slices.DeleteFunc(out.Conversations, func(c cordon.Conversation) bool {
		return slices.Contains(newer.RemovedConversations, c.ID)
	})
	return out
}

// latestOf keeps one of each id, the newer where there are two.
func latestOf[T any, K ~string](older, newer []T, id func(T) K) []T {
	last := make(map[K]T, len(older)+len(newer))
	for _, v := range older {
		last[id(v)] = v
	}
	for _, v := range newer {
		last[id(v)] = v
	}
	out := make([]T, 0, len(last))
	for _, k := range slices.Sorted(maps.Keys(last)) {
		out = append(out, last[k])
	}
	return out
}

// override applies a person's word and answers once it is stored. If it cannot
// be stored it is taken back.
func (b *brain) override(ctx context.Context, r request) answer {
	if at, ok := b.inventory.Device(r.device); ok {
		r.device = at.ID // a merged device's word goes to the one that carries on
	}
	before := b.overrides[r.device]
	after := r.change(before)
	if _, err := b.inventory.Override(r.device, after); err != nil {
		return answer{err: err}
	}
	b.gather()
	entries := len(b.pending.Timeline)
	said := map[cordon.DeviceID]cordon.Override{r.device: after}
	b.pending = merge(b.pending, store.Changes{Overrides: said, Timeline: []cordon.TimelineEntry{{
		Device: r.device, Time: time.Now().UTC(), Event: cordon.TimelineOverride, Text: overrideText(before, after),
	}}})
	if err := b.save(ctx); err != nil {
		delete(b.pending.Overrides, r.device)
		b.pending.Timeline = b.pending.Timeline[:entries]
		_, undo := b.inventory.Override(r.device, before)
		return answer{err: errors.Join(err, undo)}
	}
	b.overrides[r.device] = after
	d, err := b.store.Device(ctx, r.device)
	return answer{d, err}
}
