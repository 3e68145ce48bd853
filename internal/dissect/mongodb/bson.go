package mongodb

import (
	"encoding/binary"
	"math"

	"github.com/cordonhq/cordon/internal/dissect/wire"
)

// Element types (bsonspec.org, version 1.1).
const (
	kindDouble   = 0x01
	kindString   = 0x02
	kindDocument = 0x03
	kindArray    = 0x04
	kindBinary   = 0x05
	kindBoolean  = 0x08
	kindInt32    = 0x10
	kindInt64    = 0x12
)

// fixed are the lengths of the values that have one.
var fixed = map[uint8]int{
	kindDouble: 8, 0x06: 0, 0x07: 12, kindBoolean: 1, 0x09: 8, 0x0a: 0, kindInt32: 4, 0x11: 8, kindInt64: 8, 0x13: 16, 0xff: 0, 0x7f: 0,
}

// element is one field of a document. The value of a string is without its
// length and its NUL, that of a document its elements.
type element struct {
	kind  uint8
	name  []byte
	value wire.Reader
}

// maxElements bounds how many fields of a document are read.
const maxElements = 128

// readDocument eats a document and points out at its elements.
func readDocument(r *wire.Reader, out *wire.Reader) bool {
	at := *r
	var length uint32
	if !at.LE32(&length) || length < 5 || length > maxMessage || !at.Sub(out, int(length)-4) {
		return false
	}
	*out = (*out)[:len(*out)-1]
	*r = at
	return true
}

// elements calls f with each field until it returns false, or one cannot be
// read.
func elements(doc wire.Reader, f func(element) bool) {
	var e element
	for range maxElements {
		if !doc.U8(&e.kind) || !doc.Until(&e.name, 0) || !readValue(&doc, &e) || !f(e) {
			return
		}
	}
}

func readValue(r *wire.Reader, e *element) bool {
	if n, ok := fixed[e.kind]; ok {
		return r.Sub(&e.value, n)
	}
	var length uint32
	switch e.kind {
	case kindDocument, kindArray:
		return readDocument(r, &e.value)
	case kindString, 0x0d, 0x0e:
		if !r.LE32(&length) || length == 0 || length > maxMessage || !r.Sub(&e.value, int(length)) {
			return false
		}
		e.value = e.value[:length-1]
		return true
	case kindBinary:
		return r.LE32(&length) && length <= maxMessage && r.Skip(1) && r.Sub(&e.value, int(length))
	default:
		return false
	}
}

// find returns the string with a name, or nil.
func find(doc wire.Reader, name string) []byte { return findKind(doc, name, kindString) }

func findBinary(doc wire.Reader, name string) []byte { return findKind(doc, name, kindBinary) }

func findKind(doc wire.Reader, name string, kind uint8) (found []byte) {
	elements(doc, func(e element) bool {
		if e.kind == kind && string(e.name) == name {
			found = e.value
		}
		return found == nil
	})
	return found
}

// integer returns the value of a number, 0 if it is none.
func (e element) integer() int64 {
	switch e.kind {
	case kindInt32:
		return int64(int32(binary.LittleEndian.Uint32(e.value)))
	case kindInt64:
		return int64(binary.LittleEndian.Uint64(e.value))
	case kindDouble:
		return int64(math.Float64frombits(binary.LittleEndian.Uint64(e.value)))
	default:
		return 0
	}
}

// truth reports whether a boolean or a number is not zero.
func (e element) truth() bool {
	if e.kind == kindBoolean {
		return e.value[0] != 0
	}
	return e.integer() != 0
}
