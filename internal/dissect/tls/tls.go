// Package tls reads what TLS and SSL show before encryption begins: both
// hellos with the fingerprints JA3 and JA4 of the client and JA3S of the
// server, the certificate before TLS 1.3, and alerts. Its Handshake serves the
// protocols that carry the same messages without TLS's records: DTLS and QUIC,
// and those that turn to TLS midway get a parser from New. It decrypts nothing
// and verifies nothing.
package tls

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.TLS,
		Over:     dissect.OverTCP,
		Ports:    []uint16{443, 8443, 853, 993, 995, 465, 636, 3269, 5061, 8883, 2762, 990, 992, 5671, 5986, 6514},
		First:    func(b byte) bool { return b >= recordChangeCipherSpec && b <= recordHeartbeat || b&0x80 != 0 }, // SSL 2.0 has this bit
		Probe:    probe,
		New:      New,
		// A handshake message may fill many records: a certificate chain does.
		Window: dissect.MaxWindow,
	}
}

// Record content types (RFC 8446 §5.1, RFC 6520 §6).
const (
	recordChangeCipherSpec = 20
	recordAlert            = 21
	recordHandshake        = 22
	recordApplicationData  = 23
	recordHeartbeat        = 24
)

const (
	recordHeaderLen = 5
	// maxRecord is the longest payload that any version allows
	// (RFC 5246 §6.2.3: 2^14 + 2048 bytes).
	maxRecord = 1<<14 + 2048
)

// recordHeader is the outside of one record.
type recordHeader struct {
	kind    uint8
	version uint16
	length  int
}

// readHeader reads a record's header, or reports that b does not start with
// one.
func readHeader(b []byte) (h recordHeader, ok bool) {
	if len(b) < recordHeaderLen {
		return h, false
	}
	h = recordHeader{b[0], uint16(b[1])<<8 | uint16(b[2]), int(b[3])<<8 | int(b[4])}
	ok = h.kind >= recordChangeCipherSpec && h.kind <= recordHeartbeat &&
		h.version>>8 == 3 && h.version&0xff <= 4 && h.length > 0 && h.length <= maxRecord
	return h, ok
}

// probe knows TLS by its record header and, in the first record, by what the
// handshake message in it must look like.
func probe(h *dissect.Head) dissect.Verdict {
	b := h.Data
	if len(b) < recordHeaderLen || len(b) < ssl2HeaderLen && b[0]&0x80 != 0 {
		if prefixFits(b) {
			return dissect.More
		}
		return dissect.NotMine
	}
	if isSSL2Hello(b) {
		return dissect.Sure
	}
	rec, ok := readHeader(b)
	if !ok {
		return dissect.NotMine
	}
	body := b[recordHeaderLen:min(len(b), recordHeaderLen+rec.length)]
	switch rec.kind {
	case recordHandshake:
		return probeHandshake(h, rec, body)
	case recordAlert:
		if rec.length == 2 && len(body) >= 2 && (body[0] == 1 || body[0] == 2) {
			return dissect.Likely
		}
	case recordChangeCipherSpec:
		if rec.length != 1 {
			return dissect.NotMine
		}
	}
	return probeChain(h, rec, b)
}

func prefixFits(b []byte) bool {
	switch {
	case len(b) == 0:
		return false
	case b[0]&0x80 != 0: // an SSL 2.0 record
		return len(b) < 3 || b[2] == ssl2ClientHello
	case b[0] < recordChangeCipherSpec || b[0] > recordHeartbeat:
		return false
	default:
		return len(b) < 2 || b[1] == 3
	}
}

// probeHandshake judges a first record that holds a handshake message.
func probeHandshake(h *dissect.Head, rec recordHeader, body []byte) dissect.Verdict {
	if len(body) == 0 {
		return dissect.More
	}
	if body[0] != typeClientHello && body[0] != typeServerHello {
		// Other messages, or an encrypted one, in a stream that was picked up
		// midway.
		if body[0] == typeHelloRequest && rec.length == 4 || h.Midway || h.Hint {
			return probeChain(h, rec, h.Data)
		}
		return dissect.Weak
	}
	if rec.length < 6 { // cut into tiny records, which only evasion does
		return probeChain(h, rec, h.Data)
	}
	if len(body) < 6 {
		return dissect.More
	}
	size := int(body[1])<<16 | int(body[2])<<8 | int(body[3])
	// 2 bytes of version, 32 of random, at least a session id's length and one
	// cipher suite.
	if size < 38 || size > dissect.MaxWindow || body[4] != 3 && body[4] != 0x7f {
		return dissect.NotMine
	}
	if len(body) > 38 && body[38] > 32 {
		return dissect.NotMine
	}
	return dissect.Sure
}

// probeChain believes a stream of which only records are seen if one record
// follows another.
func probeChain(h *dissect.Head, rec recordHeader, b []byte) dissect.Verdict {
	end := recordHeaderLen + rec.length
	switch {
	case len(b) == end:
		return dissect.Likely
	case len(b) > end:
		next := b[end:]
		if _, ok := readHeader(next); ok || len(next) < recordHeaderLen && prefixFits(next) {
			return dissect.Likely
		}
		return dissect.NotMine
	case h.Hint:
		return dissect.Likely
	default:
		return dissect.Weak
	}
}

