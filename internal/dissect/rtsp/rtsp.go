// Package rtsp reads RTSP (RFC 2326, RFC 7826), by which cameras and media
// servers are asked for streams: what both sides say they are, and sign-ins.
// Media that is interleaved is passed over; addresses of streams and passwords
// are not kept.
package rtsp

import (
	"bytes"
	"encoding/base64"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/line"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.RTSP,
		Over:     dissect.OverTCP,
		Ports:    []uint16{554, 8554},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   window,
	}
}

// window is the longest head of a message, in bytes.
const window = 8 << 10

// methods are those of RFC 2326 §10 and RFC 7826 §13.
var methods = [...]string{
	"OPTIONS", "DESCRIBE", "ANNOUNCE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER", "REDIRECT", "RECORD", "PLAY_NOTIFY",
}

// isMethod returns the method that word is.
func isMethod(word []byte) (string, bool) {
	for _, m := range methods {
		if string(word) == m {
			return m, true
		}
	}
	return "", false
}

// probe wants a request line or a status line. The other protocols with such
// lines name their own versions.
func probe(h *dissect.Head) dissect.Verdict {
	const status, longestMethod, versionLen = "RTSP/", 14, 3
	b := h.Data
	if n := min(len(b), len(status)); string(b[:n]) == status[:n] {
		if n < len(status) {
			return dissect.More
		}
		return dissect.Sure
	}
	word, _, spaced := bytes.Cut(b[:min(len(b), longestMethod)], []byte(" "))
	if !spaced {
		for _, m := range methods {
			if len(word) < len(m) && string(word) == m[:len(word)] {
				return dissect.More
			}
		}
		return dissect.NotMine
	}
	if _, ok := isMethod(word); !ok {
		return dissect.NotMine
	}
	text, n := line.Next(b)
	switch {
	case n == 0:
		return dissect.More
	case n < 0 || len(text) < len(status)+versionLen:
		return dissect.NotMine
	}
	if end := text[len(text)-len(status)-versionLen:]; bytes.HasPrefix(end, []byte(status)) {
		return dissect.Sure
	}
	return dissect.NotMine
}

// parser reads one connection.
type parser struct {
	request  observation.RTSPRequest
	response observation.RTSPResponse
}

// interleaved begins a packet of media (RFC 2326 §10.12): a channel and a
// length of 16 bits follow.
const (
	interleaved    = '$'
	interleavedLen = 4
)

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	if data[0] == interleaved {
		if len(data) < interleavedLen {
			return 0
		}
		return interleavedLen + int(data[2])<<8 + int(data[3])
	}
	if data[0] == '\r' || data[0] == '\n' { // between messages
		return 1
	}
	m, n := readHead(data)
	if n <= 0 {
		return n
	}
	if bytes.HasPrefix(m.first, []byte("RTSP/")) {
		p.answer(c, &m)
	} else if method, ok := isMethod(m.verb()); ok {
		p.ask(c, &m, method)
	} else {
		return dissect.Stop
	}
	return n + m.length
}

// head is the first line of a message and the fields of its head that matter.
type head struct {
	first         []byte
	agent, server []byte
	authorization []byte
	challenge     []byte
	length        int // of the body
}

func (m *head) verb() []byte {
	word, _ := line.Word(m.first)
	return word
}

// readHead reads a head up to its empty line. n is its length, 0 if it has not
// arrived, negative if it is none.
func readHead(data []byte) (m head, n int) {
	for first := true; ; first = false {
		text, size := line.Next(data[n:])
		if size <= 0 {
			return m, size
		}
		n += size
		switch {
		case first:
			m.first = text
		case len(text) == 0:
			return m, n
		default:
			m.field(text)
		}
	}
}

func (m *head) field(text []byte) {
	name, value, _ := bytes.Cut(text, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case line.EqualFold(name, "USER-AGENT"):
		m.agent = value
	case line.EqualFold(name, "SERVER"):
		m.server = value
	case line.EqualFold(name, "AUTHORIZATION"):
		m.authorization = value
	case line.EqualFold(name, "WWW-AUTHENTICATE") && m.challenge == nil:
		m.challenge = value
	case line.EqualFold(name, "CONTENT-LENGTH"):
		m.length = number(value)
	}
}

// number reads a length; what is none, or out of all measure, is 0.
func number(b []byte) (n int) {
	const most = 8
	if len(b) > most {
		return 0
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func (p *parser) ask(c *dissect.Context, m *head, method string) {
	p.request = observation.RTSPRequest{Method: method, UserAgent: c.Text(m.agent)}
	scheme, rest := line.Word(m.authorization)
	switch {
	case line.EqualFold(scheme, "BASIC"):
		p.request.Scheme = "Basic"
		p.request.User = c.Pseudonym(bytes.ToLower(basicUser(rest)))
	case line.EqualFold(scheme, "DIGEST"):
		p.request.Scheme = "Digest"
		p.request.User = c.Pseudonym(bytes.ToLower(parameter(rest, "username")))
	}
	c.Emit(&p.request)
}

func (p *parser) answer(c *dissect.Context, m *head) {
	_, rest := line.Word(m.first)
	code, _, _ := line.Code(rest)
	p.response = observation.RTSPResponse{Status: code, Server: c.Text(m.server), Realm: c.Text(parameter(m.challenge, "realm"))}
	c.Emit(&p.response)
}

// basicUser returns the name before the colon of a Basic sign-in (RFC 7617).
func basicUser(encoded []byte) []byte {
	const longest = 256
	var room [longest]byte
	encoded = encoded[:min(len(encoded), longest)]
	n, _ := base64.StdEncoding.Decode(room[:], encoded)
	user, _, _ := bytes.Cut(room[:n], []byte(":"))
	return bytes.Clone(user)
}

// parameter returns the value of name="value", or nil.
func parameter(b []byte, name string) []byte {
	_, rest, ok := bytes.Cut(b, []byte(name+`="`))
	if !ok {
		return nil
	}
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return value
}
