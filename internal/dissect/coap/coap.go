// Package coap reads the Constrained Application Protocol over UDP (RFC 7252):
// what is asked for, what is answered, and the resources that devices say they
// have (RFC 6690). Other payloads are not looked at.
package coap

import (
	"bytes"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/patient"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.CoAP,
		Over:     dissect.OverUDP,
		Ports:    []uint16{5683},
		First:    func(b byte) bool { return b>>6 == version },
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
	}
}

// Option numbers (§5.10, RFC 7641, RFC 7959).
const (
	optHost          = 3
	optObserve       = 6
	optPath          = 11
	optContentFormat = 12
	optQuery         = 15
	optProxyURI      = 35
	optProxyScheme   = 39
)

// longest is the longest value of each option that is registered, plus one: 0
// stands for options that are not.
var longest = [...]uint16{
	1: 9, 3: 256, 4: 9, 5: 1, 6: 4, 7: 3, 8: 256, 9: 256, 11: 256, 12: 3, 13: 3, 14: 5, 15: 256, 16: 2, 17: 3, 19: 4, 20: 256,
	21: 41, 23: 4, 27: 4, 28: 5, 31: 4, 35: 1035, 39: 256, 60: 5,
}

const (
	version  = 1
	maxToken = 8
	// maxOptions bounds the options of a message that are read.
	maxOptions     = 32
	formatLinks    = 40 // application/link-format
	noFormat       = -1
	emptyMessage   = 0
	payloadMark    = 0xff
	nonConfirmable = 1  // message type
	firstResponse  = 32 // code
)

// message is the header; rest holds options and payload.
type message struct {
	kind   uint8
	code   observation.CoAPCode
	tokens int
	rest   wire.Reader
}

func readMessage(data []byte) (m message, ok bool) {
	var (
		first uint8
		id    uint16
	)
	r := wire.Reader(data)
	if !r.U8(&first) || first>>6 != version || !r.U8((*uint8)(&m.code)) || !r.U16(&id) {
		return m, false
	}
	m.kind, m.tokens = first>>4&3, int(first&15)
	if m.tokens > maxToken || !r.Skip(m.tokens) {
		return m, false
	}
	m.rest = r
	return m, known(m.code)
}

// known reports whether a code is assigned.
func known(c observation.CoAPCode) bool {
	class, detail := c>>5, c&31
	switch class {
	case 0:
		return detail <= 7
	case 2:
		return detail >= 1 && detail <= 5 || detail == 31
	case 4:
		return detail <= 6 || detail == 8 || detail == 9 || detail == 12 || detail == 13 || detail == 15 || detail == 22 || detail == 29
	case 5:
		return detail <= 5 || detail == 8
	}
	return false
}

// option eats one option; done is true at the end or at the payload.
func option(r *wire.Reader, number *uint32, value *wire.Reader) (done, ok bool) {
	var head uint8
	if !r.U8(&head) {
		return true, true
	}
	if head == payloadMark {
		return true, !r.Empty() // a mark without a payload is an error (§3)
	}
	delta, ok1 := extended(r, head>>4)
	length, ok2 := extended(r, head&15)
	if !ok1 || !ok2 || !r.Sub(value, int(length)) {
		return false, false
	}
	*number += delta
	return false, true
}

func extended(r *wire.Reader, nibble uint8) (uint32, bool) {
	var (
		n8  uint8
		n16 uint16
	)
	switch nibble {
	case 13:
		ok := r.U8(&n8)
		return uint32(n8) + 13, ok
	case 14:
		ok := r.U16(&n16)
		return uint32(n16) + 269, ok
	case 15:
		return 0, false
	}
	return uint32(nibble), true
}

// probe follows the options to their end: all must be registered and no longer
// than they may be. Beyond CoAP's port only a request with a path is believed,
// for a short message of anything may have options that chance allows.
func probe(h *dissect.Head) dissect.Verdict {
	v := judge(h)
	if v == dissect.NotMine && h.Hint && isDraft(h.Data) {
		return dissect.Likely
	}
	return v
}

