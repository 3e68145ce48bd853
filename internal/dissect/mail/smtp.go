package mail

import (
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/line"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// probeSMTP judges a server by its greeting, which FTP's resembles, and a client
// by how it introduces itself.
func probeSMTP(h *dissect.Head) dissect.Verdict {
	text, n := line.Next(h.Data)
	if h.Dir == flow.In {
		code, _, rest := line.Code(text)
		switch {
		case n == 0 && len(h.Data) < 4 && (h.Data[0] == '2' || h.Data[0] == '5'):
			return dissect.More
		case n <= 0 || code != 220 && code != 554 && code != 421:
			return dissect.NotMine
		case line.ContainsFold(rest, "SMTP"):
			return dissect.Sure
		case line.ContainsFold(rest, "FTP"):
			return dissect.NotMine
		case h.Hint:
			return dissect.Likely
		default:
			return dissect.More
		}
	}
	word, rest := line.Word(text)
	greeting, _, _ := line.Code(h.Other)
	switch {
	case n == 0 && len(h.Data) < line.Max && (line.HasPrefixFold(h.Data, "EHLO") || line.HasPrefixFold(h.Data, "HELO")):
		return dissect.More
	case n <= 0 || len(rest) == 0:
		return dissect.NotMine
	case line.EqualFold(word, "EHLO"), line.EqualFold(word, "HELO") && greeting == 220, line.EqualFold(word, "LHLO"):
		return dissect.Sure
	case line.EqualFold(word, "HELO"):
		return dissect.Likely
	case (line.EqualFold(word, "MAIL") && line.HasPrefixFold(rest, "FROM:")) && (h.Midway || h.Hint):
		return dissect.Likely
	default:
		return dissect.NotMine
	}
}

// smtp reads SMTP.
type smtp struct {
	tls  bool // the client asked for it
	sasl exchange
}

func (m *smtp) client(s *session, text []byte) next {
	if m.sasl.active {
		m.sasl.response(s, text)
		return moreLines
	}
	word, rest := line.Word(text)
	m.tls = line.EqualFold(word, "STARTTLS")
	switch {
	case line.EqualFold(word, "EHLO"), line.EqualFold(word, "HELO"), line.EqualFold(word, "LHLO"):
		s.Emit(&observation.MailClient{Name: s.Text(rest)})
	case line.EqualFold(word, "AUTH"):
		name, initial := line.Word(rest)
		m.sasl.begin(s, name, initial)
	case line.EqualFold(word, "DATA"), line.EqualFold(word, "BDAT"):
		return finished
	}
	return moreLines
}

func (m *smtp) server(s *session, text []byte) next {
	const ready, signedIn, goOn, failed, refused = 220, 235, 334, 454, 535
	code, more, rest := line.Code(text)
	switch {
	case code == ready && m.tls:
		return startTLS
	case code == ready && !more:
		s.greet(rest)
	case code == signedIn:
		s.result(true)
	case code == refused || code == failed || code >= 500 && m.sasl.active:
		m.sasl.active = false
		s.result(false)
	case code == goOn: // the exchange goes on
	}
	return moreLines
}
