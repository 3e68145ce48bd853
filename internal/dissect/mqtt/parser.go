package mqtt

import (
	"hash/maphash"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/patient"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

const (
	// maxHead is how much of a packet is read: topics and client ids stand in
	// front, payloads behind.
	maxHead    = 2 << 10
	maxTopics  = 64
	maxFilters = 16
	version5   = 5
	bridgeBit  = 0x80 // of the protocol level
)

var seed = maphash.MakeSeed()

// topics remembers which topics were told, by hash.
type topics struct {
	seen [maxTopics]uint64
	n    int
}

// add reports whether the topic is new and there is room for it.
func (t *topics) add(topic []byte) bool {
	h := maphash.Bytes(seed, topic)
	for _, s := range t.seen[:t.n] {
		if s == h {
			return false
		}
	}
	if t.n == maxTopics {
		return false
	}
	t.seen[t.n] = h
	t.n++
	return true
}

type parser struct {
	level  uint8          // 0 until a CONNECT was seen
	client flow.Direction // the side that connected; before that not to be used
	topics [2]topics

	connect    observation.MQTTConnect
	connack    observation.MQTTConnack
	publish    observation.MQTTPublish
	subscribe  observation.MQTTSubscribe
	disconnect observation.MQTTDisconnect
	scratch    []byte
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	q, headLen, ok, need := read(data)
	switch {
	case need:
		return 0
	case !ok:
		return dissect.Stop
	case len(q.body) < min(q.size, maxHead):
		return 0
	}
	q.body = q.body[:min(len(q.body), maxHead)]
	switch q.kind {
	case typeConnect:
		if !p.readConnect(c, q.body) {
			return dissect.Stop
		}
	case typeConnack:
		p.readConnack(c, q.body)
	case typePublish:
		p.readPublish(c, q)
	case typeSubscribe, typeUnsubscribe:
		p.readSubscribe(c, q)
	case typeDisconnect:
		p.disconnect = observation.MQTTDisconnect{FromClient: p.fromClient(c)}
		q.body.U8(&p.disconnect.Reason)
		c.Emit(&p.disconnect)
	}
	return headLen + q.size
}

// fromClient reports whether the client sent what is being read. Without its
// CONNECT the ports decide.
func (p *parser) fromClient(c *dissect.Context) bool {
	if p.level == 0 && c.Flow != nil && c.Flow.SrcPort == port {
		return c.Dir == flow.In
	}
	return c.Dir == p.client
}

// readConnect reads §3.1.2 and §3.1.3. It reports false for a protocol name
// that is not MQTT's.
func (p *parser) readConnect(c *dissect.Context, r wire.Reader) bool {
	var (
		name, id, will wire.Reader
		level, flags   uint8
		m              = &p.connect
	)
	if !r.SubU16(&name) || string(name) != "MQTT" && string(name) != "MQIsdp" || !r.U8(&level) || !r.U8(&flags) {
		return false
	}
	*m = observation.MQTTConnect{
		Level: level &^ bridgeBit, Bridge: level&bridgeBit != 0,
		Clean: flags&2 != 0, Password: flags&0x40 != 0, Username: flags&0x80 != 0,
	}
	p.level, p.client = m.Level, c.Dir
	ok := r.U16(&m.KeepAlive)
	if ok && p.level == version5 {
		ok = properties(&r, func(id uint32, v []byte) {
			if id == propAuthMethod {
				m.AuthMethod = c.Text(v)
			}
		})
	}
	if ok = ok && r.SubU16(&id); ok {
		m.ClientID = c.Text(id)
	}
	if ok && flags&4 != 0 { // a will follows
		if p.level == version5 {
			ok = properties(&r, nil)
		}
		if ok && r.SubU16(&will) {
			m.WillTopic = p.topic(c, will)
		}
	}
	c.Emit(m)
	return true
}

func (p *parser) readConnack(c *dissect.Context, r wire.Reader) {
	m := &p.connack
	*m = observation.MQTTConnack{Level: p.level}
	if !r.Skip(1) || !r.U8(&m.Code) {
		return
	}
	if p.level == version5 {
		properties(&r, func(id uint32, v []byte) {
			if id == propAssignedClientID {
				m.AssignedClientID = c.Text(v)
			}
		})
	}
	c.Emit(m)
}

func (p *parser) readPublish(c *dissect.Context, q packet) {
	var topic wire.Reader
	r := q.body
	// MQTT 5.0 leaves the topic empty where an alias stands for one told before.
	if !r.SubU16(&topic) || topic.Empty() || !p.topics[c.Dir].add(topic) {
		return
	}
	m := &p.publish
	*m = observation.MQTTPublish{
		FromClient: p.fromClient(c), Topic: p.topic(c, topic), QoS: q.flags >> 1 & 3, Retain: q.flags&1 != 0,
		Size: uint32(q.size - 2 - len(topic)),
	}
	if m.QoS > 0 && m.Size >= 2 {
		m.Size -= 2 // packet identifier
	}
	c.Emit(m)
}

func (p *parser) readSubscribe(c *dissect.Context, q packet) {
	var (
		r      = q.body
		filter wire.Reader
		m      = &p.subscribe
	)
	*m = observation.MQTTSubscribe{Unsubscribe: q.kind == typeUnsubscribe, Filters: m.Filters[:0]}
	if !r.Skip(2) || p.level == version5 && !properties(&r, nil) {
		return
	}
	for len(m.Filters) < maxFilters && r.SubU16(&filter) && (m.Unsubscribe || r.Skip(1)) {
		m.Filters = append(m.Filters, p.topic(c, filter))
	}
	if len(m.Filters) > 0 {
		c.Emit(m)
	}
}

// topic returns a topic with a patient's identifier replaced.
func (p *parser) topic(c *dissect.Context, topic []byte) string {
	p.scratch = patient.AppendPath(c, p.scratch[:0], topic)
	return c.Text(p.scratch)
}
