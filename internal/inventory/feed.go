package inventory

import (
	"hash/maphash"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// maxSeen bounds the facts that a Feed remembers having told. When they are
// more it starts afresh, so that facts are told again but never lost.
const maxSeen = 1 << 16

// Feed condenses what one sensor worker sees into batches for an Inventory. It
// belongs to the worker's goroutine. It fits sensor.Consumer.
type Feed struct {
	batch *Batch
	// seen holds hashes of the facts told.
	seen hashSet
	seed maphash.Seed
	// live holds what was told of flows that have not ended.
	live map[uint64]told

	event  *dissect.Event
	bound  Endpoint // of the event's first Binding
	onFact func(observation.Fact)
	onBind func(observation.Binding)
}

// told is what the last report of a flow said.
type told struct {
	counters
	port      uint16
	protocol  cordon.Protocol
	undecided bool
	answered  bool // the server's MAC was known
}

// NewFeed makes a Feed.
func NewFeed() *Feed {
	f := &Feed{batch: batches.Get().(*Batch), seed: maphash.MakeSeed(), live: map[uint64]told{}}
	f.onFact, f.onBind = f.fact, f.bind
	return f
}

// Take moves out what is new.
func (f *Feed) Take() *Batch {
	b := f.batch
	f.batch = batches.Get().(*Batch)
	return b
}

// Event takes one observation. Nothing of it is kept but strings.
func (f *Feed) Event(e *dissect.Event) {
	f.event, f.bound = e, Endpoint{}
	if e.Flow == nil {
		f.batch.sight(endpointOf(e.SenderMAC, e.Sender), sighting{span: span{e.Time, e.Time}})
	}
	if b, ok := e.Observation.(observation.Binder); ok {
		b.Bindings(f.onBind)
	}
	e.Observation.Facts(f.onFact)
	f.event = nil
}

func (f *Feed) fact(o observation.Fact) {
	e := f.event
	var at, other Endpoint
	switch o.About {
	case observation.Sender:
		at, other = endpointOf(e.SenderMAC, e.Sender), endpointOf(e.ReceiverMAC, e.Receiver)
	case observation.Receiver:
		at, other = endpointOf(e.ReceiverMAC, e.Receiver), endpointOf(e.SenderMAC, e.Sender)
	case observation.Bound:
		at = f.bound
	}
	protocol := e.Observation.Protocol()
	if at.MAC.IsGroup() || isGroup(at.IP) {
		return
	}
	if !isLocal(at.IP) && !at.IP.IsZero() && isLocal(other.IP) {
		// Beyond the clinic only a name is worth keeping.
		if o.Field == "server-name" {
			f.batch.name(at.IP, o.Value)
		}
		return
	}
	if o.About == observation.Receiver && e.Flow != nil && e.Flow.Proto == packet.ProtoTCP {
		// Who is sent a message over TCP has answered the handshake.
		f.batch.sight(at, sighting{span: span{e.Time, e.Time}, heard: true})
	}
	f.tell(fact{endpoint: at, protocol: protocol, field: o.Field, value: o.Value, first: e.Time})
}

// tell adds a fact that was not told before.
func (f *Feed) tell(x fact) {
	if x.value == "" || x.endpoint == (Endpoint{}) {
		return
	}
	timeless := x
	timeless.first = 0
	key := maphash.Comparable(f.seed, timeless)
	if f.seen.has(key) {
		return
	}
	if f.seen.count >= maxSeen {
		f.seen = hashSet{}
	}
	if len(f.batch.facts) >= maxBatch {
		f.batch.lost++
		return
	}
	f.seen.add(key)
	f.batch.facts = append(f.batch.facts, x)
}

func (f *Feed) bind(b observation.Binding) {
	e := f.event
	protocol := e.Observation.Protocol()
	at := endpointOf(b.MAC, b.IP)
	if f.bound == (Endpoint{}) {
		f.bound = at
		if at == (Endpoint{}) {
			f.bound = endpointOf(e.SenderMAC, e.Sender)
		}
	}
	if b.MAC.IsGroup() || isGroup(b.IP) {
		return
	}
	if !at.MAC.IsZero() && !at.IP.IsZero() {
		f.batch.bind(binding{protocol, at}, span{e.Time, e.Time})
	}
	if b.Name == "" {
		return
	}
	switch {
	case at == (Endpoint{}):
		at = endpointOf(e.SenderMAC, e.Sender)
	case b.MAC.IsZero() && b.IP == e.Sender:
		at.MAC = e.SenderMAC
	case at.MAC.IsZero() && !isLocal(at.IP):
		f.batch.name(at.IP, b.Name)
		return
	}
	f.tell(fact{endpoint: at, protocol: protocol, field: "name", value: b.Name, first: e.Time})
}

// Flow takes a flow that has changed or ended.
func (f *Feed) Flow(fl *flow.Flow) {
	f.sightSides(fl)
	now := told{
		counters: counters{flows: 1, packets: fl.Packets, bytes: fl.Bytes},
		protocol: fl.Protocol, answered: !fl.MACs[flow.In].IsZero(),
	}
	now.undecided = !fl.Ended && !fl.Ignore && fl.Confidence < uint8(dissect.Likely)
	if now.undecided {
		now.protocol = cordon.Unknown
	}
	now.port = foldPort(fl, now.protocol)
	before, known := f.live[fl.ID]
	key := f.keyOf(fl, &now)
	d := f.batch.deltas.get(key)
	if d == nil {
		// The counters stand; the next report tells them.
		if fl.Ended {
			f.batch.lost++
			delete(f.live, fl.ID)
		}
		return
	}
	if known && !now.sameKey(&before) {
		if old := f.batch.deltas.get(f.keyOf(fl, &before)); old != nil {
			old.sum(counters{}.minus(before.counters), fl)
			before.counters = counters{}
		}
		d = f.batch.deltas.get(key) // the list may have moved
	}
	d.sum(now.counters.minus(before.counters), fl)
	if !fl.Ended {
		f.live[fl.ID] = now
	} else if known {
		delete(f.live, fl.ID)
	}
}

// sameKey reports whether two reports of a flow are counted under one key.
func (t *told) sameKey(o *told) bool {
	return t.port == o.port && t.protocol == o.protocol && t.undecided == o.undecided && t.answered == o.answered
}

// keyOf returns what the flow is counted under.
func (f *Feed) keyOf(fl *flow.Flow, t *told) flowKey {
	key := flowKey{
		client: endpointOf(fl.MACs[flow.Out], fl.Src), server: endpointOf(netid.MAC{}, fl.Dst),
		transport: fl.Proto, port: t.port, protocol: t.protocol, undecided: t.undecided,
	}
	if t.answered {
		key.server.MAC = fl.MACs[flow.In]
	}
	return key
}

// sum adds counters of a flow.
func (d *delta) sum(c counters, fl *flow.Flow) {
	d.add(&c)
	d.widen(span{fl.First, fl.Last})
}

// sightSides notes the sides of a flow that sent something.
func (f *Feed) sightSides(fl *flow.Flow) {
	group := isGroup(fl.Dst)
	for dir, ip := range [2]netid.Addr{fl.Src, fl.Dst} {
		if fl.Packets[dir] == 0 {
			continue
		}
		far := distanceOf(fl.TTLs[dir], group)
		f.batch.sight(endpointOf(fl.MACs[dir], ip), sighting{
			span: span{fl.First, fl.Last}, distance: far, ttl: initialTTL(fl.TTLs[dir], group), vlan: fl.VLAN,
		})
	}
}

// distanceOf reads a hop count. Stacks start from 64, 128 or 255, and each
// router takes one off. Packets to a group stay on the link or start from
// little, so their count says nothing but that a router rarely forwards them.
func distanceOf(ttl uint8, group bool) distance {
	switch {
	case group || ttl == 64 || ttl == 128 || ttl == 255:
		return near
	case ttl >= 60 && ttl < 64, ttl >= 112 && ttl < 128, ttl >= 240 && ttl < 255:
		return far
	default:
		return 0
	}
}

// initialTTL guesses what the stack started from.
func initialTTL(ttl uint8, group bool) uint8 {
	switch {
	case group || ttl == 0 || ttl <= 16:
		return 0
	case ttl <= 32:
		return 32
	case ttl <= 64:
		return 64
	case ttl <= 128:
		return 128
	default:
		return 255
	}
}

// ephemeral is where the ports begin that systems give out for a moment. IANA
// says 49152 (RFC 6335 §6), Linux begins at 32768.
const ephemeral = 32768

// foldPort returns the port under which a flow is counted: the server's, or 0
// where ports are made up for each flow and would name no service.
func foldPort(fl *flow.Flow, p cordon.Protocol) uint16 {
	switch p {
	case cordon.RTP, cordon.RTCP, cordon.BitTorrent, cordon.FTPData:
		return 0
	case cordon.Unknown:
		if fl.DstPort >= ephemeral && fl.SrcPort >= 1024 {
			return 0
		}
	case cordon.TFTP:
		if fl.DstPort >= 1024 {
			return 0
		}
	}
	return fl.DstPort
}
