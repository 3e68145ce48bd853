// Package rdp reads the beginning of remote desktop connections (MS-RDPBCGR):
// what client and server agree on, and the client's name where they use RDP's
// own security. Where they use TLS it hands over to package tls, whose
// certificate names the server. User names leave it as pseudonyms.
package rdp

import (
	"bytes"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/tls"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.RDP,
		Over:     dissect.OverTCP,
		Ports:    []uint16{3389},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   32 << 10, // for the certificates behind the negotiation
	}
}

const (
	tpktLen = 4
	// Types of X.224 TPDUs in the upper half of the code (X.224 §13.3 to §13.7).
	connectRequest = 0xe0
	connectConfirm = 0xd0
	data           = 0xf0
	// Types of the negotiation in a request or confirm
	// (MS-RDPBCGR §2.2.1.1.1, §2.2.1.2.1, §2.2.1.2.2).
	negotiationRequest  = 1
	negotiationResponse = 2
	negotiationFailure  = 3
	negotiationLen      = 8
)

// tpdu is an X.224 TPDU in a TPKT packet (RFC 1006 §6).
type tpdu struct {
	code uint8
	// variable is what follows the fixed part of a request or confirm, or the
	// user data of a data TPDU.
	variable wire.Reader
}

// readTPDU eats one packet. need is true if the bytes may become one.
func readTPDU(r *wire.Reader) (t tpdu, ok, need bool) {
	at := *r
	var version, reserved, header uint8
	var length uint16
	var body wire.Reader
	if !at.U8(&version) || !at.U8(&reserved) || !at.U16(&length) {
		return t, false, version == 3 || at.Empty()
	}
	if version != 3 || reserved != 0 || length < 7 {
		return t, false, false
	}
	if !at.Sub(&body, int(length)-tpktLen) {
		return t, false, true
	}
	if !body.U8(&header) || !body.U8(&t.code) {
		return t, false, false
	}
	t.code &= 0xf0
	switch t.code {
	case connectRequest, connectConfirm:
		// Two references and the class; the header's length covers the rest.
		if int(header) != body.Len()+1 || !body.Skip(5) {
			return t, false, false
		}
	case data:
		if header != 2 || !body.Skip(1) {
			return t, false, false
		}
	}
	t.variable = body
	*r = at
	return t, true, false
}

// negotiation returns the cookie of a request, if it begins with one, and the
// type and value of the negotiation that follows.
func negotiation(v wire.Reader) (line []byte, kind uint8, value uint32) {
	if bytes.HasPrefix(v, []byte("Cookie: ")) {
		end := bytes.Index(v, []byte("\r\n"))
		if end < 0 {
			return v, 0, 0
		}
		line, v = v[:end], v[end+2:]
	}
	var length uint16
	if !v.U8(&kind) || !v.Skip(1) || !v.LE16(&length) || !v.LE32(&value) ||
		length != negotiationLen || kind < negotiationRequest || kind > negotiationFailure {
		return line, 0, 0
	}
	return line, kind, value
}

var (
	cookie      = []byte("Cookie: mstshash=")
	otherCookie = []byte("Cookie: msts=") // a routing token
)

// probe tells RDP from the other protocols over TPKT, S7 and H.323 among them,
// by its cookie and its negotiation. A request or confirm without either must
// be on RDP's port.
func probe(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	t, ok, need := readTPDU(&r)
	switch {
	case need:
		return dissect.More
	case !ok || t.code != connectRequest && t.code != connectConfirm:
		return dissect.NotMine
	}
	line, kind, _ := negotiation(t.variable)
	switch {
	case bytes.HasPrefix(line, cookie) || bytes.HasPrefix(line, otherCookie):
		return dissect.Sure
	case kind == negotiationRequest && t.code == connectRequest, kind > negotiationRequest && t.code == connectConfirm:
		return dissect.Sure
	case h.Hint && len(t.variable) == 0:
		return dissect.Likely
	default:
		return dissect.NotMine
	}
}

// parser reads one connection.
type parser struct {
	inner dissect.Parser // once both sides speak TLS
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	if p.inner != nil {
		return p.inner.Parse(c, data)
	}
	r := wire.Reader(data)
	t, ok, need := readTPDU(&r)
	switch {
	case need:
		return 0
	case !ok:
		return dissect.Stop
	}
	switch t.code {
	case connectRequest:
		request(c, t.variable)
	case connectConfirm:
		if p.confirm(c, t.variable) {
			return dissect.Stop
		}
	default:
		// Of what follows only the client's first message is in the clear.
		if client(c, t.variable) {
			return dissect.Stop
		}
	}
	return len(data) - r.Len()
}

func request(c *dissect.Context, v wire.Reader) {
	o := &observation.RDPRequest{}
	line, _, protocols := negotiation(v)
	o.Protocols = protocols
	if name, ok := bytes.CutPrefix(line, cookie); ok {
		o.User = c.Pseudonym(bytes.ToLower(name))
	}
	c.Emit(o)
}

// confirm reports whether the server refused.
func (p *parser) confirm(c *dissect.Context, v wire.Reader) (refused bool) {
	_, kind, value := negotiation(v)
	if kind == negotiationFailure {
		c.Emit(&observation.RDPResponse{Failure: value})
		return true
	}
	c.Emit(&observation.RDPResponse{Selected: value})
	if value != 0 {
		p.inner = tls.New()
	}
	return false
}
