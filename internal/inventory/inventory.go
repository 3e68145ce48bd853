// Package inventory keeps the devices of a clinic: what each is, its
// addresses, services and conversations, and what it is for. It is the only
// writer of cordon.Device.
//
// A Feed, one for each sensor worker, condenses what the worker sees into
// batches; the Inventory takes the batches of all feeds. It keeps what was
// seen as sets, minima, maxima and sums, none of which depends on order, and
// derives devices and conversations from these. So the same traffic gives the
// same inventory, however it was spread over workers and batches; only when a
// bound is met does it matter what came first.
//
// How addresses become devices is told in resolve.go and merge.go.
package inventory

import (
	"cmp"
	"maps"
	"slices"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Bounds of what an Inventory keeps. What comes beyond them is counted in
// Stats.
const (
	maxEndpoints = 1 << 17
	maxRows      = 1 << 18
	// maxPeers bounds the addresses beyond the clinic that one address has
	// conversations with; further ones are summed as one.
	maxPeers = 256
	// maxDevices bounds the devices; the oldest stay, so that a flood of
	// made-up addresses hides none of those that were there before.
	maxDevices = 20_000
	// maxBehind bounds the addresses beyond the clinic that are kept of one
	// router for knowing it as such.
	maxBehind = 1024
	// maxPorts bounds the services of one address that another talks to,
	// protocol unknown; further ones are summed under port 0.
	maxPorts = 32
	// maxFactsPerField bounds the values kept of one detail of an address.
	maxFactsPerField = 8
	maxFields        = 96
	// maxNamedPeers bounds the names kept for addresses beyond the clinic.
	maxNamedPeers = 1 << 14
	// maxMerged bounds the ids remembered of devices that became others.
	maxMerged = 1 << 16
)

// Stats counts what an Inventory holds and what it had no room for.
type Stats struct {
	Devices, Conversations int
	// Undevised is how many addresses would be devices if there were room.
	Undevised int
	// Endpoints and rows that were not kept for lack of room; facts beyond
	// what is kept of one field; reports that a full batch did not hold.
	LostEndpoints, LostRows, LostFacts, LostReports uint64
	// Folded is how often a conversation was summed under a shared peer or
	// port.
	Folded uint64
}

// Inventory holds all devices and conversations. It belongs to one goroutine.
type Inventory struct {
	rules *identify.Rules

	endpoints map[Endpoint]*endpoint
	macs      map[netid.MAC]*macNode
	ips       map[netid.Addr]*ipNode
	// The values of these maps in the order in which they were made, which is
	// mostly that in which they lie in memory: resolve looks at all of them.
	endpointList []*endpoint
	ipList       []*ipNode
	rows         map[rowKey]*row
	names        map[netid.Addr]string // of peers beyond the clinic

	devices       map[cordon.DeviceID]*device
	conversations map[conversationKey]*conversation
	overrides     map[cordon.DeviceID]cordon.Override
	// merged maps the ids of devices that turned out to be others.
	merged map[cordon.DeviceID]cordon.DeviceID

	// waiting are rows that have no conversation yet.
	waiting []*row
	// moved is true if addresses may have to be resolved to devices anew.
	moved bool
	// What has changed since the last Changes.
	changedDevices       []*device
	changedConversations []*conversation
	removed              map[cordon.DeviceID]cordon.DeviceID
	removedConversations map[cordon.ConversationID]struct{}

	stats Stats
}

// New makes an empty Inventory that identifies devices by rules.
func New(rules *identify.Rules) *Inventory {
	return &Inventory{
		rules:     rules,
		endpoints: map[Endpoint]*endpoint{}, macs: map[netid.MAC]*macNode{}, ips: map[netid.Addr]*ipNode{},
		rows: map[rowKey]*row{}, names: map[netid.Addr]string{},
		devices: map[cordon.DeviceID]*device{}, conversations: map[conversationKey]*conversation{},
		overrides: map[cordon.DeviceID]cordon.Override{}, merged: map[cordon.DeviceID]cordon.DeviceID{},
		removed: map[cordon.DeviceID]cordon.DeviceID{}, removedConversations: map[cordon.ConversationID]struct{}{},
	}
}

// Stats returns the counts so far.
func (v *Inventory) Stats() Stats {
	v.converse()
	s := v.stats
	s.Devices, s.Conversations = len(v.devices), len(v.conversations)
	return s
}

// Changes is what is new since the last one: whole values, in the order of
// their ids.
type Changes struct {
	Devices       []cordon.Device
	Conversations []cordon.Conversation
	// Removed maps devices to those that they turned out to be, or to "" if
	// nothing is left of them.
	Removed map[cordon.DeviceID]cordon.DeviceID
	// RemovedConversations were folded into others.
	RemovedConversations []cordon.ConversationID
	// Overrides holds what people said of devices that others were merged
	// into, since that may come from both.
	Overrides map[cordon.DeviceID]cordon.Override
}

// Empty reports whether there is nothing new.
func (c *Changes) Empty() bool {
	return len(c.Devices) == 0 && len(c.Conversations) == 0 && len(c.Removed) == 0 && len(c.RemovedConversations) == 0
}

// Apply adds what a Feed saw. The Inventory owns the batch from then on.
func (v *Inventory) Apply(b *Batch) {
	if b == nil {
		return
	}
	v.stats.LostReports += b.lost
	for i, e := range b.sightings.keys {
		v.sight(e, b.sightings.list[i])
	}
	for i, k := range b.bindings.keys {
		v.bind(k, b.bindings.list[i])
	}
	for i := range b.facts {
		v.learn(&b.facts[i])
	}
	for i, ip := range b.names.keys {
		v.name(ip, b.names.list[i])
	}
	for i, k := range b.deltas.keys {
		v.add(k, &b.deltas.list[i])
	}
	b.recycle()
}

// Changes returns what is new since the last call.
func (v *Inventory) Changes() Changes {
	v.converse()
	c := Changes{Removed: v.removed, Overrides: map[cordon.DeviceID]cordon.Override{}}
	for _, d := range v.changedDevices {
		if v.devices[d.id] == d {
			c.Devices = append(c.Devices, v.build(d))
			d.told = true
		}
	}
	for _, k := range v.changedConversations {
		if v.conversations[k.key] == k {
			c.Conversations = append(c.Conversations, v.sum(k))
			k.told = true
		}
	}
	for id := range v.removedConversations {
		c.RemovedConversations = append(c.RemovedConversations, id)
	}
	for _, into := range v.removed {
		if o, ok := v.overrides[into]; ok {
			c.Overrides[into] = o
		}
	}
	sortDevices(c.Devices)
	sortConversations(c.Conversations)
	slices.Sort(c.RemovedConversations)
	v.unchanged()
	clear(v.removedConversations)
	v.removed = map[cordon.DeviceID]cordon.DeviceID{}
	return c
}

// Devices returns all devices in the order of their ids.
func (v *Inventory) Devices() []cordon.Device {
	v.resolve()
	all := make([]cordon.Device, 0, len(v.devices))
	for _, id := range ids(v.devices) {
		all = append(all, v.build(v.devices[id]))
	}
	return all
}

// Device returns the device with that id, or the one that it turned out to be.
func (v *Inventory) Device(id cordon.DeviceID) (cordon.Device, bool) {
	d := v.named(id)
	if d == nil {
		return cordon.Device{}, false
	}
	return v.build(d), true
}

// named finds the device that goes by an id, nil if there is none.
func (v *Inventory) named(id cordon.DeviceID) *device {
	v.resolve()
	const longest = 16 // merges in a row
	for range longest {
		if d := v.devices[id]; d != nil {
			return d
		}
		id = v.merged[id]
	}
	return nil
}

// Conversations returns all conversations in the order of their ids.
func (v *Inventory) Conversations() []cordon.Conversation {
	v.converse()
	all := make([]cordon.Conversation, 0, len(v.conversations))
	for _, k := range v.conversations {
		all = append(all, v.sum(k))
	}
	sortConversations(all)
	return all
}

// Lookup returns the device that sends from these addresses; either may be
// zero if it is not known. It returns "" for what is no device.
func (v *Inventory) Lookup(mac netid.MAC, ip netid.Addr) cordon.DeviceID {
	v.resolve()
	if e := v.endpoints[Endpoint{mac, ip}]; e != nil && e.device != nil {
		return e.device.id
	}
	var d *device
	switch m, n := v.macs[mac], v.ips[ip]; {
	case n != nil && n.device() != nil:
		d = n.device()
	case m != nil && (ip.IsZero() || !m.router):
		d = m.device
	}
	if d == nil {
		return ""
	}
	return d.id
}

func sortDevices(list []cordon.Device) {
	slices.SortFunc(list, func(a, b cordon.Device) int { return cmp.Compare(a.ID, b.ID) })
}

func sortConversations(list []cordon.Conversation) {
	slices.SortFunc(list, func(a, b cordon.Conversation) int { return cmp.Compare(a.ID, b.ID) })
}

// touch notes that a device must be told again.
func (v *Inventory) touch(d *device) {
	if d != nil && !d.changed {
		d.changed = true
		v.changedDevices = append(v.changedDevices, d)
	}
}

// change notes that a conversation must be told again.
func (v *Inventory) change(c *conversation) {
	if !c.changed {
		c.changed = true
		v.changedConversations = append(v.changedConversations, c)
	}
}

// unchanged notes that everything has been told.
func (v *Inventory) unchanged() {
	for _, d := range v.changedDevices {
		d.changed = false
	}
	for _, c := range v.changedConversations {
		c.changed = false
	}
	v.changedDevices, v.changedConversations = nil, nil
}

// doubt notes that a device may be something else than was believed.
func (v *Inventory) doubt(d *device) {
	if d != nil {
		d.stale = true
		v.touch(d)
	}
}

// ids returns the keys of m in order.
func ids[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
