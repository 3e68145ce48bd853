package x509

import (
	"net/netip"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cordonhq/cordon/internal/dissect/ber"
	"github.com/cordonhq/cordon/internal/dissect/wire"
)

// Name is the body of a distinguished name in DER (RFC 5280 §4.1.2.4).
type Name []byte

// maxParts bounds how many parts of a name are read.
const maxParts = 32

// The parts of a name that Find looks for, as OID bodies in DER.
const (
	CommonName   = "\x55\x04\x03"
	Organization = "\x55\x04\x0a"
	Unit         = "\x55\x04\x0b"
	SerialNumber = "\x55\x04\x05"
)

// labels are the short names of RFC 2253 §2.3 and RFC 4519.
var labels = map[string]string{
	CommonName: "CN", Organization: "O", Unit: "OU", SerialNumber: "SERIALNUMBER",
	"\x55\x04\x06": "C", "\x55\x04\x07": "L", "\x55\x04\x08": "ST", "\x55\x04\x09": "STREET", "\x55\x04\x11": "POSTALCODE",
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19": "DC", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01": "UID",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01": "EMAILADDRESS",
}

// part is one attribute of a name.
type part struct {
	id    []byte
	tag   ber.Tag
	value []byte
}

// parts calls f with each attribute, first to last, until f returns false.
func (n Name) parts(f func(part) bool) {
	r := wire.Reader(n)
	var set, seq, id, value wire.Reader
	var tag ber.Tag
	for range maxParts {
		if !ber.Expect(&r, ber.Set, &set) {
			return
		}
		for ber.Expect(&set, ber.Sequence, &seq) {
			if ber.Expect(&seq, ber.OID, &id) && ber.Read(&seq, &tag, &value) && !f(part{id, tag, value}) {
				return
			}
		}
	}
}

// Find returns the first attribute with this id, as UTF-8 as far as the
// sender kept to its string type; nil if there is none.
func (n Name) Find(id string) []byte {
	var found []byte
	n.parts(func(p part) bool {
		if string(p.id) == id {
			found = text(p)
		}
		return found == nil
	})
	return found
}

// Append appends the name as RFC 2253 writes it: last part first, separated by
// commas.
func (n Name) Append(b []byte) []byte {
	var list [maxParts]part
	count := 0
	n.parts(func(p part) bool {
		list[count] = p
		count++
		return count < len(list)
	})
	for i := count - 1; i >= 0; i-- {
		if i < count-1 {
			b = append(b, ',')
		}
		label, ok := labels[string(list[i].id)]
		if !ok {
			label = dotted(list[i].id)
		}
		b = append(append(b, label...), '=')
		b = appendEscaped(b, text(list[i]))
	}
	return b
}

// appendEscaped escapes what would end a part (RFC 2253 §2.4).
func appendEscaped(b, value []byte) []byte {
	for i, c := range value {
		switch {
		case c == ',', c == '+', c == '"', c == '\\', c == '<', c == '>', c == ';', i == 0 && (c == '#' || c == ' '):
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return b
}

// text returns the value of a string type as UTF-8.
func text(p part) []byte {
	switch p.tag {
	case ber.BMPString:
		var units [2]uint16
		b := make([]byte, 0, len(p.value))
		r := wire.Reader(p.value)
		for r.U16(&units[0]) {
			c := rune(units[0])
			if utf16.IsSurrogate(c) && r.U16(&units[1]) {
				c = utf16.DecodeRune(c, rune(units[1]))
			}
			b = utf8.AppendRune(b, c)
		}
		return b
	case ber.T61String:
		if utf8.Valid(p.value) {
			return p.value
		}
		b := make([]byte, 0, 2*len(p.value)) // in practice it is Latin-1
		for _, c := range p.value {
			b = utf8.AppendRune(b, rune(c))
		}
		return b
	default:
		return p.value
	}
}

// address returns an IP address in text, or nil if b is none.
func address(b []byte) []byte {
	a, ok := netip.AddrFromSlice(b)
	if !ok {
		return nil
	}
	return a.AppendTo(nil)
}
