// Package postgresql reads the beginning of PostgreSQL connections (PostgreSQL
// documentation, "Frontend/Backend Protocol"): who signs in with which program
// to which database, how, whether that succeeds, and the server's version.
// Where TLS is agreed on it hands over to package tls. Statements and passwords
// are not kept.
package postgresql

import (
	"bytes"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/tls"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.PostgreSQL,
		Over:     dissect.OverTCP,
		Ports:    []uint16{5432},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   32 << 10, // for what may follow the agreement on TLS
	}
}

// Codes in the place of a version in a client's first message.
const (
	version3   = 3 << 16
	requestSSL = 80877103
	requestGSS = 80877104
	cancel     = 80877102
)

const (
	firstLen   = 8
	maxStartup = 10000 // the server's own limit, in bytes
)

// probe wants a client's first message. What the server says first makes sense
// only as an answer to it.
func probe(h *dissect.Head) dissect.Verdict {
	if h.Dir == flow.In {
		const first = "RSNEG"
		if h.Hint && bytes.IndexByte([]byte(first), h.Data[0]) >= 0 {
			return dissect.More
		}
		return dissect.NotMine
	}
	r := wire.Reader(h.Data)
	var length, code uint32
	if !r.U32(&length) || !r.U32(&code) {
		if h.Data[0] == 0 && h.Hint {
			return dissect.More
		}
		return dissect.NotMine
	}
	switch {
	case (code == requestSSL || code == requestGSS) && length == firstLen, code == cancel && length == 16:
		return dissect.Sure
	case code>>16 == version3>>16 && code&0xffff <= 2 && length > firstLen && length <= maxStartup && (h.Hint || bytes.Contains(r, []byte("user\x00"))):
		return dissect.Sure
	default:
		return dissect.NotMine
	}
}

// parser reads one connection.
type parser struct {
	inner   dissect.Parser // once both sides speak TLS
	asked   bool           // the client asked to encrypt and waits
	started bool           // its startup message was seen
	user    string
	method  string
	clear   bool // the server asked for a readable password
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	switch {
	case p.inner != nil:
		return p.inner.Parse(c, data)
	case c.Dir == flow.Out && !p.started:
		return p.first(c, data)
	case c.Dir == flow.Out:
		return p.client(c, data)
	case p.asked:
		return p.agree(c, data)
	default:
		return p.server(c, data)
	}
}

// first reads the messages before a connection has started, which have no type.
func (p *parser) first(c *dissect.Context, data []byte) int {
	r := wire.Reader(data)
	var length, code uint32
	var body wire.Reader
	if !r.U32(&length) {
		return 0
	}
	if length < firstLen || length > maxStartup {
		return dissect.Stop
	}
	if !r.Sub(&body, int(length)-4) {
		return 0
	}
	body.U32(&code)
	switch {
	case code == requestSSL || code == requestGSS:
		p.asked = true
	case code>>16 == version3>>16:
		p.asked, p.started = false, true
		p.startup(c, body)
	default:
		return dissect.Stop
	}
	return len(data) - r.Len()
}

// agree reads the one byte that answers a request to encrypt.
func (p *parser) agree(c *dissect.Context, data []byte) int {
	p.asked = false
	switch data[0] {
	case 'S':
		p.inner = tls.New()
		c.Emit(&observation.DatabaseServer{Carrier: cordon.PostgreSQL, Encryption: observation.EncryptionOffered})
		return 1
	case 'N':
		c.Emit(&observation.DatabaseServer{Carrier: cordon.PostgreSQL, Encryption: observation.EncryptionRefused})
		return 1
	default:
		return dissect.Stop // GSS encryption, or a server too old to know
	}
}

const maxParameters = 32

func (p *parser) startup(c *dissect.Context, r wire.Reader) {
	o := &observation.DatabaseClient{Carrier: cordon.PostgreSQL}
	var key, value []byte
	for range maxParameters {
		if !r.Until(&key, 0) || len(key) == 0 || !r.Until(&value, 0) {
			break
		}
		switch string(key) {
		case "user":
			p.user = c.Pseudonym(bytes.ToLower(value))
		case "database":
			o.Database = c.Text(value)
		case "application_name":
			o.Application = c.Text(value)
		}
	}
	c.Emit(o)
}

// Message types (backend and frontend).
const (
	authentication = 'R'
	parameter      = 'S'
	failure        = 'E'
	ready          = 'Z'
	password       = 'p'
)

// typed reads the message with a type at the head of data. n is its length, 0
// if it has not arrived, negative if there is none.
func typed(data []byte) (kind byte, body wire.Reader, n int) {
	r := wire.Reader(data)
	var length uint32
	if !r.U8(&kind) || !r.U32(&length) {
		return 0, nil, 0
	}
	if length < 4 || length > maxStartup {
		return 0, nil, -1
	}
	if !r.Sub(&body, int(length)-4) {
		return 0, nil, 0
	}
	return kind, body, len(data) - r.Len()
}

func (p *parser) client(c *dissect.Context, data []byte) int {
	kind, _, n := typed(data)
	switch {
	case n < 0:
		return dissect.Stop
	case n > 0 && kind == password && p.method != "":
		c.Emit(&observation.DatabaseSignIn{Carrier: cordon.PostgreSQL, User: p.user, Mechanism: p.method, Password: p.clear})
		p.method = ""
	}
	return n
}

// Kinds of authentication that a server asks for.
const (
	authOK       = 0
	authPassword = 3
	authMD5      = 5
	authGSS      = 7
	authSSPI     = 9
	authSASL     = 10
)

func (p *parser) server(c *dissect.Context, data []byte) int {
	kind, body, n := typed(data)
	if n <= 0 {
		return n
	}
	switch kind {
	case authentication:
		p.authenticate(c, body)
	case parameter:
		var key, value []byte
		if body.Until(&key, 0) && body.Until(&value, 0) && string(key) == "server_version" {
			c.Emit(&observation.DatabaseServer{Carrier: cordon.PostgreSQL, Version: c.Text(value)})
		}
	case failure:
		c.Emit(&observation.DatabaseResult{Carrier: cordon.PostgreSQL, Code: c.Text(sqlState(body))})
		return dissect.Stop
	case ready:
		return dissect.Stop
	}
	return n
}

func (p *parser) authenticate(c *dissect.Context, body wire.Reader) {
	var kind uint32
	if !body.U32(&kind) {
		return
	}
	p.clear = kind == authPassword
	switch kind {
	case authOK:
		c.Emit(&observation.DatabaseResult{Carrier: cordon.PostgreSQL, OK: true})
	case authPassword:
		p.method = "password"
	case authMD5:
		p.method = "md5"
	case authGSS, authSSPI:
		p.method = "gss"
	case authSASL:
		p.method = "sasl"
	}
}

// sqlState returns the code in the fields of an error.
func sqlState(r wire.Reader) []byte {
	var kind uint8
	var value []byte
	for range maxParameters {
		if !r.U8(&kind) || kind == 0 || !r.Until(&value, 0) {
			break
		}
		if kind == 'C' {
			return value
		}
	}
	return nil
}
