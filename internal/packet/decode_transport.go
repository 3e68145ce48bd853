package packet

const (
	tcpHeader  = 20
	udpHeader  = 8
	sctpHeader = 12
)

// transport decodes what an IP header says it carries.
func (d *Decoder) transport(p *Packet, proto uint8, b []byte, missing int) {
	switch proto {
	case ProtoTCP:
		tcp(p, b, missing)
	case ProtoUDP:
		d.udp(p, b, missing)
	case ProtoICMP, ProtoICMPv6:
		icmp(p, b, missing)
	case ProtoSCTP:
		sctp(p, b, missing)
	case ProtoAH:
		d.extensions(p, proto, b, missing)
	default:
		p.setPayload(b, missing)
		if !d.OuterOnly {
			d.ipTunnel(p, proto, b, missing)
		}
	}
}

// setPorts reads the first four bytes of TCP, UDP and SCTP headers.
func (p *Packet) setPorts(b []byte) {
	p.SrcPort = be16(b)
	p.DstPort = be16(b[2:])
}

// shortTransport keeps what can be read of a cut transport header: the ports,
// which tell the conversation.
func (p *Packet) shortTransport(b []byte, missing int) {
	p.fail(ShortTransport)
	p.Truncated = missing > 0
	if len(b) >= 4 {
		p.setPorts(b)
	}
}

// tcp decodes a TCP header (RFC 9293 §3.1).
func tcp(p *Packet, b []byte, missing int) {
	if len(b) < tcpHeader {
		p.shortTransport(b, missing)
		return
	}
	p.setPorts(b)
	p.Seq = be32(b[4:])
	p.Ack = be32(b[8:])
	p.TCPFlags = TCPFlags(b[13]) & (FIN | SYN | RST | PSH | ACK | URG)
	p.Window = be16(b[14:])
	header := int(b[12]>>4) * 4
	if header < tcpHeader {
		p.fail(BadTransport)
		return
	}
	if header > len(b) {
		if header > len(b)+missing {
			p.fail(BadTransport)
			return
		}
		p.fail(ShortTransport)
		p.Truncated = true
		p.PayloadLen = uint32(len(b) + missing - header)
		return
	}
	p.TCPOptions = b[tcpHeader:header]
	p.setPayload(b[header:], missing)
}

// udp decodes a UDP header (RFC 768) and enters the tunnels that UDP carries.
// A length of 0 is a jumbogram's (RFC 2675 §4) or a large send's.
func (d *Decoder) udp(p *Packet, b []byte, missing int) {
	if len(b) < udpHeader {
		p.shortTransport(b, missing)
		return
	}
	p.setPorts(b)
	n := int(be16(b[4:]))
	switch {
	case n == 0:
	case n < udpHeader:
		p.fail(BadTransport)
		return
	case n > len(b)+missing:
		p.fail(BadTransport)
	default:
		b, missing = trim(b, n, missing)
	}
	p.setPayload(b[udpHeader:], missing)
	if isTunnelPort(p.DstPort) || isTunnelPort(p.SrcPort) {
		d.udpTunnel(p)
	}
}

// icmp reads type and code of ICMP (RFC 792) and ICMPv6 (RFC 4443 §2.1);
// Payload keeps the whole message.
func icmp(p *Packet, b []byte, missing int) {
	p.setPayload(b, missing)
	if len(b) < 4 {
		p.fail(ShortTransport)
		return
	}
	p.ICMPType, p.ICMPCode = b[0], b[1]
}

// sctp decodes the common header (RFC 9260 §3.1); Payload begins with the
// first chunk.
func sctp(p *Packet, b []byte, missing int) {
	if len(b) < sctpHeader {
		p.shortTransport(b, missing)
		return
	}
	p.setPorts(b)
	p.setPayload(b[sctpHeader:], missing)
}
