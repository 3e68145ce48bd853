// Package mqtt reads MQTT 3.1, 3.1.1 and 5.0 over TCP: who connects under
// which client id, what brokers answer, and which topics are published and
// subscribed to. Payloads are passed over, and user names and passwords are
// not kept.
package mqtt

import (
	"unicode/utf8"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.MQTT,
		Over:     dissect.OverTCP,
		Ports:    []uint16{port},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
	}
}

const port = 1883

// Control packet types (§2.1.2).
const (
	typeConnect     = 1
	typeConnack     = 2
	typePublish     = 3
	typePuback      = 4
	typePubrel      = 6
	typePubcomp     = 7
	typeSubscribe   = 8
	typeSuback      = 9
	typeUnsubscribe = 10
	typeUnsuback    = 11
	typePingreq     = 12
	typePingresp    = 13
	typeDisconnect  = 14
	typeAuth        = 15
)

// packet is one control packet, of which body may hold only the start.
type packet struct {
	kind, flags uint8
	size        int // of the whole body
	body        wire.Reader
}

// read reads the packet at the head of data. ok is false if there is none;
// need is true if more bytes may make one. headLen is that of the fixed header.
func read(data []byte) (p packet, headLen int, ok, need bool) {
	r := wire.Reader(data)
	var first uint8
	if !r.U8(&first) {
		return p, 0, false, true
	}
	p.kind, p.flags = first>>4, first&15
	if p.kind == 0 {
		return p, 0, false, false
	}
	size, ok, need := varint(&r)
	if !ok {
		return p, 0, false, need
	}
	p.size, p.body = int(size), r[:min(r.Len(), int(size))]
	return p, len(data) - r.Len(), true, false
}

// varint eats a variable byte integer (§1.5.5), of at most four bytes.
func varint(r *wire.Reader) (n uint32, ok, need bool) {
	at := *r
	for shift := 0; shift < 28; shift += 7 {
		var b uint8
		if !at.U8(&b) {
			return 0, false, true
		}
		n |= uint32(b&0x7f) << shift
		if b < 0x80 {
			*r = at
			return n, true, false
		}
	}
	return 0, false, false
}

// probe is sure of a CONNECT. Any other packet opens a stream only if it was
// picked up midway or is the broker's; then a chain of packets must be well
// formed to the end of the data, on both sides if both spoke.
func probe(h *dissect.Head) dissect.Verdict {
	p, _, ok, need := read(h.Data)
	switch {
	case need:
		return dissect.More
	case !ok:
		return dissect.NotMine
	case p.kind == typeConnect:
		return probeConnect(p)
	}
	return probeChain(h)
}

func probeConnect(p packet) dissect.Verdict {
	if p.flags != 0 || p.size < 12 {
		return dissect.NotMine
	}
	const names = "\x00\x04MQTT\x00\x06MQIsdp"
	short, long := names[:6], names[6:]
	switch b := string(p.body[:min(len(p.body), len(long))]); {
	case len(b) >= len(short) && b[:len(short)] == short, b == long:
		return dissect.Sure
	case b == short[:min(len(b), len(short))], b == long[:len(b)]:
		return dissect.More
	}
	return dissect.NotMine
}

func probeChain(h *dissect.Head) dissect.Verdict {
	ok, telling, whole := chain(h.Data)
	if !ok {
		return dissect.NotMine
	}
	answered := len(h.Other) > 0
	if answered {
		formed, tells, _ := chain(h.Other)
		if !formed {
			return dissect.NotMine
		}
		telling = telling || tells
	}
	switch {
	case h.Hint, telling && whole && (answered || h.Midway):
		return dissect.Likely
	case telling && whole, h.Midway, pinged(h):
		return dissect.Weak
	}
	return dissect.More
}

// maxChain is how many packets of a chain are checked.
const maxChain = 8

// chain reports whether data is a chain of well-formed packets, whether one of
// them is of a kind that chance rarely forms, and whether the last is whole.
func chain(data []byte) (ok, telling, whole bool) {
	for range maxChain {
		p, n, ok, need := read(data)
		switch {
		case need:
			return true, telling, false
		case !ok || !shaped(p):
			return false, telling, false
		}
		telling = telling || p.kind == typeConnect || p.kind == typePublish || p.kind == typeSubscribe
		if p.size > len(p.body) {
			return true, telling, false
		}
		if data = data[n+p.size:]; len(data) == 0 {
			return true, telling, true
		}
	}
	return true, telling, true
}

// pinged reports whether one side pings and the other answers.
func pinged(h *dissect.Head) bool {
	return len(h.Data) >= 2 && len(h.Other) >= 2 && h.Data[0]|0x10 == 0xd0 && h.Other[0]|0x10 == 0xd0 && h.Data[0] != h.Other[0] && h.Data[1]|h.Other[1] == 0
}

// shaped reports whether flags and size are those of the packet's type.
func shaped(p packet) bool {
	switch {
	case p.kind == typeConnect:
		return probeConnect(p) > dissect.NotMine
	case p.kind == typeConnack:
		return p.flags == 0 && p.size >= 2 && p.size < 1024 && (len(p.body) == 0 || p.body[0] <= 1)
	case p.kind == typePublish:
		return p.flags>>1&3 != 3 && topicShaped(p)
	case p.kind == typePubrel:
		return p.flags&^8 == 2 && p.size >= 2 && p.size < 256
	case p.kind >= typePuback && p.kind <= typePubcomp:
		return p.flags == 0 && p.size >= 2 && p.size < 256
	case p.kind == typeSubscribe, p.kind == typeUnsubscribe:
		return p.flags&^8 == 2 && p.size >= 5 && (len(p.body) < p.size || filterShaped(p.body))
	case p.kind == typeSuback, p.kind == typeUnsuback:
		return p.flags == 0 && p.size >= 2 && p.size < 1024
	case p.kind == typePingreq, p.kind == typePingresp:
		return p.flags == 0 && p.size == 0
	case p.kind == typeDisconnect, p.kind == typeAuth:
		return p.flags == 0 && p.size < 1024
	}
	return false
}

// filterShaped reports whether a topic filter follows the packet identifier,
// with or without the properties of MQTT 5.0 between.
func filterShaped(r wire.Reader) bool {
	var (
		id     uint16
		filter wire.Reader
	)
	if !r.U16(&id) || id == 0 {
		return false
	}
	plain := r
	return plain.SubU16(&filter) && isText(filter) || properties(&r, nil) && r.SubU16(&filter) && isText(filter)
}

// isText reports whether b is a topic or filter: UTF-8, not empty, without
// control characters.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return len(b) > 0 && utf8.Valid(b)
}

// topicShaped reports whether a PUBLISH begins with a topic name (§4.7).
func topicShaped(p packet) bool {
	var n uint16
	r := p.body
	if !r.U16(&n) {
		return p.size > 2
	}
	if n == 0 || int(n)+2 > p.size {
		return false
	}
	topic := r[:min(r.Len(), int(n))]
	for i := range topic {
		if topic[i] < ' ' || topic[i] == 0x7f || topic[i] == '#' || topic[i] == '+' {
			return false
		}
	}
	return len(topic) < int(n) || utf8.Valid(topic)
}
