// Package kerberos reads Kerberos 5 (RFC 4120) over UDP and TCP: who asks a key
// distribution centre for tickets to what, with which encryption, and why it
// refuses. ReadToken finds tickets that other protocols carry. Names of people
// leave it as pseudonyms; nothing encrypted is kept.
package kerberos

import (
	"bytes"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/ber"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row for UDP.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.Kerberos,
		Over:     dissect.OverUDP,
		Ports:    []uint16{88},
		First: func(b byte) bool {
			return b >= byte(ber.Application(asRequest)) && b <= byte(ber.Application(krbError))
		},
		Probe: func(h *dissect.Head) dissect.Verdict {
			if kind, _ := messageType(h.Data); kind == 0 {
				return dissect.NotMine
			}
			return dissect.Sure
		},
		New: func() dissect.Parser { return datagrams{} },
	}
}

// Stream returns the row for TCP, where a length precedes each message
// (RFC 4120 §7.2.2).
func Stream() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.Kerberos,
		Over:     dissect.OverTCP,
		Ports:    []uint16{88},
		Probe:    probeStream,
		New:      func() dissect.Parser { return stream{} },
		Window:   maxMessage + lengthLen,
	}
}

const (
	lengthLen  = 4
	maxMessage = 32 << 10
)

// Message types, which are also their application tags (RFC 4120 §5.10).
const (
	asRequest  = 10
	asReply    = 11
	tgsRequest = 12
	tgsReply   = 13
	apRequest  = 14
	apReply    = 15
	krbError   = 30
)

// messageType returns the type of the message that b begins with, 0 if it is
// none, and its length. It looks no further than to the type, which must agree
// with the tag.
func messageType(b []byte) (kind uint8, length int) {
	r := wire.Reader(b)
	var tag ber.Tag
	var n int
	if !ber.Header(&r, &tag, &n) {
		return 0, 0
	}
	kind = uint8(tag) - uint8(ber.Application(0))
	length = len(b) - r.Len() + n
	first := uint8(0) // number of the version's field
	switch kind {
	case asRequest, tgsRequest:
		first = 1
	case asReply, tgsReply, apRequest, apReply, krbError:
	default:
		return 0, 0
	}
	var field wire.Reader
	var version, stated int64
	if !ber.Header(&r, &tag, &n) || tag != ber.Sequence ||
		!ber.Expect(&r, ber.ContextOf(first), &field) || !ber.Int(&field, ber.Integer, &version) || version != 5 ||
		!ber.Expect(&r, ber.ContextOf(first+1), &field) || !ber.Int(&field, ber.Integer, &stated) || stated != int64(kind) {
		return 0, 0
	}
	return kind, length
}

func probeStream(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	var n uint32
	if !r.U32(&n) {
		if r[0] == 0 && h.Hint {
			return dissect.More
		}
		return dissect.NotMine
	}
	const least, headerLen = 32, 32
	if n < least || n > maxMessage {
		return dissect.NotMine
	}
	kind, length := messageType(r)
	switch {
	case kind != 0 && length == int(n):
		return dissect.Sure
	case kind == 0 && r.Len() < headerLen && (r.Empty() || r[0]&0xe0 == byte(ber.Application(0))):
		return dissect.More
	default:
		return dissect.NotMine
	}
}

type datagrams struct{}

// Parse implements dissect.Parser.
func (datagrams) Parse(c *dissect.Context, data []byte) int {
	read(c, data)
	return 0
}

type stream struct{}

// Parse implements dissect.Parser.
func (stream) Parse(c *dissect.Context, data []byte) int {
	r := wire.Reader(data)
	var n uint32
	var message wire.Reader
	switch {
	case !r.U32(&n):
		return 0
	case n > maxMessage:
		return dissect.Stop
	case !r.Sub(&message, int(n)):
		return 0
	}
	read(c, message)
	return len(data) - r.Len()
}

