// Package stun reads STUN (RFC 8489) and the TURN messages that share its
// frame, over UDP and TCP: who asks to be seen from outside, and with which
// software. The media that follows on the same flow is not read.
package stun

import (
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.STUN,
		Over:     dissect.OverUDP | dissect.OverTCP,
		Ports:    []uint16{3478, 3479, 19302, 19305},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
	}
}

const (
	headerLen = 20
	cookie    = 0x2112a442 // RFC 8489 §5
	maxLen    = 2048
)

// header is the fixed part of a message.
type header struct {
	kind, length uint16
	cookie       uint32
}

func (h *header) read(r *wire.Reader) bool {
	return r.U16(&h.kind) && r.U16(&h.length) && r.U32(&h.cookie) && r.Skip(12)
}

// class takes the two bits of the class out of the type (§5, figure 3).
func (h *header) class() uint8 { return uint8(h.kind>>7&2 | h.kind>>4&1) }

func (h *header) method() uint16 { return h.kind>>2&0xf80 | h.kind>>1&0x70 | h.kind&0xf }

func probe(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	stream := h.Flow.Proto == packet.ProtoTCP
	if stream && h.Midway {
		return dissect.NotMine
	}
	var fixed header
	if !fixed.read(&r) {
		if stream && len(h.Data) < headerLen && h.Data[0] <= 3 {
			return dissect.More
		}
		return dissect.NotMine
	}
	if fixed.kind >= 0x4000 || fixed.kind == 0 || fixed.length%4 != 0 {
		return dissect.NotMine
	}
	if fixed.cookie == cookie {
		return dissect.Sure
	}
	// The form of RFC 3489 has no cookie: its attributes must fill it, and
	// there were no more than these types.
	if int(fixed.length) != r.Len() || stream {
		return dissect.NotMine
	}
	switch fixed.kind {
	case 0x0001, 0x0101, 0x0111, 0x0002, 0x0102, 0x0112:
	default:
		return dissect.NotMine
	}
	n, ok := attributes(r)
	switch {
	case ok && h.Hint:
		return dissect.Sure
	case ok && n > 0:
		return dissect.Likely
	}
	return dissect.NotMine
}

// attributes counts attributes and reports whether they fill r.
func attributes(r wire.Reader) (n int, ok bool) {
	var kind uint16
	var body wire.Reader
	for attribute(&r, &kind, &body) {
		n++
	}
	return n, r.Empty()
}

// attribute eats one attribute with its padding to four bytes.
func attribute(r *wire.Reader, kind *uint16, body *wire.Reader) bool {
	at := *r
	if !at.U16(kind) || !at.SubU16(body) {
		return false
	}
	at.Skip(min(at.Len(), -len(*body)&3))
	*r = at
	return true
}

var spare = sync.Pool{New: func() any { return new(observation.STUN) }}

// parser reads one flow and stops once both sides have said what they are;
// media follow, at many packets a second.
type parser struct{ told uint8 }

// maxTold is how many messages are observed.
const maxTold = 16

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	r := wire.Reader(data)
	var h header
	stream := c.Flow != nil && c.Flow.Proto == packet.ProtoTCP
	if !h.read(&r) {
		if stream {
			return 0
		}
		return len(data)
	}
	if h.kind >= 0x4000 || h.length > maxLen || int(h.length) > r.Len() {
		switch {
		case !stream: // media, or a cut message
			return len(data)
		case h.kind < 0x4000 && h.length <= maxLen && h.cookie == cookie:
			return 0
		}
		return dissect.Stop // framed channel data (RFC 8656 §12.4) or media
	}
	o := spare.Get().(*observation.STUN)
	defer spare.Put(o)
	*o = observation.STUN{Class: h.class(), Method: h.method()}
	read(c, r[:h.length], o)
	c.Emit(o)
	if p.told++; p.told == maxTold {
		return dissect.Stop
	}
	return headerLen + int(h.length)
}

func read(c *dissect.Context, r wire.Reader, o *observation.STUN) {
	const (
		mapped    = 0x0001
		realm     = 0x0014
		xorMapped = 0x0020
		software  = 0x8022
	)
	var kind uint16
	var body wire.Reader
	for attribute(&r, &kind, &body) {
		switch kind {
		case mapped:
			address(body, 0, o)
		case xorMapped:
			address(body, cookie, o)
		case realm:
			o.Realm = c.Text(body)
		case software:
			o.Software = c.Text(body)
		}
	}
}

// address reads a mapped address (§14.1, §14.2). IPv6 ones are XORed with the
// transaction too, and left out.
func address(r wire.Reader, mask uint32, o *observation.STUN) {
	const ipv4 = 1
	var family uint8
	var port uint16
	var ip uint32
	if !r.Skip(1) || !r.U8(&family) || family != ipv4 || !r.U16(&port) || !r.U32(&ip) {
		return
	}
	ip ^= mask
	o.MappedPort = port ^ uint16(mask>>16)
	o.Mapped = netid.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)})
}
