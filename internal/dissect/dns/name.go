package dns

import (
	"bytes"

	"github.com/cordonhq/cordon/internal/dissect/wire"
)

// maxName is the most bytes of a name on the wire without its end (RFC 1035
// §2.3.4).
const maxName = 254

// readName eats a name off r, which is a part of msg, and writes it to out
// with dots between its labels; the root is empty. Compression pointers
// (RFC 1035 §4.1.4) must lead to an offset in msg smaller than before, which
// is that of the name itself, and each to a smaller one than the last, so that
// no chain of them can loop.
func readName(msg []byte, before int, r *wire.Reader, out *[]byte) bool {
	at, rest := *r, wire.Reader(nil)
	jumped, length := false, 0
	name := (*out)[:0]
	for {
		var n uint8
		if !at.U8(&n) {
			return false
		}
		switch {
		case n == 0:
			if !jumped {
				rest = at
			}
			*r, *out = rest, name
			return true
		case n >= 0xc0:
			var low uint8
			if !at.U8(&low) {
				return false
			}
			target := int(n&0x3f)<<8 | int(low)
			if target >= before || target >= len(msg) {
				return false
			}
			if !jumped {
				rest, jumped = at, true
			}
			at, before = msg[target:], target
		case n >= 0x40:
			return false // extended labels never came to use (RFC 6891 §5)
		default:
			var label []byte
			length += int(n) + 1
			if length > maxName || !at.Bytes(&label, int(n)) {
				return false
			}
			name = appendLabel(name, label)
		}
	}
}

// appendLabel adds one label, with its own dots and backslashes escaped so
// that they are not taken for borders.
func appendLabel(name, label []byte) []byte {
	if len(name) > 0 {
		name = append(name, '.')
	}
	if bytes.IndexByte(label, '.') >= 0 || bytes.IndexByte(label, '\\') >= 0 {
		return appendEscaped(name, label)
	}
	return append(name, label...)
}

func appendEscaped(name, label []byte) []byte {
	for _, b := range label {
		if b == '.' || b == '\\' {
			name = append(name, '\\')
		}
		name = append(name, b)
	}
	return name
}

// skipName eats a name without following its pointers.
func skipName(r *wire.Reader) bool {
	at := *r
	for length := 0; length <= maxName; {
		var n uint8
		if !at.U8(&n) {
			return false
		}
		switch {
		case n == 0:
			*r = at
			return true
		case n >= 0xc0:
			if !at.Skip(1) {
				return false
			}
			*r = at
			return true
		case n >= 0x40 || !at.Skip(int(n)):
			return false
		}
		length += int(n) + 1
	}
	return false
}