// read reads one message.
func read(c *dissect.Context, b []byte) {
	kind, _ := messageType(b)
	r := wire.Reader(b)
	var outer, fields wire.Reader
	if kind == 0 || !ber.Expect(&r, ber.Application(kind), &outer) || !ber.Expect(&outer, ber.Sequence, &fields) {
		return
	}
	switch kind {
	case asRequest:
		request(c, observation.KerberosSignIn, fields)
	case tgsRequest:
		request(c, observation.KerberosService, fields)
	case asReply:
		reply(c, observation.KerberosSignIn, fields)
	case tgsReply:
		reply(c, observation.KerberosService, fields)
	case krbError:
		refusal(c, fields)
	}
}

// maxItems bounds the lists in a message.
const maxItems = 16

// request reads a KDC-REQ (RFC 4120 §5.4.1).
func request(c *dissect.Context, kind observation.KerberosKind, fields wire.Reader) {
	o := &observation.KerberosRequest{Kind: kind}
	var list, item, body wire.Reader
	if f, ok := field(fields, 3); ok && ber.Expect(&f, ber.Sequence, &list) {
		for i := 0; i < maxItems && ber.Expect(&list, ber.Sequence, &item); i++ {
			o.PreAuthenticated = o.PreAuthenticated || provesKey(number(item, 1))
		}
	}
	if f, ok := field(fields, 4); !ok || !ber.Expect(&f, ber.Sequence, &body) {
		return
	}
	o.Client, o.Machine = client(c, body, 1)
	o.Realm, o.Service = realm(c, body, 2), service(c, body, 3)
	if f, ok := field(body, 8); ok && ber.Expect(&f, ber.Sequence, &list) {
		var v int64
		for len(o.EncryptionTypes) < maxItems && ber.Int(&list, ber.Integer, &v) {
			o.EncryptionTypes = append(o.EncryptionTypes, int32(v))
		}
	}
	if f, ok := field(body, 9); ok && ber.Expect(&f, ber.Sequence, &list) {
		for i := 0; i < maxItems && ber.Expect(&list, ber.Sequence, &item); i++ {
			const netBIOS = 20 // RFC 4120 §7.5.3
			if name, ok := field(item, 1); ok && number(item, 0) == netBIOS {
				var text wire.Reader
				ber.Expect(&name, ber.OctetString, &text)
				o.NetBIOSName = c.Text(text)
			}
		}
	}
	c.Emit(o)
}

// provesKey reports whether pre-authentication data of this type is made with
// the client's key: an encrypted time stamp, a certificate's signature, an
// encrypted challenge (RFC 4120 §7.5.2, RFC 4556, RFC 6113).
func provesKey(kind int64) bool {
	const timestamp, publicKey, publicKeyOld, challenge = 2, 16, 14, 138
	return kind == timestamp || kind == publicKey || kind == publicKeyOld || kind == challenge
}

// reply reads a KDC-REP (RFC 4120 §5.4.2).
func reply(c *dissect.Context, kind observation.KerberosKind, fields wire.Reader) {
	o := &observation.KerberosTicket{Kind: kind, Realm: realm(c, fields, 3)}
	o.Client, o.Machine = client(c, fields, 4)
	if f, ok := field(fields, 5); ok {
		_, o.Service, o.TicketEncryption = ticket(c, f)
	}
	o.ReplyEncryption = encryption(fields, 6)
	c.Emit(o)
}

// ticket reads a Ticket (RFC 4120 §5.3).
func ticket(c *dissect.Context, r wire.Reader) (of, to string, encrypted int32) {
	var outer, fields wire.Reader
	if !ber.Expect(&r, ber.Application(1), &outer) || !ber.Expect(&outer, ber.Sequence, &fields) {
		return "", "", 0
	}
	return realm(c, fields, 1), service(c, fields, 2), encryption(fields, 3)
}

// encryption returns the type of an EncryptedData field (RFC 4120 §5.2.9).
func encryption(fields wire.Reader, n uint8) int32 {
	var data wire.Reader
	f, ok := field(fields, n)
	if !ok || !ber.Expect(&f, ber.Sequence, &data) {
		return 0
	}
	return int32(number(data, 0))
}

