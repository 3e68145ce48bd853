package inventory

import (
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Endpoint is an address on the network as frames carry it: a MAC and an IP
// address, either of which may be zero. It is the unit in which everything is
// kept, since either part alone may stand for several devices over time.
type Endpoint struct {
	MAC netid.MAC
	IP  netid.Addr
}

// span is a stretch of packet time in nanoseconds since the Unix epoch, both
// ends inclusive.
type span struct{ first, last int64 }

// widen makes s cover o. The zero span covers nothing.
func (s *span) widen(o span) {
	if o == (span{}) {
		return
	}
	if s.first == 0 || o.first < s.first {
		s.first = o.first
	}
	s.last = max(s.last, o.last)
}

// distance says what the hop counts of an endpoint's packets tell of how far
// away it is.
type distance uint8

// The distances, as a set; empty when hop counts tell neither.
const (
	near distance = 1 << iota // fresh from its stack: on this link
	far                       // a few hops used up: behind a router
)

// sighting is what frames showed of an endpoint that sent some.
type sighting struct {
	span
	distance distance
	ttl      uint8 // rounded up to what stacks start from; 0 if not known
	vlan     uint16
	// heard is true if the endpoint was only spoken to, by somebody whom it
	// must have answered.
	heard bool
}

// binding is what a protocol stated of the link: this MAC has this IP.
type binding struct {
	protocol cordon.Protocol
	endpoint Endpoint
}

// fact is one detail about an endpoint.
type fact struct {
	endpoint Endpoint
	protocol cordon.Protocol
	field    string
	value    string
	first    int64
}

// flowKey is what flows are summed under. Like rowKey and conversationKey it
// has no gaps, so that it is hashed in one go.
type flowKey struct {
	client, server Endpoint
	port           uint16
	transport      uint8 // IP protocol number
	protocol       cordon.Protocol
	undecided      bool // the protocol may yet be found
}

// counters are sums over flows. They may pass through zero when a flow's
// earlier report is taken back, and add up right in any order.
type counters struct {
	flows          uint64
	packets, bytes [2]uint64 // from the client, to it
}

func (c *counters) add(o *counters) {
	c.flows += o.flows
	for i := range c.packets {
		c.packets[i] += o.packets[i]
		c.bytes[i] += o.bytes[i]
	}
}

// minus returns what must be added to o to give c.
func (c counters) minus(o counters) counters {
	d := counters{flows: c.flows - o.flows}
	for i := range c.packets {
		d.packets[i] = c.packets[i] - o.packets[i]
		d.bytes[i] = c.bytes[i] - o.bytes[i]
	}
	return d
}

// delta is what to add to a sum of flows.
type delta struct {
	counters
	span
}

// Batch is what a Feed saw since its last Take.
type Batch struct {
	sightings ordered[Endpoint, sighting]
	bindings  ordered[binding, span]
	facts     []fact
	names     ordered[netid.Addr, string]
	deltas    ordered[flowKey, delta]
	// lost counts what came when the batch was full.
	lost uint64
}

// maxBatch bounds the entries of each part of a batch: a flood fills a batch
// long before somebody takes it.
const maxBatch = 1 << 16

// batches are empty ones to be filled again: a batch grows over and over
// otherwise.
var batches = sync.Pool{New: func() any { return new(Batch) }}

// recycle gives a batch back that nobody uses any more.
func (b *Batch) recycle() {
	b.sightings.reset()
	b.bindings.reset()
	b.names.reset()
	b.deltas.reset()
	clear(b.facts)
	b.facts, b.lost = b.facts[:0], 0
	batches.Put(b)
}

// Empty reports whether nothing was seen.
func (b *Batch) Empty() bool {
	return len(b.sightings.keys)+len(b.bindings.keys)+len(b.facts)+len(b.names.keys)+len(b.deltas.keys) == 0
}

func (b *Batch) sight(e Endpoint, s sighting) {
	if e.MAC.IsGroup() || e.MAC.IsZero() && e.IP.IsZero() || isGroup(e.IP) {
		return
	}
	known := b.sightings.get(e)
	if known == nil {
		b.lost++
		return
	}
	s.join(known)
	*known = s
}

func (b *Batch) bind(k binding, s span) {
	if known := b.bindings.get(k); known != nil {
		known.widen(s)
	} else {
		b.lost++
	}
}

// name notes a name of an address beyond the clinic; of several the first in
// order, so that it does not matter which came last.
func (b *Batch) name(ip netid.Addr, name string) {
	if known := b.names.get(ip); known != nil && (*known == "" || name < *known) {
		*known = name
	}
}

// join adds what was seen before or elsewhere.
func (s *sighting) join(o *sighting) {
	if o.last > s.last || o.last == s.last && o.vlan > s.vlan {
		s.vlan = o.vlan
	}
	s.widen(o.span)
	s.distance |= o.distance
	s.ttl = max(s.ttl, o.ttl)
	s.heard = s.heard && o.heard
}
