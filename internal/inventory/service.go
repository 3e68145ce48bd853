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

// use is one row by which a device offers or uses something.
type use struct {
	serviceKey
	peer side // the other end
	row  *row
	end  int // which end of the row is the device's: 0 client, 1 server
}

// uses lists the rows of the device, those with one peer over one service next
// to each other. They are conversations before anybody asks for these.
func (d *device) uses() []use {
	n := 0
	for _, e := range d.endpoints {
		n += len(e.rows)
	}
	all := make([]use, 0, n)
	for _, e := range d.endpoints {
		for _, r := range e.rows {
			if r.client == e {
				all = append(all, use{serviceKey{cordon.RoleClient, r.transport, r.port, r.protocol}, sideOf(r.server), r, 0})
			}
			if r.server == e {
				all = append(all, use{serviceKey{cordon.RoleServer, r.transport, r.port, r.protocol}, sideOf(r.client), r, 1})
			}
		}
	}
	slices.SortFunc(all, func(a, b use) int {
		if c := a.serviceKey.compare(&b.serviceKey); c != 0 {
			return c
		}
		return a.peer.compare(&b.peer)
	})
	return all
}

// client is one that a service of the device has answered.
type client struct {
	protocol cordon.Protocol
	side
	span
}

// listServices derives from its rows what the device offers and uses, and
// returns whom it has answered.
func (d *device) listServices() []client {
	var clients []client
	d.services = d.services[:0]
	var last *service
	for all := d.uses(); len(all) > 0; {
		first, n := &all[0], 0
		var total counters
		var s span
		for ; n < len(all) && all[n].serviceKey == first.serviceKey && all[n].peer == first.peer; n++ {
			total.add(&all[n].row.counters)
			s.widen(all[n].row.span)
		}
		group := all[:n]
		all = all[n:]
		if first.role == cordon.RoleServer {
			if positive(total.packets[1]) == 0 {
				continue
			}
			if first.peer.device != d && first.protocol != cordon.Unknown {
				clients = append(clients, client{first.protocol, first.peer, s})
			}
		}
		if last == nil || last.serviceKey != first.serviceKey {
			last = &service{serviceKey: first.serviceKey}
			d.services = append(d.services, last)
		}
		last.widen(s)
		for i := range group {
			if c := group[i].row.conversation; c != nil {
				c.services[group[i].end] = last
			}
		}
	}
	return clients
}

// compare orders servers before clients, then by service.
func (k *serviceKey) compare(o *serviceKey) int {
	return cmp.Or(
		-cmp.Compare(k.role, o.role), cmp.Compare(k.transport, o.transport), cmp.Compare(k.port, o.port), cmp.Compare(k.protocol, o.protocol),
	)
}

// tellServices makes the values that others see.
func (d *device) tellServices() []cordon.Service {
	list := d.services
	if len(list) > maxServices {
		list = slices.Clone(list)
		slices.SortFunc(list, func(a, b *service) int { return cmp.Or(cmp.Compare(b.last, a.last), a.compare(&b.serviceKey)) })
		list = list[:maxServices]
		slices.SortFunc(list, func(a, b *service) int { return a.compare(&b.serviceKey) })
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
func (d *device) roles(clients []client) []identify.Fact {
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
	addMany(clients, add)
	d.addForwarding(add)
	d.addStack(add)
	return facts
}

// addMany tells which services many clients use.
func addMany(clients []client, add func(source, field, value string, first int64)) {
	if len(clients) < manyClients {
		return // as of most devices
	}
	slices.SortFunc(clients, func(a, b client) int {
		return cmp.Or(cmp.Compare(a.protocol, b.protocol), a.side.compare(&b.side))
	})
	for len(clients) > 0 {
		first, n, distinct := clients[0], 0, 0
		var s span
		for ; n < len(clients) && clients[n].protocol == first.protocol; n++ {
			if n == 0 || clients[n].side != clients[n-1].side {
				distinct++
			}
			s.widen(clients[n].span)
		}
		clients = clients[n:]
		if distinct >= manyClients {
			add("role", "serves-many", first.protocol.String(), s.first)
		}
	}
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