// refusal reads a KRB-ERROR (RFC 4120 §5.9.1).
func refusal(c *dissect.Context, fields wire.Reader) {
	o := &observation.KerberosError{Code: int32(number(fields, 6)), Realm: realm(c, fields, 9), Service: service(c, fields, 10)}
	o.Client, o.Machine = client(c, fields, 8)
	if f, ok := field(fields, 4); ok {
		var text wire.Reader
		if ber.Expect(&f, ber.GeneralizedTime, &text) {
			o.ServerTime, _ = time.Parse("20060102150405Z", string(text[:min(len(text), 15)]))
		}
	}
	c.Emit(o)
}

// field returns the body of the context-specific field n.
func field(fields wire.Reader, n uint8) (body wire.Reader, ok bool) {
	var tag ber.Tag
	for range maxItems {
		if !ber.Read(&fields, &tag, &body) {
			break
		}
		if tag == ber.ContextOf(n) {
			return body, true
		}
	}
	return nil, false
}

// number returns the integer in field n, 0 if there is none.
func number(fields wire.Reader, n uint8) int64 {
	var v int64
	if f, ok := field(fields, n); ok {
		ber.Int(&f, ber.Integer, &v)
	}
	return v
}

func realm(c *dissect.Context, fields wire.Reader, n uint8) string {
	var text wire.Reader
	if f, ok := field(fields, n); ok {
		ber.Expect(&f, ber.GeneralString, &text)
	}
	return c.Text(text)
}

// name returns a principal's name, its parts joined by slashes
// (RFC 4120 §5.2.2).
func name(fields wire.Reader, n uint8) []byte {
	const maxParts = 4
	f, ok := field(fields, n)
	var principal, parts, part wire.Reader
	if !ok || !ber.Expect(&f, ber.Sequence, &principal) {
		return nil
	}
	if f, ok = field(principal, 1); !ok || !ber.Expect(&f, ber.Sequence, &parts) {
		return nil
	}
	var b []byte
	for i := 0; i < maxParts && ber.Expect(&parts, ber.GeneralString, &part); i++ {
		if i > 0 {
			b = append(b, '/')
		}
		b = append(b, part[:min(len(part), observation.MaxValue)]...)
	}
	return b
}

func service(c *dissect.Context, fields wire.Reader, n uint8) string { return c.Text(name(fields, n)) }

// client returns the pseudonym of a person, or the name of a machine, whose
// accounts end in a dollar sign.
func client(c *dissect.Context, fields wire.Reader, n uint8) (pseudonym, machine string) {
	who := name(fields, n)
	if host, ok := bytes.CutSuffix(who, []byte("$")); ok {
		return "", c.Text(host)
	}
	return c.Pseudonym(bytes.ToLower(who)), ""
}

// gssMechanism is Kerberos 5 as a GSS-API mechanism, 1.2.840.113554.1.2.2,
// followed by the token type of an AP-REQ (RFC 4121 §4.1).
var gssMechanism = []byte("\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00")

// ReadToken looks for a ticket in the security token of another protocol, which
// may be wrapped in SPNEGO, and emits what it is for. It reports whether there
// was one.
func ReadToken(c *dissect.Context, carrier cordon.Protocol, blob []byte) bool {
	i := bytes.Index(blob, gssMechanism)
	if i < 0 {
		return false
	}
	r := wire.Reader(blob[i+len(gssMechanism):])
	var outer, fields wire.Reader
	if !ber.Expect(&r, ber.Application(apRequest), &outer) || !ber.Expect(&outer, ber.Sequence, &fields) {
		return false
	}
	f, ok := field(fields, 3)
	if !ok {
		return false
	}
	o := &observation.KerberosUse{Carrier: carrier}
	o.Realm, o.Service, o.Encryption = ticket(c, f)
	c.Emit(o)
	return true
}
