// Package dhcpv6 reads DHCP for IPv6 (RFC 8415), through relays: who a client
// says it is, what it asks for, and what the server gave it.
package dhcpv6

import (
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
		Protocol: cordon.DHCPv6,
		Over:     dissect.OverUDP,
		Ports:    []uint16{546, 547},
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
	}
}

// Options (RFC 8415 §21, IANA "DHCPv6 Parameters").
const (
	optClientID      = 1
	optServerID      = 2
	optNonTemporary  = 3
	optTemporary     = 4
	optAddress       = 5
	optRequest       = 6
	optRelayMessage  = 9
	optUserClass     = 15
	optVendorClass   = 16
	optInterface     = 18
	optNameServers   = 23
	optRemote        = 37
	optFQDN          = 39
	optLinkLayerAddr = 79
)

const (
	maxAddresses   = 8
	maxNameServers = 4
	maxOptions     = 64
	maxRelays      = 8 // HOP_COUNT_LIMIT, RFC 8415 §7.6
)

// probe wants a known type and options that end where the message does. The
// ports are fixed by the standard, so that nothing is expected elsewhere.
func probe(h *dissect.Head) dissect.Verdict {
	if !h.Hint {
		return dissect.NotMine
	}
	r := wire.Reader(h.Data)
	var t uint8
	if !r.U8(&t) || t == 0 || t > uint8(observation.DHCPv6RelayReply) {
		return dissect.NotMine
	}
	skip := 3
	if relays(t) {
		skip = 33
	}
	if !r.Skip(skip) {
		return dissect.NotMine
	}
	var code uint16
	var body wire.Reader
	options := 0
	for r.U16(&code) && r.SubU16(&body) && code != 0 {
		options++
	}
	switch {
	case options > 0 && r.Empty():
		return dissect.Sure
	case options > 1:
		return dissect.Likely
	}
	return dissect.NotMine
}

func relays(t uint8) bool {
	return t == uint8(observation.DHCPv6RelayForward) || t == uint8(observation.DHCPv6RelayReply)
}

// decoder turns messages into one observation that it reuses.
type decoder struct {
	o       observation.DHCPv6
	options []uint16
	text    []byte
}

var spare = sync.Pool{New: func() any {
	return &decoder{
		o: observation.DHCPv6{
			IPs:         make([]netid.Addr, 0, maxAddresses),
			NameServers: make([]netid.Addr, 0, maxNameServers),
		},
		options: make([]uint16, 0, maxOptions),
		text:    make([]byte, 0, 256),
	}
}}

// parser keeps nothing between messages.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	d := spare.Get().(*decoder)
	defer spare.Put(d)
	d.options = d.options[:0]
	d.o = observation.DHCPv6{IPs: d.o.IPs[:0], NameServers: d.o.NameServers[:0]}
	if d.message(c, data) {
		c.Emit(&d.o)
	}
	return len(data)
}

// message reads a message, and those that relays have put it into.
func (d *decoder) message(c *dissect.Context, r wire.Reader) bool {
	for range maxRelays + 1 {
		var t uint8
		if !r.U8(&t) {
			return false
		}
		if !relays(t) {
			d.o.Type = observation.DHCPv6Type(t)
			if !r.U24(&d.o.Transaction) {
				return false
			}
			d.read(c, r)
			d.o.Options = d.list(c, d.options)
			return true
		}
		inner, ok := d.relay(c, r)
		if !ok {
			return false
		}
		r = inner
	}
	return false
}

// relay reads what a relay adds (RFC 8415 §9) and returns the message inside.
// The innermost relay is the one on the client's link, and is read last.
func (d *decoder) relay(c *dissect.Context, r wire.Reader) (inner wire.Reader, ok bool) {
	var link, peer []byte
	if !r.Skip(1) || !r.Bytes(&link, 16) || !r.Bytes(&peer, 16) {
		return nil, false
	}
	d.o.Relayed, d.o.Link, d.o.Peer = true, netid.Addr(link), netid.Addr(peer)
	var code uint16
	var body wire.Reader
	for r.U16(&code) && r.SubU16(&body) {
		switch code {
		case optRelayMessage:
			inner, ok = body, true
		case optInterface:
			d.o.Interface = d.port(c, body)
		case optRemote:
			if body.Skip(4) {
				d.o.Remote = d.port(c, body)
			}
		case optLinkLayerAddr:
			linkLayer(body, &d.o.ClientMAC)
		}
	}
	return inner, ok
}

