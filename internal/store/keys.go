package store

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/cordonhq/cordon"
)

// MaxKey is the most bytes that a text sort key has.
const MaxKey = 200

// Fold puts text into the form in which it is compared: compatibility
// characters and case are folded (Unicode §5.18, NFKC), and what no engine
// takes as text, NUL and bytes that are not UTF-8, is replaced.
func Fold(text string) string {
	if isPlain(text) {
		return strings.ToLower(text)
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	// Lower case first: where folding goes to upper case, as in Cherokee, the
	// tables of package cases swap the two.
	return norm.NFKC.String(cases.Fold().String(strings.ToLower(norm.NFKC.String(text))))
}

// isPlain reports whether text is ASCII without NUL.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c == 0 || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// SortKey returns text so that the order of bytes is the order that people
// expect: without regard to case, and numbers by value. It is at most MaxKey
// bytes of UTF-8 without NUL.
func SortKey(text string) string {
	text = Fold(text)
	var b strings.Builder
	for len(text) > 0 && b.Len() < MaxKey {
		n := digits(text)
		if n == 0 {
			_, size := utf8.DecodeRuneInString(text)
			b.WriteString(text[:size])
			text = text[size:]
			continue
		}
		number := strings.TrimLeft(text[:n], "0")
		// Two digits of length before the number let longer numbers sort later;
		// nobody counts beyond 99 digits.
		length := min(len(number), 99)
		b.WriteByte('0' + byte(length/10))
		b.WriteByte('0' + byte(length%10))
		b.WriteString(number)
		text = text[n:]
	}
	return cut(b.String(), MaxKey)
}

// digits is the number of ASCII digits that text starts with.
func digits(text string) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// cut shortens text to at most n bytes without splitting a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// maxSearchText bounds what of one device can be searched.
const maxSearchText = 8 << 10

// SearchText returns what a search looks at for d: one folded line for each
// word or phrase that d is known by.
func SearchText(d *cordon.Device) string {
	var b strings.Builder
	add := func(parts ...string) {
		for _, p := range parts {
			if p != "" && b.Len() < maxSearchText {
				b.WriteString(p)
				b.WriteByte('\n')
			}
		}
	}
	add(d.Name, d.Vendor, d.Model, d.Care.Location, d.OS, d.Software)
	if d.Kind != "" && d.Kind != cordon.KindUnknown {
		add(string(d.Kind), d.Kind.Info().Title)
	}
	for _, m := range d.MACs {
		// People type addresses in each of the three usual ways.
		text := m.String()
		add(text, strings.ReplaceAll(text, ":", "-"), strings.ReplaceAll(text, ":", ""))
	}
	for _, ip := range d.IPs {
		if ip.IsValid() {
			add(ip.String())
		}
	}
	add(d.Hostnames...)
	return cut(Fold(b.String()), maxSearchText)
}

// maxSearch bounds what one search asks for.
const maxSearch = 1000

// SearchTerms splits what a person typed into folded words. It looks at the
// first 1000 bytes.
func SearchTerms(search string) []string {
	return strings.Fields(Fold(cut(search, maxSearch)))
}
