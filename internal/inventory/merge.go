package inventory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cordonhq/cordon"
)

// How several addresses become one device.
//
// Each card, and each address that no card has, is one entity at first. Two
// are one device if they show the same identifier that is made to be unique
// (a server's GUID, an SNMP engine id, …) and agree in a second thing: their
// host name, or an identifier of another kind. One of these alone is not
// enough: host names are given twice, identifiers are cloned with disk images.
//
// Cards with randomised addresses are one device if they go by the same name
// one after the other: that is what a phone looks like that changes its
// address. If they were ever active at the same time they are two.

// token classes, as a bit set.
type tokens uint16

const (
	noToken   tokens = 0
	hostToken tokens = 1 << iota
	clientToken
	smbToken
	snmpToken
	lldpToken
	upnpToken
	wsdToken
	mdnsToken
	dicomToken
	mqttToken
	bacnetToken
	serialToken
)

// tokenClasses lists the details that tell devices apart.
var tokenClasses = map[[2]string]tokens{
	{"dhcp", "hostname"}: hostToken, {"dhcp", "fqdn"}: hostToken, {"dhcp", "name"}: hostToken, {"dhcpv6", "fqdn"}: hostToken,
	{"mdns", "hostname"}: hostToken, {"mdns", "name"}: hostToken, {"llmnr", "name"}: hostToken, {"dns", "name"}: hostToken,
	{"nbns", "netbios-name"}: hostToken, {"nbns", "name"}: hostToken, {"nbdgm", "netbios-name"}: hostToken,
	{"smb1", "netbios-computer"}: hostToken, {"smb2", "netbios-computer"}: hostToken, {"nbss", "netbios-computer"}: hostToken,
	{"smb1", "workstation"}: hostToken, {"smb2", "workstation"}: hostToken, {"ldap", "netbios-computer"}: hostToken,
	{"kerberos", "machine-account"}: hostToken, {"rdp", "client-name"}: hostToken,
	{"lldp", "system-name"}: hostToken, {"cdp", "device-id"}: hostToken, {"snmp", "sys-name"}: hostToken, {"dicom", "station-name"}: hostToken,

	{"dhcp", "client-id"}: clientToken, {"dhcp", "uuid"}: clientToken, {"dhcpv6", "duid"}: clientToken,
	{"smb2", "server-guid"}: smbToken, {"smb2", "client-guid"}: smbToken, {"smb1", "server-guid"}: smbToken,
	{"snmp", "engine-id"}:    snmpToken,
	{"lldp", "chassis-id"}:   lldpToken,
	{"ssdp", "uuid"}:         upnpToken,
	{"wsd", "endpoint"}:      wsdToken,
	{"mdns", "txt-deviceid"}: mdnsToken, {"mdns", "txt-uuid"}: mdnsToken, {"mdns", "txt-serialnumber"}: mdnsToken,
	{"dicom", "calling-ae-title"}: dicomToken,
	{"mqtt", "client-id"}:         mqttToken,
	{"bacnet", "device-instance"}: bacnetToken, {"bacnet", "object-name"}: bacnetToken,
	{"hl7", "device-serial-number"}: serialToken, {"hl7", "udi"}: serialToken, {"hl7", "device-eui64"}: serialToken,
	// Not DICOM's: an archive passes on images with the serial numbers of the
	// scanners that made them.
	{"bacnet", "serial-number"}: serialToken,
}

func tokenClass(source, field string) tokens { return tokenClasses[[2]string{source, field}] }

// maxSharers is the most entities that may show an identifier that is unique;
// with more it is a default that makers ship.
const maxSharers = 8

// common are host names that many devices have.
var common = map[string]bool{
	"localhost": true, "android": true, "iphone": true, "ipad": true, "macbook": true, "desktop": true, "laptop": true, "unknown": true,
	"raspberrypi": true, "debian": true, "ubuntu": true, "linux": true, "esp": true, "espressif": true, "router": true, "printer": true,
	"camera": true, "ipcam": true, "default": true, "user": true, "pc": true, "admin": true, "storescu": true, "any-scp": true, "echoscu": true,
}

// entity is a card or an address that may be one device with others.
type entity struct {
	span
	id     cordon.DeviceID
	mac    *macNode
	ip     *ipNode
	parent *entity
	random bool
	// timed is true if it depends on the times of its activity whether it is
	// one with others.
	timed bool
	shows map[token]struct{}
}

type token struct {
	class tokens
	value string
}

func newEntity(id cordon.DeviceID) *entity {
	e := &entity{id: id}
	e.parent = e
	return e
}

func (e *entity) root() *entity {
	for e.parent != e {
		e.parent = e.parent.parent
		e = e.parent
	}
	return e
}

// before orders entities by age; the older gives a device its id.
func (e *entity) before(o *entity) bool {
	return cmp.Or(cmp.Compare(e.first, o.first), cmp.Compare(e.id, o.id)) < 0
}

