package observation

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// ICMP message types that Cordon tells apart (RFC 792, RFC 1256, RFC 950).
const (
	ICMPEchoReply       = 0
	ICMPUnreachable     = 3
	ICMPRedirect        = 5
	ICMPEcho            = 8
	ICMPRouterAdvert    = 9
	ICMPTimeExceeded    = 11
	ICMPTimestamp       = 13
	ICMPAddressMask     = 17
	ICMPv6Unreachable   = 1
	ICMPv6PacketTooBig  = 2
	ICMPv6TimeExceeded  = 3
	ICMPv6Echo          = 128
	ICMPv6EchoReply     = 129
	ICMPv6RouterSolicit = 133
	ICMPv6RouterAdvert  = 134
	ICMPv6Solicit       = 135
	ICMPv6Advert        = 136
	ICMPv6Redirect      = 137
)

// ICMP is one message of ICMP, or of ICMPv6 without neighbour discovery and
// group membership, which have observations of their own.
type ICMP struct {
	// Carrier is ICMP or ICMPv6.
	Carrier    cordon.Protocol
	Type, Code uint8
	// ID and Sequence are those of an echo or timestamp.
	ID, Sequence uint16
	// Gateway is where a redirect sends traffic to.
	Gateway netid.Addr
	// About is the transport conversation that an error is about, as far as
	// the message quotes it; zero for others.
	About ICMPQuote
	// Style is the system whose ping fills an echo request so, "windows" or
	// "unix"; "" if it is another.
	Style string
	// Size is the length of the message in bytes, header included.
	Size int
}

// ICMPQuote is the head of the packet that an error answers.
type ICMPQuote struct {
	Proto            uint8
	Src, Dst         netid.Addr
	SrcPort, DstPort uint16
}

// Protocol implements Observation.
func (o ICMP) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o ICMP) Facts(yield func(Fact)) {
	fact(yield, Sender, "echo-style", o.Style)
	if o.Carrier == cordon.ICMP && o.Type == ICMPRouterAdvert {
		fact(yield, Sender, "role", "router")
	}
}

// NDP is one message of IPv6 neighbour discovery (RFC 4861).
type NDP struct {
	// Type is one of the ICMPv6 types from ICMPv6RouterSolicit to
	// ICMPv6Redirect.
	Type   uint8
	Sender netid.Addr
	// Target is the address that is asked for, advertised or redirected to.
	Target netid.Addr
	// SourceMAC and TargetMAC are the link-layer address options.
	SourceMAC, TargetMAC netid.MAC
	// Router, Solicited and Override are the flags of an advertisement.
	Router, Solicited, Override bool
	// HopLimit to Managed come from a router advertisement. Lifetime is how
	// long the sender may be the default router, in seconds, 0 for not at all.
	HopLimit       uint8
	Lifetime       uint16
	MTU            uint32
	Managed, Other bool
	// Prefixes, NameServers (RDNSS) and Domains (DNSSL, RFC 8106) are at most
	// 8 each.
	Prefixes    []NDPPrefix
	NameServers []netid.Addr
	Domains     []string
}

// NDPPrefix is an on-link prefix that a router advertises.
type NDPPrefix struct {
	IP   netid.Addr
	Bits uint8
	// Autonomous is true if hosts may make addresses from it.
	Autonomous bool
}

// Protocol implements Observation.
func (o NDP) Protocol() cordon.Protocol { return cordon.ICMPv6 }

// Facts implements Observation.
func (o NDP) Facts(yield func(Fact)) {
	switch {
	case o.Type == ICMPv6RouterAdvert && o.Lifetime > 0, o.Type == ICMPv6Advert && o.Router:
		fact(yield, Sender, "role", "router")
	}
}

// Bindings implements Binder: who sends from an address, and who claims one.
func (o NDP) Bindings(yield func(Binding)) {
	switch o.Type {
	case ICMPv6RouterSolicit, ICMPv6RouterAdvert, ICMPv6Solicit:
		if !o.SourceMAC.IsZero() && !o.SourceMAC.IsGroup() && !o.Sender.IsZero() {
			yield(Binding{MAC: o.SourceMAC, IP: o.Sender})
		}
	case ICMPv6Advert:
		if !o.TargetMAC.IsZero() && !o.TargetMAC.IsGroup() {
			yield(Binding{MAC: o.TargetMAC, IP: o.Target})
		}
	}
}
