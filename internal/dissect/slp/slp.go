// Package slp reads the service location protocol (RFC 2608) over UDP and
// TCP, by which printers, storage and hypervisors say what they offer. Of its
// first version (RFC 2165) it reads the header.
package slp

import (
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
		Protocol: cordon.SLP,
		Over:     dissect.OverUDP | dissect.OverTCP,
		Ports:    []uint16{427},
		First:    func(b byte) bool { return b == 1 || b == 2 },
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
	}
}

// maxURLs is how many URLs are kept of a message, maxStreamed how much of one
// over TCP is read; the rest is passed over.
const (
	maxURLs     = 8
	maxStreamed = 4000
)

// header is the fixed part of a message (RFC 2608 §8), or what RFC 2165 §4
// has in common with it.
type header struct {
	version, function uint8
	length            uint32
	language          wire.Reader
}

func (h *header) read(r *wire.Reader) bool {
	if !r.U8(&h.version) || !r.U8(&h.function) || h.function == 0 || h.function > 11 {
		return false
	}
	switch h.version {
	case 1:
		var n uint16
		if !r.U16(&n) || !r.Skip(8) { // flags, dialect, language, encoding, transaction
			return false
		}
		h.length = uint32(n)
		return n >= 12
	case 2:
		return r.U24(&h.length) && h.length >= 14 &&
			r.Skip(7) && // flags, next extension, transaction
			r.SubU16(&h.language) && len(h.language) <= 32
	}
	return false
}

func probe(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	var fixed header
	stream := h.Flow.Proto == packet.ProtoTCP
	ok := fixed.read(&r)
	switch {
	case stream && h.Midway:
		return dissect.NotMine
	case stream && !ok && len(h.Data) < 48 && (h.Data[0] == 1 || h.Data[0] == 2) && h.Hint:
		return dissect.More
	case !ok:
		return dissect.NotMine
	case h.Hint && fixed.version == 2:
		return dissect.Sure
	case h.Hint && int(fixed.length) == len(h.Data):
		return dissect.Sure
	case h.Hint:
		return dissect.Likely
	case fixed.version == 2 && int(fixed.length) == len(h.Data) && isLanguage(fixed.language):
		return dissect.Likely
	}
	return dissect.NotMine
}

// isLanguage reports whether b could be a language tag (RFC 1766).
func isLanguage(b []byte) bool {
	for _, ch := range b {
		if (ch < 'a' || ch > 'z') && (ch < 'A' || ch > 'Z') && ch != '-' {
			return false
		}
	}
	return len(b) >= 2
}

var spare = sync.Pool{New: func() any { return &observation.SLP{URLs: make([]string, 0, maxURLs)} }}

// parser keeps nothing between messages.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	if c.Flow == nil || c.Flow.Proto != packet.ProtoTCP {
		message(c, data)
		return len(data)
	}
	if len(data) < 5 {
		return 0
	}
	r := wire.Reader(data)
	var version, function uint8
	var length uint32
	if !r.U8(&version) || version != 2 || !r.U8(&function) || !r.U24(&length) || length < 14 {
		return dissect.Stop
	}
	if len(data) < min(int(length), maxStreamed) {
		return 0
	}
	message(c, data[:min(int(length), maxStreamed)])
	return int(length)
}

func message(c *dissect.Context, data []byte) {
	r := wire.Reader(data)
	var h header
	if !h.read(&r) {
		return
	}
	o := spare.Get().(*observation.SLP)
	defer spare.Put(o)
	*o = observation.SLP{Version: h.version, Function: observation.SLPFunction(h.function), URLs: o.URLs[:0]}
	if h.version == 2 {
		body(c, r, o)
	}
	c.Emit(o)
}

// body reads what a function carries (RFC 2608 §8, §10); a message that ends
// early yields what was read.
func body(c *dissect.Context, r wire.Reader, o *observation.SLP) {
	var list wire.Reader
	switch o.Function {
	case observation.SLPServiceRequest:
		if r.SubU16(&list) { // previous responders
			text(c, &r, &o.Type)
		}
	case observation.SLPServiceReply:
		var n uint16
		if r.U16(&o.Error) && r.U16(&n) {
			for range min(int(n), maxURLs) {
				if !entry(c, &r, o) {
					return
				}
			}
		}
	case observation.SLPRegistration:
		if entry(c, &r, o) && text(c, &r, &o.Type) && r.SubU16(&list) {
			text(c, &r, &o.Attributes)
		}
	case observation.SLPAttributeRequest:
		if r.SubU16(&list) {
			text(c, &r, &o.Type) // a URL or a type
		}
	case observation.SLPAttributeReply:
		if r.U16(&o.Error) {
			text(c, &r, &o.Attributes)
		}
	case observation.SLPDirectoryAdvert:
		if r.U16(&o.Error) && r.Skip(4) && url(c, &r, o) && r.SubU16(&list) {
			text(c, &r, &o.Attributes)
		}
	case observation.SLPTypeReply:
		if r.U16(&o.Error) {
			text(c, &r, &o.Type)
		}
	case observation.SLPServiceAdvert:
		if url(c, &r, o) && r.SubU16(&list) {
			text(c, &r, &o.Attributes)
		}
	}
}

// text eats a string with its length before it.
func text(c *dissect.Context, r *wire.Reader, out *string) bool {
	var b wire.Reader
	if !r.SubU16(&b) {
		return false
	}
	*out = c.Text(b)
	return true
}

func url(c *dissect.Context, r *wire.Reader, o *observation.SLP) bool {
	var b wire.Reader
	if !r.SubU16(&b) {
		return false
	}
	o.URLs = append(o.URLs, c.Text(b))
	return true
}

// entry eats a URL entry (RFC 2608 §4.3).
func entry(c *dissect.Context, r *wire.Reader, o *observation.SLP) bool {
	var signatures uint8
	if !r.Skip(3) || !url(c, r, o) || !r.U8(&signatures) {
		return false
	}
	for range signatures {
		var n uint16
		if !r.Skip(2) || !r.U16(&n) || !r.Skip(int(n)-4) {
			return false
		}
	}
	return true
}
