// Package tftp reads the requests of TFTP (RFC 1350, RFC 2347): who wants to
// load or store which file. The transfer runs on other ports and is not read.
package tftp

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
		Protocol: cordon.TFTP,
		Over:     dissect.OverUDP,
		Ports:    []uint16{69},
		First:    func(b byte) bool { return b == 0 },
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
	}
}

// Opcodes (RFC 1350 §5, RFC 2347).
const (
	opRead  = 1
	opWrite = 2
	opOACK  = 6
)

// request is a read or write request.
type request struct {
	op         uint16
	file, mode []byte
}

func (q *request) read(r *wire.Reader) bool {
	return r.U16(&q.op) && (q.op == opRead || q.op == opWrite) && r.Until(&q.file, 0) && len(q.file) > 0 && r.Until(&q.mode, 0) && q.known()
}

// known reports whether the mode is one of the standard's (RFC 1350 §5).
func (q *request) known() bool {
	return bytes.EqualFold(q.mode, []byte("octet")) || bytes.EqualFold(q.mode, []byte("netascii")) || bytes.EqualFold(q.mode, []byte("mail"))
}

func probe(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	var q request
	switch {
	case q.read(&r):
		return dissect.Sure
	case h.Hint && q.op > opWrite && q.op <= opOACK && len(h.Data) >= 4:
		return dissect.Likely
	}
	return dissect.NotMine
}

var spare = sync.Pool{New: func() any { return new(observation.TFTP) }}

// parser keeps nothing between messages.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	r := wire.Reader(data)
	var q request
	if q.read(&r) {
		o := spare.Get().(*observation.TFTP)
		defer spare.Put(o)
		*o = observation.TFTP{Write: q.op == opWrite, File: c.Text(q.file), Mode: c.Text(q.mode)}
		c.Emit(o)
	}
	return len(data)
}
