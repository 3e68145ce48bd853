// Package ber reads the tag-length-value elements of ITU-T X.690, as LDAP,
// Kerberos, SPNEGO and X.509 carry them, off the front of a byte slice. It
// takes the definite form only, which those protocols prescribe, and DER's
// rule of the shortest length is not enforced, since real devices break it.
// Like package wire, it never allocates, panics or reads beyond its slice.
package ber

import "github.com/cordonhq/cordon/internal/dissect/wire"

// Tag is the first identifier octet of an element: class, the constructed bit
// and the number. Numbers of 31 and beyond all read as number 31.
type Tag uint8

// The universal tags that the protocols here use (X.680 §8.4), with the
// constructed bit where it is always set.
const (
	Boolean         Tag = 0x01
	Integer         Tag = 0x02
	BitString       Tag = 0x03
	OctetString     Tag = 0x04
	OID             Tag = 0x06
	Enumerated      Tag = 0x0a
	UTF8String      Tag = 0x0c
	PrintableString Tag = 0x13
	T61String       Tag = 0x14
	IA5String       Tag = 0x16
	UTCTime         Tag = 0x17
	GeneralizedTime Tag = 0x18
	GeneralString   Tag = 0x1b
	UniversalString Tag = 0x1c
	BMPString       Tag = 0x1e
	Sequence        Tag = 0x30
	Set             Tag = 0x31
)

// Context returns the tag of a context-specific element, primitive.
func Context(number uint8) Tag { return Tag(0x80 | number) }

// ContextOf returns the tag of a context-specific constructed element.
func ContextOf(number uint8) Tag { return Tag(0xa0 | number) }

// Application returns the tag of an application-class constructed element.
func Application(number uint8) Tag { return Tag(0x60 | number) }

// Header reads the identifier and length octets of the element at the head of
// r and eats them. length is that of the body, which may not have arrived.
func Header(r *wire.Reader, tag *Tag, length *int) bool {
	at := *r
	var id, n uint8
	if !at.U8(&id) {
		return false
	}
	if id&0x1f == 0x1f && !skipNumber(&at) {
		return false
	}
	if !at.U8(&n) {
		return false
	}
	size := int(n)
	if n >= 0x80 {
		// 0x80 is the indefinite form; four octets hold any length that can
		// be real here.
		octets := int(n & 0x7f)
		if octets == 0 || octets > 4 {
			return false
		}
		var v uint64
		for range octets {
			var b uint8
			if !at.U8(&b) {
				return false
			}
			v = v<<8 | uint64(b)
		}
		if v > 1<<31-1 {
			return false
		}
		size = int(v)
	}
	*r, *tag, *length = at, Tag(id), size
	return true
}

// skipNumber eats the octets of a tag number of 31 or more (X.690 §8.1.2.4).
func skipNumber(r *wire.Reader) bool {
	for range 5 {
		var b uint8
		if !r.U8(&b) {
			return false
		}
		if b&0x80 == 0 {
			return true
		}
	}
	return false
}

// Read eats the next element whatever its tag.
func Read(r *wire.Reader, tag *Tag, body *wire.Reader) bool {
	at := *r
	var t Tag
	var n int
	if !Header(&at, &t, &n) || !at.Sub(body, n) {
		return false
	}
	*r, *tag = at, t
	return true
}

// Expect eats the next element if it has this tag.
func Expect(r *wire.Reader, want Tag, body *wire.Reader) bool {
	at := *r
	var t Tag
	if !Read(&at, &t, body) || t != want {
		return false
	}
	*r = at
	return true
}

// Peek tells the tag of the next element.
func Peek(r wire.Reader) (Tag, bool) {
	if len(r) == 0 {
		return 0, false
	}
	return Tag(r[0]), true
}

// Skip eats the next element if it has this tag, and is content if it has
// not: an optional element that does not matter.
func Skip(r *wire.Reader, tag Tag) {
	var body wire.Reader
	Expect(r, tag, &body)
}

// Int eats an integer, an enumerated value or a boolean that fits 64 bits, if
// it has this tag.
func Int(r *wire.Reader, want Tag, out *int64) bool {
	at := *r
	var body wire.Reader
	if !Expect(&at, want, &body) || len(body) == 0 || len(body) > 8 {
		return false
	}
	v := int64(int8(body[0]))
	for _, b := range body[1:] {
		v = v<<8 | int64(b)
	}
	*r, *out = at, v
	return true
}

// Bytes eats an element of this tag and points out at its body.
func Bytes(r *wire.Reader, want Tag, out *[]byte) bool {
	var body wire.Reader
	if !Expect(r, want, &body) {
		return false
	}
	*out = body
	return true
}