// join makes two entities one device. The older is the root.
func join(a, b *entity) {
	a, b = a.root(), b.root()
	switch {
	case a == b:
	case a.before(b):
		b.parent = a
	default:
		a.parent = b
	}
}

// group makes the entities and joins those that are one device.
func (v *Inventory) group() []*entity {
	var all []*entity
	for _, m := range v.macs {
		m.entity = newEntity(m.id)
		m.entity.mac, m.entity.random = m, m.mac.IsLocal()
		m.entity.gather(m.endpoints, func(e *endpoint) bool { return e.own || e.ip == nil })
		for _, e := range m.endpoints {
			if e.own && e.ip.owner == m {
				m.entity.gather(e.ip.endpoints, func(o *endpoint) bool { return !o.own })
			}
		}
		m.entity.recall(m.restored, m.since)
		all = append(all, m.entity)
	}
	for _, n := range v.ipList {
		n.entity = nil
		if !n.isKeyed() {
			continue
		}
		n.entity = newEntity(n.name())
		n.entity.ip = n
		n.entity.gather(n.endpoints, func(e *endpoint) bool { return !e.own })
		n.entity.recall(n.restored, n.since)
		all = append(all, n.entity)
	}
	slices.SortFunc(all, func(a, b *entity) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.id, b.id))
	})
	joinRestored(all)
	joinUnique(all)
	joinRandom(all)
	return all
}

// gather takes the span and the tokens of the endpoints that are the entity's.
func (e *entity) gather(from []*endpoint, mine func(*endpoint) bool) {
	for _, at := range from {
		if e.mac != nil && at.mac == e.mac && at.sent {
			e.widen(at.seen.span) // a router is as old as what it forwarded first
		}
		if !mine(at) {
			continue
		}
		if at.sent || at.heard {
			e.widen(at.seen.span)
		}
		if at.bound.last != 0 {
			e.widen(at.bound)
		}
		for i := range at.facts {
			f := &at.facts[i]
			if e.first == 0 || f.first < e.first {
				e.widen(span{f.first, f.first})
			}
			if c := tokenClass(f.source, f.field); c != noToken {
				if value := tokenValue(c, f.value); value != "" {
					if e.shows == nil {
						e.shows = map[token]struct{}{}
					}
					e.shows[token{c, value}] = struct{}{}
				}
			}
		}
	}
}

// recall gives back the id and age that were known before a restart.
func (e *entity) recall(id cordon.DeviceID, since int64) {
	if id == "" {
		return
	}
	e.id = id
	e.widen(span{since, since})
	e.first = since
}

// tokenValue makes values comparable and drops those that say nothing.
func tokenValue(class tokens, value string) string {
	value = strings.ToLower(value)
	if class == hostToken {
		value, _, _ = strings.Cut(strings.TrimSuffix(value, "$"), ".")
	}
	if common[value] || strings.Trim(value, "0-:. ") == "" {
		return ""
	}
	return value
}

// joinRestored keeps together what was one device before a restart.
func joinRestored(all []*entity) {
	first := map[cordon.DeviceID]*entity{}
	for _, e := range all {
		restored := cordon.DeviceID("")
		if e.mac != nil {
			restored = e.mac.restored
		} else {
			restored = e.ip.restored
		}
		if restored == "" {
			continue
		}
		if o := first[restored]; o != nil {
			join(o, e)
		} else {
			first[restored] = e
		}
	}
}

// joinUnique joins entities that agree in a unique identifier and a second
// thing.
func joinUnique(all []*entity) {
	sharers := map[token][]*entity{}
	for _, e := range all {
		for t := range e.shows {
			sharers[t] = append(sharers[t], e)
		}
	}
	for t, list := range sharers {
		if t.class == hostToken || len(list) > maxSharers {
			continue
		}
		for i, a := range list {
			for _, b := range list[i+1:] {
				if agree(a, b) {
					join(a, b)
				}
			}
		}
	}
}

// agree reports whether two entities share tokens of two classes.
func agree(a, b *entity) bool {
	classes := noToken
	for t := range a.shows {
		if _, ok := b.shows[t]; ok {
			classes |= t.class
		}
	}
	return classes&(classes-1) != 0
}

// joinRandom joins randomised addresses that go by one name in turn. all is
// sorted by age.
func joinRandom(all []*entity) {
	clusters := map[token][]*entity{}
	for _, e := range all {
		if !e.random {
			continue
		}
		for t := range e.shows {
			if t.class&(hostToken|clientToken|mdnsToken) != 0 {
				clusters[t] = append(clusters[t], e)
			}
		}
	}
	for _, list := range clusters {
		if len(list) < 2 {
			continue
		}
		head, end := list[0], list[0].last
		head.timed = true
		for _, e := range list[1:] {
			e.timed = true
			if e.first > end {
				join(head, e)
				end = e.last
			}
		}
	}
}
