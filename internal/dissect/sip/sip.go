// Package sip reads the session initiation protocol (RFC 3261) over UDP and
// TCP: phones, nurse call gateways and exchanges, with their software. What is
// said in the calls is not read.
package sip

import (
	"bytes"
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.SIP,
		Over:     dissect.OverUDP | dissect.OverTCP,
		Ports:    []uint16{5060, 5080},
		First:    func(b byte) bool { return b >= 'A' && b <= 'Z' || b == '\r' || b == '\n' || b == 0 },
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
		Window:   maxHead + 1,
	}
}

const (
	maxHead    = 16 << 10 // start line and headers of a message over TCP
	maxHeaders = 64
	maxLine    = 512 // of the start line
)

var version = []byte("SIP/2.0")

// methods of RFC 3261 and its extensions (IANA "SIP Parameters").
var methods = [...]string{
	"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO", "REFER", "MESSAGE", "UPDATE",
}

// startLine reads "INVITE sip:a@b SIP/2.0" or "SIP/2.0 200 OK". method is nil
// for a response.
func startLine(data []byte) (method []byte, status int, ok bool) {
	if after, isResponse := bytes.CutPrefix(data, version); isResponse {
		if len(after) < 4 || after[0] != ' ' {
			return nil, 0, false
		}
		for _, ch := range after[1:4] {
			if ch < '0' || ch > '9' {
				return nil, 0, false
			}
			status = status*10 + int(ch-'0')
		}
		return nil, status, status >= 100
	}
	if len(data) == 0 || data[0] < 'A' || data[0] > 'Z' {
		return nil, 0, false
	}
	for _, m := range methods {
		uri, found := bytes.CutPrefix(data, []byte(m))
		if !found || len(uri) < 5 || uri[0] != ' ' {
			continue
		}
		uri = uri[1:min(len(uri), maxLine)]
		if bytes.HasPrefix(uri, []byte("sip:")) || bytes.HasPrefix(uri, []byte("sips:")) || bytes.HasPrefix(uri, []byte("tel:")) {
			return data[:len(m)], 0, true
		}
	}
	return nil, 0, false
}

func probe(h *dissect.Head) dissect.Verdict {
	stream := h.Flow.Proto == packet.ProtoTCP
	if _, _, ok := startLine(h.Data); ok {
		return dissect.Sure
	}
	if stream && len(h.Data) < 16 && couldStart(h.Data) {
		return dissect.More
	}
	// Between messages, clients keep the path open with empty lines or zeros
	// (RFC 5626 §3.5.1).
	if h.Hint && len(h.Data) <= 4 && len(bytes.Trim(h.Data, "\r\n\x00")) == 0 {
		return dissect.More
	}
	return dissect.NotMine
}

// couldStart reports whether b is the beginning of a start line.
func couldStart(b []byte) bool {
	if bytes.HasPrefix(version, b) {
		return true
	}
	for _, m := range methods {
		if head := b[:min(len(b), len(m))]; string(head) == m[:len(head)] {
			return true
		}
	}
	return false
}

var spare = sync.Pool{New: func() any { return new(observation.SIP) }}

// parser keeps nothing between messages.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	if c.Flow == nil || c.Flow.Proto != packet.ProtoTCP {
		message(c, data)
		return len(data)
	}
	if blank := len(data) - len(bytes.TrimLeft(data, "\r\n\x00")); blank > 0 {
		return blank
	}
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		return 0
	}
	n, ok := message(c, data[:end+2])
	if !ok {
		return dissect.Stop
	}
	return end + 4 + n
}

// message reads start line and headers, and returns the length of the body
// that follows, in bytes.
func message(c *dissect.Context, data []byte) (body int, ok bool) {
	method, status, ok := startLine(data)
	if !ok {
		return 0, false
	}
	o := spare.Get().(*observation.SIP)
	defer spare.Put(o)
	*o = observation.SIP{Method: c.Text(method), Status: status}
	r := wire.Reader(data)
	var line []byte
	r.Until(&line, '\n')
	for range maxHeaders {
		if !r.Until(&line, '\n') {
			break
		}
		name, value, found := bytes.Cut(line, []byte{':'})
		if !found {
			break // the empty line before the body
		}
		header(c, o, bytes.TrimSpace(name), bytes.TrimSpace(value), &body)
	}
	c.Emit(o)
	return body, true
}

// header reads one header, by its long or its compact name (§7.3.3).
func header(c *dissect.Context, o *observation.SIP, name, value []byte, body *int) {
	switch {
	case is(name, "user-agent"):
		o.UserAgent = c.Text(value)
	case is(name, "server"):
		o.Server = c.Text(value)
	case is(name, "from"), is(name, "f"):
		o.From = c.Text(uri(value))
	case is(name, "to"), is(name, "t"):
		o.To = c.Text(uri(value))
	case is(name, "contact"), is(name, "m"):
		o.Contact = c.Text(uri(value))
	case is(name, "cseq"):
		if i := bytes.IndexByte(value, ' '); i >= 0 && o.Method == "" {
			o.Method = c.Text(value[i+1:])
		}
	case is(name, "authorization"), is(name, "proxy-authorization"):
		o.Basic = o.Basic || len(value) > 6 && is(value[:6], "basic ")
	case is(name, "content-length"), is(name, "l"):
		*body = length(value)
	}
}

// uri returns the address in `"Name" <sip:a@b;x>;tag=1`, without parameters.
func uri(b []byte) []byte {
	if _, after, ok := bytes.Cut(b, []byte{'<'}); ok {
		b, _, _ = bytes.Cut(after, []byte{'>'})
	}
	b, _, _ = bytes.Cut(b, []byte{';'})
	return b
}

// length reads a decimal number of at most 7 digits, else 0.
func length(b []byte) int {
	n := 0
	if len(b) > 7 {
		return 0
	}
	for _, ch := range b {
		if ch < '0' || ch > '9' {
			return 0
		}
		n = n*10 + int(ch-'0')
	}
	return n
}

// is reports whether name is want, which is in lower case.
func is(name []byte, want string) bool {
	if len(name) != len(want) {
		return false
	}
	for i, ch := range name {
		if 'A' <= ch && ch <= 'Z' {
			ch += 'a' - 'A'
		}
		if ch != want[i] {
			return false
		}
	}
	return true
}
