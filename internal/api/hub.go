package api

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/cordonhq/cordon"
)

// maxReaders bounds how many streams a hub serves at once.
const maxReaders = 64

var (
	errHubClosed      = errors.New("the site is shutting down")
	errTooManyReaders = errors.New("too many clients follow the events")
)

// Hub carries live changes from the site to the readers of /api/v1/events. It
// keeps the latest events in a ring: a reader that was away for a moment
// resumes, one that fell behind the ring is told so and loads afresh. A reader
// can therefore never hold up a publisher, nor make the hub grow.
//
// Within what a reader has not fetched yet, only the newest event about a
// thing is delivered. Events about one thing arrive in their order.
//
// Its methods may be called from any goroutine. Values that were published are
// shared, so nothing they refer to may be changed afterwards.
type Hub struct {
	epoch string // tells the ids of this hub from those of an earlier run

	mu      sync.Mutex
	ring    []*event
	next    uint64 // number of the next event; the first is 1
	readers map[*reader]struct{}
	closed  bool
}

// event is one change. Its JSON is made when the first reader wants it, so
// that a site which nobody watches encodes nothing.
type event struct {
	number uint64
	name   string
	about  string // events about the same thing replace each other
	value  any

	once sync.Once
	data []byte
	err  error
}

func (e *event) encode() ([]byte, error) {
	e.once.Do(func() { e.data, e.err = json.Marshal(e.value) })
	return e.data, e.err
}

// NewHub returns a hub that remembers the latest size events.
func NewHub(size int) *Hub {
	var b [6]byte
	rand.Read(b[:]) // never fails
	return &Hub{
		epoch: hex.EncodeToString(b[:]), ring: make([]*event, max(size, 1)), next: 1,
		readers: map[*reader]struct{}{},
	}
}

// Device tells that a device is new or changed.
func (h *Hub) Device(d cordon.Device) {
	h.publish("device", "device "+string(d.ID), summarise(d, false))
}

// DeviceRemoved tells that a device is gone; into names the device that it was
// merged into, if any.
func (h *Hub) DeviceRemoved(id, into cordon.DeviceID) {
	h.publish("device-removed", "device "+string(id), DeviceRemoved{ID: id, MergedInto: into})
}

// Conversation tells that a conversation is new or changed.
func (h *Hub) Conversation(c cordon.Conversation) {
	h.publish("conversation", "conversation "+string(c.ID), c)
}

// Finding tells that a finding is new or changed.
func (h *Hub) Finding(f cordon.Finding) {
	h.publish("finding", "finding "+string(f.ID), completeFinding(f))
}

// Site tells how the site is; about once a second is enough.
func (h *Hub) Site(s Site) { h.publish("site", "site", s.complete()) }

// Close ends all streams and refuses new ones. Publishing after it does
// nothing.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for r := range h.readers {
		r.nudge()
	}
}

func (h *Hub) publish(name, about string, value any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.ring[h.next%uint64(len(h.ring))] = &event{number: h.next, name: name, about: about, value: value}
	h.next++
	for r := range h.readers {
		r.nudge()
	}
}

// oldest is the number of the oldest event that the ring still holds.
func (h *Hub) oldest() uint64 {
	if n := uint64(len(h.ring)); h.next > n {
		return h.next - n
	}
	return 1
}

// id is what a client sends back to resume after the event with that number.
func (h *Hub) id(number uint64) string { return h.epoch + "-" + strconv.FormatUint(number, 10) }

// reader is one stream's place in the ring. It belongs to one goroutine.
type reader struct {
	hub  *Hub
	wake chan struct{} // capacity 1: something may be new
	next uint64        // number of the next event to deliver
	lost bool          // events were missed; the client must load afresh
}

// subscribe starts after the event that lastID names, or with what comes next
// if it is empty.
func (h *Hub) subscribe(lastID string) (*reader, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errHubClosed
	}
	if len(h.readers) >= maxReaders {
		return nil, errTooManyReaders
	}
	r := &reader{hub: h, wake: make(chan struct{}, 1), next: h.next}
	if lastID != "" {
		n, ok := h.parseID(lastID)
		if ok && n < h.next {
			r.next = n + 1
		} else {
			r.lost = true
		}
		r.nudge()
	}
	h.readers[r] = struct{}{}
	return r, nil
}

func (h *Hub) parseID(id string) (uint64, bool) {
	text, ok := strings.CutPrefix(id, h.epoch+"-")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}

func (r *reader) nudge() {
	select {
	case r.wake <- struct{}{}:
	default: // it knows already
	}
}

func (r *reader) close() {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	delete(r.hub.readers, r)
}

// position is the id to resume from.
func (r *reader) position() string { return r.hub.id(r.next - 1) }

// fetch returns what is new, at most most events of the ring with superseded
// ones left out, and whether something was missed before them. It does not
// wait; more may be left if it looked at most events, and then wake is ready.
func (r *reader) fetch(most int) (events []*event, missed bool, err error) {
	h := r.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, false, errHubClosed
	}
	if r.lost || r.next < h.oldest() {
		// What is left in the ring is part of what the client loads now.
		r.lost, r.next = false, h.next
		return nil, true, nil
	}
	end := min(h.next, r.next+uint64(most))
	newest := make(map[string]uint64, end-r.next)
	for n := r.next; n < end; n++ {
		newest[h.ring[n%uint64(len(h.ring))].about] = n
	}
	for n := r.next; n < end; n++ {
		if e := h.ring[n%uint64(len(h.ring))]; newest[e.about] == n {
			events = append(events, e)
		}
	}
	r.next = end
	if end < h.next {
		r.nudge()
	}
	return events, false, nil
}

// Readers is how many streams are open.
func (h *Hub) Readers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.readers)
}
