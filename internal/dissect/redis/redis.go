// Package redis reads the Redis protocol (RESP) as far as it tells who is who:
// the server's version in what INFO answers, sign-ins with their outcome, and
// which commands are given. Keys and values are not kept.
package redis

import (
	"bytes"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/line"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.Redis,
		Over:     dissect.OverTCP,
		Ports:    []uint16{6379, 26379},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   window,
	}
}

// window is the most of a command or an answer that is looked at, in bytes.
const window = 16 << 10

// probe wants a command as an array of strings, or on Redis's port an answer.
func probe(h *dissect.Head) dissect.Verdict {
	text, n := line.Next(h.Data)
	first := h.Data[0]
	switch {
	case n < 0:
		return dissect.NotMine
	case n == 0 && len(h.Data) < 16 && (first == '*' || h.Hint && bytes.IndexByte([]byte("+-:$"), first) >= 0):
		return dissect.More
	case n == 0 || len(text) < 2 || h.Data[n-2] != '\r':
		return dissect.NotMine
	case first == '*' && isNumber(text[1:]):
		if rest := h.Data[n:]; len(rest) == 0 {
			return dissect.More
		} else if rest[0] == '$' || rest[0] == ':' && h.Hint {
			return dissect.Sure
		}
		return dissect.NotMine
	case !h.Hint || h.Dir != flow.In:
		return dissect.NotMine
	case first == '+', first == '-' && line.HasPrefixFold(text, "-ERR"), first == '-' && line.HasPrefixFold(text, "-NOAUTH"), first == '-' && line.HasPrefixFold(text, "-DENIED"):
		return dissect.Likely
	case (first == '$' || first == ':') && isNumber(text[1:]):
		return dissect.More // until the client speaks
	default:
		return dissect.NotMine
	}
}

func isNumber(b []byte) bool {
	if len(b) == 0 || len(b) > 10 {
		return false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func number(b []byte) (n int, ok bool) {
	if !isNumber(b) {
		return 0, false
	}
	for _, c := range b {
		n = n*10 + int(c-'0')
	}
	return n, true
}

// parser reads one connection.
type parser struct {
	auth    bool // the latest command signs in
	info    bool // the latest command asks the server to describe itself
	pending int  // arguments of the latest command that are passed over
	command observation.RedisCommand
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	if c.Dir == flow.Out {
		return p.request(c, data)
	}
	return p.response(c, data)
}

// maxArguments is how many arguments of a command are looked at. The name and
// the two of AUTH are enough.
const maxArguments = 3

// request reads a command: an array of strings, or a line of words.
func (p *parser) request(c *dissect.Context, data []byte) int {
	if p.pending > 0 {
		_, n := bulk(data)
		if n > 0 {
			p.pending--
		}
		return n
	}
	text, n := line.Next(data)
	switch {
	case n < 0:
		return dissect.Stop
	case n == 0:
		return 0
	case len(text) == 0 || text[0] != '*':
		words := bytes.Fields(text)
		if len(words) > 0 {
			p.run(c, words[:min(len(words), maxArguments)])
		}
		return n
	}
	count, ok := number(text[1:])
	if !ok || count > 1<<20 {
		return dissect.Stop
	}
	at, args := n, make([][]byte, 0, maxArguments)
	for len(args) < min(count, maxArguments) {
		arg, n := bulk(data[at:])
		if n <= 0 {
			return n
		}
		if arg == nil { // too long to look at
			break
		}
		at += n
		args = append(args, arg)
	}
	p.pending = count - len(args)
	if len(args) > 0 {
		p.run(c, args)
	}
	return at
}

// bulk reads a string with its length. n is how many bytes it takes; 0 asks for
// more, negative is no string. The value of a long one is nil, and n may then
// be more than there are.
func bulk(data []byte) (value []byte, n int) {
	text, n := line.Next(data)
	if n <= 0 {
		return nil, n
	}
	if len(text) < 2 || text[0] != '$' {
		return nil, -1
	}
	length, ok := number(text[1:])
	const maxBulk = 512 << 20 // the server's own limit
	if !ok || length > maxBulk {
		return nil, -1
	}
	end := n + length + 2
	switch {
	case length >= window/2:
		return nil, end
	case end > len(data):
		return nil, 0
	default:
		return data[n : n+length], end
	}
}

// run takes a command with its first arguments.
func (p *parser) run(c *dissect.Context, args [][]byte) {
	const longest = 32
	name := args[0]
	p.auth, p.info = line.EqualFold(name, "AUTH"), line.EqualFold(name, "INFO")
	if p.auth && len(args) > 1 {
		user := []byte("default")
		if len(args) > 2 {
			user = args[1]
		}
		c.Emit(&observation.DatabaseSignIn{Carrier: cordon.Redis, User: c.Pseudonym(bytes.ToLower(user)), Password: true})
		return
	}
	p.command = observation.RedisCommand{Name: c.Text(bytes.ToUpper(name[:min(len(name), longest)]))}
	c.Emit(&p.command)
}

// response reads an answer. What holds values is passed over.
func (p *parser) response(c *dissect.Context, data []byte) int {
	text, n := line.Next(data)
	switch {
	case n < 0:
		return dissect.Stop
	case n == 0:
		return 0
	case len(text) == 0:
		return n
	}
	switch text[0] {
	case '-':
		word, _ := line.Word(text[1:])
		if p.auth || line.EqualFold(word, "NOAUTH") || line.EqualFold(word, "DENIED") {
			c.Emit(&observation.DatabaseResult{Carrier: cordon.Redis, Code: c.Text(word)})
		}
	case '+':
		if p.auth {
			c.Emit(&observation.DatabaseResult{Carrier: cordon.Redis, OK: true})
		}
	case '$':
		if bytes.Equal(text, []byte("$-1")) {
			return n
		}
		value, n := bulk(data)
		if n > 0 && p.info {
			info(c, value)
			p.info = false
		}
		return n
	}
	p.auth = false
	return n
}

// info reads what the server says of itself.
func info(c *dissect.Context, text []byte) {
	o := &observation.DatabaseServer{Carrier: cordon.Redis}
	for field := range bytes.SplitSeq(text, []byte("\n")) {
		key, value, _ := bytes.Cut(field, []byte(":"))
		switch string(key) {
		case "redis_version":
			o.Version = c.Text(value)
		case "os":
			o.System = c.Text(value)
		}
	}
	if o.Version != "" {
		c.Emit(o)
	}
}
