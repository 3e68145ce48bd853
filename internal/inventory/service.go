package inventory

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/identify"
)

// maxServices bounds the services told of a device; the most recent stay.
const maxServices = 128

// service is what a device offers or uses.
type service struct {
	serviceKey
	span
}

type serviceKey struct {
	role      cordon.Role
	transport uint8
	port      uint16
	protocol  cordon.Protocol
}

// listServices derives from its conversations what the device offers and uses.
func (d *device) listServices() {
	type use struct {
		service
		c   *conversation
		end int
	}
	uses := make([]use, 0, len(d.conversations))
	for _, c := range d.conversations {
		total, s := c.total()
		for i, role := range [2]cordon.Role{cordon.RoleClient, cordon.RoleServer} {
			if c.key.sides[i].device != d || role == cordon.RoleServer && positive(total.packets[1]) == 0 {
				continue
			}
			uses = append(uses, use{service{serviceKey{role, c.key.transport, c.key.port, c.key.protocol}, s}, c, i})
		}
	}
	slices.SortFunc(uses, func(a, b use) int { return compareServices(&a.service, &b.service) })
	d.services = d.services[:0]
	var last *service
	for i := range uses {
		u := &uses[i]
		if last == nil || last.serviceKey != u.serviceKey {
			last = &service{serviceKey: u.serviceKey}
			d.services = append(d.services, last)
		}
		last.widen(u.span)
		u.c.services[u.end] = last
	}
}

// compareServices orders servers before clients, then by service.
func compareServices(a, b *service) int {
	return cmp.Or(
		-cmp.Compare(a.role, b.role), cmp.Compare(a.transport, b.transport), cmp.Compare(a.port, b.port), cmp.Compare(a.protocol, b.protocol),
	)
}

// tellServices makes the values that others see.
func (d *device) tellServices() []cordon.Service {
	list := d.services
	if len(list) > maxServices {
		list = slices.Clone(list)
		slices.SortFunc(list, func(a, b *service) int { return cmp.Or(cmp.Compare(b.last, a.last), compareServices(a, b)) })
		list = list[:maxServices]
		slices.SortFunc(list, compareServices)
	}
	all := make([]cordon.Service, 0, len(list))
	for _, s := range list {
		all = append(all, cordon.Service{
			Role: s.role, Transport: transportName(s.transport), Port: s.port, Protocol: s.protocol,
			FirstSeen: instant(s.first), LastSeen: instant(s.last),
		})
	}
	return all
}

// manyClients is how many clients make a service one that many use.
const manyClients = 5

// roles tells as facts what the device does on the network, for rules to
// speak of: which services it offers ("serves", "serves-port") and uses
// ("uses", "uses-port"), which many use ("serves-many"), for how many
// addresses it forwards ("forwards"), and how its packets start ("stack").
func (d *device) roles() []identify.Fact {
	var facts []identify.Fact
	add := func(source, field, value string, first int64) {
		facts = append(facts, identify.Fact{Source: source, Field: field, Value: value, First: first})
	}
	for _, s := range d.services {
		name := "serves"
		if s.role == cordon.RoleClient {
			name = "uses"
		}
		if s.protocol != cordon.Unknown {
			add("role", name, s.protocol.String(), s.first)
		}
		if s.port != 0 {
			add("role", name+"-port", transportName(s.transport)+"/"+strconv.Itoa(int(s.port)), s.first)
		}
	}
	d.addMany(add)
	d.addForwarding(add)
	d.addStack(add)
	return facts
}

// addMany tells which of the device's services many clients use.
func (d *device) addMany(add func(source, field, value string, first int64)) {
	serves := func(c *conversation) bool {
		return c.key.sides[1].device == d && c.key.sides[0].device != d && c.key.protocol != cordon.Unknown
	}
	served := 0
	for _, c := range d.conversations {
		if serves(c) {
			served++
		}
	}
	if served < manyClients {
		return // as most devices
	}
	clients := map[cordon.Protocol][]*conversation{}
	for _, c := range d.conversations {
		if serves(c) {
			clients[c.key.protocol] = append(clients[c.key.protocol], c)
		}
	}
	for _, p := range ids(clients) {
		if distinct, s := countClients(clients[p]); distinct >= manyClients {
			add("role", "serves-many", p.String(), s.first)
		}
	}
}

func countClients(list []*conversation) (int, span) {
	sides := map[side]struct{}{}
	var s span
	for _, c := range list {
		total, when := c.total()
		if positive(total.packets[1]) == 0 {
			continue
		}
		s.widen(when)
		sides[c.key.sides[0]] = struct{}{}
	}
	return len(sides), s
}

func (d *device) addForwarding(add func(source, field, value string, first int64)) {
	foreign, first := 0, int64(0)
	beyond := false
	for _, m := range d.macs {
		if m.foreign > foreign {
			foreign, first = m.foreign, m.entity.first
		}
		beyond = beyond || m.beyond
	}
	if foreign > 0 {
		add("role", "forwards", forwardingOf(foreign), first)
	}
	if beyond {
		add("role", "forwards", forwardsBeyond, first)
	}
}

// forwardsBeyond says that some of the addresses are beyond the clinic.
const forwardsBeyond = "addresses beyond the clinic"

// forwardingOf puts the number of addresses that a router forwards for into
// words that seldom change; forwardedAtLeast turns them back.
func forwardingOf(addresses int) string {
	switch {
	case addresses >= 20:
		return "many addresses"
	case addresses >= 2:
		return "several addresses"
	default:
		return "one address"
	}
}

func forwardedAtLeast(words string) int {
	switch words {
	case forwardingOf(20):
		return 20
	case forwardingOf(2):
		return 2
	default:
		return 1
	}
}

// addStack tells the hop count that the device's own packets start from.
func (d *device) addStack(add func(source, field, value string, first int64)) {
	var s sighting
	for _, e := range d.endpoints {
		if e.sent && e.seen.ttl != 0 {
			s.ttl = max(s.ttl, e.seen.ttl)
			s.widen(e.seen.span)
		}
	}
	if s.ttl != 0 {
		add("stack", "initial-ttl", strconv.Itoa(int(s.ttl)), s.first)
	}
}
