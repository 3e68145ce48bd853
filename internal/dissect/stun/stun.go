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
		First:    func(b byte) bool { return b < 0x40 },
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
	}
}

const (
	headerLen = 20
	framing   = 2          // length before a message, RFC 4571 §2
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
	if h.Flow.Proto == packet.ProtoTCP {
		return probeStream(h)
	}
	r := wire.Reader(h.Data)
	var fixed header
	if !fixed.read(&r) || fixed.kind >= 0x4000 || fixed.kind == 0 {
		return dissect.NotMine
	}
	if fixed.cookie == cookie {
		return dissect.Sure // also if the length is no multiple of four, as Teams sends it
	}
	// The form of RFC 3489 has no cookie: its attributes must fill it, and
	// there were no more than these types.
	switch fixed.kind {
	case 0x0001, 0x0101, 0x0111, 0x0002, 0x0102, 0x0112:
	default:
		return dissect.NotMine
	}
	n, ok := attributes(r)
	switch {
	case int(fixed.length) != r.Len() || !ok:
		return dissect.NotMine
	case h.Hint:
		return dissect.Sure
	case n > 0:
		return dissect.Likely
	}
	return dissect.NotMine
}

func probeStream(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	var fixed header
	switch {
	case h.Midway || h.Data[0] >= 0x40:
		return dissect.NotMine
	case len(h.Data) < framing+headerLen:
		if h.Data[0] <= 3 {
			return dissect.More
		}
		return dissect.NotMine
	case framed(r):
		return dissect.Sure
	case fixed.read(&r) && fixed.cookie == cookie:
		return dissect.Sure
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
	if c.Flow != nil && c.Flow.Proto == packet.ProtoTCP {
		return p.stream(c, data)
	}
	r := wire.Reader(data)
	var h header
	switch {
	case isDTLS(data):
		// Keys for media are agreed on beside the STUN messages; from here on
		// the flow is theirs (RFC 7983).
		c.Refine(cordon.DTLS, dissect.Likely)
		return dissect.Stop
	case h.read(&r) && h.kind < 0x4000 && h.length <= maxLen && int(h.length) <= r.Len():
		return p.tell(c, &h, r[:h.length], len(data))
	}
	return len(data) // media, or a cut message
}

// stream reads a message over TCP, which may stand behind its length as media
// do (RFC 4571).
func (p *parser) stream(c *dissect.Context, data []byte) int {
	r := wire.Reader(data)
	if len(r) < framing+headerLen {
		return 0
	}
	if framed(r) {
		r.Skip(framing)
	}
	before := len(data) - len(r)
	var h header
	switch {
	case !h.read(&r) || h.kind >= 0x4000 || h.cookie != cookie || h.length > maxLen:
		return dissect.Stop // channel data (RFC 8656 §12.4) or media
	case int(h.length) > r.Len():
		return 0
	}
	return p.tell(c, &h, r[:h.length], before+headerLen+int(h.length))
}

// tell emits one message and returns ate, or Stop after enough of them.
func (p *parser) tell(c *dissect.Context, h *header, attributes wire.Reader, ate int) int {
	o := spare.Get().(*observation.STUN)
	defer spare.Put(o)
	*o = observation.STUN{Class: h.class(), Method: h.method()}
	read(c, attributes, o)
	c.Emit(o)
	if p.told++; p.told == maxTold {
		return dissect.Stop
	}
	return ate
}

// isDTLS reports whether a datagram is a DTLS record (RFC 7983 §7, RFC 6347
// §4.1).
func isDTLS(b []byte) bool {
	return len(b) > 13 && b[0] >= 20 && b[0] <= 63 && b[1] == 0xfe && (b[2] == 0xff || b[2] == 0xfd)
}

// framed reports whether a message with the cookie stands behind two bytes of
// length.
func framed(r wire.Reader) bool {
	var n uint16
	var h header
	return r.U16(&n) && h.read(&r) && h.cookie == cookie && int(n) == headerLen+int(h.length)
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
