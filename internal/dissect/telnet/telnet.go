// Package telnet reads Telnet (RFC 854): what a server negotiates and shows
// before somebody signs in, that somebody does, and that it is refused. What is
// typed as a name becomes a pseudonym, what is typed as a password is passed
// over, and nothing behind that is kept.
package telnet

import (
	"bytes"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/line"
	"github.com/cordonhq/cordon/internal/flow"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.Telnet,
		Over:     dissect.OverTCP,
		Ports:    []uint16{23, 2323},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
	}
}

// Commands (RFC 854 "TELNET COMMAND STRUCTURE").
const (
	se   = 240
	sb   = 250
	will = 251
	wont = 252
	do   = 253
	dont = 254
	iac  = 255
)

// lastOption is the last option number that is assigned, but for one.
const (
	lastOption     = 49
	extendedOption = 255
)

// judged is how many bytes are looked at to tell text from other things.
const judged = 128

// probe wants negotiations, or on Telnet's port a prompt.
func probe(h *dissect.Head) dissect.Verdict {
	b := h.Data
	count := 0
	for len(b) >= 3 && b[0] == iac && (b[1] >= will && b[1] <= dont && knownOption(b[2]) || b[1] == sb && knownOption(b[2])) {
		count++
		if b[1] == sb {
			break
		}
		b = b[3:]
	}
	switch {
	case count > 1, count == 1 && h.Hint:
		return dissect.Sure
	case count == 1 && (len(b) == 0 || b[0] == iac || line.IsText(b[:min(len(b), judged)])):
		return dissect.Likely
	case count > 0:
		return dissect.NotMine
	case len(h.Data) < 3 && h.Data[0] == iac && (len(h.Data) == 1 || h.Data[1] >= sb && h.Data[1] < iac):
		return dissect.More
	case !h.Hint || h.Data[0] == iac || !line.IsText(h.Data[:min(len(h.Data), judged)]):
		return dissect.NotMine
	case h.Dir == flow.In && asks(h.Data):
		return dissect.Likely
	default:
		return dissect.More
	}
}

func knownOption(o byte) bool { return o <= lastOption || o == extendedOption }

// asks reports whether text ends in a prompt for a name or a password.
func asks(text []byte) bool {
	text = bytes.TrimRight(text, " ")
	return asksName(text) || asksPassword(text)
}

func asksName(text []byte) bool {
	return line.HasSuffixFold(text, "LOGIN:") || line.HasSuffixFold(text, "USERNAME:") || line.HasSuffixFold(text, "USER NAME:") ||
		line.HasSuffixFold(text, "ACCOUNT:") || line.HasSuffixFold(text, "USER:")
}

func asksPassword(text []byte) bool {
	return line.HasSuffixFold(text, "PASSWORD:") || line.HasSuffixFold(text, "PASSWD:")
}
