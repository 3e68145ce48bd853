// Package wsd reads WS-Discovery over UDP (OASIS WS-Discovery 1.1), by which
// printers, cameras, Windows hosts and medical devices of the IEEE 11073 SDC
// family say what they are. It scans the XML for the few elements that matter
// and validates nothing.
package wsd

import (
	"bytes"
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.WSD,
		Over:     dissect.OverUDP,
		Ports:    []uint16{3702},
		First:    func(b byte) bool { return b == '<' || b <= ' ' || b == 0xef },
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
	}
}

// Bounds of what is kept of one message.
const (
	maxTypes  = 8
	maxScopes = 32
	maxXAddrs = 8
)

var (
	envelope = []byte("Envelope")
	// namespaces of the draft and of the standard.
	draft    = []byte("schemas.xmlsoap.org/ws/2005/04/discovery")
	standard = []byte("docs.oasis-open.org/ws-dd/ns/discovery/2009/01")
)

func probe(h *dissect.Head) dissect.Verdict {
	head := bytes.TrimLeft(bytes.TrimPrefix(h.Data, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case len(head) == 0 || head[0] != '<' || !bytes.Contains(head, envelope):
		return dissect.NotMine
	case bytes.Contains(head, draft), bytes.Contains(head, standard):
		return dissect.Sure
	case h.Hint:
		return dissect.Likely
	}
	return dissect.NotMine
}

// decoder turns messages into one observation that it reuses.
type decoder struct {
	o    observation.WSD
	text []byte
}

var spare = sync.Pool{New: func() any {
	return &decoder{
		o: observation.WSD{
			Types:  make([]observation.WSDType, 0, maxTypes),
			Scopes: make([]string, 0, maxScopes),
			XAddrs: make([]string, 0, maxXAddrs),
		},
		text: make([]byte, 0, 512),
	}
}}

// parser keeps nothing between messages.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	d := spare.Get().(*decoder)
	defer spare.Put(d)
	d.decode(c, data)
	if d.o.Action != "" {
		c.Emit(&d.o)
	}
	return len(data)
}

func (d *decoder) decode(c *dissect.Context, data []byte) {
	d.o = observation.WSD{Types: d.o.Types[:0], Scopes: d.o.Scopes[:0], XAddrs: d.o.XAddrs[:0]}
	endpoint := false // inside of an EndpointReference
	for s := scanner(data); ; {
		name, text, closing, ok := s.next()
		switch {
		case !ok:
			return
		case string(name) == "EndpointReference":
			endpoint = !closing
		case closing:
		case string(name) == "Action":
			action := bytes.TrimSpace(text)
			d.o.Action = c.Text(action[bytes.LastIndexByte(action, '/')+1:])
		case string(name) == "Address" && endpoint:
			d.endpoint(c.Text(text))
		case string(name) == "Types":
			d.types(c, data, text)
		case string(name) == "Scopes":
			d.o.Scopes = d.list(c, d.o.Scopes, text)
		case string(name) == "XAddrs":
			d.o.XAddrs = d.list(c, d.o.XAddrs, text)
		}
	}
}

func (d *decoder) endpoint(address string) {
	switch {
	case d.o.Endpoint == "":
		d.o.Endpoint = address
	case d.o.Endpoint != address:
		d.o.Several = true
	}
}

// types reads a list of qualified names and looks up their namespaces.
func (d *decoder) types(c *dissect.Context, doc, list []byte) {
	for len(d.o.Types) < maxTypes {
		var word []byte
		if word, list = cutWord(list); len(word) == 0 {
			return
		}
		t := observation.WSDType{Name: c.Text(word)}
		if prefix, local, ok := bytes.Cut(word, []byte{':'}); ok {
			t = observation.WSDType{Namespace: c.Text(d.namespace(doc, prefix)), Name: c.Text(local)}
		}
		d.o.Types = append(d.o.Types, t)
	}
}

// namespace returns the value of the first declaration of a prefix.
func (d *decoder) namespace(doc, prefix []byte) []byte {
	const maxPrefix = 64
	if len(prefix) > maxPrefix {
		return nil
	}
	d.text = append(append(append(d.text[:0], "xmlns:"...), prefix...), '=')
	_, after, ok := bytes.Cut(doc, d.text)
	if !ok || len(after) < 2 || after[0] != '"' && after[0] != '\'' {
		return nil
	}
	value, _, ok := bytes.Cut(after[1:], after[:1])
	if !ok {
		return nil
	}
	return value
}

// list adds the words of a list, up to the capacity that to was made with.
func (d *decoder) list(c *dissect.Context, to []string, text []byte) []string {
	for len(to) < cap(to) {
		var word []byte
		if word, text = cutWord(text); len(word) == 0 {
			return to
		}
		to = append(to, c.Text(d.unescape(word)))
	}
	return to
}

// unescape replaces the one entity that URLs need. The result is valid until
// the next call.
func (d *decoder) unescape(b []byte) []byte {
	amp := []byte("&amp;")
	if !bytes.Contains(b, amp) {
		return b
	}
	d.text = d.text[:0]
	for {
		before, after, found := bytes.Cut(b, amp)
		d.text = append(d.text, before...)
		if !found {
			return d.text
		}
		d.text = append(d.text, '&')
		b = after
	}
}

// cutWord takes the first word off a list that white space separates.
func cutWord(b []byte) (word, rest []byte) {
	b = bytes.TrimLeft(b, " \t\r\n")
	if i := bytes.IndexAny(b, " \t\r\n"); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}
