// Package dhcp reads DHCP for IPv4 (RFC 2131), the frame of BOOTP included:
// who a client says it is, what it asks for, and what the server gave it.
package dhcp

import (
	"bytes"
	"encoding/hex"
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
		Protocol: cordon.DHCP,
		Over:     dissect.OverUDP,
		Ports:    []uint16{67, 68, 4011},
		First:    func(b byte) bool { return b == opRequest || b == opReply },
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
	}
}

const (
	opRequest, opReply = 1, 2
	hardwareEthernet   = 1
	cookie             = 0x63825363 // RFC 2131 §3
	maxAddresses       = 4
	maxOptions         = 128
)

// fixed is the fixed part of a message (RFC 2131 §2).
type fixed struct {
	op, hardware, hardwareLen, hops      uint8
	transaction                          uint32
	client, your, relay, mac, name, file []byte
	cookie                               uint32
}

func (f *fixed) read(r *wire.Reader) bool {
	return r.U8(&f.op) && r.U8(&f.hardware) && r.U8(&f.hardwareLen) && r.U8(&f.hops) &&
		r.U32(&f.transaction) && r.Skip(4) && // seconds, flags
		r.Bytes(&f.client, 4) && r.Bytes(&f.your, 4) && r.Skip(4) && r.Bytes(&f.relay, 4) &&
		r.Bytes(&f.mac, 16) && r.Bytes(&f.name, 64) && r.Bytes(&f.file, 128)
}

func probe(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	var f fixed
	if !f.read(&r) || f.op != opRequest && f.op != opReply || f.hardwareLen > 16 {
		return dissect.NotMine
	}
	if r.U32(&f.cookie) && f.cookie == cookie {
		return dissect.Sure
	}
	if h.Hint && f.hardware == hardwareEthernet && f.hardwareLen == 6 && f.hops <= 16 {
		return dissect.Likely // BOOTP without vendor information
	}
	return dissect.NotMine
}

// decoder turns messages into one observation that it reuses.
type decoder struct {
	o       observation.DHCP
	options []byte // codes in the order of the message
	text    []byte
}

var spare = sync.Pool{New: func() any {
	return &decoder{
		o: observation.DHCP{
			Routers:     make([]netid.Addr, 0, maxAddresses),
			NameServers: make([]netid.Addr, 0, maxAddresses),
		},
		options: make([]byte, 0, maxOptions),
		text:    make([]byte, 0, 4*256),
	}
}}

// parser keeps nothing between messages.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	d := spare.Get().(*decoder)
	defer spare.Put(d)
	if d.decode(c, data) {
		c.Emit(&d.o)
	}
	return len(data)
}

func (d *decoder) decode(c *dissect.Context, data []byte) bool {
	r := wire.Reader(data)
	var f fixed
	if !f.read(&r) {
		return false
	}
	d.options = d.options[:0]
	d.o = observation.DHCP{
		FromServer: f.op == opReply, Transaction: f.transaction,
		ClientIP: addr(f.client), YourIP: addr(f.your), RelayIP: addr(f.relay),
		Routers: d.o.Routers[:0], NameServers: d.o.NameServers[:0],
	}
	if f.hardware == hardwareEthernet && f.hardwareLen == 6 {
		d.o.ClientMAC = netid.MAC(f.mac[:6])
	}
	if !r.U32(&f.cookie) || f.cookie != cookie {
		return true
	}
	// The fields for the server's name and the boot file may hold options too
	// (RFC 2132 §9.3).
	const inFile, inName = 1, 2
	var overload uint8
	d.read(c, r, &overload)
	again := overload
	if overload&inFile != 0 {
		d.read(c, f.file, &again)
	}
	if overload&inName != 0 {
		d.read(c, f.name, &again)
	}
	d.o.Options = d.list(c, d.options)
	return true
}

// read goes over one field of options.
func (d *decoder) read(c *dissect.Context, r wire.Reader, overload *uint8) {
	const pad, end = 0, 255
	for {
		var code uint8
		var body wire.Reader
		switch {
		case !r.U8(&code), code == end:
			return
		case code == pad:
			continue
		case !r.SubU8(&body):
			return
		}
		if len(d.options) < maxOptions {
			d.options = append(d.options, code)
		}
		if code == 52 {
			body.U8(overload)
			continue
		}
		d.option(c, code, body)
	}
}

