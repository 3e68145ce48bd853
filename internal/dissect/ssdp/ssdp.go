// Package ssdp reads UPnP's discovery over UDP (UPnP Device Architecture 2.0
// §1): what devices announce themselves as and what others look for.
package ssdp

import (
	"bytes"
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.SSDP,
		Over:     dissect.OverUDP,
		Ports:    []uint16{1900},
		First:    func(b byte) bool { return b == 'M' || b == 'N' || b == 'H' },
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
	}
}

// maxHeaders is how many header lines are read.
const maxHeaders = 40

// starts are the beginnings of the first line of each message.
var starts = [...]struct {
	text []byte
	kind observation.SSDPKind
}{
	{[]byte("M-SEARCH * HTTP/1."), observation.SSDPSearch},
	{[]byte("NOTIFY * HTTP/1."), observation.SSDPNotify},
	{[]byte("HTTP/1.1 200"), observation.SSDPResponse},
	{[]byte("HTTP/1.0 200"), observation.SSDPResponse},
}

func kindOf(data []byte) (observation.SSDPKind, bool) {
	for i := range starts {
		if bytes.HasPrefix(data, starts[i].text) {
			return starts[i].kind, true
		}
	}
	return 0, false
}

func probe(h *dissect.Head) dissect.Verdict {
	kind, ok := kindOf(h.Data)
	switch {
	case !ok:
		return dissect.NotMine
	case kind != observation.SSDPResponse || h.Hint:
		return dissect.Sure
	}
	// A response goes to any port; its headers tell it from other uses of
	// HTTP over UDP.
	var st, usn bool
	each(h.Data, func(name, _ []byte) {
		st = st || is(name, "st")
		usn = usn || is(name, "usn")
	})
	if st && usn {
		return dissect.Sure
	}
	return dissect.NotMine
}

// each calls f with the headers, whose values have no space around them.
func each(data []byte, f func(name, value []byte)) {
	r := wire.Reader(data)
	var line []byte
	if !r.Until(&line, '\n') {
		return
	}
	for range maxHeaders {
		if !r.Until(&line, '\n') {
			line = r.Rest()
		}
		name, value, ok := bytes.Cut(line, []byte{':'})
		if !ok {
			return // the empty line that ends the headers
		}
		f(bytes.TrimSpace(name), bytes.TrimSpace(value))
	}
}

// is reports whether name is want, which is in lower case; the names of
// headers have no case of their own.
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

var spare = sync.Pool{New: func() any { return new(observation.SSDP) }}

// parser keeps nothing between messages.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	kind, ok := kindOf(data)
	if !ok {
		return len(data)
	}
	o := spare.Get().(*observation.SSDP)
	defer spare.Put(o)
	*o = observation.SSDP{Kind: kind}
	each(data, func(name, value []byte) {
		switch {
		case is(name, "st"), is(name, "nt"):
			o.Target = c.Text(value)
		case is(name, "usn"):
			o.USN = c.Text(value)
		case is(name, "server"):
			o.Server = c.Text(value)
		case is(name, "user-agent"):
			o.UserAgent = c.Text(value)
		case is(name, "location"):
			o.Location = c.Text(value)
		case is(name, "nts"):
			o.Bye = is(value, "ssdp:byebye")
		}
	})
	c.Emit(o)
	return len(data)
}
