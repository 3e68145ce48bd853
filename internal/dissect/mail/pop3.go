package mail

import (
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/line"
	"github.com/cordonhq/cordon/internal/flow"
)

// probePOP3 judges a server by its greeting, and a client by its first command
// after that. Redis answers alike, but does not speak first.
func probePOP3(h *dissect.Head) dissect.Verdict {
	text, n := line.Next(h.Data)
	if h.Dir == flow.In {
		switch {
		case n == 0 && len(h.Data) < 3 && h.Data[0] == '+':
			return dissect.More
		case n <= 0 || !line.HasPrefixFold(text, "+OK") || len(h.Other) > 0 && h.Other[0] == '*':
			return dissect.NotMine
		case line.ContainsFold(text, "POP"):
			return dissect.Sure
		case h.Hint:
			return dissect.Likely
		default:
			return dissect.More
		}
	}
	word, _ := line.Word(text)
	if n <= 0 || !line.HasPrefixFold(h.Other, "+OK") {
		if n >= 0 && len(h.Other) == 0 && (h.Hint || line.EqualFold(word, "USER")) {
			return dissect.More
		}
		return dissect.NotMine
	}
	for _, v := range [...]string{"USER", "APOP", "CAPA", "AUTH", "STLS", "QUIT"} {
		if line.EqualFold(word, v) {
			return dissect.Sure
		}
	}
	return dissect.NotMine
}

// pop3 reads POP3.
type pop3 struct {
	tls  bool
	user []byte
	sasl exchange
}

const maxUser = 256

func (m *pop3) client(s *session, text []byte) next {
	if m.sasl.active {
		m.sasl.response(s, text)
		return moreLines
	}
	word, rest := line.Word(text)
	m.tls = line.EqualFold(word, "STLS")
	switch {
	case line.EqualFold(word, "USER"):
		m.user = append(m.user[:0], rest[:min(len(rest), maxUser)]...)
	case line.EqualFold(word, "PASS"):
		s.signIn(m.user, "USER", true)
	case line.EqualFold(word, "APOP"):
		user, _ := line.Word(rest)
		s.signIn(user, "APOP", false)
	case line.EqualFold(word, "AUTH"):
		name, initial := line.Word(rest)
		if len(name) > 0 {
			m.sasl.begin(s, name, initial)
		}
	case line.EqualFold(word, "RETR"), line.EqualFold(word, "TOP"), line.EqualFold(word, "LIST"), line.EqualFold(word, "UIDL"):
		return finished
	}
	return moreLines
}

func (m *pop3) server(s *session, text []byte) next {
	switch {
	case line.HasPrefixFold(text, "+OK") && m.tls:
		return startTLS
	case line.HasPrefixFold(text, "+OK"):
		s.greet(text[len("+OK"):])
		s.result(true)
	case line.HasPrefixFold(text, "-ERR"):
		m.sasl.active = false
		s.result(false)
	}
	return moreLines
}