func judge(h *dissect.Head) dissect.Verdict {
	m, ok := readMessage(h.Data)
	switch {
	case !ok:
		return dissect.NotMine
	case m.code == emptyMessage:
		if m.tokens != 0 || !m.rest.Empty() || m.kind == nonConfirmable {
			return dissect.NotMine
		}
		if h.Hint {
			return dissect.Likely
		}
		return dissect.More
	}
	path, ok := wellFormed(m.rest)
	switch {
	case !ok:
		return dissect.NotMine
	case h.Hint:
		return dissect.Sure
	case m.code < firstResponse && path:
		return dissect.Likely
	}
	return dissect.More
}

// wellFormed reports whether the options end as they should and are all
// registered, and whether a path is among them.
func wellFormed(r wire.Reader) (path, ok bool) {
	var (
		number uint32
		value  wire.Reader
	)
	for range maxOptions {
		done, ok := option(&r, &number, &value)
		switch {
		case !ok || !done && !registered(number, value):
			return path, false
		case done:
			return path, true
		}
		path = path || number == optPath
	}
	return path, false
}

// isDraft reports whether data is a request of the drafts before the RFC (up
// to draft-ietf-core-coap-12 §3), which some devices never left: a count of
// options instead of the token's length, and no mark before the payload. It is
// recognised, not read.
func isDraft(data []byte) bool {
	var (
		first, code, head, more uint8
		r                       = wire.Reader(data)
	)
	if !r.U8(&first) || first>>6 != version || first&15 == 0 || !r.U8(&code) || code == 0 || code > 4 || !r.Skip(2) {
		return false
	}
	number, path := uint8(0), false
	for range first & 15 {
		if !r.U8(&head) {
			return false
		}
		number += head >> 4
		length := int(head & 15)
		if length == 15 {
			if !r.U8(&more) {
				return false
			}
			length += int(more)
		}
		var value wire.Reader
		if number > draftHighest || !r.Sub(&value, length) || number == draftPath && !printable(value) {
			return false
		}
		path = path || number == draftPath
	}
	return path
}

// Option numbers of the drafts.
const (
	draftPath    = 9
	draftHighest = 21
)

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// registered reports whether an option is a known one. Numbers from 2048 are
// for whoever registers them, and are let pass (§12.2).
func registered(number uint32, value []byte) bool {
	switch {
	case number >= 2048:
		return true
	case number >= uint32(len(longest)) || len(value) >= int(longest[number]):
		return false
	case number == optPath, number == optHost, number == optQuery:
		return printable(value)
	}
	return true
}

type parser struct {
	request  observation.CoAPRequest
	response observation.CoAPResponse
	links    observation.CoAPLinks
	path     []byte
	scratch  []byte
}

// Parse implements dissect.Parser: one datagram.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	m, ok := readMessage(data)
	if !ok || m.code == emptyMessage {
		return len(data)
	}
	if _, ok := wellFormed(m.rest); !ok {
		return len(data)
	}
	p.path = p.path[:0]
	p.request = observation.CoAPRequest{Method: m.code}
	p.response = observation.CoAPResponse{Code: m.code, Format: noFormat}
	var (
		number uint32
		value  wire.Reader
		done   bool
	)
	for !done {
		if done, ok = option(&m.rest, &number, &value); !ok {
			return len(data)
		}
		if !done {
			p.option(c, number, value)
		}
	}
	if m.code < firstResponse {
		p.scratch = patient.AppendPath(c, p.scratch[:0], p.path)
		p.request.Path = c.Text(p.scratch)
		c.Emit(&p.request)
	} else {
		c.Emit(&p.response)
	}
	if p.response.Format == formatLinks && done {
		p.readLinks(c, m.rest)
	}
	return len(data)
}

func (p *parser) option(c *dissect.Context, number uint32, value []byte) {
	switch number {
	case optHost:
		p.request.Host = c.Text(value)
	case optObserve:
		p.request.Observe = len(value) == 0 // 0 registers, 1 deregisters
	case optPath:
		if len(p.path) < observation.MaxValue {
			p.path = append(append(p.path, '/'), value...)
		}
	case optContentFormat:
		p.response.Format = 0
		for _, b := range value[:min(len(value), 2)] {
			p.response.Format = p.response.Format<<8 | int32(b)
		}
	case optQuery:
		if ep, ok := bytes.CutPrefix(value, []byte("ep=")); ok {
			p.request.Endpoint = c.Text(ep)
		}
	case optProxyURI, optProxyScheme:
		p.request.Proxied = true
	}
}
