// Package mssql reads the beginning of Microsoft SQL Server connections
// (MS-TDS): the versions of both sides, who signs in from which computer with
// which program, and whether that succeeds. Passwords, which TDS only disguises,
// and what is asked and answered are not kept.
package mssql

import (
	"bytes"
	"strconv"

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
		Protocol: cordon.MSSQL,
		Over:     dissect.OverTCP,
		Ports:    []uint16{1433},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   32<<10 + headerLen,
	}
}

// Packet types (MS-TDS §2.2.3.1.1).
const (
	batch       = 1
	oldLogin    = 2
	rpc         = 3
	response    = 4
	attention   = 6
	bulk        = 7
	transaction = 14
	login       = 16
	sspi        = 17
	preLogin    = 18
)

const (
	headerLen = 8
	endOf     = 0x01 // status: last packet of a message
	maxStatus = 0x1f
)

// header is that of a packet (MS-TDS §2.2.3.1).
type header struct {
	kind, status uint8
	length       int
}

func readHeader(b []byte) (h header, ok bool) {
	r := wire.Reader(b)
	var length uint16
	var window uint8
	if !r.U8(&h.kind) || !r.U8(&h.status) || !r.U16(&length) || !r.Skip(3) || !r.U8(&window) {
		return h, false
	}
	h.length = int(length)
	switch h.kind {
	case batch, oldLogin, rpc, response, attention, bulk, transaction, login, sspi, preLogin:
	default:
		return h, false
	}
	return h, h.status <= maxStatus && h.length >= headerLen && window == 0
}

// probe wants packets that follow one another, of a message that looks like
// what its type says.
func probe(h *dissect.Head) dissect.Verdict {
	b := h.Data
	if len(b) < headerLen {
		if b[0] > 0 && b[0] <= preLogin && h.Hint {
			return dissect.More
		}
		return dissect.NotMine
	}
	hd, ok := readHeader(b)
	if !ok {
		return dissect.NotMine
	}
	body := wire.Reader(b[headerLen:min(len(b), hd.length)])
	if len(b) > hd.length {
		if _, ok := readHeader(b[hd.length:]); !ok && len(b)-hd.length >= headerLen {
			return dissect.NotMine
		}
	}
	whole := len(b) >= hd.length
	switch {
	case hd.kind == preLogin && whole && validOptions(body):
		return dissect.Sure
	case hd.kind == login && loginFits(body, hd.length-headerLen):
		return dissect.Sure
	case h.Hint && (hd.kind == batch || hd.kind == rpc || hd.kind == response || hd.kind == transaction || hd.kind == login) && (whole || hd.status&endOf == 0):
		return dissect.Likely
	case h.Hint && !whole:
		return dissect.More
	default:
		return dissect.NotMine
	}
}

func loginFits(r wire.Reader, room int) bool {
	var length, version uint32
	return r.LE32(&length) && r.LE32(&version) && int64(length) == int64(room) && version>>24 >= 0x70 && version>>24 <= 0x75 ||
		version>>24 == 0x02 // 7.0 in its first builds
}

// validOptions reports whether r begins with the option list of a PRELOGIN
// whose parts lie within it (MS-TDS §2.2.6.5).
func validOptions(r wire.Reader) bool {
	whole := len(r)
	for count := 0; ; count++ {
		var token uint8
		var at, length uint16
		if !r.U8(&token) {
			return false
		}
		if token == optionEnd {
			return count > 0
		}
		if token > optionLast || !r.U16(&at) || !r.U16(&length) || int(at)+int(length) > whole || count > optionLast {
			return false
		}
	}
}

// Options of a PRELOGIN.
const (
	optionVersion    = 0
	optionEncryption = 1
	optionInstance   = 2
	optionLast       = 8
	optionEnd        = 0xff
)

// parser reads one connection.
type parser struct {
	answered bool // the server's PRELOGIN was seen
	inner    dissect.Parser
	server   observation.DatabaseServer
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	if len(data) < headerLen {
		return 0
	}
	h, ok := readHeader(data)
	switch {
	case !ok:
		return dissect.Stop // what TLS leaves no header on
	case len(data) < h.length:
		return 0
	}
	body := wire.Reader(data[headerLen:h.length])
	done := false
	switch h.kind {
	case preLogin:
		done = p.preLogin(c, body)
	case login:
		signIn(c, body)
	case response:
		done = p.response(c, body)
	case batch, rpc, bulk, transaction:
		return dissect.Stop // signed in already
	}
	if done {
		return dissect.Stop
	}
	return h.length
}

