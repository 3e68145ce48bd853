package tls

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// Handshake message types (RFC 8446 §4, RFC 5246 §7.4).
const (
	typeHelloRequest    = 0
	typeClientHello     = 1
	typeServerHello     = 2
	typeCertificate     = 11
	typeServerHelloDone = 14
)

const messageHeaderLen = 4

// messageLen returns the length of the body of the message with this header.
func messageLen(header []byte) int {
	return int(header[1])<<16 | int(header[2])<<8 | int(header[3])
}

// Handshake reads handshake messages, however they were carried. The zero
// value with a Carrier is ready for one connection.
type Handshake struct {
	// Carrier is the protocol that observations are said to be from.
	Carrier cordon.Protocol

	client            flow.Direction // who sent the ClientHello
	greeted, answered bool           // ClientHello, ServerHello seen
	retry             bool           // the latest ServerHello asked to try again
}

// Message reads one whole message, without its header, and reports whether
// nothing that can be read follows it in either direction.
func (s *Handshake) Message(c *dissect.Context, typ uint8, body []byte) (last bool) {
	r := rooms.Get().(*room)
	last = s.message(c, r, typ, body)
	rooms.Put(r)
	return last
}

func (s *Handshake) message(c *dissect.Context, r *room, typ uint8, body []byte) (last bool) {
	switch typ {
	case typeClientHello:
		if !r.hello.readClient(body, s.Carrier == cordon.DTLS) {
			return false
		}
		s.client, s.greeted, s.retry = c.Dir, true, false
		c.Emit(s.clientHello(c, r))
	case typeServerHello:
		if !r.hello.readServer(body) {
			return false
		}
		o := s.serverHello(c, r)
		c.Emit(o)
		if !s.greeted {
			s.client, s.greeted = c.Dir.Reverse(), true
		}
		s.answered, s.retry = !o.Retry, o.Retry
		return !o.Retry && encryptsAtOnce(o.Version)
	case typeCertificate:
		if o := r.certificate(c, body); o != nil {
			o.Carrier, o.FromClient = s.Carrier, s.greeted && c.Dir == s.client
			c.Emit(o)
		}
	}
	return false
}

// encryptsAtOnce reports whether all that follows the ServerHello of this
// version is encrypted.
func encryptsAtOnce(v observation.TLSVersion) bool {
	const drafts = 0x7f // the drafts of TLS 1.3 have this major version
	return v == observation.TLS13 || v == observation.DTLS13 || v>>8 == drafts
}

// Alert reads an alert record and reports whether it ends the connection.
func (s *Handshake) Alert(c *dissect.Context, body []byte) (fatal bool) {
	const warning, mostGrave = 1, 2
	if len(body) != 2 || body[0] < warning || body[0] > mostGrave {
		return false // encrypted, or none
	}
	fatal = body[0] == mostGrave
	c.Emit(&observation.TLSAlert{Carrier: s.Carrier, Fatal: fatal, Description: body[1]})
	return fatal
}

// heartbeat reads a heartbeat message (RFC 6520 §4). One that is encrypted has
// neither type as its first byte, but by chance.
func (s *Handshake) heartbeat(c *dissect.Context, body []byte) {
	const request, response = 1, 2
	r := wire.Reader(body)
	var typ uint8
	var claimed uint16
	if !r.U8(&typ) || !r.U16(&claimed) || typ != request && typ != response {
		return
	}
	c.Emit(&observation.TLSHeartbeat{Carrier: s.Carrier, Request: typ == request, Claimed: int(claimed), Carried: r.Len()})
}

func (s *Handshake) clientHello(c *dissect.Context, r *room) *observation.TLSClientHello {
	h, o := &r.hello, &r.client
	*o = observation.TLSClientHello{
		Carrier:       s.Carrier,
		Version:       h.offered(),
		LegacyVersion: observation.TLSVersion(h.version),
		Ciphers:       h.ciphers,
		ServerName:    c.Text(h.serverName),
		ALPN:          h.protocols(c, o.ALPN[:0]),
		UserAgent:     c.Text(h.userAgent),
		Encrypted:     h.encrypted,
	}
	o.JA3, o.JA4 = r.prints.of(h, s.Carrier, o.Version)
	return o
}

func (s *Handshake) serverHello(c *dissect.Context, r *room) *observation.TLSServerHello {
	h, o := &r.hello, &r.server
	*o = observation.TLSServerHello{Carrier: s.Carrier, Version: h.offered(), Cipher: h.ciphers[0], Retry: h.retry}
	if names := h.protocols(c, r.client.ALPN[:0]); len(names) > 0 {
		o.ALPN = names[0]
	}
	o.JA3S = c.Text(r.prints.ja3s(h))
	return o
}
