package rdp

import (
	"bytes"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/ber"
	"github.com/cordonhq/cordon/internal/dissect/utf16le"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// connectInitial is the tag of an MCS Connect-Initial (T.125 §7), whose number
// takes two octets.
var connectInitial = []byte{0x7f, 0x65}

// Types of the blocks in a client's GCC user data (MS-RDPBCGR §2.2.1.3.1).
const (
	blockCore    = 0xc001
	blockNetwork = 0xc003
)

// conferenceKey stands before the client's blocks in the GCC user data
// (T.124 §8.7, MS-RDPBCGR §4.1.3): "Duca", from client to server.
var conferenceKey = []byte("Duca")

const (
	maxBlocks   = 16
	maxChannels = 31 // MS-RDPBCGR §2.2.1.3.4
)

// client reads the client's description of itself, and reports whether v was
// that.
func client(c *dissect.Context, v wire.Reader) bool {
	if !bytes.HasPrefix(v, connectInitial) {
		return false
	}
	var tag ber.Tag
	var body wire.Reader
	if !ber.Read(&v, &tag, &body) {
		return true
	}
	i := bytes.Index(body, conferenceKey)
	if i < 0 {
		return true
	}
	blocks := body[i+len(conferenceKey):]
	if !perLength(&blocks) {
		return true
	}
	o := &observation.RDPClient{}
	for range maxBlocks {
		var kind, length uint16
		var block wire.Reader
		if !blocks.LE16(&kind) || !blocks.LE16(&length) || length < 4 || !blocks.Sub(&block, int(length)-4) {
			break
		}
		switch kind {
		case blockCore:
			core(c, o, block)
		case blockNetwork:
			channels(c, o, block)
		}
	}
	c.Emit(o)
	return true
}

// perLength eats a length determinant of one or two octets (X.691 §10.9).
func perLength(r *wire.Reader) bool {
	var first uint8
	return r.U8(&first) && (first&0x80 == 0 || r.Skip(1))
}

// core reads a TS_UD_CS_CORE (MS-RDPBCGR §2.2.1.3.2).
func core(c *dissect.Context, o *observation.RDPClient, r wire.Reader) {
	const nameLen = 32
	var name []byte
	// Version, two sizes, colour depth and SAS sequence stand before.
	if r.Skip(12) && r.LE32(&o.Keyboard) && r.LE32(&o.Build) && r.Bytes(&name, nameLen) {
		o.Name = c.Text(utf16le.Decode(name))
	}
}

// channels reads a TS_UD_CS_NET (MS-RDPBCGR §2.2.1.3.4).
func channels(c *dissect.Context, o *observation.RDPClient, r wire.Reader) {
	const nameLen = 8
	var count uint32
	var name []byte
	if !r.LE32(&count) {
		return
	}
	for len(o.Channels) < int(min(count, maxChannels)) && r.Bytes(&name, nameLen) && r.Skip(4) {
		name, _, _ = bytes.Cut(name, []byte{0})
		o.Channels = append(o.Channels, c.Text(name))
	}
}