// Parser reads the records of one connection, both directions.
type Parser struct {
	hs   Handshake
	dirs [2]direction
}

// direction is how far the records of one side were read. The offsets count
// from the head of what Parse is given, and hold because Parse eats nothing
// while they are in use.
type direction struct {
	// quiet is set once only ciphertext is left.
	quiet bool
	// read counts the bytes in the first record whose messages were read; it is
	// held for a message that goes on in the next record.
	read int
	// That message: its header as far as it was seen, how many bytes of it and
	// of what follows it the records up to end hold, and where the last of
	// those records starts.
	header     [messageHeaderLen]byte
	have       int
	last, walk int
}

// New makes a parser for one connection.
func New() dissect.Parser { return &Parser{hs: Handshake{Carrier: cordon.TLS}} }

// Reset implements dissect.Resetter.
func (p *Parser) Reset() { *p = Parser{hs: Handshake{Carrier: p.hs.Carrier}} }

// Parse implements dissect.Parser.
func (p *Parser) Parse(c *dissect.Context, data []byte) int {
	if p.dirs[c.Dir].quiet {
		return len(data)
	}
	if len(data) < recordHeaderLen || len(data) < ssl2HeaderLen && data[0]&0x80 != 0 {
		return 0
	}
	if isSSL2Hello(data) {
		return p.hs.ssl2Hello(c, data)
	}
	rec, ok := readHeader(data)
	if !ok {
		return dissect.Stop
	}
	end := recordHeaderLen + rec.length
	if rec.kind == recordApplicationData {
		return p.ciphertext(c.Dir, end)
	}
	if len(data) < end {
		return 0
	}
	body := data[recordHeaderLen:end]
	switch rec.kind {
	case recordChangeCipherSpec:
		return p.ciphertext(c.Dir, end)
	case recordAlert:
		if p.hs.Alert(c, body) {
			return dissect.Stop
		}
	case recordHeartbeat:
		p.hs.heartbeat(c, body)
	case recordHandshake:
		return p.handshake(c, data, end)
	}
	return end
}

// ciphertext notes that dir has begun to encrypt. Before the server's hello
// that is a client's early data, or its part in a retry, and the server is
// still worth waiting for.
func (p *Parser) ciphertext(dir flow.Direction, n int) int {
	switch {
	case p.hs.retry:
		return n
	case p.hs.greeted && !p.hs.answered && dir == p.hs.client:
		p.dirs[dir].quiet = true
		return n
	default:
		return dissect.Stop
	}
}

// handshake reads the messages in the record at the head of data, which ends
// at end. Messages and records need not end together (RFC 8446 §5.1).
func (p *Parser) handshake(c *dissect.Context, data []byte, end int) int {
	d := &p.dirs[c.Dir]
	msgs := data[recordHeaderLen:end]
	msgs = msgs[min(d.read, len(msgs)):]
	for len(msgs) > 0 {
		n := messageHeaderLen
		if len(msgs) >= n {
			n += messageLen(msgs)
		}
		if len(msgs) < n {
			return p.spanning(c, data, end, msgs)
		}
		if p.hs.Message(c, msgs[0], msgs[messageHeaderLen:n]) {
			return dissect.Stop
		}
		msgs = msgs[n:]
		d.read += n
	}
	d.read = 0
	return end
}

// spanning reads the message that begins with head, at the end of the record
// that ends at end, and goes on in the records behind it.
func (p *Parser) spanning(c *dissect.Context, data []byte, end int, head []byte) int {
	d := &p.dirs[c.Dir]
	if d.walk == 0 {
		d.walk, d.have = end, len(head)
		copy(d.header[:], head)
	}
	for d.have < messageHeaderLen || d.have < messageHeaderLen+messageLen(d.header[:]) {
		rest := data[d.walk:]
		rec, ok := readHeader(rest)
		if len(rest) >= recordHeaderLen && (!ok || rec.kind != recordHandshake) {
			return dissect.Stop
		}
		if !ok || len(rest) < recordHeaderLen+rec.length {
			return 0
		}
		if d.have < messageHeaderLen {
			copy(d.header[d.have:], rest[recordHeaderLen:recordHeaderLen+rec.length])
		}
		d.last = d.walk
		d.walk += recordHeaderLen + rec.length
		d.have += rec.length
	}
	msg := append(make([]byte, 0, d.have), head...)
	for at := end; at < d.walk; {
		rec, _ := readHeader(data[at:])
		msg = append(msg, data[at+recordHeaderLen:at+recordHeaderLen+rec.length]...)
		at += recordHeaderLen + rec.length
	}
	n := messageHeaderLen + messageLen(msg)
	if p.hs.Message(c, msg[0], msg[messageHeaderLen:n]) {
		return dissect.Stop
	}
	// What the last record holds beyond this message is read next.
	d.read = d.walk - d.last - recordHeaderLen - (d.have - n)
	d.walk = 0
	return d.last
}
