// Package radius reads RADIUS (RFC 2865, RFC 2866, RFC 5176): which client is
// on which port of which access device, and how it was let in.
package radius

import (
	"strconv"
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.RADIUS,
		Over:     dissect.OverUDP,
		Ports:    []uint16{1812, 1813, 1645, 1646, 1700, 3799},
		First:    knownCode,
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
	}
}

const (
	headerLen = 20
	maxLen    = 4096 // RFC 2865 §3
)

// Attributes (RFC 2865 §5, RFC 2866 §5, RFC 2868 §3, RFC 2869 §5).
const (
	attrUser          = 1
	attrNASIP         = 4
	attrNASPort       = 5
	attrFramedIP      = 8
	attrFilter        = 11
	attrCalled        = 30
	attrCalling       = 31
	attrNASIdentifier = 32
	attrAcctStatus    = 40
	attrEAP           = 79
	attrAuthenticator = 80
	attrTunnelGroup   = 81
	attrNASPortID     = 87
)

func knownCode(code uint8) bool {
	switch {
	case code >= 1 && code <= 5, code >= 11 && code <= 13, code >= 40 && code <= 45:
		return true
	}
	return false
}

// probe wants attributes that end where the packet says it ends.
func probe(h *dissect.Head) dissect.Verdict {
	attributes, exact := open(h.Data)
	if attributes == nil {
		if h.Hint && len(h.Data) >= headerLen && knownCode(h.Data[0]) && h.Data[2] <= maxLen>>8 {
			return dissect.Weak // cut, or with a wrong length
		}
		return dissect.NotMine
	}
	n, whole := 0, true
	for r := wire.Reader(attributes); !r.Empty(); n++ {
		var kind uint8
		var body wire.Reader
		if !attribute(&r, &kind, &body) {
			whole = false
			break
		}
	}
	switch {
	case h.Hint && whole:
		return dissect.Sure
	case h.Hint:
		return dissect.Likely
	case exact && whole && n >= 3:
		return dissect.Likely
	}
	return dissect.NotMine
}

// open returns the attributes, not nil, of a packet with a known code and a
// length that fits, and whether nothing follows them.
func open(data []byte) (attributes []byte, exact bool) {
	r := wire.Reader(data)
	var code uint8
	var length uint16
	if !r.U8(&code) || !knownCode(code) || !r.Skip(1) || !r.U16(&length) ||
		length < headerLen || length > maxLen || int(length) > len(data) || !r.Skip(headerLen-4) {
		return nil, false
	}
	return r[:int(length)-headerLen], int(length) == len(data)
}

// attribute eats one attribute, whose length counts its own two bytes.
func attribute(r *wire.Reader, kind *uint8, body *wire.Reader) bool {
	var n uint8
	return r.U8(kind) && r.U8(&n) && n >= 2 && *kind != 0 && r.Sub(body, int(n)-2)
}

// decoder turns packets into one observation that it reuses.
type decoder struct {
	o    observation.RADIUS
	text []byte
}

var spare = sync.Pool{New: func() any { return &decoder{text: make([]byte, 0, 32)} }}

// parser keeps nothing between packets.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	attributes, _ := open(data)
	if attributes == nil {
		return len(data)
	}
	d := spare.Get().(*decoder)
	defer spare.Put(d)
	d.o = observation.RADIUS{Code: data[0], Identifier: data[1]}
	var kind uint8
	var body wire.Reader
	for r := wire.Reader(attributes); attribute(&r, &kind, &body); {
		d.attribute(c, kind, body)
	}
	c.Emit(&d.o)
	return len(data)
}

func (d *decoder) attribute(c *dissect.Context, kind uint8, body wire.Reader) {
	o := &d.o
	switch kind {
	case attrUser:
		o.User = c.Text(body)
	case attrNASIP:
		o.NASIP = addr(body)
	case attrNASPort:
		var n uint32
		if body.U32(&n) && o.NASPort == "" {
			d.text = strconv.AppendUint(d.text[:0], uint64(n), 10)
			o.NASPort = c.Text(d.text)
		}
	case attrFramedIP:
		o.StationIP = addr(body)
	case attrFilter:
		o.Filter = c.Text(body)
	case attrCalled:
		o.Called = c.Text(body)
	case attrCalling:
		o.Station = c.Text(body)
		o.StationMAC = stationMAC(body)
	case attrNASIdentifier:
		o.NASIdentifier = c.Text(body)
	case attrAcctStatus:
		body.U32(&o.AccountingStatus)
	case attrEAP:
		o.EAP = true
	case attrAuthenticator:
		o.Authenticator = true
	case attrTunnelGroup:
		if len(body) > 0 && body[0] <= 0x1f { // a tag, RFC 2868 §3.6
			body.Skip(1)
		}
		o.VLAN = c.Text(body)
	case attrNASPortID:
		o.NASPort = c.Text(body)
	}
}

func addr(b []byte) netid.Addr {
	if len(b) != 4 || [4]byte(b) == [4]byte{} || b[0] == 255 { // "let the NAS choose", RFC 2865 §5.8
		return netid.Addr{}
	}
	return netid.AddrFrom4([4]byte(b))
}

// stationMAC reads a MAC in any of the ways in which access devices write it:
// with colons, hyphens, dots or nothing between the digits.
func stationMAC(b []byte) netid.MAC {
	var m netid.MAC
	digits := 0
	for _, ch := range b {
		var v byte
		switch {
		case '0' <= ch && ch <= '9':
			v = ch - '0'
		case 'a' <= ch && ch <= 'f':
			v = ch - 'a' + 10
		case 'A' <= ch && ch <= 'F':
			v = ch - 'A' + 10
		case ch == ':' || ch == '-' || ch == '.':
			continue
		default:
			return netid.MAC{}
		}
		if digits == 2*len(m) {
			return netid.MAC{}
		}
		m[digits/2] = m[digits/2]<<4 | v
		digits++
	}
	if digits != 2*len(m) {
		return netid.MAC{}
	}
	return m
}
