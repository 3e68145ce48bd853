package inventory

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// device is one device as it is derived from endpoints.
type device struct {
	id            cordon.DeviceID
	macs          []*macNode
	keyed         []*ipNode // addresses that no card has
	endpoints     []*endpoint
	conversations []*conversation

	// known are the facts that identity rests on; stale is true if there may
	// be others, or other services.
	known    []identify.Fact
	identity identify.Identity
	stale    bool
	services []*service
	name     string // as last built
	told     bool   // by Changes
	changed  bool   // since then
}

// assign makes devices of the groups that entities form.
func (v *Inventory) assign(all []*entity) {
	members := map[*entity][]*entity{}
	v.stats.Undevised = 0
	for _, e := range all {
		root := e.root()
		if members[root] == nil && len(members) >= maxDevices {
			v.stats.Undevised++
			if e.mac != nil {
				e.mac.device = nil
			}
			continue
		}
		members[root] = append(members[root], e)
	}
	for _, d := range v.devices {
		d.macs, d.keyed = nil, nil
	}
	for root, group := range members {
		d := v.devices[root.id]
		if d == nil {
			d = &device{id: root.id, stale: true, identity: identify.Identity{Kind: cordon.KindUnknown}}
			v.devices[root.id] = d
			if _, d.told = v.removed[root.id]; d.told {
				delete(v.removed, root.id)
			}
			v.touch(d)
		}
		for _, e := range group {
			if e.mac != nil {
				if e.mac.device != d || e.mac.first != e.first {
					v.doubt(d)
				}
				e.mac.first = e.first
				e.mac.device = d
				d.macs = append(d.macs, e.mac)
			} else {
				e.ip.keyed = d
				d.keyed = append(d.keyed, e.ip)
			}
		}
	}
}

// retire removes devices of which nothing is left, and notes what they turned
// out to be.
func (v *Inventory) retire() {
	var gone []cordon.DeviceID
	for id, d := range v.devices {
		if len(d.macs)+len(d.keyed) == 0 {
			gone = append(gone, id)
		}
	}
	slices.Sort(gone)
	for _, id := range gone {
		d := v.devices[id]
		delete(v.devices, id)
		heir := v.heir(id)
		if heir != "" && len(v.merged) < maxMerged {
			v.merged[id] = heir
		}
		v.inherit(id, heir)
		if d.told {
			v.removed[id] = heir
		}
	}
	for old, into := range v.removed {
		if _, gone := v.removed[into]; gone {
			v.removed[old] = v.removed[into]
		}
	}
}

// heir finds the device that has the address which gave id its name.
func (v *Inventory) heir(id cordon.DeviceID) cordon.DeviceID {
	for _, m := range v.macs {
		if m.device != nil && (m.id == id || m.restored == id) {
			return m.device.id
		}
	}
	for _, n := range v.ipList {
		if d := n.device(); d != nil && (n.name() == id || n.restored == id) {
			return d.id
		}
	}
	return ""
}

// facts gathers all that the device has shown.
func (v *Inventory) facts(d *device, clients []client) []identify.Fact {
	roles := d.roles(clients)
	n := len(roles) + 2*len(d.macs)
	for _, e := range d.endpoints {
		n += len(e.facts)
	}
	all := make([]identify.Fact, 0, n)
	for _, e := range d.endpoints {
		for i := range e.facts {
			f := &e.facts[i]
			all = append(all, identify.Fact{Source: f.source, Field: f.field, Value: f.value, First: f.first})
		}
	}
	for _, m := range d.macs {
		all = append(all, v.rules.Maker(m.mac, m.entity.first)...)
	}
	all = append(all, roles...)
	slices.SortFunc(all, func(a, b identify.Fact) int {
		if a.First != b.First {
			return cmp.Compare(a.First, b.First)
		}
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Value, b.Value))
	})
	return all
}

