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

// listServices derives what the device offers and uses from its conversations.
func (d *device) listServices() []cordon.Service {
	type key struct {
		role      cordon.Role
		transport uint8
		port      uint16
		protocol  cordon.Protocol
	}
	spans := map[key]span{}
	note := func(k key, s span) {
		known := spans[k]
		known.widen(s)
		spans[k] = known
	}
	for c := range d.conversations {
		total, s := c.total()
		if c.server == d && positive(total.packets[1]) > 0 {
			note(key{cordon.RoleServer, c.key.transport, c.key.port, c.key.protocol}, s)
		}
		if c.client == d {
			note(key{cordon.RoleClient, c.key.transport, c.key.port, c.key.protocol}, s)
		}
	}
	all := make([]cordon.Service, 0, len(spans))
	for k, s := range spans {
		all = append(all, cordon.Service{
			Role: k.role, Transport: transportName(k.transport), Port: k.port, Protocol: k.protocol,
			FirstSeen: instant(s.first), LastSeen: instant(s.last),
		})
	}
	if len(all) > maxServices {
		slices.SortFunc(all, func(a, b cordon.Service) int {
			return cmp.Or(b.LastSeen.Compare(a.LastSeen), compareServices(&a, &b))
		})
		all = all[:maxServices]
	}
	slices.SortFunc(all, func(a, b cordon.Service) int { return compareServices(&a, &b) })
	return all
}

// compareServices orders servers before clients, then by service.
func compareServices(a, b *cordon.Service) int {
	return cmp.Or(
		-cmp.Compare(a.Role, b.Role), cmp.Compare(a.Transport, b.Transport),
		cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol),
	)
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
		name, first := "serves", s.FirstSeen.UnixNano()
		if s.Role == cordon.RoleClient {
			name = "uses"
		}
		if s.Protocol != cordon.Unknown {
			add("role", name, s.Protocol.String(), first)
		}
		if s.Port != 0 {
			add("role", name+"-port", s.Transport+"/"+strconv.Itoa(int(s.Port)), first)
		}
	}
	clients := map[cordon.Protocol][]*conversation{}
	for c := range d.conversations {
		if c.server == d && c.client != d && c.key.protocol != cordon.Unknown {
			clients[c.key.protocol] = append(clients[c.key.protocol], c)
		}
	}
	for _, p := range ids(clients) {
		if distinct, s := countClients(clients[p]); distinct >= manyClients {
			add("role", "serves-many", p.String(), s.first)
		}
	}
	d.addForwarding(add)
	d.addStack(add)
	return facts
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
		sides[c.key.client] = struct{}{}
	}
	return len(sides), s
}

func (d *device) addForwarding(add func(source, field, value string, first int64)) {
	foreign, first := 0, int64(0)
	for _, m := range d.macs {
		if m.foreign > foreign {
			foreign, first = m.foreign, m.entity.first
		}
	}
	if foreign > 0 {
		add("role", "forwards", forwardingOf(foreign), first)
	}
}

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
	for e := range d.endpoints {
		if e.sent && e.seen.ttl != 0 {
			s.ttl = max(s.ttl, e.seen.ttl)
			s.widen(e.seen.span)
		}
	}
	if s.ttl != 0 {
		add("stack", "initial-ttl", strconv.Itoa(int(s.ttl)), s.first)
	}
}
