package inventory

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
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
	conversation *conversation // nil while the row waits for converse
	at           [2]int        // where it stands among the client's and the server's rows
}

type rowKey struct {
	client, server *endpoint
	port           uint16
	transport      uint8
	protocol       cordon.Protocol
	undecided      bool
}

// conversation sums rows between two devices.
type conversation struct {
	key  conversationKey
	rows []*row
	only [1]*row // room for the one that most have
	// services are what the client uses and the server offers by it; nil until
	// the device's services are listed.
	services [2]*service
	at       [2]int // where it stands among the client's and the server's
	told     bool   // by Changes
	changed  bool   // since then
}

// conversationKey is comparable; devices are told apart by where they are,
// since there is one of each.
type conversationKey struct {
	sides     [2]side // client, server
	port      uint16
	transport uint8
	protocol  cordon.Protocol
}

// side is one side of a conversation: a device, else an address.
type side struct {
	device *device
	ip     netid.Addr
}

// compare puts sides into some order that tells different ones apart.
func (s *side) compare(o *side) int {
	var a, b cordon.DeviceID
	if s.device != nil {
		a = s.device.id
	}
	if o.device != nil {
		b = o.device.id
	}
	return cmp.Or(cmp.Compare(a, b), bytes.Compare(s.ip[:], o.ip[:]))
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
	if c == nil {
		v.doubtEnds(r)
		return
	}
	v.change(c)
	for i, s := range c.key.sides {
		v.touch(s.device)
		if news {
			v.doubt(s.device)
		} else if c.services[i] != nil {
			c.services[i].widen(d.span)
		}
	}
}

// row finds the row of a key, which is made if there is room.
func (v *Inventory) row(k flowKey, d *delta) *row {
	client, server := v.endpoints[k.client], v.endpoints[k.server]
	if r := v.between(client, server, &k); r != nil {
		return r
	}
	if int64(d.flows) < 0 {
		if r := v.findFolded(k); r != nil {
			return r
		}
	}
	asked := k
	if !client.knows(k.server.IP) {
		v.fold(&k, d, client, server)
	}
	if client == nil || k.client != asked.client {
		client = v.endpoint(k.client)
	}
	if server == nil || k.server != asked.server {
		server = v.endpoint(k.server)
	}
	if client == nil || server == nil {
		return nil
	}
	if k.protocol == cordon.Unknown && k.port != 0 {
		if p := client.peers.find(server.IP); p != nil && p.ports >= maxPorts {
			v.stats.Folded++
			k.port = 0
		}
	}
	if r := v.between(client, server, &k); r != nil {
		return r
	}
	if len(v.rows) >= maxRows {
		return nil
	}
	r := &row{rowKey: rowKey{client, server, k.port, k.transport, k.protocol, k.undecided}}
	v.rows[r.rowKey] = r
	r.at = [2]int{len(client.rows), len(server.rows)}
	client.rows = append(client.rows, r)
	if server != client {
		server.rows = append(server.rows, r)
	}
	v.meet(r, d)
	v.waiting = append(v.waiting, r)
	return r
}

// find returns the row of a key if there is one.
func (v *Inventory) find(k flowKey) *row {
	return v.between(v.endpoints[k.client], v.endpoints[k.server], &k)
}

// between is find for ends that have been looked up; nil for unknown ones.
func (v *Inventory) between(client, server *endpoint, k *flowKey) *row {
	if client == nil || server == nil {
		return nil
	}
	return v.rows[rowKey{client, server, k.port, k.transport, k.protocol, k.undecided}]
}

// findFolded returns the row under which a key was counted when it was beyond
// a bound, so that what is taken back is taken from where it was added.
func (v *Inventory) findFolded(k flowKey) *row {
	port, server, client := k, k, k
	port.port, server.server, client.client = 0, Endpoint{}, Endpoint{}
	for _, folded := range [3]flowKey{port, server, client} {
		if r := v.find(folded); r != nil {
			return r
		}
	}
	return nil
}

