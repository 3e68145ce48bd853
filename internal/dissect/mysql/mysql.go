// Package mysql reads the beginning of MySQL and MariaDB connections (MySQL
// Internals, "Connection Phase"): the server's version, who signs in with which
// program to which database, and whether that succeeds. Where TLS is agreed on
// it hands over to package tls. Statements and passwords are not kept.
package mysql

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
		Protocol: cordon.MySQL,
		Over:     dissect.OverTCP,
		Ports:    []uint16{3306},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   32 << 10, // for what may follow the agreement on TLS
	}
}

const (
	headerLen   = 4
	maxPacket   = 8 << 10 // of the connection phase
	protocol10  = 10
	errorPacket = 0xff
	okPacket    = 0x00
)

// Capabilities of clients and servers.
const (
	canDatabase   = 1 << 3
	canSSL        = 1 << 11
	canSecure     = 1 << 15
	canPlugin     = 1 << 19
	canAttributes = 1 << 20
	canLengths    = 1 << 21 // the sign-in data has a length of variable size
)

// packet reads the packet at the head of data: its sequence number and body. n
// is 0 if it has not arrived, negative if it is none of the connection phase.
func packet(data []byte) (seq uint8, body wire.Reader, n int) {
	if len(data) < headerLen {
		return 0, nil, 0
	}
	length := int(data[0]) | int(data[1])<<8 | int(data[2])<<16
	if length == 0 || length > maxPacket {
		return 0, nil, -1
	}
	if len(data) < headerLen+length {
		return 0, nil, 0
	}
	return data[3], data[headerLen : headerLen+length], headerLen + length
}

// probe wants the server's greeting. A client that spoke first is none of
// MySQL's.
func probe(h *dissect.Head) dissect.Verdict {
	if h.Dir == flow.Out {
		if len(h.Other) > 0 {
			return dissect.More // the greeting decides
		}
		return dissect.NotMine
	}
	seq, body, n := packet(h.Data)
	switch {
	case n == 0 && len(h.Data) < 2*headerLen && h.Hint:
		return dissect.More
	case n <= 0 || seq != 0:
		return dissect.NotMine
	}
	if _, ok := greeting(body); ok {
		return dissect.Sure
	}
	const leastError = 1000 // where the server's own error numbers begin
	if code, ok := failure(body); ok && h.Hint && code >= leastError && code < 4*leastError {
		return dissect.Likely
	}
	return dissect.NotMine
}

// hello is what of a greeting matters.
type hello struct {
	version  []byte
	ofServer uint32 // its capabilities
}

// greeting reads a HandshakeV10.
func greeting(r wire.Reader) (h hello, ok bool) {
	const maxVersion, thread, salt = 80, 4, 8
	var protocol uint8
	var low, high uint16
	if !r.U8(&protocol) || protocol != protocol10 || !r.Until(&h.version, 0) || len(h.version) < 3 || len(h.version) > maxVersion ||
		h.version[0] < '0' || h.version[0] > '9' || bytes.IndexByte(h.version, '.') < 0 || !r.Skip(thread+salt+1) || !r.LE16(&low) {
		return h, false
	}
	// Servers before 4.1 end here.
	_ = r.Skip(3) && r.LE16(&high)
	h.ofServer = uint32(high)<<16 | uint32(low)
	return h, true
}

// failure reads an error packet's number.
func failure(r wire.Reader) (code uint16, ok bool) {
	var kind uint8
	return code, r.U8(&kind) && kind == errorPacket && r.LE16(&code)
}

// parser reads one connection.
type parser struct {
	inner   dissect.Parser // once both sides speak TLS
	greeted bool
	signed  bool // the client sent its sign-in
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	if p.inner != nil {
		return p.inner.Parse(c, data)
	}
	_, body, n := packet(data)
	switch {
	case n < 0:
		return dissect.Stop
	case n == 0:
		return 0
	case c.Dir == flow.In:
		if p.server(c, body) {
			return dissect.Stop
		}
	case !p.signed:
		p.client(c, body)
	}
	return n
}

