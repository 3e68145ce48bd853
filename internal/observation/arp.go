package observation

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// ARPOperation says what an ARP packet does (RFC 826, ar$op).
type ARPOperation uint16

// The operations that occur on a clinic's network.
const (
	ARPRequest ARPOperation = 1
	ARPReply   ARPOperation = 2
)

// ARP is one ARP packet for IPv4 over Ethernet (RFC 826). What the sender says
// of itself need not be the source address of the frame: Event.SenderMAC has
// that.
type ARP struct {
	Operation ARPOperation
	SenderMAC netid.MAC
	// SenderIP is zero in a probe.
	SenderIP netid.Addr
	// TargetMAC is zero in most requests.
	TargetMAC netid.MAC
	TargetIP  netid.Addr
}

// Probe reports whether the sender asks if an address is free before it takes
// it (RFC 5227 §1.1).
func (o ARP) Probe() bool { return o.Operation == ARPRequest && o.SenderIP.IsZero() }

// Announcement reports whether the sender tells everybody of its own address,
// as a request (RFC 5227 §1.1) or as an unasked reply.
func (o ARP) Announcement() bool { return !o.SenderIP.IsZero() && o.SenderIP == o.TargetIP }

// Protocol implements Observation.
func (o ARP) Protocol() cordon.Protocol { return cordon.ARP }

// Facts implements Observation; an ARP packet tells nothing but addresses.
func (o ARP) Facts(func(Fact)) {}

// Bindings implements Binder. Only what the sender says of itself is yielded.
func (o ARP) Bindings(yield func(Binding)) {
	if !o.SenderIP.IsZero() && !o.SenderMAC.IsZero() && !o.SenderMAC.IsGroup() {
		yield(Binding{MAC: o.SenderMAC, IP: o.SenderIP})
	}
}
