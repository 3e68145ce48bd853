// Package packet decodes one frame, from its link header to its transport
// payload, into a value that the caller reuses for the next frame. It
// allocates nothing and returns no error: a frame that cannot be understood
// is decoded as far as it can be and says why in Malformed. It keeps no
// state; fragments are put together by Reassembler, conversations by package
// flow.
package packet

import (
	"net/netip"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

// LinkType is a link-layer header type as captures name it
// (https://www.tcpdump.org/linktypes.html).
type LinkType uint16

// The link types that Decode understands.
const (
	LinkNull      LinkType = 0   // BSD loopback, address family in host order
	LinkEthernet  LinkType = 1   // IEEE 802.3
	LinkPPP       LinkType = 9   // PPP, RFC 1661, with or without HDLC framing
	LinkRaw       LinkType = 101 // IPv4 or IPv6 at once
	LinkIEEE80211 LinkType = 105
	LinkLoop      LinkType = 108 // OpenBSD loopback, network order
	LinkLinuxSLL  LinkType = 113 // Linux cooked v1
	LinkRadiotap  LinkType = 127 // 802.11 behind a radiotap header
	LinkIPv4      LinkType = 228
	LinkIPv6      LinkType = 229
	LinkLinuxSLL2 LinkType = 276 // Linux cooked v2
)

// EtherType values (IEEE 802 numbers) that Cordon looks into.
const (
	EtherTypeIPv4  = 0x0800
	EtherTypeARP   = 0x0806
	EtherTypeIPv6  = 0x86dd
	EtherTypeLLDP  = 0x88cc
	EtherTypeEAPOL = 0x888e
	// EtherTypeCDP is not an EtherType: it stands for SNAP 00000c/2000,
	// Cisco Discovery Protocol, so that one field tells all payloads apart.
	EtherTypeCDP = 0x2000
)

// IP protocol numbers (IANA) that Cordon tells apart.
const (
	ProtoICMP   = 1
	ProtoIGMP   = 2
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoGRE    = 47
	ProtoESP    = 50
	ProtoAH     = 51
	ProtoICMPv6 = 58
	ProtoSCTP   = 132
)

// TCPFlags are the control bits of a TCP header (RFC 9293 §3.1).
type TCPFlags uint8

// The TCP control bits.
const (
	FIN TCPFlags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
)

// Malformed says why a frame could not be decoded to its end.
type Malformed uint8

// The reasons, in the order of the layers.
const (
	WellFormed       Malformed = iota
	UnknownLink                // link type that Decode does not know
	ShortLink                  // frame ends inside its link header
	ShortNetwork               // frame ends inside its IPv4, IPv6 or ARP header
	BadNetwork                 // header length or version contradicts itself
	ShortTransport             // frame ends inside its transport header
	BadTransport               // transport header length contradicts itself
	TooManyTunnels             // nested deeper than Decode follows
	TooManyExtension           // more IPv6 extension headers than Decode follows
)

// Packet is one decoded frame. Decode overwrites all of it. Slices alias the
// frame and are valid only as long as it is.
type Packet struct {
	// Time is nanoseconds since the Unix epoch, from the capture.
	Time int64
	// Number is the 1-based position of the frame in its source.
	Number uint64
	// WireLen is the length on the wire in bytes, link header included; it is
	// at least the captured length. Of a reassembled datagram it is the sum
	// over its frames.
	WireLen uint32

	// Malformed is WellFormed, or why decoding stopped; what was decoded
	// before that point is valid.
	Malformed Malformed

	// Link layer; MACs are zero where the link has none. Of a tunnel that
	// carries Ethernet they are the inner frame's, as is EtherType; a tunnel
	// that carries no IP leaves IPVersion 0.
	SrcMAC, DstMAC netid.MAC
	// VLAN is the outermost 802.1Q identifier, 0 when untagged.
	VLAN uint16
	// EtherType of the innermost link payload; LinkPayload is what follows
	// its header. Set also where the network layer is IP.
	EtherType   uint16
	LinkPayload []byte

	// IPVersion is 4 or 6, 0 when there is no IP layer; the fields below it
	// are valid only if it is not 0. With tunnels it is the innermost layer.
	IPVersion uint8
	// Proto is the IP protocol number after IPv6 extension headers.
	Proto    uint8
	TTL      uint8
	Tunnels  uint8 // tunnel layers that were peeled off
	Src, Dst netid.Addr

	// Fragment is true for a fragment that is not a whole datagram; ports
	// and Payload are then not set. FragmentID, FragmentOffset (bytes) and
	// MoreFragments are valid only then, and FragmentData is the piece.
	Fragment       bool
	MoreFragments  bool
	FragmentID     uint32
	FragmentOffset uint32
	FragmentData   []byte
	// Fragments is the number of frames that a Reassembler made this whole
	// datagram from, 0 for a datagram that came in one.
	Fragments uint16

	// SrcPort and DstPort are set for TCP, UDP and SCTP, else 0. For ICMP and
	// ICMPv6 they are 0 too; ICMPType and ICMPCode are set instead.
	SrcPort, DstPort   uint16
	ICMPType, ICMPCode uint8

	// TCP, valid if Proto is ProtoTCP.
	TCPFlags   TCPFlags
	Window     uint16
	Seq, Ack   uint32
	TCPOptions []byte

	// Payload is what the transport carries: for IP protocols without ports,
	// what follows the IP header, the ICMP header included. It ends where the
	// IP length says, not where Ethernet padding does.
	Payload []byte
	// Truncated is true when the capture holds less of Payload than was sent
	// (a snap length); PayloadLen is then longer than Payload.
	Truncated  bool
	PayloadLen uint32
}

// SrcAddr returns Src as a netip.Addr, IPv4 unmapped.
func (p *Packet) SrcAddr() netip.Addr { return p.Src.Netip() }

// DstAddr returns Dst as a netip.Addr, IPv4 unmapped.
func (p *Packet) DstAddr() netip.Addr { return p.Dst.Netip() }
