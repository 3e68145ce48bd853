package inventory

import (
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// row sums the flows between two endpoints over one service.
type row struct {
	rowKey
	counters
	span
	conversation *conversation
}

type rowKey struct {
	client, server *endpoint
	transport      uint8
	port           uint16
	protocol       cordon.Protocol
	undecided      bool
}

// conversation sums rows between two devices.
type conversation struct {
	key            conversationKey
	id             cordon.ConversationID
	client, server *device // nil for peers that are no device
	rows           []*row
	told           bool // by Changes
}

type conversationKey struct {
	client, server side
	transport      uint8
	port           uint16
	protocol       cordon.Protocol
}

// side is one side of a conversation: a device, else an address.
type side struct {
	device cordon.DeviceID
	ip     netid.Addr
}

// add adds flows to the row that they belong to.
func (v *Inventory) add(k flowKey, d *delta) {
	r := v.row(k, d)
	if r == nil {
		v.stats.LostRows++
		return
	}
	news := r.packets[1] == 0 || d.first < r.first
	r.add(&d.counters)
	r.widen(d.span)
	if r.counters == (counters{}) {
		v.drop(r)
		return
	}
	c := r.conversation
	v.changedConversations[c] = struct{}{}
	for _, device := range [2]*device{c.client, c.server} {
		v.touch(device)
		if news {
			v.doubt(device)
		}
	}
}

// row finds the row of a key, which is made if there is room.
func (v *Inventory) row(k flowKey, d *delta) *row {
	client, server := v.endpoints[k.client], v.endpoints[k.server]
	if client != nil && server != nil {
		if r := v.rows[rowKey{client, server, k.transport, k.port, k.protocol, k.undecided}]; r != nil {
			return r
		}
	}
	if !client.knows(k.server.IP) {
		v.fold(&k, d, client, server)
	}
	client, server = v.endpoint(k.client), v.endpoint(k.server)
	if client == nil || server == nil {
		return nil
	}
	if !client.knows(server.IP) {
		v.meet(client, server, d)
	}
	if k.protocol == cordon.Unknown && k.port != 0 {
		if client.peers[server.IP] >= maxPorts {
			v.stats.Folded++
			k.port = 0
		} else {
			client.peers[server.IP]++
		}
	}
	key := rowKey{client, server, k.transport, k.port, k.protocol, k.undecided}
	if r := v.rows[key]; r != nil {
		return r
	}
	if len(v.rows) >= maxRows {
		return nil
	}
	r := &row{rowKey: key}
	v.rows[key] = r
	client.rows[r], server.rows[r] = struct{}{}, struct{}{}
	v.attach(r)
	return r
}

// fold has a conversation with one stranger too many counted under the zero
// Endpoint, which stands for all such.
func (v *Inventory) fold(k *flowKey, d *delta, client, server *endpoint) {
	if server != nil && isBeyond(k.client.IP) && server.strangers >= maxPeers {
		v.stats.Folded++
		k.client = Endpoint{}
	}
	if client != nil && isStranger(k.server.IP, d) && client.strangers >= maxPeers {
		v.stats.Folded++
		k.server = Endpoint{}
	}
}

// isBeyond reports whether an address is beyond the clinic.
func isBeyond(a netid.Addr) bool { return !a.IsZero() && !isLocal(a) && !isGroup(a) }

// isStranger reports whether a server is beyond the clinic or does not answer:
// there may be any number of these.
func isStranger(server netid.Addr, d *delta) bool {
	return isBeyond(server) || d.packets[1] == 0 && !server.IsZero() && !isGroup(server)
}

// knows reports whether the endpoint is a client of that address already.
func (e *endpoint) knows(server netid.Addr) bool {
	if e == nil {
		return false
	}
	_, known := e.peers[server]
	return known
}

// meet notes that two endpoints have begun to talk.
func (v *Inventory) meet(client, server *endpoint, d *delta) {
	if client.peers == nil {
		client.peers = map[netid.Addr]int{}
	}
	client.peers[server.IP] = 0
	if isStranger(server.IP, d) {
		client.strangers++
	}
	if isBeyond(client.IP) {
		server.strangers++
	}
	const enough = 4
	c, s := client.ip, server.ip
	if c != nil && s != nil && isBeyond(c.ip) && isBeyond(s.ip) && len(c.opened) < enough {
		c.opened = append(c.opened, s)
		v.moved = true
	}
}

func (v *Inventory) drop(r *row) {
	v.detach(r)
	delete(v.rows, r.rowKey)
	delete(r.client.rows, r)
	delete(r.server.rows, r)
}

func sideOf(e *endpoint) side {
	if e.device != nil {
		return side{device: e.device.id}
	}
	return side{ip: e.IP}
}

// attach puts a row into its conversation.
func (v *Inventory) attach(r *row) {
	key := conversationKey{sideOf(r.client), sideOf(r.server), r.transport, r.port, r.protocol}
	c := v.conversations[key]
	if c == nil {
		c = &conversation{key: key, id: key.id(), client: r.client.device, server: r.server.device}
		v.conversations[key] = c
		if _, c.told = v.removedConversations[c.id]; c.told {
			delete(v.removedConversations, c.id)
		}
		for _, d := range [2]*device{c.client, c.server} {
			if d != nil {
				d.conversations[c] = struct{}{}
				v.doubt(d)
			}
		}
	}
	c.rows = append(c.rows, r)
	r.conversation = c
	v.changedConversations[c] = struct{}{}
}

// detach takes a row out of its conversation, which ends with its last row.
func (v *Inventory) detach(r *row) {
	c := r.conversation
	r.conversation = nil
	for i := range c.rows {
		if c.rows[i] == r {
			c.rows[i] = c.rows[len(c.rows)-1]
			c.rows = c.rows[:len(c.rows)-1]
			break
		}
	}
	v.changedConversations[c] = struct{}{}
	if len(c.rows) > 0 {
		return
	}
	delete(v.conversations, c.key)
	delete(v.changedConversations, c)
	if c.told {
		v.removedConversations[c.id] = struct{}{}
	}
	for _, d := range [2]*device{c.client, c.server} {
		if d != nil {
			delete(d.conversations, c)
			v.doubt(d)
		}
	}
}

func (k *conversationKey) id() cordon.ConversationID {
	return cordon.ConversationID(digest("conv-",
		[]byte(k.client.device), k.client.ip[:], []byte(k.server.device), k.server.ip[:], k.appendTo(nil)))
}

// total adds up the rows.
func (c *conversation) total() (counters, span) {
	var sum counters
	var s span
	for _, r := range c.rows {
		sum.add(&r.counters)
		s.widen(r.span)
	}
	return sum, s
}

// sum makes the value that others see.
func (v *Inventory) sum(c *conversation) cordon.Conversation {
	total, s := c.total()
	return cordon.Conversation{
		ID:     c.id,
		Client: v.peer(c.client, c.key.client, c.rows, func(r *row) *endpoint { return r.client }),
		Server: v.peer(c.server, c.key.server, c.rows, func(r *row) *endpoint { return r.server }),

		Transport: transportName(c.key.transport), Port: c.key.port, Protocol: c.key.protocol,
		Flows:      positive(total.flows),
		PacketsOut: positive(total.packets[0]), PacketsIn: positive(total.packets[1]),
		BytesOut: positive(total.bytes[0]), BytesIn: positive(total.bytes[1]),
		FirstSeen: instant(s.first), LastSeen: instant(s.last),
	}
}

// positive guards against sums of which only the part that takes back has
// arrived.
func positive(n uint64) uint64 { return uint64(max(int64(n), 0)) }

func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// peer describes one side: by its latest address.
func (v *Inventory) peer(d *device, s side, rows []*row, end func(*row) *endpoint) cordon.Peer {
	if d == nil {
		p := cordon.Peer{IP: s.ip.Netip(), Name: v.names[s.ip]}
		if s.ip.IsZero() {
			p.Name = "other addresses"
		}
		return p
	}
	var best *row
	for _, r := range rows {
		if end(r).IP.IsZero() {
			continue
		}
		if best == nil || r.last > best.last || r.last == best.last && end(r).IP.Netip().Less(end(best).IP.Netip()) {
			best = r
		}
	}
	p := cordon.Peer{Device: d.id, Name: v.nameOf(d)}
	if best != nil {
		p.IP = end(best).IP.Netip()
	} else if ips := d.addresses(); len(ips) > 0 {
		p.IP = ips[0]
	}
	return p
}

// transportName is the token of an IP protocol number.
func transportName(proto uint8) string { return packet.ProtoName(proto) }

// transports is transportName backwards.
var transports = func() map[string]uint8 {
	m := map[string]uint8{}
	for proto := range 256 {
		m[transportName(uint8(proto))] = uint8(proto)
	}
	return m
}()
