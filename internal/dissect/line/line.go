// Package line reads the lines of text protocols such as FTP, SMTP and SIP.
package line

import "bytes"

// Max is the longest line that Next returns, in bytes; the standards allow half
// of it.
const Max = 2048

// Next returns the line at the head of data without its end, CR LF or LF, and
// how many bytes it takes with it. n is 0 if the line is not complete, and
// negative if it is too long to be one.
func Next(data []byte) (text []byte, n int) {
	end := bytes.IndexByte(data[:min(len(data), Max)], '\n')
	if end < 0 {
		if len(data) >= Max {
			return nil, -1
		}
		return nil, 0
	}
	text = data[:end]
	if end > 0 && text[end-1] == '\r' {
		text = text[:end-1]
	}
	return text, end + 1
}

// Word cuts text at its first space: the verb of a command and what follows.
func Word(text []byte) (word, rest []byte) {
	word, rest, _ = bytes.Cut(text, []byte(" "))
	return word, bytes.TrimLeft(rest, " ")
}

// Code reads the three digits that begin a reply (RFC 959 §4.2, RFC 5321 §4.2)
// and tells whether more lines of it follow. code is 0 if text is no reply.
func Code(text []byte) (code int, more bool, rest []byte) {
	if len(text) < 3 {
		return 0, false, text
	}
	for _, c := range text[:3] {
		if c < '0' || c > '9' {
			return 0, false, text
		}
		code = code*10 + int(c-'0')
	}
	switch {
	case len(text) == 3:
		return code, false, nil
	case text[3] == ' ' || text[3] == '-':
		return code, text[3] == '-', text[4:]
	default:
		return 0, false, text
	}
}

// IsText reports whether b looks like text: no control bytes but tab, CR, LF
// and those of terminals' escape sequences.
func IsText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\r' && c != '\n' && c != 0x1b || c == 0x7f {
			return false
		}
	}
	return true
}

// EqualFold reports whether text is the upper-case word, whatever its case.
func EqualFold(text []byte, word string) bool {
	if len(text) != len(word) {
		return false
	}
	for i, c := range text {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// ContainsFold reports whether text holds the upper-case word, whatever its
// case.
func ContainsFold(text []byte, word string) bool {
	for len(text) >= len(word) {
		if EqualFold(text[:len(word)], word) {
			return true
		}
		text = text[1:]
	}
	return false
}

// HasSuffixFold reports whether text ends in the upper-case word, whatever its
// case.
func HasSuffixFold(text []byte, word string) bool {
	return len(text) >= len(word) && EqualFold(text[len(text)-len(word):], word)
}

// HasPrefixFold reports whether text begins with the upper-case word, whatever
// its case.
func HasPrefixFold(text []byte, word string) bool {
	return len(text) >= len(word) && EqualFold(text[:len(word)], word)
}
