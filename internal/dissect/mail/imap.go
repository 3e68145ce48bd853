package mail

import (
	"bytes"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/line"
	"github.com/cordonhq/cordon/internal/flow"
)

// probeIMAP judges a server by its greeting, and a client by a tag with a
// command.
func probeIMAP(h *dissect.Head) dissect.Verdict {
	text, n := line.Next(h.Data)
	if h.Dir == flow.In {
		switch {
		case n == 0 && len(h.Data) < 5 && h.Data[0] == '*':
			return dissect.More
		case n <= 0 || !greetsIMAP(text):
			return dissect.NotMine
		case h.Hint || line.ContainsFold(text, "IMAP"):
			return dissect.Sure
		default:
			return dissect.More
		}
	}
	_, command := line.Word(text)
	word, _ := line.Word(command)
	if n <= 0 || !commands(word) {
		if n == 0 && h.Hint && len(h.Data) < 64 {
			return dissect.More
		}
		return dissect.NotMine
	}
	switch {
	case greetsIMAP(h.Other):
		return dissect.Sure
	case h.Hint:
		return dissect.Likely
	default:
		return dissect.More
	}
}

func greetsIMAP(b []byte) bool {
	return line.HasPrefixFold(b, "* OK") || line.HasPrefixFold(b, "* PREAUTH") || line.HasPrefixFold(b, "* BYE")
}

// commands reports whether word is a command that a client may begin with.
func commands(word []byte) bool {
	for _, v := range [...]string{"CAPABILITY", "LOGIN", "AUTHENTICATE", "STARTTLS", "NOOP", "ID", "LOGOUT"} {
		if line.EqualFold(word, v) {
			return true
		}
	}
	return false
}

// imap reads IMAP.
type imap struct {
	tls  bool
	sasl exchange
}

func (m *imap) client(s *session, text []byte) next {
	if m.sasl.active {
		m.sasl.response(s, text)
		return moreLines
	}
	_, command := line.Word(text)
	word, rest := line.Word(command)
	m.tls = line.EqualFold(word, "STARTTLS")
	switch {
	case line.EqualFold(word, "LOGIN"):
		s.signIn(astring(rest), "LOGIN", true)
	case line.EqualFold(word, "AUTHENTICATE"):
		name, initial := line.Word(rest)
		m.sasl.begin(s, name, initial)
	case line.EqualFold(word, "SELECT"), line.EqualFold(word, "EXAMINE"), line.EqualFold(word, "LIST"):
		return finished
	}
	return moreLines
}

// astring returns the atom or quoted string at the head of b (RFC 9051 §9). A
// name that is sent apart, as a literal, is not followed.
func astring(b []byte) []byte {
	if len(b) > 0 && b[0] == '"' {
		b, _, _ = bytes.Cut(b[1:], []byte(`"`))
		return b
	}
	if len(b) > 0 && b[0] == '{' {
		return nil
	}
	b, _ = line.Word(b)
	return b
}

func (m *imap) server(s *session, text []byte) next {
	if greetsIMAP(text) {
		_, rest := line.Word(text)
		_, rest = line.Word(rest)
		s.greet(rest)
		return moreLines
	}
	tag, rest := line.Word(text)
	word, _ := line.Word(rest)
	switch {
	case len(tag) == 0 || tag[0] == '*' || tag[0] == '+':
	case line.EqualFold(word, "OK") && m.tls:
		return startTLS
	case line.EqualFold(word, "OK"):
		s.result(true)
	case line.EqualFold(word, "NO"), line.EqualFold(word, "BAD"):
		m.sasl.active = false
		s.result(false)
	}
	return moreLines
}
