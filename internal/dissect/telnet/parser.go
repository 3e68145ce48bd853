package telnet

import (
	"bytes"
	"strconv"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// refusals are what servers print, in lower case.
var refusals = [][]byte{
	[]byte("login incorrect"), []byte("login failed"), []byte("access denied"), []byte("authentication failed"),
	[]byte("login invalid"), []byte("bad password"), []byte("invalid password"), []byte("wrong password"), []byte("not authorized"),
}

// Bounds of what is kept, and of how much is read, in bytes.
const (
	maxText    = 256
	maxOptions = 128
	maxRead    = 64 << 10
)

// awaited is what the server asked for.
type awaited uint8

const (
	awaitsNothing awaited = iota
	awaitsName
	awaitsPassword
)

// parser reads one connection byte by byte.
type parser struct {
	sides   [2]side
	read    int
	options []byte // the server's negotiations
	banner  []byte // what it showed
	lines   int    // length of banner up to the current line
	line    []byte // its current line, in lower case
	told    bool   // it was described
	refused bool   // the current line was told of
	awaits  awaited
	typed   []byte // by the client, of a name
	named   bool   // typed is complete
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	s := &p.sides[c.Dir]
	for _, b := range data {
		if p.read++; p.read > maxRead {
			return dissect.Stop
		}
		switch s.step(b) {
		case text:
			if c.Dir == flow.In {
				p.show(c, b)
			} else {
				p.key(c, b)
			}
		case negotiation:
			p.negotiate(c.Dir, s)
		case subnegotiation:
			terminal(c, s)
		}
	}
	return len(data)
}

var verbs = map[byte]string{will: "will-", wont: "wont-", do: "do-", dont: "dont-"}

func (p *parser) negotiate(dir flow.Direction, s *side) {
	if dir == flow.Out || p.told || len(p.options) > maxOptions {
		return
	}
	if len(p.options) > 0 {
		p.options = append(p.options, ',')
	}
	p.options = strconv.AppendUint(append(p.options, verbs[s.command]...), uint64(s.option), 10)
}

// terminal reads the client's terminal type (RFC 1091).
func terminal(c *dissect.Context, s *side) {
	const terminalType, is = 24, 0
	if c.Dir == flow.Out && s.option == terminalType && len(s.value) > 1 && s.value[0] == is {
		c.Emit(&observation.TelnetTerminal{Type: c.Text(s.value[1:])})
	}
}

// show takes a byte that the server shows.
func (p *parser) show(c *dissect.Context, b byte) {
	if b == '\r' || b == '\n' || b == 0 {
		p.line, p.refused = p.line[:0], false
		if n := len(p.banner); n > 0 && n < maxText && p.banner[n-1] != ' ' {
			p.banner = append(p.banner, ' ')
		}
		p.lines = len(p.banner)
		return
	}
	if !p.told && len(p.banner) < maxText {
		p.banner = append(p.banner, b)
	}
	if len(p.line) == maxText {
		p.line = p.line[:copy(p.line, p.line[maxText/2:])]
	}
	if b >= 'A' && b <= 'Z' {
		b += 'a' - 'A'
	}
	p.line = append(p.line, b)
	switch {
	case b == ':':
		p.prompt(c)
	case !p.refused:
		for _, r := range refusals {
			if bytes.HasSuffix(p.line, r) {
				p.refused, p.awaits = true, awaitsNothing
				c.Emit(&observation.TelnetRefusal{})
			}
		}
	}
}

// prompt looks whether the server's line asks for something.
func (p *parser) prompt(c *dissect.Context) {
	switch {
	case asksName(p.line):
		p.awaits, p.typed, p.named = awaitsName, p.typed[:0], false
	case asksPassword(p.line):
		p.awaits = awaitsPassword
	default:
		return
	}
	if p.told {
		return
	}
	p.told = true
	c.Emit(&observation.TelnetServer{Banner: c.Text(p.banner[:p.lines]), Prompt: c.Text(p.line), Options: c.Text(p.options)})
	p.banner, p.lines, p.options = nil, 0, nil
}

// key takes a byte that the client types.
func (p *parser) key(c *dissect.Context, b byte) {
	switch {
	case p.awaits == awaitsName && (b == '\r' || b == '\n'):
		p.named = true
	case p.awaits == awaitsName && b == 0:
	case p.awaits == awaitsName && (b == 0x08 || b == 0x7f):
		p.typed = p.typed[:max(0, len(p.typed)-1)]
	case p.awaits == awaitsName && !p.named && len(p.typed) < maxText:
		p.typed = append(p.typed, b)
	case p.awaits == awaitsPassword && (b == '\r' || b == '\n'):
		p.awaits = awaitsNothing
		c.Emit(&observation.TelnetSignIn{User: c.Pseudonym(bytes.ToLower(bytes.TrimSpace(p.typed)))})
		p.typed = p.typed[:0]
	}
}
