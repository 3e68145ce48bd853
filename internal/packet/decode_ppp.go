package packet

// PPP protocol numbers (IANA).
const (
	pppIPv4 = 0x0021
	pppIPv6 = 0x0057
	pppMPLS = 0x0281
)

// pppFrame decodes PPP with or without its HDLC-like address and control
// bytes (RFC 1662 §3.1), and Cisco's HDLC, which captures also call PPP.
func (d *Decoder) pppFrame(p *Packet, b []byte, missing int) {
	if len(b) < 2 {
		p.fail(ShortLink)
		return
	}
	const allStations, unnumbered = 0xff, 0x03
	const ciscoUnicast, ciscoMulticast = 0x0f, 0x8f
	switch {
	case b[0] == allStations && b[1] == unnumbered:
		b = b[2:]
	case (b[0] == ciscoUnicast || b[0] == ciscoMulticast) && b[1] == 0 && len(b) >= 4:
		d.etherPayload(p, be16(b[2:]), b[4:], missing)
		return
	}
	d.ppp(p, b, missing)
}

// ppp decodes a protocol field, which may be compressed to one odd byte
// (RFC 1661 §2), and what follows it.
func (d *Decoder) ppp(p *Packet, b []byte, missing int) {
	p.EtherType, p.LinkPayload = 0, b
	if len(b) == 0 {
		p.fail(ShortLink)
		return
	}
	proto := uint16(b[0])
	n := 1
	if proto&1 == 0 {
		if len(b) < 2 {
			p.fail(ShortLink)
			return
		}
		proto, n = be16(b), 2
	}
	b = b[n:]
	switch proto {
	case pppIPv4:
		d.etherPayload(p, EtherTypeIPv4, b, missing)
	case pppIPv6:
		d.etherPayload(p, EtherTypeIPv6, b, missing)
	case pppMPLS:
		d.etherPayload(p, etherTypeMPLS, b, missing)
	}
}

// pppoe decodes a PPPoE session header (RFC 2516 §4).
func (d *Decoder) pppoe(p *Packet, b []byte, missing int) {
	const header, versionAndType, sessionData = 6, 0x11, 0
	if len(b) < header {
		p.fail(ShortLink)
		return
	}
	if b[0] != versionAndType || b[1] != sessionData {
		return
	}
	n := int(be16(b[4:]))
	b, missing = trimLength(b[header:], n, missing)
	d.ppp(p, b, missing)
}