// preLogin reads a PRELOGIN, or the TLS handshake that is wrapped in packets of
// the same type (MS-TDS §3.2.5.1).
func (p *parser) preLogin(c *dissect.Context, body wire.Reader) (done bool) {
	const handshake = 0x16
	if len(body) > 0 && body[0] == handshake {
		if p.inner == nil {
			p.inner = tls.New()
		}
		for len(body) > 0 {
			n := p.inner.Parse(c, body)
			if n <= 0 || n > len(body) {
				return n < 0
			}
			body = body[n:]
		}
		return false
	}
	if c.Dir == flow.In {
		p.prelude(c, body)
	}
	return false
}

func (p *parser) prelude(c *dissect.Context, body wire.Reader) {
	if validOptions(body) {
		options(c, body, &p.server)
		p.emit(c)
	}
}

func (p *parser) emit(c *dissect.Context) {
	p.server.Carrier = cordon.MSSQL
	p.answered = true
	o := p.server
	c.Emit(&o)
}

func options(c *dissect.Context, body wire.Reader, o *observation.DatabaseServer) {
	r := body
	var token uint8
	var at, length uint16
	for r.U8(&token) && token != optionEnd && r.U16(&at) && r.U16(&length) {
		if int(at)+int(length) > len(body) {
			return
		}
		value := wire.Reader(body[at : int(at)+int(length)])
		switch {
		case token == optionVersion && length >= 4:
			o.Version = c.Text(version(value))
		case token == optionEncryption && length == 1:
			o.Encryption = encryption(value[0])
		}
	}
}

// encryption reads the option of MS-TDS §2.2.6.5.
func encryption(v uint8) observation.Encryption {
	switch v & 3 {
	case 0:
		return observation.EncryptionOffered // for the sign-in alone
	case 1:
		return observation.EncryptionOffered
	case 2:
		return observation.EncryptionRefused
	default:
		return observation.EncryptionRequired
	}
}

// version writes major.minor.build.
func version(r wire.Reader) []byte {
	var major, minor uint8
	var build uint16
	r.U8(&major)
	r.U8(&minor)
	r.U16(&build)
	b := strconv.AppendUint(nil, uint64(major), 10)
	b = strconv.AppendUint(append(b, '.'), uint64(minor), 10)
	return strconv.AppendUint(append(b, '.'), uint64(build), 10)
}

// Tokens in a response (MS-TDS §2.2.7).
const (
	tokenError    = 0xaa
	tokenInfo     = 0xab
	tokenLoginAck = 0xad
	tokenChange   = 0xe3
	tokenSSPI     = 0xed
)

const maxTokens = 64

// response reads the answer to a sign-in, and reports whether it is final. A
// server answers a PRELOGIN with this type as well.
func (p *parser) response(c *dissect.Context, r wire.Reader) (final bool) {
	if !p.answered && validOptions(r) {
		p.prelude(c, r)
		return false
	}
	for range maxTokens {
		var token uint8
		var length uint16
		var body wire.Reader
		if !r.U8(&token) || !r.LE16(&length) || !r.Sub(&body, int(length)) {
			return false
		}
		switch token {
		case tokenLoginAck:
			c.Emit(&observation.DatabaseResult{Carrier: cordon.MSSQL, OK: true})
			return true
		case tokenError:
			var number uint32
			if body.LE32(&number) {
				c.Emit(&observation.DatabaseResult{Carrier: cordon.MSSQL, Code: strconv.FormatUint(uint64(number), 10)})
			}
			return true
		case tokenInfo, tokenChange, tokenSSPI:
			if token == tokenSSPI {
				readToken(c, body)
			}
		default:
			return bytes.IndexByte([]byte{0x81, 0xd1, 0xfd, 0xfe, 0xff}, token) >= 0
		}
	}
	return false
}
