package quic

import (
	"bytes"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// googlePacket is a client's packet of Google's QUIC with the version in it.
type googlePacket struct {
	version string // such as "Q043"
	payload []byte
}

// readGoogle reads the public header of versions up to Q043, and the long
// header of Q046, whose payload is in the clear as well
// (https://docs.google.com/document/d/1WJvyZflAO2pq77yOLbp9NsGjC1CHetAXV8I0fQe-B_U).
func readGoogle(b []byte) (g googlePacket, ok bool) {
	r := wire.Reader(b)
	var flags uint8
	var version []byte
	if !r.U8(&flags) {
		return g, false
	}
	if flags&0x80 != 0 {
		if !r.Bytes(&version, 4) || string(version) != "Q046" && string(version) != "Q044" || flags&0x40 == 0 {
			return g, false
		}
		return googlePacket{string(version), r}, true
	}
	const hasVersion, hasID = 0x01, 0x08
	if flags&hasVersion == 0 || flags&0x40 != 0 || flags&hasID != 0 && !r.Skip(8) || !r.Bytes(&version, 4) {
		return g, false
	}
	if version[0] != 'Q' || version[1] != '0' || !isDigit(version[2]) || !isDigit(version[3]) {
		return g, false
	}
	return googlePacket{string(version), r}, true
}

// isGoogleRejection knows a server's first packet by the message that it
// always holds; its public header has no version.
func isGoogleRejection(b []byte) bool {
	const flagsSet, searched = 0x08, 64
	return b[0]&0xcb == flagsSet && bytes.Contains(b[:min(len(b), searched)], []byte("REJ\x00"))
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// google reads a packet in which the client's hello stands in the clear.
func (p *parser) google(c *dissect.Context, g googlePacket) int {
	i := bytes.Index(g.payload, []byte("CHLO"))
	if i < 0 {
		return 0
	}
	p.googleHello(c, g.version, g.payload[i:])
	return dissect.Stop
}

// maxTags bounds how many tags of a hello are read.
const maxTags = 64

// googleHello reads a CHLO: the number of tags, then each tag with the end of
// its value, then the values. Numbers are little-endian.
func (p *parser) googleHello(c *dissect.Context, version string, b []byte) {
	o := observation.GQUICHello{Version: version}
	r := wire.Reader(b)
	var count uint16
	if !r.Skip(4) || !r.LE16(&count) || !r.Skip(2) {
		return
	}
	var tags wire.Reader
	if !r.Sub(&tags, 8*int(min(count, maxTags))) {
		return
	}
	values, start := r, uint32(0)
	var tag []byte
	var end uint32
	for tags.Bytes(&tag, 4) && tags.LE32(&end) {
		var value []byte
		if end < start || !values.Bytes(&value, int(end-start)) {
			break
		}
		start = end
		switch string(tag) {
		case "SNI\x00":
			o.ServerName = c.Text(value)
		case "UAID":
			o.UserAgent = c.Text(value)
		}
	}
	c.Emit(&o)
}
