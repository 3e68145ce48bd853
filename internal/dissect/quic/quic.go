// Package quic recognises QUIC and reads the first handshake messages out of
// its Initial packets, whose keys anybody who saw the first packet can derive
// (RFC 9001 §5.2): it takes off header protection, decrypts, puts the CRYPTO
// frames in order and hands the messages to package tls. It knows version 1
// (RFC 9000), version 2 (RFC 9369), the drafts from 22 on, and Google's QUIC
// before it was standardised. Nothing behind the Initial packets can be read.
package quic

import (
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
		Protocol: cordon.QUIC,
		Over:     dissect.OverUDP,
		Ports:    []uint16{443, 80, 853, 784, 8853},
		First:    func(b byte) bool { return b&0x80 != 0 || b&0x01 != 0 || b&0xcb == 0x08 }, // the latter two are Google's
		Probe:    probe,
		New:      func() dissect.Parser { return &parser{hs: tls.Handshake{Carrier: cordon.QUIC}} },
	}
}

// maxConnectionID is the longest connection id of the versions known
// (RFC 9000 §17.2).
const maxConnectionID = 20

// longHeader is the part of a long header that all versions share
// (RFC 8999 §5.1), with what follows it.
type longHeader struct {
	first       uint8
	version     uint32
	destination []byte
	source      []byte
	rest        wire.Reader
}

func readLong(b []byte) (h longHeader, ok bool) {
	r := wire.Reader(b)
	var destination, source wire.Reader
	ok = r.U8(&h.first) && h.first&0x80 != 0 && r.U32(&h.version) && r.SubU8(&destination) && r.SubU8(&source) &&
		len(destination) <= maxConnectionID && len(source) <= maxConnectionID
	h.destination, h.source, h.rest = destination, source, r
	return h, ok
}

// probe knows QUIC by a long header with a version that exists, and Google's by
// the version in its public header.
func probe(h *dissect.Head) dissect.Verdict {
	if len(h.Data) < 9 {
		return dissect.NotMine
	}
	if g, ok := readGoogle(h.Data); ok {
		if len(g.payload) == 0 {
			return dissect.NotMine
		}
		return dissect.Sure
	}
	long, ok := readLong(h.Data)
	if !ok {
		if h.Hint && isGoogleRejection(h.Data) {
			return dissect.Likely
		}
		return dissect.NotMine
	}
	if long.version == 0 {
		return probeNegotiation(h, long)
	}
	v := schemeOf(long.version)
	switch {
	case v.exists() && long.first&0x40 == 0: // the fixed bit
		return dissect.NotMine
	case v.exists() && v.isInitial(long.first):
		if _, _, ok := initialPayload(&long); !ok {
			return dissect.NotMine
		}
		return dissect.Sure
	case v.exists():
		return dissect.Likely
	case long.version&0x0f0f0f0f == 0x0a0a0a0a && long.first&0x40 != 0 && len(h.Data) >= minInitial:
		// A reserved version, sent to make the server negotiate (RFC 9000 §15).
		if _, _, ok := initialPayload(&long); ok {
			return dissect.Likely
		}
	}
	return dissect.NotMine
}

// minInitial is the least length of a datagram with a client's Initial packet
// (RFC 9000 §14.1).
const minInitial = 1200

// probeNegotiation judges a Version Negotiation packet: the versions that a
// server knows (RFC 9000 §17.2.1).
func probeNegotiation(h *dissect.Head, long longHeader) dissect.Verdict {
	if len(long.rest) < 4 || len(long.rest)%4 != 0 {
		return dissect.NotMine
	}
	var v uint32
	for list := long.rest; list.U32(&v); {
		if schemeOf(v).exists() {
			return dissect.Sure
		}
	}
	return dissect.NotMine
}

// initialPayload returns an Initial packet's token-less rest, from the packet
// number on, and what follows the packet in the datagram.
func initialPayload(long *longHeader) (payload, after wire.Reader, ok bool) {
	r := long.rest
	var token, length uint64
	if !r.Varint(&token) || token > uint64(len(r)) || !r.Skip(int(token)) || !r.Varint(&length) ||
		length < 20 || length > uint64(len(r)) || !r.Sub(&payload, int(length)) {
		return nil, nil, false
	}
	return payload, r, true
}

// maxDatagrams is after how many datagrams a parser gives up on a hello.
const maxDatagrams = 24

