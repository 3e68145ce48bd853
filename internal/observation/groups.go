package observation

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Groups is one message of multicast group membership: IGMP (RFC 1112,
// RFC 2236, RFC 3376) or MLD (RFC 2710, RFC 3810).
type Groups struct {
	// Carrier is IGMP or ICMPv6.
	Carrier cordon.Protocol
	// Version is that of IGMP or MLD.
	Version uint8
	// Query is true for a router's question; Asked is the group that it asks
	// about, zero for all.
	Query bool
	Asked netid.Addr
	// Joined and Left are the groups that the sender wants or gives up, at most
	// 32 each.
	Joined, Left []netid.Addr
}

// Protocol implements Observation.
func (o Groups) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation. Groups that a host only joins because it has
// an IPv6 address tell nothing.
func (o Groups) Facts(yield func(Fact)) {
	if o.Query {
		fact(yield, Sender, "role", "multicast-querier")
	}
	for _, g := range o.Joined {
		if !solicitedNode(g) {
			fact(yield, Sender, "group", g.String())
		}
	}
}

// File puts the group of one record of an IGMPv3 or MLDv2 report where it
// belongs: a host that includes no source, or blocks some, gives up
// (RFC 3376 §4.2.12, RFC 3810 §5.2.12).
func (o *Groups) File(kind uint8, sources uint16, group netid.Addr) {
	const isInclude, toInclude, block = 1, 3, 6
	switch {
	case kind == block, sources == 0 && (kind == isInclude || kind == toInclude):
		o.Left = append(o.Left, group)
	default:
		o.Joined = append(o.Joined, group)
	}
}

// solicitedNode reports whether g is a solicited-node address (RFC 4291
// §2.7.1).
func solicitedNode(g netid.Addr) bool {
	return [13]byte(g[:13]) == [13]byte{0: 0xff, 1: 0x02, 11: 0x01, 12: 0xff}
}
