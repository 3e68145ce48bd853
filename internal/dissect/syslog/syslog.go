// Package syslog reads the heads of syslog messages (RFC 3164, RFC 5424) over
// UDP and TCP (RFC 6587): which program of which host logs where, and how
// grave it finds it. What it logs is passed over.
package syslog

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
		Protocol: cordon.Syslog,
		Over:     dissect.OverUDP | dissect.OverTCP,
		Ports:    []uint16{514, 601},
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
	}
}

func probe(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	if h.Flow.Proto == packet.ProtoTCP {
		var n int
		count(&r, &n)
		if len(r) < 8 && len(h.Data) < 16 {
			return dissect.More
		}
	}
	var priority uint8
	if !readPriority(&r, &priority) || r.Empty() {
		return dissect.NotMine
	}
	switch {
	case bytes.HasPrefix(r, []byte("1 ")), isMonth(r), isDate(r):
		return dissect.Sure
	case h.Hint && !h.Midway && printable(r):
		return dissect.Likely
	}
	return dissect.NotMine
}

// count eats the length that RFC 6587 §3.4.1 puts before a message, if there
// is one.
func count(r *wire.Reader, n *int) bool {
	at, digits := *r, 0
	*n = 0
	var ch uint8
	for at.U8(&ch) && digits < 5 {
		switch {
		case '0' <= ch && ch <= '9':
			*n = *n*10 + int(ch-'0')
			digits++
		case ch == ' ' && digits > 0:
			*r = at
			return true
		default:
			return false
		}
	}
	return false
}

// readPriority eats "<34>" (RFC 5424 §6.2.1).
func readPriority(r *wire.Reader, out *uint8) bool {
	at := *r
	var ch uint8
	if !at.U8(&ch) || ch != '<' {
		return false
	}
	n := 0
	for digits := 0; digits <= 3 && at.U8(&ch); digits++ {
		switch {
		case ch == '>' && digits > 0 && n <= 191:
			*r, *out = at, uint8(n)
			return true
		case ch < '0' || ch > '9':
			return false
		}
		n = n*10 + int(ch-'0')
	}
	return false
}

// isMonth reports whether a time stamp in the form of RFC 3164 §4.1.2 begins.
func isMonth(b []byte) bool {
	const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec "
	if len(b) < 6 {
		return false
	}
	i := bytes.Index([]byte(months), b[:4])
	return i >= 0 && i%4 == 0
}

// isDate reports whether a time stamp as in RFC 5424 §6.2.3 begins, which many
// write in the old form too.
func isDate(b []byte) bool {
	const form = "0000-00-00T00:00:00"
	if len(b) < len(form) {
		return false
	}
	for i := range form {
		if digit := '0' <= b[i] && b[i] <= '9'; form[i] == '0' && !digit || form[i] != '0' && b[i] != form[i] {
			return false
		}
	}
	return true
}

func printable(b []byte) bool {
	for _, ch := range b[:min(len(b), 32)] {
		if ch < ' ' && ch != '\t' && ch != '\r' && ch != '\n' || ch == 0x7f {
			return false
		}
	}
	return true
}

var spare = sync.Pool{New: func() any { return new(observation.Syslog) }}

// parser keeps nothing between messages.
type parser struct{}

// maxStreamed is how much of a message over TCP is looked at.
const maxStreamed = 1024

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	if c.Flow == nil || c.Flow.Proto != packet.ProtoTCP {
		message(c, data)
		return len(data)
	}
	r := wire.Reader(data)
	var n int
	if count(&r, &n) {
		if len(r) < min(n, maxStreamed) {
			return 0
		}
		message(c, r[:min(n, maxStreamed)])
		return len(data) - len(r) + n
	}
	var line []byte
	if !r.Until(&line, '\n') {
		return 0
	}
	message(c, line)
	return len(line) + 1
}

func message(c *dissect.Context, data []byte) {
	r := wire.Reader(data)
	var priority uint8
	if !readPriority(&r, &priority) {
		return
	}
	o := spare.Get().(*observation.Syslog)
	defer spare.Put(o)
	*o = observation.Syslog{Facility: priority >> 3, Severity: priority & 7}
	switch {
	case bytes.HasPrefix(r, []byte("1 ")):
		structured(c, r[2:], o)
	case isMonth(r):
		const timeLen = len("Oct 11 22:14:15")
		if r.Skip(timeLen) {
			old(c, r, o)
		}
	case isDate(r):
		var stamp []byte
		if r.Until(&stamp, ' ') {
			old(c, r, o)
		}
	}
	c.Emit(o)
}

// structured reads time, host and program (RFC 5424 §6.2).
func structured(c *dissect.Context, r wire.Reader, o *observation.Syslog) {
	o.Structured = true
	var word []byte
	if !r.Until(&word, ' ') || !r.Until(&word, ' ') {
		return
	}
	o.Hostname = given(c, word)
	if r.Until(&word, ' ') {
		o.App = given(c, word)
	}
}

// given returns a field that may be "-" for none.
func given(c *dissect.Context, b []byte) string {
	if len(b) == 1 && b[0] == '-' {
		return ""
	}
	return c.Text(b)
}

// old reads "host program[123]: …" behind a time stamp (RFC 3164 §4.1). Many
// leave out the host; a word that ends in a colon is then the program.
func old(c *dissect.Context, r wire.Reader, o *observation.Syslog) {
	if bytes.HasPrefix(r, []byte(" ")) {
		r.Skip(1)
	}
	var word []byte
	if !r.Until(&word, ' ') {
		return
	}
	if !bytes.HasSuffix(word, []byte(":")) {
		o.Hostname = c.Text(word)
		if !r.Until(&word, ' ') {
			return
		}
	}
	if i := bytes.IndexAny(word, "[:"); i > 0 {
		o.App = c.Text(word[:i])
	}
}
