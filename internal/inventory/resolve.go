package inventory

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

// How addresses become devices.
//
// Frames show pairs of a MAC and an IP address. A pair is either of one
// device, or the MAC is that of a router that passed the packet on. In order:
//
//  1. ARP, NDP and DHCP state which IP addresses a MAC has. If they state any
//     of a family, the MAC has these and no other.
//  2. Else, a MAC has the one address of the family whose packets come fresh
//     from their stack, as their hop count shows; in IPv6 the addresses of one
//     /64.
//  3. Else, if it sends from only one address and that is the clinic's own,
//     it has this one.
//  4. Else it has none: its addresses lie behind it.
//
// An address that no MAC has is a device by itself if it is the clinic's own.
// One that is not is a peer beyond the clinic, unless it opens conversations
// with others beyond: then the capture is of a network of public addresses. An
// address that several MACs have had is with the one that had it last, but
// what was seen of the others stays theirs.

// maxOwnAddresses is how many addresses ARP may give one MAC before it is
// taken for one that answers for others (proxy ARP, RFC 1027).
const maxOwnAddresses = 16

// resolve brings devices up to what was seen.
func (v *Inventory) resolve() {
	if v.moved {
		v.moved = false
		v.settle()
	}
}

func (v *Inventory) settle() {
	for _, n := range v.ipList {
		n.claimed = slices.ContainsFunc(n.endpoints, func(e *endpoint) bool { return e.isBound() })
	}
	for _, m := range v.macs {
		before, beyond := m.foreign, m.beyond
		m.claim()
		if beyond != m.beyond || before != m.foreign && (before == 0 || forwardingOf(before) != forwardingOf(m.foreign)) {
			v.doubt(m.device)
		}
	}
	for _, n := range v.ipList {
		n.choose()
		n.keyed = nil
	}
	v.assign(v.group())
	for _, e := range v.endpointList {
		v.place(e)
	}
	v.retire()
}

func (e *endpoint) isBound() bool { return e.bound.last != 0 || e.restored && e.mac != nil }

// claim decides which of its addresses the card has.
func (m *macNode) claim() {
	m.foreign, m.beyond = 0, m.forwardedBeyond
	for _, e := range m.endpoints {
		e.own = false
	}
	for _, is4 := range [2]bool{true, false} {
		m.claimFamily(is4)
	}
	for _, e := range m.endpoints {
		if e.ip == nil || e.own || !e.sent || isGroup(e.IP) || e.ip.claimed && e.seen.distance == near {
			continue
		}
		m.foreign++
		m.beyond = m.beyond || isBeyond(e.IP) && e.seen.distance == far
	}
	m.foreign = max(m.foreign, m.forwarded)
	m.router = m.foreign > 0
}

// claimFamily decides for one address family.
func (m *macNode) claimFamily(is4 bool) {
	var bound, fresh, other []netid.Addr // subnets, without repeats
	behind := false
	note := func(list *[]netid.Addr, ip netid.Addr) {
		if s := subnet(ip); !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for _, e := range m.endpoints {
		if e.ip == nil || e.IP.Is4() != is4 || isGroup(e.IP) {
			continue
		}
		switch {
		case isLinkLocal(e.IP):
			e.own = true
		case e.isBound():
			note(&bound, e.IP)
		case e.ip.claimed || !e.sent:
			// Another card's by a better reason, or nothing to go by.
		case e.seen.distance&near != 0:
			note(&fresh, e.IP)
		case e.seen.distance&far == 0:
			note(&other, e.IP)
		default:
			behind = true
		}
	}
	var own []netid.Addr
	switch {
	case len(bound) > 0 && len(bound) <= maxOwnAddresses:
		own = bound
	case len(fresh) == 1:
		own = fresh
	case len(fresh) == 0 && len(other) == 1 && !behind && m.forwarded == 0 && isLocal(other[0]):
		own = other
	}
	for _, e := range m.endpoints {
		if e.ip == nil || e.IP.Is4() != is4 || isGroup(e.IP) || e.own {
			continue
		}
		if e.ip.claimed && !e.isBound() {
			continue
		}
		e.own = slices.Contains(own, subnet(e.IP)) && (is4 || e.isBound() || e.sent)
	}
}

// choose decides which card has the address now.
func (n *ipNode) choose() {
	n.owner = nil
	var best *endpoint
	for _, e := range n.endpoints {
		if e.own && (best == nil || e.outranks(best)) {
			best = e
		}
	}
	if best != nil {
		n.owner = best.mac
	}
}

// outranks reports whether a claim to the same address is better: stated over
// seen, later over earlier.
func (e *endpoint) outranks(o *endpoint) bool {
	rank := func(e *endpoint) int {
		if e.isBound() {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(rank(e), rank(o)),
		cmp.Compare(e.lastClaim(), o.lastClaim()),
		bytes.Compare(o.MAC[:], e.MAC[:]),
	) > 0
}

func (e *endpoint) lastClaim() int64 {
	if e.bound.last != 0 {
		return e.bound.last
	}
	return e.seen.last
}

// isKeyed reports whether the address is a device of its own.
func (n *ipNode) isKeyed() bool {
	if n.owner != nil || isGroup(n.ip) || !n.present() {
		return false
	}
	if n.local || n.restored != "" {
		return true
	}
	// Behind a router only those count that somebody answers: the others are
	// the noise of scanners.
	bare := slices.ContainsFunc(n.endpoints, func(e *endpoint) bool { return e.mac == nil && e.sent })
	return slices.ContainsFunc(n.opened, func(o *ipNode) bool { return o.owner == nil && (bare || o.present()) })
}

// place gives an endpoint to its device, and its conversations with it.
func (v *Inventory) place(e *endpoint) {
	var d *device
	switch {
	case e.own || e.ip == nil && e.mac != nil:
		d = e.mac.device
	case e.ip != nil:
		d = e.ip.device()
	}
	if d == e.device {
		return
	}
	v.doubt(e.device)
	v.doubt(d)
	if e.device != nil {
		e.device.lose(e)
	}
	e.device = d
	if d != nil {
		e.at = len(d.endpoints)
		d.endpoints = append(d.endpoints, e)
	}
	for _, r := range e.rows {
		v.doubtEnds(r)
		if r.conversation != nil {
			v.detach(r)
			v.waiting = append(v.waiting, r)
		}
	}
}

// lose takes an endpoint out of the device's list.
func (d *device) lose(e *endpoint) {
	last := d.endpoints[len(d.endpoints)-1]
	d.endpoints[e.at], last.at = last, e.at
	d.endpoints[len(d.endpoints)-1] = nil
	d.endpoints = d.endpoints[:len(d.endpoints)-1]
}