// build makes the value that others see.
func (v *Inventory) build(d *device) cordon.Device {
	if d.stale {
		d.stale = false
		clients := d.listServices()
		if facts := v.facts(d, clients); !slices.Equal(facts, d.known) {
			d.known, d.identity = facts, v.rules.Identify(facts)
		}
	}
	id := &d.identity
	first, last, vlan := d.times()
	out := cordon.Device{
		ID: d.id, MACs: d.macAddresses(), IPs: d.addresses(), Hostnames: slices.Clone(id.Names), VLAN: vlan,
		Vendor: id.Vendor, Kind: id.Kind, Model: id.Model, OS: id.OS, Software: id.Software,
		Confidence: id.Confidence, Claims: slices.Clone(id.Claims), Evidence: slices.Clone(id.Evidence),
		Services: d.tellServices(), FirstSeen: instant(first), LastSeen: instant(last),
	}
	out.RandomMAC = len(out.MACs) > 0 && !slices.ContainsFunc(out.MACs, func(m netid.MAC) bool { return !m.IsLocal() })
	v.lay(&out)
	out.MACs, out.IPs, out.Hostnames = present(out.MACs), present(out.IPs), present(out.Hostnames)
	out.Claims, out.Evidence, out.Services = present(out.Claims), present(out.Evidence), present(out.Services)
	if out.Name != d.name {
		d.name = out.Name
		for _, c := range d.conversations {
			v.change(c)
		}
	}
	return out
}

// present makes a list that is written as [] when it is empty.
func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// nameOf returns the name of a device as it was last built.
func (v *Inventory) nameOf(d *device) string {
	if d.name == "" || d.stale {
		v.build(d)
	}
	return d.name
}

// bestName is the best name for people.
func bestName(d *cordon.Device) string {
	title := string(d.Kind.Info().Title)
	switch {
	case len(d.Hostnames) > 0:
		return d.Hostnames[0]
	case d.Model != "" && strings.HasPrefix(strings.ToLower(d.Model), strings.ToLower(d.Vendor)):
		return d.Model
	case d.Vendor != "" && d.Model != "":
		return d.Vendor + " " + d.Model
	case d.Vendor != "" && d.Kind != cordon.KindUnknown:
		return d.Vendor + " " + strings.ToLower(title[:1]) + title[1:]
	case len(d.IPs) > 0:
		return d.IPs[0].String()
	case len(d.MACs) > 0:
		return d.MACs[0].String()
	default:
		return string(d.ID)
	}
}

func (d *device) macAddresses() []netid.MAC {
	var all []netid.MAC
	for _, m := range d.macs {
		all = append(all, m.mac)
	}
	slices.SortFunc(all, func(a, b netid.MAC) int { return slices.Compare(a[:], b[:]) })
	return all
}

// forgotten is how long an address is listed that the device no longer uses.
const forgotten = 24 * time.Hour

// addresses lists the device's addresses, IPv4 first.
func (d *device) addresses() []netip.Addr {
	_, last, _ := d.times()
	var all []netip.Addr
	for _, e := range d.endpoints {
		if e.ip == nil || e.ip.device() != d {
			continue
		}
		if a := e.IP.Netip(); !slices.Contains(all, a) && last-max(e.seen.last, e.bound.last) < int64(forgotten) {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return all
}

// times returns when the device was first and last active, and the VLAN of its
// latest frames.
func (d *device) times() (first, last int64, vlan uint16) {
	var s sighting
	for _, m := range d.macs {
		s.widen(m.entity.span)
		for _, e := range m.endpoints {
			if e.sent {
				s.widen(e.seen.span) // what it forwards shows a router alive
			}
		}
	}
	for _, n := range d.keyed {
		s.widen(n.entity.span)
	}
	var latest sighting
	for _, e := range d.endpoints {
		if e.sent || e.heard {
			latest.join(&e.seen)
			s.widen(e.seen.span)
		}
		if e.bound.last != 0 {
			s.widen(e.bound)
		}
	}
	return s.first, s.last, latest.vlan
}