// read goes over the options of the client's or server's message.
func (d *decoder) read(c *dissect.Context, r wire.Reader) {
	var code uint16
	var body wire.Reader
	for r.U16(&code) && r.SubU16(&body) {
		if len(d.options) < maxOptions {
			d.options = append(d.options, code)
		}
		d.option(c, code, body)
	}
}

func (d *decoder) option(c *dissect.Context, code uint16, body wire.Reader) {
	o := &d.o
	switch code {
	case optClientID:
		o.ClientID = d.hex(c, body)
		d.duid(body)
	case optServerID:
		o.ServerID = d.hex(c, body)
	case optNonTemporary:
		if body.Skip(12) { // IAID, T1, T2
			d.addresses(body)
		}
	case optTemporary:
		if body.Skip(4) {
			d.addresses(body)
		}
	case optRequest:
		var codes [maxOptions]uint16
		n := 0
		for n < len(codes) && body.U16(&codes[n]) {
			n++
		}
		o.Parameters = d.list(c, codes[:n])
	case optUserClass:
		var first wire.Reader
		if body.SubU16(&first) {
			o.UserClass = c.Text(first)
		}
	case optVendorClass:
		var first wire.Reader
		if body.U32(&o.Enterprise) && body.SubU16(&first) {
			o.VendorClass = c.Text(first)
		}
	case optNameServers:
		var ip []byte
		for len(o.NameServers) < maxNameServers && body.Bytes(&ip, 16) {
			o.NameServers = append(o.NameServers, netid.Addr(ip))
		}
	case optFQDN:
		if body.Skip(1) {
			o.FQDN = d.name(c, body)
		}
	}
}

// addresses reads the addresses of an identity association (§21.6).
func (d *decoder) addresses(r wire.Reader) {
	var code uint16
	var body wire.Reader
	var ip []byte
	for r.U16(&code) && r.SubU16(&body) {
		if code == optAddress && len(d.o.IPs) < maxAddresses && body.Bytes(&ip, 16) {
			d.o.IPs = append(d.o.IPs, netid.Addr(ip))
		}
	}
}

// duid takes what identifies out of a DUID (§11).
func (d *decoder) duid(r wire.Reader) {
	const (
		linkLayerTime = 1
		enterprise    = 2
		linkLayerOnly = 3
	)
	var kind uint16
	if !r.U16(&kind) {
		return
	}
	switch kind {
	case linkLayerTime:
		var hardware uint16
		if r.U16(&hardware) && r.Skip(4) {
			mac(hardware, r, &d.o.DUIDMAC)
		}
	case linkLayerOnly:
		linkLayer(r, &d.o.DUIDMAC)
	case enterprise:
		r.U32(&d.o.DUIDEnterprise)
	}
}

func linkLayer(r wire.Reader, out *netid.MAC) {
	var hardware uint16
	if r.U16(&hardware) {
		mac(hardware, r, out)
	}
}

func mac(hardware uint16, b []byte, out *netid.MAC) {
	const ethernet = 1
	if hardware == ethernet && len(b) == 6 {
		*out = netid.MAC(b)
	}
}

// name reads a domain name in DNS wire form, which may end without its root.
func (d *decoder) name(c *dissect.Context, r wire.Reader) string {
	d.text = d.text[:0]
	var label wire.Reader
	for r.SubU8(&label) && !label.Empty() && len(d.text) < observation.MaxValue {
		if len(d.text) > 0 {
			d.text = append(d.text, '.')
		}
		d.text = append(d.text, label...)
	}
	return c.Text(d.text)
}

// list writes option codes as "23,24".
func (d *decoder) list(c *dissect.Context, codes []uint16) string {
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
	d.text = hex.AppendEncode(d.text[:0], b[:min(len(b), observation.MaxValue/2)])
	return c.Text(d.text)
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