// server reports whether the sign-in has ended.
func (p *parser) server(c *dissect.Context, body wire.Reader) bool {
	if h, ok := greeting(body); ok && !p.greeted {
		p.greeted = true
		o := &observation.DatabaseServer{Carrier: cordon.MySQL, Encryption: observation.EncryptionRefused}
		// MariaDB hides behind a version that old replicas accept.
		o.Version = c.Text(bytes.TrimPrefix(h.version, []byte("5.5.5-")))
		if h.ofServer&canSSL != 0 {
			o.Encryption = observation.EncryptionOffered
		}
		c.Emit(o)
		return false
	}
	if code, ok := failure(body); ok {
		c.Emit(&observation.DatabaseResult{Carrier: cordon.MySQL, Code: strconv.Itoa(int(code))})
		return true
	}
	if body[0] == okPacket && p.signed {
		c.Emit(&observation.DatabaseResult{Carrier: cordon.MySQL, OK: true})
		return true
	}
	return false
}

// client reads a HandshakeResponse41 or the request for TLS that has the same
// beginning.
func (p *parser) client(c *dissect.Context, r wire.Reader) {
	const reserved = 4 + 1 + 23 // largest packet, character set, zeros
	var can uint32
	var user, database, plugin []byte
	if !r.LE32(&can) || !r.Skip(reserved) {
		return
	}
	if can&canSSL != 0 && r.Empty() {
		p.inner = tls.New()
		return
	}
	if !r.Until(&user, 0) {
		return
	}
	p.signed = true
	o := &observation.DatabaseClient{Carrier: cordon.MySQL}
	s := &observation.DatabaseSignIn{Carrier: cordon.MySQL, User: c.Pseudonym(bytes.ToLower(user))}
	ok := skipResponse(&r, can)
	if ok && can&canDatabase != 0 && r.Until(&database, 0) {
		o.Database = c.Text(database)
	}
	if ok && can&canPlugin != 0 && r.Until(&plugin, 0) {
		s.Mechanism = c.Text(plugin)
		s.Password = string(plugin) == "mysql_clear_password"
	}
	if ok && can&canAttributes != 0 {
		attributes(c, o, r)
	}
	c.Emit(o)
	c.Emit(s)
}

// skipResponse eats the proof of the password.
func skipResponse(r *wire.Reader, can uint32) bool {
	var short uint8
	var n uint64
	var unused []byte
	switch {
	case can&canLengths != 0:
		return lengthOf(r, &n) && n <= maxPacket && r.Skip(int(n))
	case can&canSecure != 0:
		return r.U8(&short) && r.Skip(int(short))
	default:
		return r.Until(&unused, 0)
	}
}

// lengthOf eats a length-encoded integer.
func lengthOf(r *wire.Reader, n *uint64) bool {
	var first uint8
	var two uint16
	if !r.U8(&first) {
		return false
	}
	switch first {
	case 0xfc:
		ok := r.LE16(&two)
		*n = uint64(two)
		return ok
	case 0xfb, 0xfd, 0xfe, 0xff: // nothing that long belongs here
		return false
	default:
		*n = uint64(first)
		return true
	}
}

const maxAttributes = 32

// attributes reads what the client's library says of itself.
func attributes(c *dissect.Context, o *observation.DatabaseClient, r wire.Reader) {
	var total, n uint64
	var name, version, key, value []byte
	if !lengthOf(&r, &total) {
		return
	}
	for range maxAttributes {
		if !lengthOf(&r, &n) || n > maxPacket || !r.Bytes(&key, int(n)) || !lengthOf(&r, &n) || n > maxPacket || !r.Bytes(&value, int(n)) {
			break
		}
		switch string(key) {
		case "_client_name":
			name = value
		case "_client_version":
			version = value
		case "_os":
			o.System = c.Text(value)
		case "_client_host", "client_host":
			o.Host = c.Text(value)
		case "program_name":
			o.Application = c.Text(value)
		}
	}
	driver := append(append([]byte(nil), name...), ' ')
	o.Driver = c.Text(append(driver, version...))
}
