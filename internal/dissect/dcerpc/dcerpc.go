// Package dcerpc reads DCE/RPC over TCP and UDP (C706, MS-RPCE): which
// interfaces a client asks for, which operations it calls, what the server
// refuses, and the names in NTLM sign-ins. Its Association serves the named
// pipes of SMB as well. Arguments and results are not kept.
package dcerpc

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
)

// Dissector returns the row for TCP. Most servers listen on a port that the
// endpoint mapper on port 135 tells.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.DCERPC,
		Over:     dissect.OverTCP,
		Ports:    []uint16{135, 593},
		Probe:    probe,
		New:      func() dissect.Parser { return &parser{Association{Carrier: cordon.DCERPC}} },
		Window:   32 << 10,
	}
}

// PDU types (C706 §12.1).
const (
	typeRequest      = 0
	typeFault        = 3
	typeBind         = 11
	typeBindAck      = 12
	typeBindNak      = 13
	typeAlterContext = 14
	typeAuth3        = 16
	typeLast         = 20 // the last that any version has, of MS-RPCE
)

const (
	headerLen    = 16
	flagFirst    = 0x01 // first fragment
	flagObject   = 0x80 // an object's UUID precedes the arguments
	dataRepBig   = 0x00
	dataRepSmall = 0x10 // little-endian
)

// header is the common header of a connection-oriented PDU (C706 §12.6.3.1).
type header struct {
	kind, flags    uint8
	big            bool // big-endian numbers
	length, auth   uint16
	representation uint8
}

// readHeader reads a PDU's header and reports whether it is one.
func readHeader(b []byte) (h header, ok bool) {
	r := wire.Reader(b)
	var version, minor, float uint8
	if !r.U8(&version) || !r.U8(&minor) || !r.U8(&h.kind) || !r.U8(&h.flags) || !r.U8(&h.representation) || !r.U8(&float) || !r.Skip(2) {
		return h, false
	}
	h.big = h.representation&0xf0 == dataRepBig
	if !num16(&r, h.big, &h.length) || !num16(&r, h.big, &h.auth) || !r.Skip(4) {
		return h, false
	}
	ok = version == 5 && minor <= 1 && h.kind <= typeLast && (h.representation == dataRepBig || h.representation == dataRepSmall) &&
		float <= 3 && b[6] == 0 && b[7] == 0 && h.length >= headerLen && h.auth < h.length
	return h, ok
}

func num16(r *wire.Reader, big bool, out *uint16) bool {
	if big {
		return r.U16(out)
	}
	return r.LE16(out)
}

func num32(r *wire.Reader, big bool, out *uint32) bool {
	if big {
		return r.U32(out)
	}
	return r.LE32(out)
}

// probe wants a header, and a type and a length that fit each other.
func probe(h *dissect.Head) dissect.Verdict {
	b := h.Data
	if len(b) < headerLen {
		if b[0] == 5 && (len(b) < 2 || b[1] <= 1) && (len(b) < 3 || b[2] <= typeLast) {
			return dissect.More
		}
		return dissect.NotMine
	}
	hd, ok := readHeader(b)
	if !ok || int(hd.length) < leastLen(hd.kind) {
		return dissect.NotMine
	}
	if len(b) > int(hd.length) && b[hd.length] != 5 {
		return dissect.NotMine
	}
	return dissect.Sure
}

// leastLen is the length of the shortest PDU of a type.
func leastLen(kind uint8) int {
	switch kind {
	case typeBind, typeAlterContext:
		return headerLen + 12 + 44
	case typeRequest, typeFault:
		return headerLen + 8
	default:
		return headerLen
	}
}

// parser reads one connection.
type parser struct{ Association }

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int { return p.Association.Parse(c, data) }
