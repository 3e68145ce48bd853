package inventory

import (
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Restore takes back what an Inventory knew before a restart, as Devices and
// Conversations told it. It must come before the first Apply. Restored
// devices keep their ids. What is restored does not appear in Changes.
func (v *Inventory) Restore(devices []cordon.Device, conversations []cordon.Conversation, overrides map[cordon.DeviceID]cordon.Override) {
	for id, o := range overrides {
		v.overrides[id] = o
	}
	homes := map[cordon.DeviceID]*endpoint{}
	for i := range devices {
		if at := v.restoreDevice(&devices[i]); at != nil {
			homes[devices[i].ID] = at
		}
	}
	for i := range conversations {
		v.restoreConversation(&conversations[i], homes)
	}
	v.converse()
	for _, d := range v.devices {
		v.build(d)
		d.told = true
	}
	for _, c := range v.conversations {
		c.told = true
	}
	v.unchanged()
	clear(v.removedConversations)
	clear(v.removed)
}

// restoreDevice returns the endpoint under which the device is remembered.
func (v *Inventory) restoreDevice(d *cordon.Device) *endpoint {
	when := span{d.FirstSeen.UnixNano(), d.LastSeen.UnixNano()}
	var ttl uint8
	for _, e := range d.Evidence {
		if e.Source == "stack" && e.Field == "initial-ttl" {
			n, _ := strconv.ParseUint(e.Value, 10, 8)
			ttl = uint8(n)
		}
	}
	var home *endpoint
	remember := func(e Endpoint) {
		at := v.endpoint(e)
		if at == nil {
			return
		}
		at.restored = true
		at.sent = true
		at.seen = sighting{span: when, vlan: d.VLAN, distance: near, ttl: ttl}
		if at.ip != nil && at.mac == nil {
			at.ip.restored, at.ip.since = d.ID, when.first
		}
		if home == nil {
			home = at
		}
	}
	for _, mac := range d.MACs {
		remember(Endpoint{MAC: mac})
		m := v.macs[mac]
		if m == nil {
			continue
		}
		m.restored, m.since = d.ID, when.first
		for _, e := range d.Evidence {
			if e.Source == "role" && e.Field == "forwards" {
				m.forwarded = max(m.forwarded, forwardedAtLeast(e.Value))
				m.forwardedBeyond = m.forwardedBeyond || e.Value == forwardsBeyond
			}
		}
	}
	for _, ip := range d.IPs {
		e := Endpoint{IP: netid.AddrFrom(ip)}
		if len(d.MACs) > 0 {
			e.MAC = d.MACs[0]
		}
		remember(e)
	}
	if home == nil {
		return nil
	}
	for _, e := range d.Evidence {
		if e.Source != "oui" && e.Source != "role" && e.Source != "stack" && e.Source != "person" {
			home.keep(keptFact{source: e.Source, field: e.Field, value: e.Value, first: e.First.UnixNano()})
		}
	}
	return home
}

func (v *Inventory) restoreConversation(c *cordon.Conversation, homes map[cordon.DeviceID]*endpoint) {
	side := func(p cordon.Peer) Endpoint {
		ip := netid.AddrFrom(p.IP)
		home := homes[p.Device]
		if home == nil {
			return Endpoint{IP: ip}
		}
		e := Endpoint{MAC: home.MAC, IP: ip}
		if at := v.endpoint(e); at != nil && !ip.IsZero() {
			at.restored = at.restored || home.mac != nil
		}
		return e
	}
	proto, ok := transports[c.Transport], transports[c.Transport] != 0
	if !ok {
		return
	}
	v.add(flowKey{
		client: side(c.Client), server: side(c.Server), transport: proto, port: c.Port, protocol: c.Protocol,
	}, &delta{
		counters{c.Flows, [2]uint64{c.PacketsOut, c.PacketsIn}, [2]uint64{c.BytesOut, c.BytesIn}},
		span{c.FirstSeen.UnixNano(), c.LastSeen.UnixNano()},
	})
	for _, p := range [2]cordon.Peer{c.Client, c.Server} {
		if p.Device == "" && p.Name != "" && p.IP.IsValid() && groupNames[p.IP] == "" {
			v.names[netid.AddrFrom(p.IP)] = p.Name
		}
	}
}