// parser reads one connection.
type parser struct {
	hs     tls.Handshake
	seen   int
	said   bool
	client flow.Direction
	// The first Initial packet: its version, and its destination, from which
	// both sides' keys follow.
	scheme scheme
	origin []byte
	keys   [2]*keys
	crypto [2]assembly
	hello  bool // the client's was read
	room   []byte
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	p.seen++
	if p.seen > maxDatagrams {
		return dissect.Stop
	}
	if g, ok := readGoogle(data); ok {
		return p.google(c, g)
	}
	// One datagram may hold several packets (RFC 9000 §12.2).
	for len(data) > 0 {
		long, ok := readLong(data)
		if !ok {
			break
		}
		v := schemeOf(long.version)
		if !v.exists() || !v.isInitial(long.first) {
			break
		}
		payload, after, ok := initialPayload(&long)
		if !ok {
			break
		}
		if p.initial(c, v, long, data[:len(data)-len(after)], payload) {
			return dissect.Stop
		}
		data = after
	}
	return 0
}

// initial reads one Initial packet and reports whether nothing is left to read.
func (p *parser) initial(c *dissect.Context, v scheme, long longHeader, packet []byte, payload wire.Reader) (done bool) {
	p.connection(c, long.version)
	if p.origin == nil {
		p.begin(c.Dir, v, long.destination)
	}
	header := packet[:len(packet)-len(payload)]
	frames, ok := p.open(c.Dir, header, payload)
	if !ok && c.Dir == p.client && !p.hello {
		// After a Retry the keys follow from the id that the server chose
		// (RFC 9001 §5.2).
		p.begin(c.Dir, v, long.destination)
		frames, ok = p.open(c.Dir, header, payload)
	}
	if !ok {
		return false
	}
	p.collect(c.Dir, frames)
	return p.messages(c)
}

func (p *parser) begin(client flow.Direction, v scheme, destination []byte) {
	p.client, p.scheme = client, v
	p.origin = append(p.origin[:0], destination...)
	p.keys = [2]*keys{}
	p.crypto = [2]assembly{}
}

func (p *parser) open(dir flow.Direction, header, payload []byte) (frames wire.Reader, ok bool) {
	if p.keys[dir] == nil {
		p.keys[dir] = deriveKeys(p.scheme, p.origin, dir == p.client)
	}
	frames, p.room, ok = p.keys[dir].open(header, payload, p.room)
	return frames, ok
}

// Frame types that an Initial packet may hold (RFC 9000 §12.4).
const (
	framePadding = 0x00
	framePing    = 0x01
	frameACK     = 0x02
	frameACKECN  = 0x03
	frameCrypto  = 0x06
	// frameGoogleCrypto is what Q050 has for frameCrypto.
	frameGoogleCrypto = 0x08
)

// collect keeps what the CRYPTO frames hold.
func (p *parser) collect(dir flow.Direction, frames wire.Reader) {
	var kind, offset, length uint64
	for frames.Varint(&kind) {
		switch kind {
		case framePadding, framePing:
		case frameACK, frameACKECN:
			if !skipACK(&frames, kind == frameACKECN) {
				return
			}
		case frameCrypto, frameGoogleCrypto:
			if (kind == frameGoogleCrypto) != p.scheme.google {
				return
			}
			var data wire.Reader
			if !frames.Varint(&offset) || !frames.Varint(&length) || length > uint64(len(frames)) || !frames.Sub(&data, int(length)) {
				return
			}
			p.crypto[dir].add(offset, data)
		default:
			return // CONNECTION_CLOSE, or none that belongs here
		}
	}
}

// skipACK eats an ACK frame (RFC 9000 §19.3).
func skipACK(r *wire.Reader, ecn bool) bool {
	var v, ranges uint64
	if !r.Varint(&v) || !r.Varint(&v) || !r.Varint(&ranges) || !r.Varint(&v) {
		return false
	}
	for ; ranges > 0; ranges-- {
		if !r.Varint(&v) || !r.Varint(&v) {
			return false
		}
	}
	return !ecn || r.Varint(&v) && r.Varint(&v) && r.Varint(&v)
}

// messages reads the handshake messages that are whole: the client's hello,
// then the server's.
func (p *parser) messages(c *dissect.Context) (done bool) {
	body := p.crypto[c.Dir].whole()
	if body == nil {
		return false
	}
	if p.scheme.google {
		p.googleHello(c, "Q050", body)
		return true
	}
	p.crypto[c.Dir] = assembly{}
	if c.Dir == p.client {
		p.hello = true
	}
	const headerLen = 4
	return p.hs.Message(c, body[0], body[headerLen:])
}

// connection tells of the connection's version once.
func (p *parser) connection(c *dissect.Context, version uint32) {
	if !p.said {
		p.said = true
		c.Emit(&observation.QUICConnection{Version: version})
	}
}