func (d *decoder) option(c *dissect.Context, code uint8, body wire.Reader) {
	o := &d.o
	switch code {
	case 3:
		o.Routers = addrs(o.Routers, body)
	case 6:
		o.NameServers = addrs(o.NameServers, body)
	case 12:
		o.Hostname = c.Text(bytes.TrimRight(body, ".\x00"))
	case 15:
		o.Domain = c.Text(body)
	case 50:
		o.RequestedIP = addr(body)
	case 51:
		body.U32(&o.LeaseSeconds)
	case 53:
		var t uint8
		body.U8(&t)
		o.Type = observation.DHCPType(t)
	case 54:
		o.ServerID = addr(body)
	case 55:
		o.Parameters = d.list(c, body)
	case 60:
		o.VendorClass = c.Text(body)
	case 61:
		o.ClientID = d.hex(c, body)
	case 77:
		o.UserClass = userClass(c, body)
	case 81:
		o.FQDN = d.fqdn(c, body)
	case 82:
		d.relay(c, body)
	case 97:
		if body.Skip(1) {
			o.UUID = d.hex(c, body)
		}
	case 124:
		body.U32(&o.Enterprise)
	}
}

func addr(b []byte) netid.Addr {
	if len(b) != 4 || [4]byte(b) == [4]byte{} {
		return netid.Addr{}
	}
	return netid.AddrFrom4([4]byte(b))
}

func addrs(to []netid.Addr, r wire.Reader) []netid.Addr {
	var b []byte
	for len(to) < maxAddresses && r.Bytes(&b, 4) {
		to = append(to, addr(b))
	}
	return to
}

// list writes option codes as "1,3,6".
func (d *decoder) list(c *dissect.Context, codes []byte) string {
	d.text = d.text[:0]
	for i, code := range codes {
		if i > 0 {
			d.text = append(d.text, ',')
		}
		d.text = strconv.AppendUint(d.text, uint64(code), 10)
	}
	return c.Text(d.text)
}

func (d *decoder) hex(c *dissect.Context, b []byte) string {
	d.text = hex.AppendEncode(d.text[:0], b)
	return c.Text(d.text)
}

// relay reads what the relay agent says of the client's port (RFC 3046 §2).
func (d *decoder) relay(c *dissect.Context, r wire.Reader) {
	const circuit, remote = 1, 2
	var code uint8
	var body wire.Reader
	for r.U8(&code) && r.SubU8(&body) {
		switch code {
		case circuit:
			d.o.Circuit = d.port(c, body)
		case remote:
			d.o.Remote = d.port(c, body)
		}
	}
}

// port gives printable text as it is, and anything else in hexadecimal.
func (d *decoder) port(c *dissect.Context, b []byte) string {
	for _, ch := range b {
		if ch < ' ' || ch > '~' {
			return d.hex(c, b)
		}
	}
	return c.Text(b)
}

// userClass reads the first class. Some clients send it without the length
// that RFC 3004 §4 puts before it.
func userClass(c *dissect.Context, body wire.Reader) string {
	r := body
	var first wire.Reader
	if r.SubU8(&first) && !first.Empty() {
		return c.Text(first)
	}
	return c.Text(body)
}

// fqdn reads the client's domain name (RFC 4702 §2), in DNS wire form or, as
// before that, in ASCII.
func (d *decoder) fqdn(c *dissect.Context, r wire.Reader) string {
	const canonical = 0x04
	var flags uint8
	if !r.U8(&flags) || !r.Skip(2) {
		return ""
	}
	if flags&canonical == 0 {
		return c.Text(bytes.TrimRight(r, ".\x00"))
	}
	d.text = d.text[:0]
	var label wire.Reader
	for r.SubU8(&label) && !label.Empty() {
		if len(d.text) > 0 {
			d.text = append(d.text, '.')
		}
		d.text = append(d.text, label...)
	}
	return c.Text(d.text)
}
