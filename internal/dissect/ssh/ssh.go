// Package ssh reads what SSH shows in the clear (RFC 4253): the banner of each
// side, the algorithms that it offers, and its fingerprint by the method of
// HASSH. Who signs in, and how, is encrypted.
package ssh

import (
	"bytes"
	"crypto/md5" //nolint:gosec // HASSH is defined over MD5; it protects nothing
	"encoding/hex"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.SSH,
		Over:     dissect.OverTCP,
		Ports:    []uint16{22, 2222, 830},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   16 << 10,
	}
}

const (
	prefix    = "SSH-"
	maxBanner = 255 // RFC 4253 §4.2
	// maxLine bounds the lines that a server may send before its banner.
	maxLine = 1024
)

// probe wants the banner, which either side may send first.
func probe(h *dissect.Head) dissect.Verdict {
	b := h.Data
	if n := min(len(b), len(prefix)); string(b[:n]) != prefix[:n] {
		return dissect.NotMine
	}
	switch {
	case len(b) < len("SSH-2.0-"):
		return dissect.More
	case (b[4] == '1' || b[4] == '2') && b[5] == '.' && b[6] >= '0' && b[6] <= '9':
		return dissect.Sure
	default:
		return dissect.NotMine
	}
}

// parser reads one connection.
type parser struct {
	greeted [2]bool
	offered [2]bool
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	switch {
	case !p.greeted[c.Dir]:
		return p.banner(c, data)
	case !p.offered[c.Dir]:
		return p.packet(c, data)
	default:
		return len(data)
	}
}

// banner reads the first line. A server may send others before it.
func (p *parser) banner(c *dissect.Context, data []byte) int {
	end := bytes.IndexByte(data[:min(len(data), maxLine)], '\n')
	if end < 0 {
		if len(data) >= maxLine {
			return dissect.Stop
		}
		return 0
	}
	line := bytes.TrimRight(data[:end], "\r")
	if !bytes.HasPrefix(line, []byte(prefix)) {
		return end + 1
	}
	p.greeted[c.Dir] = true
	line = line[:min(len(line), maxBanner)]
	o := &observation.SSHBanner{Server: c.Dir == flow.In, Banner: c.Text(line)}
	version, software, _ := bytes.Cut(line[len(prefix):], []byte("-"))
	software, comments, _ := bytes.Cut(software, []byte(" "))
	o.Version, o.Software, o.Comments = c.Text(version), c.Text(software), c.Text(comments)
	c.Emit(o)
	return end + 1
}

const (
	kexInit   = 20        // message number
	maxPacket = 35000 + 4 // RFC 4253 §6.1
)

// packet reads one packet of the binary protocol, in the clear until the keys
// are exchanged (RFC 4253 §6).
func (p *parser) packet(c *dissect.Context, data []byte) int {
	r := wire.Reader(data)
	var length uint32
	var padding, message uint8
	if !r.U32(&length) {
		return 0
	}
	if length < 2 || length > maxPacket {
		return dissect.Stop
	}
	var body wire.Reader
	if !r.Sub(&body, int(length)) {
		return 0
	}
	if !body.U8(&padding) || int(padding) >= body.Len() {
		return dissect.Stop
	}
	body = body[:body.Len()-int(padding)]
	if !body.U8(&message) || message != kexInit {
		return len(data) - r.Len()
	}
	if o := keyExchange(c, body); o != nil {
		o.Server = c.Dir == flow.In
		o.HASSH = c.Text(hassh(body, o.Server))
		c.Emit(o)
	}
	p.offered[c.Dir] = true
	if p.offered[c.Dir.Reverse()] {
		return dissect.Stop
	}
	return len(data) - r.Len()
}

// The name-lists of a KEXINIT in their order.
const (
	listKeyExchange = iota
	listHostKey
	listCipherOut // client to server
	listCipherIn
	listMACOut
	listMACIn
	listCompressionOut
	listCompressionIn
	listCount
)

// lists reads the name-lists behind the cookie.
func lists(body wire.Reader) (l [listCount]wire.Reader, ok bool) {
	if !body.Skip(16) {
		return l, false
	}
	for i := range l {
		var n uint32
		if !body.U32(&n) || n > maxPacket || !body.Sub(&l[i], int(n)) {
			return l, false
		}
	}
	return l, true
}

func keyExchange(c *dissect.Context, body wire.Reader) *observation.SSHKeyExchange {
	l, ok := lists(body)
	if !ok {
		return nil
	}
	own := 0 // which of the pairs is the sender's direction
	if c.Dir == flow.In {
		own = 1
	}
	return &observation.SSHKeyExchange{
		KeyExchanges: names(c, l[listKeyExchange]),
		HostKeys:     names(c, l[listHostKey]),
		Ciphers:      names(c, l[listCipherOut+own]),
		MACs:         names(c, l[listMACOut+own]),
		Compressions: names(c, l[listCompressionOut+own]),
	}
}

const maxNames = 64

func names(c *dissect.Context, list []byte) []string {
	var out []string
	for len(list) > 0 && len(out) < maxNames {
		name, rest, _ := bytes.Cut(list, []byte(","))
		if text := c.Text(name); text != "" {
			out = append(out, text)
		}
		list = rest
	}
	return out
}

// hassh computes the fingerprint of https://github.com/salesforce/hassh: of a
// client over its own direction's lists, of a server over its own.
func hassh(body wire.Reader, server bool) []byte {
	l, _ := lists(body)
	own := 0
	if server {
		own = 1
	}
	hash := md5.New() //nolint:gosec // see the import
	for i, list := range [...]wire.Reader{l[listKeyExchange], l[listCipherOut+own], l[listMACOut+own], l[listCompressionOut+own]} {
		if i > 0 {
			hash.Write([]byte{';'})
		}
		hash.Write(list)
	}
	return hex.AppendEncode(nil, hash.Sum(nil))
}
