// Package utf16le turns the little-endian UTF-16 text of Microsoft's protocols
// into UTF-8.
package utf16le

import (
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Append appends to dst the text at the head of b, up to a NUL and at most
// observation.MaxValue bytes of it. An odd byte at the end is dropped, a lone
// surrogate becomes U+FFFD.
func Append(dst, b []byte) []byte {
	r := wire.Reader(b)
	limit := len(dst) + observation.MaxValue
	var unit, low uint16
	for r.LE16(&unit) && unit != 0 {
		c := rune(unit)
		if utf16.IsSurrogate(c) {
			at := r
			if c = utf8.RuneError; at.LE16(&low) {
				if pair := utf16.DecodeRune(rune(unit), rune(low)); pair != utf8.RuneError {
					c, r = pair, at
				}
			}
		}
		if len(dst)+utf8.RuneLen(c) > limit {
			break
		}
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}

// Decode returns the text at the head of b as Append does.
func Decode(b []byte) []byte {
	if len(b) < 2 {
		return nil
	}
	return Append(make([]byte, 0, min(len(b), observation.MaxValue)), b)
}
