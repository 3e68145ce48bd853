// Package dtls reads what DTLS 1.0, 1.2 and 1.3 show before encryption begins
// (RFC 6347, RFC 9147). The handshake messages are those of TLS and are read by
// package tls; this package finds them in records and puts their fragments
// together.
package dtls

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/tls"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.DTLS,
		Over:     dissect.OverUDP,
		Ports:    []uint16{5684, 4433, 443, 2083, 10161},
		First:    func(b byte) bool { return b&0xc0 == 0 }, // STUN has these bits, and so do records
		Probe:    probe,
		New:      func() dissect.Parser { return &parser{hs: tls.Handshake{Carrier: cordon.DTLS}} },
	}
}

// Record content types (RFC 6347 §4.1, RFC 9146 §3).
const (
	recordChangeCipherSpec = 20
	recordAlert            = 21
	recordHandshake        = 22
	recordApplicationData  = 23
	recordCID              = 25
)

// record is one DTLS record whose header is in the clear.
type record struct {
	kind  uint8
	epoch uint16
	body  wire.Reader
}

// readRecord eats one record. Of a record that the capture cut, or whose
// connection id makes its length unknowable, all that is left is the body.
func readRecord(r *wire.Reader) (rec record, ok bool) {
	at := *r
	var version, length uint16
	if !at.U8(&rec.kind) || !at.U16(&version) || !at.U16(&rec.epoch) || !at.Skip(6) {
		return rec, false
	}
	if rec.kind < recordChangeCipherSpec || rec.kind > recordCID || !knownVersion(version) {
		return rec, false
	}
	if rec.kind == recordCID {
		rec.body = at.Rest()
		*r = at
		return rec, true
	}
	if !at.U16(&length) || length == 0 || !at.Sub(&rec.body, int(length)) {
		return rec, false
	}
	*r = at
	return rec, true
}

// knownVersion reports whether v is DTLS 1.0, 1.2 or 1.3, or the number that
// OpenSSL used before 1.0 was settled.
func knownVersion(v uint16) bool {
	return v == 0xfeff || v == 0xfefd || v == 0xfefc || v == 0x0100
}

// isSTUN reports whether b is a STUN message (RFC 8489 §5).
func isSTUN(b []byte) bool {
	return len(b) >= 20 && b[0]&0xc0 == 0 && string(b[4:8]) == "\x21\x12\xa4\x42"
}

// probe wants records that together end where the datagram ends. It waits
// while the two sides look for a path between them, for in WebRTC DTLS comes
// after that on the same ports (RFC 5764 §5.1.2).
func probe(h *dissect.Head) dissect.Verdict {
	if isSTUN(h.Data) {
		return dissect.More
	}
	r := wire.Reader(h.Data)
	first, ok := readRecord(&r)
	if !ok {
		return dissect.NotMine
	}
	for !r.Empty() {
		if _, ok := readRecord(&r); !ok && !unified(r) {
			return dissect.NotMine
		}
		if unified(r) {
			break
		}
	}
	if first.kind == recordCID && !h.Hint {
		return dissect.Weak
	}
	if first.kind == recordHandshake && first.epoch == 0 {
		if _, ok := readFragment(&first.body); !ok {
			return dissect.NotMine
		}
	}
	return dissect.Sure
}

// unified reports whether a record of DTLS 1.3 with the short, encrypted
// header comes next (RFC 9147 §4).
func unified(r wire.Reader) bool { return len(r) > 0 && r[0]&0xe0 == 0x20 }

// fragment is a piece of a handshake message (RFC 6347 §4.2.2).
type fragment struct {
	kind          uint8
	length, start uint32
	seq           uint16
	data          wire.Reader
}

// maxMessage bounds a handshake message, in bytes.
const maxMessage = 32 << 10

func readFragment(r *wire.Reader) (f fragment, ok bool) {
	var n uint32
	ok = r.U8(&f.kind) && r.U24(&f.length) && r.U16(&f.seq) && r.U24(&f.start) && r.U24(&n) && r.Sub(&f.data, int(n))
	return f, ok && f.length <= maxMessage && f.start+n <= f.length
}

// parser reads one connection.
type parser struct {
	hs    tls.Handshake
	sides [2]assembly
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	r := wire.Reader(data)
	for !r.Empty() {
		rec, ok := readRecord(&r)
		switch {
		case !ok:
			return 0 // an encrypted record of DTLS 1.3, or another protocol on the same ports
		case rec.kind == recordChangeCipherSpec || rec.kind == recordApplicationData || rec.kind == recordCID || rec.epoch > 0:
			return p.ciphertext(c.Dir)
		case rec.kind == recordAlert:
			if p.hs.Alert(c, rec.body) {
				return dissect.Stop
			}
		case rec.kind == recordHandshake:
			for !rec.body.Empty() {
				f, ok := readFragment(&rec.body)
				if !ok {
					break
				}
				if kind, body := p.sides[c.Dir].add(f); body != nil && p.hs.Message(c, kind, body) {
					return dissect.Stop
				}
			}
		}
	}
	return 0
}

// ciphertext notes that one side has begun to encrypt: once both have, or the
// other is the one that was to speak next, nothing more can be read.
func (p *parser) ciphertext(dir flow.Direction) int {
	p.sides[dir].quiet = true
	if p.sides[dir.Reverse()].quiet {
		return dissect.Stop
	}
	return 0
}

// assembly puts the fragments of one side's messages together. A message whose
// pieces do not come in order is given up; its sender repeats it.
type assembly struct {
	quiet bool
	seq   uint16
	data  []byte
}

// add returns a message's body once it is whole. It is valid until the next
// call.
func (a *assembly) add(f fragment) (kind uint8, body []byte) {
	if f.start == 0 && len(f.data) == int(f.length) {
		if f.length == 0 {
			return f.kind, []byte{}
		}
		return f.kind, f.data
	}
	if f.start == 0 {
		a.seq, a.data = f.seq, a.data[:0]
	}
	if f.seq != a.seq || int(f.start) > len(a.data) {
		return 0, nil
	}
	a.data = append(a.data[:f.start], f.data...)
	if len(a.data) < int(f.length) {
		return 0, nil
	}
	return f.kind, a.data
}
