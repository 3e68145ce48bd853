package observation

import (
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// DHCPv6Type is the type of a DHCPv6 message (RFC 8415 §7.3).
type DHCPv6Type uint8

// The message types.
const (
	DHCPv6Solicit            DHCPv6Type = 1
	DHCPv6Advertise          DHCPv6Type = 2
	DHCPv6Request            DHCPv6Type = 3
	DHCPv6Confirm            DHCPv6Type = 4
	DHCPv6Renew              DHCPv6Type = 5
	DHCPv6Rebind             DHCPv6Type = 6
	DHCPv6Reply              DHCPv6Type = 7
	DHCPv6Release            DHCPv6Type = 8
	DHCPv6Decline            DHCPv6Type = 9
	DHCPv6Reconfigure        DHCPv6Type = 10
	DHCPv6InformationRequest DHCPv6Type = 11
	DHCPv6RelayForward       DHCPv6Type = 12
	DHCPv6RelayReply         DHCPv6Type = 13
)

// DHCPv6 is one message of DHCP for IPv6 (RFC 8415). For a relayed one it is
// the message inside.
type DHCPv6 struct {
	Type        DHCPv6Type
	Transaction uint32
	// Relayed is true if a relay carried the message; Link and Peer are then
	// the client's link and address as the relay nearest to it states them.
	Relayed    bool
	Link, Peer netid.Addr
	// ClientID and ServerID are the DUIDs in hexadecimal (§11).
	ClientID, ServerID string
	// ClientMAC is what a relay says (RFC 6939). DUIDMAC comes from a DUID made
	// of a link-layer address (§11.2, §11.4): that of the card it was made
	// with, which need not be the one in use, nor this device's if its disk was
	// copied.
	ClientMAC, DUIDMAC netid.MAC
	// DUIDEnterprise is the enterprise number of a DUID of that type (§11.3),
	// Enterprise that of the vendor class; 0 if absent.
	DUIDEnterprise, Enterprise   uint32
	VendorClass, UserClass, FQDN string
	// Parameters is the list of options that the client asks for and Options
	// that of those it sent, in its order: "23,24".
	Parameters, Options string
	// IPs are the addresses in identity associations, at most 8: those wished
	// for in a client's message, those given in a server's.
	IPs []netid.Addr
	// NameServers are at most 4.
	NameServers []netid.Addr
	// Interface and Remote are what the relay adds of the client's port.
	Interface, Remote string
}

// FromServer reports whether the message is one that servers send.
func (o DHCPv6) FromServer() bool {
	return o.Type == DHCPv6Advertise || o.Type == DHCPv6Reply || o.Type == DHCPv6Reconfigure
}

// Protocol implements Observation.
func (o DHCPv6) Protocol() cordon.Protocol { return cordon.DHCPv6 }

// Facts implements Observation. They are about the client; a relayed message
// is only about somebody known if it names the client's MAC or address.
func (o DHCPv6) Facts(yield func(Fact)) {
	if o.FromServer() {
		return
	}
	about := Sender
	if o.Relayed {
		about = Bound
	}
	fact(yield, about, "duid", o.ClientID)
	fact(yield, about, "duid-mac", o.DUIDMAC.String())
	fact(yield, about, "fqdn", o.FQDN)
	fact(yield, about, "vendor-class", o.VendorClass)
	fact(yield, about, "user-class", o.UserClass)
	fact(yield, about, "parameter-list", o.Parameters)
	fact(yield, about, "option-list", o.Options)
	number(yield, about, "enterprise", o.Enterprise)
	number(yield, about, "duid-enterprise", o.DUIDEnterprise)
	fact(yield, about, "relay-interface", o.Interface)
	fact(yield, about, "relay-remote", o.Remote)
}

// Bindings implements Binder: the client's address on its link and those that
// it was given, where a relay tells who it is.
func (o DHCPv6) Bindings(yield func(Binding)) {
	if o.Relayed && !o.Peer.IsZero() {
		yield(Binding{MAC: o.ClientMAC, IP: o.Peer, Name: o.FQDN})
	}
	if o.Type == DHCPv6Reply && (!o.ClientMAC.IsZero() || o.FQDN != "") {
		for _, ip := range o.IPs {
			yield(Binding{MAC: o.ClientMAC, IP: ip, Name: o.FQDN})
		}
	}
}

// number yields n in decimal unless it is 0.
func number(yield func(Fact), about Subject, field string, n uint32) {
	if n != 0 {
		fact(yield, about, field, strconv.FormatUint(uint64(n), 10))
	}
}
