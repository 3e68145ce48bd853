package dissect

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cordonhq/cordon/internal/observation"
)

// textCache remembers strings made of packet bytes, so that the host name that
// a device repeats all day is allocated once. It starts afresh when full: a
// sender of ever new texts costs allocations, never memory.
type textCache struct{ seen map[string]string }

const maxCachedTexts = 8192

func newTextCache() textCache { return textCache{make(map[string]string)} }

func (c *textCache) get(b []byte) string {
	b = b[:min(len(b), observation.MaxValue)]
	if s, ok := c.seen[string(b)]; ok {
		return s
	}
	if len(c.seen) >= maxCachedTexts {
		clear(c.seen)
	}
	raw := string(b)
	s := printable(raw)
	c.seen[raw] = s
	return s
}

// printable trims white space and NUL padding, makes one line of several and
// replaces what is no printable UTF-8. A rune that the cut at MaxValue split is
// dropped, not replaced.
func printable(s string) string {
	if len(s) == observation.MaxValue {
		for i := 0; i < utf8.UTFMax && len(s) > 0; i++ {
			if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n != 1 {
				break
			}
			s = s[:len(s)-1]
		}
	}
	s = strings.TrimFunc(s, func(r rune) bool { return r == 0 || unicode.IsSpace(r) })
	clean := strings.IndexFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) < 0
	if clean {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return '.'
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}
