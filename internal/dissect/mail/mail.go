// Package mail reads SMTP (RFC 5321), POP3 (RFC 1939) and IMAP (RFC 9051) until
// the first message is sent or fetched: greetings, client names, sign-ins and
// their outcome. Where TLS is agreed on it hands over to package tls. Addresses,
// messages and passwords are not kept.
package mail

import (
	"bytes"
	"encoding/base64"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/line"
	"github.com/cordonhq/cordon/internal/dissect/tls"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// window leaves room for certificates behind STARTTLS.
const window = 32 << 10

// SMTP returns the row for SMTP.
func SMTP() dissect.Dissector {
	return row(cordon.SMTP, []uint16{25, 587, 2525}, probeSMTP, func() reader { return new(smtp) })
}

// POP3 returns the row for POP3.
func POP3() dissect.Dissector {
	return row(cordon.POP3, []uint16{110}, probePOP3, func() reader { return new(pop3) })
}

// IMAP returns the row for IMAP.
func IMAP() dissect.Dissector {
	return row(cordon.IMAP, []uint16{143}, probeIMAP, func() reader { return new(imap) })
}

func row(p cordon.Protocol, ports []uint16, probe func(*dissect.Head) dissect.Verdict, reading func() reader) dissect.Dissector {
	return dissect.Dissector{
		Protocol: p, Over: dissect.OverTCP, Ports: ports, Probe: probe, Window: window,
		New: func() dissect.Parser { return &parser{reader: reading(), carrier: p} },
	}
}

// reader reads the lines of one protocol. Each method reports what follows.
type reader interface {
	client(s *session, text []byte) next
	server(s *session, text []byte) next
}

// next is what follows a line.
type next uint8

const (
	moreLines next = iota
	startTLS       // both sides speak TLS
	finished       // nothing more to read
)

// session is what the readers share.
type session struct {
	*dissect.Context
	*parser
}

// parser reads one connection.
type parser struct {
	reader  reader
	carrier cordon.Protocol
	inner   dissect.Parser // once both sides speak TLS
	greeted bool
	awaits  bool // a sign-in was sent whose outcome is not known
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	if p.inner != nil {
		return p.inner.Parse(c, data)
	}
	text, n := line.Next(data)
	switch {
	case n < 0:
		return dissect.Stop
	case n == 0:
		return 0
	}
	s := session{c, p}
	var follows next
	if c.Dir == flow.Out {
		follows = p.reader.client(&s, text)
	} else {
		follows = p.reader.server(&s, text)
	}
	switch follows {
	case startTLS:
		p.inner = tls.New()
	case finished:
		return dissect.Stop
	}
	return n
}

func (s *session) greet(text []byte) {
	if !s.greeted {
		s.greeted = true
		s.Emit(&observation.MailServer{Carrier: s.carrier, Banner: s.Text(text)})
	}
}

// signIn tells of a sign-in.
func (s *session) signIn(user []byte, mechanism string, password bool) {
	s.awaits = true
	s.Emit(&observation.MailSignIn{Carrier: s.carrier, User: s.Pseudonym(bytes.ToLower(user)), Mechanism: mechanism, Password: password})
}

func (s *session) result(ok bool) {
	if s.awaits {
		s.awaits = false
		s.Emit(&observation.MailResult{Carrier: s.carrier, OK: ok})
	}
}

// exchange is a SASL exchange (RFC 4422) as far as the user's name needs it.
type exchange struct {
	mechanism string
	active    bool
	user      []byte // of LOGIN, which sends name and password apart
	named     bool
}

// mechanisms are those whose names are told; others are "other".
var mechanisms = [...]string{"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "GSSAPI", "XOAUTH2", "OAUTHBEARER", "SCRAM-SHA-1", "SCRAM-SHA-256"}

// begin starts an exchange by the mechanism's name and, if the client sent it
// along, its first response.
func (x *exchange) begin(s *session, name, initial []byte) {
	*x = exchange{mechanism: "other", active: true}
	for _, m := range mechanisms {
		if line.EqualFold(name, m) {
			x.mechanism = m
		}
	}
	if len(initial) > 0 {
		x.response(s, initial)
	}
}

// response takes the client's next line.
func (x *exchange) response(s *session, text []byte) {
	switch {
	case !x.active:
		return
	case x.mechanism == "PLAIN": // authorization, name, password (RFC 4616)
		_, rest, _ := bytes.Cut(decode(text), []byte{0})
		user, _, _ := bytes.Cut(rest, []byte{0})
		s.signIn(user, x.mechanism, true)
	case x.mechanism == "LOGIN" && !x.named:
		x.user, x.named = bytes.Clone(decode(text)), true
		return
	case x.mechanism == "LOGIN":
		s.signIn(x.user, x.mechanism, true)
	case x.mechanism == "CRAM-MD5": // name, digest (RFC 2195)
		plain := decode(text)
		s.signIn(plain[:max(0, bytes.LastIndexByte(plain, ' '))], x.mechanism, false)
	default:
		s.signIn(nil, x.mechanism, x.mechanism == "XOAUTH2" || x.mechanism == "OAUTHBEARER")
	}
	x.active = false
}

// decode returns what Base64 text holds, cut to a reasonable length.
func decode(text []byte) []byte {
	const longest = 512
	text = text[:min(len(text), longest)&^3]
	room := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, _ := base64.StdEncoding.Decode(room, text)
	return room[:n]
}
