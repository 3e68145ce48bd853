// Package mongodb reads MongoDB's wire protocol as far as it tells who is who:
// the driver, program and system that a client names in its first message, the
// server's names and versions, and sign-ins with their outcome. Documents are
// not kept.
package mongodb

import (
	"bytes"
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.MongoDB,
		Over:     dissect.OverTCP,
		Ports:    []uint16{27017, 27018, 27019},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   maxMessage + 1,
	}
}

// Operation codes ("MongoDB Wire Protocol", opcodes).
const (
	opReply        = 1
	opUpdate       = 2001
	opInsert       = 2002
	opQuery        = 2004
	opGetMore      = 2005
	opDelete       = 2006
	opKillCursors  = 2007
	opCommand      = 2010
	opCommandReply = 2011
	opCompressed   = 2012
	opMessage      = 2013
)

const (
	headerLen = 16
	// maxMessage is the longest message that is read; those with more documents
	// are passed over.
	maxMessage = 8 << 10
	// maxLength is what servers accept, in bytes.
	maxLength = 48_000_000
)

// header is that of a message.
type header struct {
	length             int
	request, answering uint32
	op                 uint32
}

func readHeader(b []byte) (h header, ok bool) {
	r := wire.Reader(b)
	var length uint32
	if !r.LE32(&length) || !r.LE32(&h.request) || !r.LE32(&h.answering) || !r.LE32(&h.op) {
		return h, false
	}
	h.length = int(min(length, maxLength+1))
	switch h.op {
	case opReply, opUpdate, opInsert, opQuery, opGetMore, opDelete, opKillCursors, opCommand, opCommandReply, opCompressed, opMessage:
		return h, length >= headerLen+4 && length <= maxLength
	}
	return h, false
}

// probe wants a header, and behind it what its operation begins with.
func probe(h *dissect.Head) dissect.Verdict {
	if len(h.Data) < headerLen {
		if h.Hint {
			return dissect.More
		}
		return dissect.NotMine
	}
	hd, ok := readHeader(h.Data)
	if !ok {
		return dissect.NotMine
	}
	if len(h.Data) > hd.length {
		if next := h.Data[hd.length:]; len(next) >= headerLen {
			if _, ok := readHeader(next); !ok {
				return dissect.NotMine
			}
		}
	}
	r := wire.Reader(h.Data[headerLen:])
	var flags uint32
	var section uint8
	if !r.LE32(&flags) {
		return dissect.More
	}
	switch hd.op {
	case opMessage:
		const known = 1 | 1<<1 | 1<<16
		if flags&^known != 0 || r.U8(&section) && section > 1 {
			return dissect.NotMine
		}
		return dissect.Sure
	case opQuery, opInsert:
		return collection(h, r)
	case opUpdate, opGetMore, opDelete:
		if flags != 0 {
			return dissect.NotMine
		}
		return collection(h, r)
	case opReply, opCompressed:
		if h.Hint || hd.answering != 0 && hd.op == opReply && flags <= 15 {
			return dissect.Likely
		}
	}
	if h.Hint {
		return dissect.Likely
	}
	return dissect.NotMine
}

// collection wants a name such as "admin.$cmd".
func collection(h *dissect.Head, r wire.Reader) dissect.Verdict {
	var name []byte
	r = r[:min(len(r), 128)]
	if !r.Until(&name, 0) || len(name) < 3 || bytes.IndexByte(name, '.') <= 0 {
		return dissect.NotMine
	}
	for _, c := range name {
		if c < ' ' || c == 0x7f {
			return dissect.NotMine
		}
	}
	return dissect.Sure
}

// parser reads one connection.
type parser struct {
	met    [2]bool // that side has described itself
	asked  uint32  // request that signs in, awaiting its answer
	signed bool
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	if len(data) < headerLen {
		return 0
	}
	h, ok := readHeader(data)
	switch {
	case !ok:
		return dissect.Stop
	case h.length > maxMessage:
		return h.length
	case len(data) < h.length:
		return 0
	}
	if doc, ok := document(h, data[headerLen:h.length]); ok {
		if c.Dir == flow.Out {
			p.request(c, h, doc)
		} else {
			p.response(c, h, doc)
		}
	}
	return h.length
}

