// Package ldap reads LDAP (RFC 4511) over TCP, and over UDP as clients of
// Active Directory use it: who signs in and how, what is searched, and what a
// server says of itself. After StartTLS it hands over to package tls. Values of
// entries other than the root are not kept, passwords never.
package ldap

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/ber"
	"github.com/cordonhq/cordon/internal/dissect/tls"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row for TCP.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.LDAP,
		Over:     dissect.OverTCP,
		Ports:    []uint16{389, 3268},
		First:    func(b byte) bool { return b == byte(ber.Sequence) },
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   window,
	}
}

// Datagram returns the row for UDP.
func Datagram() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.LDAP,
		Over:     dissect.OverUDP,
		Ports:    []uint16{389},
		First:    func(b byte) bool { return b == byte(ber.Sequence) },
		Probe:    probe,
		New:      func() dissect.Parser { return &parser{datagrams: true} },
	}
}

// window is the longest message that is read, in bytes. Longer ones, which hold
// values, are passed over. What follows StartTLS may need as much.
const window = 32 << 10

// Operations (RFC 4511 §4.1.1).
const (
	bindRequest      = 0
	bindResponse     = 1
	unbindRequest    = 2
	searchRequest    = 3
	searchEntry      = 4
	searchDone       = 5
	modifyRequest    = 6
	modifyResponse   = 7
	addRequest       = 8
	addResponse      = 9
	deleteRequest    = 10
	deleteResponse   = 11
	renameRequest    = 12
	renameResponse   = 13
	compareRequest   = 14
	compareResponse  = 15
	abandonRequest   = 16
	searchReference  = 19
	extendedRequest  = 23
	extendedResponse = 24
	intermediate     = 25
)

// primitive are the operations whose body is one value.
const primitive = 1<<unbindRequest | 1<<deleteRequest | 1<<abandonRequest

const operations = 1<<bindRequest | 1<<bindResponse | 1<<unbindRequest | 1<<searchRequest | 1<<searchEntry | 1<<searchDone |
	1<<modifyRequest | 1<<modifyResponse | 1<<addRequest | 1<<addResponse | 1<<deleteRequest | 1<<deleteResponse |
	1<<renameRequest | 1<<renameResponse | 1<<compareRequest | 1<<compareResponse | 1<<abandonRequest |
	1<<searchReference | 1<<extendedRequest | 1<<extendedResponse | 1<<intermediate

// operation returns which operation a tag stands for.
func operation(tag ber.Tag) (op uint8, ok bool) {
	const application, constructed = 0x40, 0x20
	op = uint8(tag) & 0x1f
	if tag&0xc0 != application || operations>>op&1 == 0 {
		return 0, false
	}
	return op, (tag&constructed == 0) == (primitive>>op&1 == 1)
}

// readEnvelope eats the beginning of a message up to its operation's header.
// length is that of the whole message.
func readEnvelope(b []byte) (op uint8, body wire.Reader, length int, ok bool) {
	r := wire.Reader(b)
	var tag ber.Tag
	var n, opLen int
	var id int64
	if !ber.Header(&r, &tag, &n) || tag != ber.Sequence {
		return 0, nil, 0, false
	}
	start := len(b) - r.Len()
	length = start + n
	if !ber.Int(&r, ber.Integer, &id) || id < 0 || id > 1<<31-1 || !ber.Header(&r, &tag, &opLen) {
		return 0, nil, length, false
	}
	op, ok = operation(tag)
	if at := len(b) - r.Len(); at+opLen > length {
		return 0, nil, length, false
	}
	return op, r[:min(r.Len(), opLen)], length, ok
}

// probe wants a message's envelope, and a datagram or a stream that goes on as
// it says.
func probe(h *dissect.Head) dissect.Verdict {
	const envelopeLen = 20
	b := h.Data
	if b[0] != byte(ber.Sequence) {
		return dissect.NotMine
	}
	_, _, length, ok := readEnvelope(b)
	switch {
	case !ok && len(b) < envelopeLen && (length == 0 || length > len(b)):
		return dissect.More
	case !ok:
		return dissect.NotMine
	case length < len(b) && b[length] != byte(ber.Sequence):
		return dissect.NotMine
	case length > window && !h.Hint:
		return dissect.Weak
	default:
		return dissect.Sure
	}
}

// parser reads one connection, or the datagrams between two ports.
type parser struct {
	datagrams bool
	startTLS  bool           // asked for
	inner     dissect.Parser // once it was granted
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	switch {
	case p.inner != nil:
		return p.inner.Parse(c, data)
	case !p.datagrams:
		return p.message(c, data)
	}
	for len(data) > 0 {
		n := p.message(c, data)
		if n <= 0 || n > len(data) {
			break
		}
		data = data[n:]
	}
	return 0
}

// message reads the message at the head of data and returns its length, 0 for
// more bytes, or dissect.Stop if there is none.
func (p *parser) message(c *dissect.Context, data []byte) int {
	const headerLen = 6
	if len(data) < headerLen {
		return 0
	}
	r := wire.Reader(data)
	var tag ber.Tag
	var n int
	if !ber.Header(&r, &tag, &n) || tag != ber.Sequence {
		return dissect.Stop // a security layer of SASL, or none of ours
	}
	length := len(data) - r.Len() + n
	if length > window/2 {
		return length
	}
	if length > len(data) {
		return 0
	}
	if op, body, _, ok := readEnvelope(data[:length]); ok {
		p.operation(c, op, body)
	}
	return length
}

func (p *parser) operation(c *dissect.Context, op uint8, body wire.Reader) {
	switch op {
	case bindRequest:
		bind(c, body)
	case searchRequest:
		search(c, body)
	case searchEntry:
		entry(c, body)
	case extendedRequest:
		var name wire.Reader
		p.startTLS = ber.Expect(&body, ber.Context(0), &name) && string(name) == startTLS
	case bindResponse, searchDone, modifyResponse, addResponse, deleteResponse, renameResponse, compareResponse, extendedResponse:
		p.result(c, op, body)
	}
}

// startTLS is the operation of RFC 4511 §4.14.
const startTLS = "1.3.6.1.4.1.1466.20037"

// result reads an LDAPResult (RFC 4511 §4.1.9).
func (p *parser) result(c *dissect.Context, op uint8, body wire.Reader) {
	const inProgress, compareFalse, compareTrue = 14, 5, 6
	var code int64
	if !ber.Int(&body, ber.Enumerated, &code) {
		return
	}
	if op == bindResponse {
		token(c, body)
	}
	if op == extendedResponse && code == 0 && p.startTLS {
		p.inner = tls.New()
		return
	}
	if code == inProgress || code == compareFalse || code == compareTrue || code == 0 && op != bindResponse {
		return
	}
	c.Emit(&observation.LDAPResult{Operation: op, Code: int(code)})
}
