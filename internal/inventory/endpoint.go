package inventory

import (
	"cmp"
	"slices"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// endpoint is what is kept of one Endpoint.
type endpoint struct {
	Endpoint
	mac *macNode // nil if MAC is zero
	ip  *ipNode  // nil if IP is zero

	// seen covers all frames; sent is true once there were any from here,
	// heard once it was spoken to by somebody whom it must have answered.
	seen        sighting
	sent, heard bool
	// bound is when a protocol of the link last stated the pair.
	bound span
	// restored pairs were known to belong together before a restart.
	restored bool

	facts []keptFact
	rows  []*row
	// peers are the addresses that this is a client of; strangers counts those
	// that count against maxPeers.
	peers     peers
	strangers int

	// Derived by resolve:
	own    bool    // IP belongs to the device with MAC
	device *device // nil for what is no device
	at     int     // where it stands among the device's endpoints
	place  int     // where it stands in Inventory.endpointList
}

// keptFact is a fact without its endpoint.
type keptFact struct {
	source, field, value string
	first                int64
}

// macNode is one network card, or what passes for it.
type macNode struct {
	mac       netid.MAC
	id        cordon.DeviceID // of a device that is known by it
	endpoints []*endpoint
	// device was known by this address before a restart, when it is not empty.
	restored cordon.DeviceID
	since    int64 // of restored
	// forwarded is for how many addresses it was known to forward before,
	// forwardedBeyond whether for some beyond the clinic.
	forwarded       int
	forwardedBeyond bool

	// Derived by resolve:
	router  bool // forwards packets of others
	foreign int  // addresses that it forwards for
	beyond  bool // some of them are beyond the clinic
	device  *device
	entity  *entity
	first   int64 // of entity
}

// ipNode is one IP address.
type ipNode struct {
	ip        netid.Addr
	id        cordon.DeviceID // see name
	endpoints []*endpoint
	only      [1]*endpoint // room for the one that most have
	local     bool
	// opened lists some of the addresses beyond the clinic that this one,
	// beyond the clinic too, has opened conversations with.
	opened []*ipNode
	// guests counts its clients beyond the clinic.
	guests   int
	restored cordon.DeviceID
	since    int64
	place    int // where it stands in Inventory.ipList

	// Derived by resolve:
	claimed bool     // a protocol of the link gave it to some MAC
	owner   *macNode // the card that has it now
	keyed   *device  // the device known by it alone
	entity  *entity
}

// name returns the id of a device that is known by the address alone. Few are,
// and it costs a digest.
func (n *ipNode) name() cordon.DeviceID {
	if n.id == "" {
		n.id = ipID(n.ip)
	}
	return n.id
}

// device returns the device that has the address now, nil if none.
func (n *ipNode) device() *device {
	if n.owner != nil {
		return n.owner.device
	}
	return n.keyed
}

// endpoint returns the endpoint for e, which is made if there is room; nil if
// not. The zero Endpoint stands for all peers beyond the bounds.
func (v *Inventory) endpoint(e Endpoint) *endpoint {
	if isGroup(e.IP) || e.MAC.IsGroup() {
		e.MAC = netid.MAC{}
	}
	if known := v.endpoints[e]; known != nil {
		return known
	}
	if len(v.endpoints) >= maxEndpoints && e != (Endpoint{}) {
		v.stats.LostEndpoints++
		return nil
	}
	made := &endpoint{Endpoint: e}
	if !e.MAC.IsZero() {
		m := v.macs[e.MAC]
		if m == nil {
			m = &macNode{mac: e.MAC, id: macID(e.MAC)}
			v.macs[e.MAC] = m
		}
		made.mac = m
		m.endpoints = append(m.endpoints, made)
	}
	if !e.IP.IsZero() {
		n := v.ips[e.IP]
		if n == nil {
			n = &ipNode{ip: e.IP, local: isLocal(e.IP), place: len(v.ipList)}
			n.endpoints = n.only[:0]
			v.ips[e.IP] = n
			v.ipList = append(v.ipList, n)
		}
		made.ip = n
		n.endpoints = append(n.endpoints, made)
	}
	v.endpoints[e] = made
	made.place = len(v.endpointList)
	v.endpointList = append(v.endpointList, made)
	v.moved = true
	return made
}

// sight adds what frames showed.
func (v *Inventory) sight(e Endpoint, s sighting) {
	if m := v.macs[e.MAC]; m != nil && len(m.endpoints) >= maxBehind && isBeyond(e.IP) && v.endpoints[e] == nil {
		return // what lies behind this router is known well enough
	}
	at := v.endpoint(e)
	if at == nil {
		return
	}
	before := *at
	at.heard = at.heard || s.heard
	at.sent = at.sent || !s.heard
	s.join(&before.seen)
	at.seen = s
	if at.sent != before.sent || at.heard != before.heard || s.distance != before.seen.distance || s.first < before.seen.first || v.contested(at) {
		v.moved = true
	}
	if s.ttl != before.seen.ttl || s.first < before.seen.first {
		v.doubt(at.device)
	}
	v.touch(at.device)
	if at.mac != nil && at.mac.device != at.device {
		v.touch(at.mac.device)
	}
}

// contested reports whether the times at which an endpoint was active decide
// which device it belongs to.
func (v *Inventory) contested(e *endpoint) bool {
	if e.ip != nil && len(e.ip.endpoints) > 1 && e.own {
		return true
	}
	return e.mac != nil && e.mac.entity != nil && e.mac.entity.timed
}

// bind adds what a protocol of the link stated.
func (v *Inventory) bind(b binding, s span) {
	at := v.endpoint(b.endpoint)
	if at == nil {
		return
	}
	if at.bound.last == 0 || s.first < at.bound.first || v.contested(at) {
		v.moved = true
		v.doubt(at.device)
	}
	at.bound.widen(s)
	v.touch(at.device)
}

// name notes a name that a peer beyond the clinic goes by. Of several the
// first in order is kept, so that it does not matter which came last.
func (v *Inventory) name(ip netid.Addr, name string) {
	known, ok := v.names[ip]
	if ok && known <= name || !ok && len(v.names) >= maxNamedPeers {
		return
	}
	v.names[ip] = name
	if n := v.ips[ip]; n != nil {
		for _, e := range n.endpoints {
			for _, r := range e.rows {
				if r.conversation != nil {
					v.change(r.conversation)
				}
			}
		}
	}
}

// learn adds a fact if a rule speaks of it or devices are joined by it.
func (v *Inventory) learn(f *fact) {
	k := keptFact{source: f.protocol.String(), field: f.field, value: f.value, first: f.first}
	joins := tokenClass(k.source, k.field) != noToken
	if !joins && !v.rules.Speaks(k.source, k.field, k.value) {
		return
	}
	at := v.endpoint(f.endpoint)
	if at == nil {
		return
	}
	if !at.keep(k) {
		v.stats.LostFacts++
		return
	}
	if joins {
		v.moved = true
	}
	v.doubt(at.device)
}

// keep adds a fact, within bounds: of one field the earliest values stay.
func (e *endpoint) keep(k keptFact) bool {
	same := 0
	latest := -1
	for i := range e.facts {
		o := &e.facts[i]
		if o.source != k.source || o.field != k.field {
			continue
		}
		if o.value == k.value {
			o.first = min(o.first, k.first)
			return true
		}
		same++
		if latest < 0 || compareFacts(o, &e.facts[latest]) > 0 {
			latest = i
		}
	}
	if same < maxFactsPerField && len(e.facts) < maxFields*maxFactsPerField {
		e.facts = append(e.facts, k)
		return true
	}
	if latest >= 0 && compareFacts(&k, &e.facts[latest]) < 0 {
		e.facts[latest] = k
	}
	return false
}

func compareFacts(a, b *keptFact) int {
	return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.source, b.source), cmp.Compare(a.field, b.field), cmp.Compare(a.value, b.value))
}

// present reports whether somebody is known to answer at the address.
func (n *ipNode) present() bool {
	return n.restored != "" || slices.ContainsFunc(n.endpoints, func(e *endpoint) bool { return e.sent || e.heard || e.restored })
}