// fold has a conversation with one stranger too many counted under the zero
// Endpoint, which stands for all such.
func (v *Inventory) fold(k *flowKey, d *delta, client, server *endpoint) {
	if server != nil && server.ip != nil && isBeyond(k.client.IP) && server.ip.guests >= maxPeers {
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
	return e != nil && e.peers.find(server) != nil
}

// meet counts a new row for its ends.
func (v *Inventory) meet(r *row, d *delta) {
	client, server := r.client, r.server
	p := client.peers.find(server.IP)
	if p == nil {
		p = client.peers.add(server.IP)
		p.stranger, p.guest = isStranger(server.IP, d), isBeyond(client.IP) && server.ip != nil
		if p.stranger {
			client.strangers++
		}
		if p.guest {
			server.ip.guests++
		}
	}
	p.rows++
	if r.isNameless() {
		p.ports++
	}
	const enough = 4
	c, s := client.ip, server.ip
	if c != nil && s != nil && isBeyond(c.ip) && isBeyond(s.ip) && len(c.opened) < enough && !slices.Contains(c.opened, s) {
		c.opened = append(c.opened, s)
		v.moved = true
	}
}

// isNameless reports whether all that is known of the service is its port.
func (r *row) isNameless() bool { return r.protocol == cordon.Unknown && r.port != 0 }

// part takes back what meet counted.
func (v *Inventory) part(r *row) {
	p := r.client.peers.find(r.server.IP)
	if r.isNameless() {
		p.ports--
	}
	if p.rows--; p.rows > 0 {
		return
	}
	if p.stranger {
		r.client.strangers--
	}
	if p.guest {
		r.server.ip.guests--
	}
	r.client.peers.remove(p)
}

func (v *Inventory) drop(r *row) {
	v.part(r)
	v.detach(r)
	v.doubtEnds(r)
	delete(v.rows, r.rowKey)
	r.client.forget(r, 0)
	if r.server != r.client {
		r.server.forget(r, 1)
	}
	r.client = nil
}

// forget takes a row out of the endpoint's list, of which it is client (0) or
// server (1).
func (e *endpoint) forget(r *row, end int) {
	last := e.rows[len(e.rows)-1]
	e.rows[r.at[end]] = last
	e.rows = e.rows[:len(e.rows)-1]
	if last.client == e {
		last.at[0] = r.at[end]
	} else {
		last.at[1] = r.at[end]
	}
}

// doubtEnds notes that a row may have changed what its devices offer and use.
func (v *Inventory) doubtEnds(r *row) {
	v.doubt(r.client.device)
	v.doubt(r.server.device)
}

func sideOf(e *endpoint) side {
	if e.device != nil {
		return side{device: e.device}
	}
	return side{ip: e.IP}
}

// converse brings conversations up to what was seen. That takes as long as all
// the rest, so it waits until somebody asks for them.
func (v *Inventory) converse() {
	v.resolve()
	for _, r := range v.waiting {
		if r.conversation == nil && r.client != nil {
			v.attach(r)
		}
	}
	v.waiting = v.waiting[:0]
}

// attach puts a row into its conversation.
func (v *Inventory) attach(r *row) {
	key := conversationKey{[2]side{sideOf(r.client), sideOf(r.server)}, r.port, r.transport, r.protocol}
	c := v.conversations[key]
	if c == nil {
		c = &conversation{key: key}
		c.rows = c.only[:0]
		v.conversations[key] = c
		if len(v.removedConversations) > 0 {
			id := key.id()
			_, c.told = v.removedConversations[id]
			delete(v.removedConversations, id)
		}
		for i := range key.sides {
			if d := key.sides[i].device; d != nil && (i == 0 || d != key.sides[0].device) {
				c.at[i] = len(d.conversations)
				d.conversations = append(d.conversations, c)
			}
		}
	}
	c.rows = append(c.rows, r)
	r.conversation = c
	v.change(c)
	v.doubt(key.sides[0].device)
	v.doubt(key.sides[1].device)
}

// detach takes a row out of its conversation, which ends with its last row.
func (v *Inventory) detach(r *row) {
	c := r.conversation
	if c == nil {
		return
	}
	r.conversation = nil
	at := slices.Index(c.rows, r)
	c.rows[at] = c.rows[len(c.rows)-1]
	c.rows = c.rows[:len(c.rows)-1]
	v.change(c)
	for _, s := range c.key.sides {
		v.doubt(s.device)
	}
	if len(c.rows) > 0 {
		return
	}
	delete(v.conversations, c.key)
	if c.told {
		v.removedConversations[c.key.id()] = struct{}{}
	}
	for i := range c.key.sides {
		if d := c.key.sides[i].device; d != nil && (i == 0 || d != c.key.sides[0].device) {
			d.leave(c, i)
		}
	}
}

// leave takes a conversation out of the device's list.
func (d *device) leave(c *conversation, end int) {
	last := d.conversations[len(d.conversations)-1]
	d.conversations[c.at[end]] = last
	d.conversations = d.conversations[:len(d.conversations)-1]
	if last.key.sides[0].device == d {
		last.at[0] = c.at[end]
	} else {
		last.at[1] = c.at[end]
	}
}

// id returns the stable name of the conversation; it costs a digest.
func (k *conversationKey) id() cordon.ConversationID {
	parts := make([][]byte, 0, 5)
	for _, s := range k.sides {
		if s.device != nil {
			parts = append(parts, []byte(s.device.id), nil)
		} else {
			parts = append(parts, nil, s.ip[:])
		}
	}
	service := binary.BigEndian.AppendUint16([]byte{k.transport}, k.port)
	return cordon.ConversationID(idText("conv-", digest(append(parts, append(service, k.protocol.String()...))...)))
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
		ID:     c.key.id(),
		Client: v.peer(c.key.sides[0], c.rows, func(r *row) *endpoint { return r.client }),
		Server: v.peer(c.key.sides[1], c.rows, func(r *row) *endpoint { return r.server }),

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
func (v *Inventory) peer(s side, rows []*row, end func(*row) *endpoint) cordon.Peer {
	d := s.device
	if d == nil {
		p := cordon.Peer{IP: s.ip.Netip(), Name: v.names[s.ip]}
		switch {
		case s.ip.IsZero():
			p.Name = "other addresses"
		case p.Name == "":
			p.Name = groupNames[p.IP]
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

// groupNames are what people call well-known groups (IANA "Multicast Address
// Space").
var groupNames = map[netip.Addr]string{
	netip.MustParseAddr("255.255.255.255"): "everybody on the link",
	netip.MustParseAddr("224.0.0.1"):       "all hosts", netip.MustParseAddr("ff02::1"): "all hosts",
	netip.MustParseAddr("224.0.0.2"): "all routers", netip.MustParseAddr("ff02::2"): "all routers",
	netip.MustParseAddr("224.0.0.22"): "IGMP routers", netip.MustParseAddr("ff02::16"): "MLD routers",
	netip.MustParseAddr("224.0.0.251"): "mDNS", netip.MustParseAddr("ff02::fb"): "mDNS",
	netip.MustParseAddr("224.0.0.252"): "LLMNR", netip.MustParseAddr("ff02::1:3"): "LLMNR",
	netip.MustParseAddr("224.0.1.1"):       "NTP",
	netip.MustParseAddr("239.255.255.250"): "SSDP and WS-Discovery", netip.MustParseAddr("ff02::c"): "SSDP and WS-Discovery",
	netip.MustParseAddr("239.255.255.253"): "SLP", netip.MustParseAddr("ff02::1:2"): "DHCPv6 servers",
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