// document returns the body of the first document of a message.
func document(h header, r wire.Reader) (doc wire.Reader, ok bool) {
	var section uint8
	var name []byte
	switch h.op {
	case opMessage:
		ok = r.Skip(4) && r.U8(&section) && section == 0
	case opQuery:
		ok = r.Skip(4) && r.Until(&name, 0) && r.Skip(8)
	case opReply:
		ok = r.Skip(20)
	}
	return doc, ok && readDocument(&r, &doc)
}

// request reads a client's command.
func (p *parser) request(c *dissect.Context, h header, doc wire.Reader) {
	first := true
	elements(doc, func(e element) bool {
		switch {
		case e.kind == kindDocument && string(e.name) == "client" && !p.met[flow.Out]:
			p.met[flow.Out] = true
			describe(c, e.value)
		case first && (string(e.name) == "saslStart" || string(e.name) == "authenticate"):
			p.asked, p.signed = h.request, true
			signIn(c, doc)
		case first && string(e.name) == "saslContinue":
			p.asked = h.request
		}
		first = false
		return true
	})
}

// describe reads the metadata of a client ("MongoDB Handshake", client).
func describe(c *dissect.Context, client wire.Reader) {
	o := &observation.DatabaseClient{Carrier: cordon.MongoDB}
	join := func(doc wire.Reader, first, second string) string {
		a, b := find(doc, first), find(doc, second)
		return c.Text(bytes.TrimSpace(append(append(bytes.Clone(a), ' '), b...)))
	}
	elements(client, func(e element) bool {
		if e.kind != kindDocument {
			return true
		}
		switch string(e.name) {
		case "application":
			o.Application = c.Text(find(e.value, "name"))
		case "driver":
			o.Driver = join(e.value, "name", "version")
		case "os":
			if o.System = join(e.value, "name", "version"); o.System == "" {
				o.System = c.Text(find(e.value, "type"))
			}
		}
		return true
	})
	c.Emit(o)
}

func signIn(c *dissect.Context, doc wire.Reader) {
	o := &observation.DatabaseSignIn{Carrier: cordon.MongoDB, Mechanism: c.Text(find(doc, "mechanism"))}
	o.Password = o.Mechanism == "PLAIN"
	user := find(doc, "user")
	if payload := findBinary(doc, "payload"); user == nil && payload != nil {
		if o.Password { // authorization, name, password (RFC 4616)
			_, rest, _ := bytes.Cut(payload, []byte{0})
			user, _, _ = bytes.Cut(rest, []byte{0})
		} else if _, rest, ok := bytes.Cut(payload, []byte("n=")); ok { // RFC 5802
			user, _, _ = bytes.Cut(rest, []byte(","))
		}
	}
	o.User = c.Pseudonym(bytes.ToLower(user))
	c.Emit(o)
}

// response reads a server's answer.
func (p *parser) response(c *dissect.Context, h header, doc wire.Reader) {
	if p.signed && h.answering == p.asked {
		p.outcome(c, doc)
	}
	if p.met[flow.In] {
		return
	}
	o := &observation.DatabaseServer{Carrier: cordon.MongoDB}
	elements(doc, func(e element) bool {
		switch {
		case string(e.name) == "version" && e.kind == kindString:
			o.Version = c.Text(e.value)
		case string(e.name) == "me" && e.kind == kindString:
			o.Name = c.Text(e.value)
		}
		return true
	})
	if *o != (observation.DatabaseServer{Carrier: cordon.MongoDB}) {
		p.met[flow.In] = o.Version != ""
		c.Emit(o)
	}
}

// outcome tells how a sign-in ended, unless it goes on.
func (p *parser) outcome(c *dissect.Context, doc wire.Reader) {
	done, failed, code := false, false, ""
	elements(doc, func(e element) bool {
		switch string(e.name) {
		case "done":
			done = e.truth()
		case "ok":
			failed = !e.truth()
		case "code":
			code = strconv.FormatInt(e.integer(), 10)
		}
		return true
	})
	if done || failed {
		p.signed = false
		c.Emit(&observation.DatabaseResult{Carrier: cordon.MongoDB, OK: !failed, Code: code})
	}
}
