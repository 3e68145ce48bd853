package icmpv6

import (
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Options of neighbour discovery (RFC 4861 §4.6, RFC 8106 §5).
const (
	optSourceMAC = 1
	optTargetMAC = 2
	optPrefix    = 3
	optMTU       = 5
	optRDNSS     = 25
	optDNSSL     = 31
)

// discovery reads a message of neighbour discovery behind its checksum.
func (d *decoder) discovery(c *dissect.Context, kind uint8, r wire.Reader) bool {
	o := &d.ndp
	*o = observation.NDP{
		Type: kind, Sender: sender(c),
		Prefixes: o.Prefixes[:0], NameServers: o.NameServers[:0], Domains: o.Domains[:0],
	}
	var flags uint8
	var target []byte
	switch kind {
	case observation.ICMPv6RouterSolicit:
		if !r.Skip(4) {
			return false
		}
	case observation.ICMPv6RouterAdvert:
		if !r.U8(&o.HopLimit) || !r.U8(&flags) || !r.U16(&o.Lifetime) || !r.Skip(8) {
			return false
		}
		o.Managed, o.Other = flags&0x80 != 0, flags&0x40 != 0
	default:
		if !r.U8(&flags) || !r.Skip(3) || !r.Bytes(&target, 16) {
			return false
		}
		o.Target = netid.Addr(target)
		if kind == observation.ICMPv6Advert {
			o.Router, o.Solicited, o.Override = flags&0x80 != 0, flags&0x40 != 0, flags&0x20 != 0
		}
		if kind == observation.ICMPv6Redirect && !r.Skip(16) {
			return false
		}
	}
	d.options(c, r)
	return true
}

// options reads options, whose length counts units of 8 bytes; one of 0 ends
// the message (RFC 4861 §4.6).
func (d *decoder) options(c *dissect.Context, r wire.Reader) {
	for {
		var kind, units uint8
		var body wire.Reader
		if !r.U8(&kind) || !r.U8(&units) || units == 0 || !r.Sub(&body, int(units)*8-2) {
			return
		}
		switch kind {
		case optSourceMAC:
			mac(body, &d.ndp.SourceMAC)
		case optTargetMAC:
			mac(body, &d.ndp.TargetMAC)
		case optPrefix:
			d.prefix(body)
		case optMTU:
			if body.Skip(2) {
				body.U32(&d.ndp.MTU)
			}
		case optRDNSS:
			d.nameServers(body)
		case optDNSSL:
			d.domains(c, body)
		}
	}
}

func mac(r wire.Reader, out *netid.MAC) {
	if len(r) == 6 {
		*out = netid.MAC(r)
	}
}

func (d *decoder) prefix(r wire.Reader) {
	var p observation.NDPPrefix
	var flags uint8
	var ip []byte
	if len(d.ndp.Prefixes) == maxListed || !r.U8(&p.Bits) || !r.U8(&flags) || !r.Skip(12) || !r.Bytes(&ip, 16) || p.Bits > 128 {
		return
	}
	p.IP, p.Autonomous = netid.Addr(ip), flags&0x40 != 0
	d.ndp.Prefixes = append(d.ndp.Prefixes, p)
}

func (d *decoder) nameServers(r wire.Reader) {
	var ip []byte
	for ok := r.Skip(6); ok && len(d.ndp.NameServers) < maxListed && r.Bytes(&ip, 16); {
		d.ndp.NameServers = append(d.ndp.NameServers, netid.Addr(ip))
	}
}

// domains reads names in DNS wire form, padded with zeros.
func (d *decoder) domains(c *dissect.Context, r wire.Reader) {
	if !r.Skip(6) {
		return
	}
	d.text = d.text[:0]
	var label wire.Reader
	for len(d.ndp.Domains) < maxListed && r.SubU8(&label) {
		switch {
		case !label.Empty():
			if len(d.text) > 0 {
				d.text = append(d.text, '.')
			}
			d.text = append(d.text, label...)
		case len(d.text) > 0:
			d.ndp.Domains = append(d.ndp.Domains, c.Text(d.text))
			d.text = d.text[:0]
		default:
			return
		}
	}
}
