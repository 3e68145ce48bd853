package observation

import (
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// DHCPType is the type of a DHCP message (RFC 2132 §9.6); 0 is plain BOOTP.
type DHCPType uint8

// The message types.
const (
	DHCPDiscover DHCPType = 1
	DHCPOffer    DHCPType = 2
	DHCPRequest  DHCPType = 3
	DHCPDecline  DHCPType = 4
	DHCPAck      DHCPType = 5
	DHCPNak      DHCPType = 6
	DHCPRelease  DHCPType = 7
	DHCPInform   DHCPType = 8
)

// DHCP is one message of DHCP for IPv4 (RFC 2131). Options are those of
// RFC 2132 unless said otherwise.
type DHCP struct {
	Type DHCPType
	// FromServer is true for a reply.
	FromServer  bool
	Transaction uint32
	// ClientMAC is the hardware address of the client, whoever forwarded the
	// message; zero if it is not Ethernet.
	ClientMAC netid.MAC
	// ClientIP is what the client uses already (ciaddr), YourIP what the server
	// assigns (yiaddr), RelayIP the relay that forwarded it (giaddr).
	ClientIP, YourIP, RelayIP netid.Addr
	// RequestedIP is option 50, ServerID option 54.
	RequestedIP, ServerID netid.Addr
	// Hostname is option 12, FQDN option 81 (RFC 4702), Domain option 15.
	Hostname, FQDN, Domain string
	// VendorClass is option 60, UserClass option 77 (RFC 3004), Enterprise the
	// number of option 124 (RFC 3925), 0 if absent.
	VendorClass, UserClass string
	Enterprise             uint32
	// Parameters is the list of options that the client asks for (option 55)
	// and Options that of those it sent, in its order: "1,3,6,15". Both differ
	// between makers of DHCP clients.
	Parameters, Options string
	// ClientID is option 61 in hexadecimal, UUID option 97 (RFC 4578).
	ClientID, UUID string
	// Circuit and Remote are what a relay adds of the port that the client is
	// on (option 82, RFC 3046), as text or in hexadecimal.
	Circuit, Remote string
	// LeaseSeconds is option 51, 0 if absent.
	LeaseSeconds uint32
	// Routers and NameServers are options 3 and 6, at most 4 each.
	Routers, NameServers []netid.Addr
}

// Protocol implements Observation.
func (o DHCP) Protocol() cordon.Protocol { return cordon.DHCP }

// Facts implements Observation. But for the sender's role they are about the
// client, also where a relay or a server sent the message.
func (o DHCP) Facts(yield func(Fact)) {
	about := o.client()
	switch {
	case o.FromServer && o.RelayIP.IsZero():
		fact(yield, Sender, "role", "dhcp-server")
	case !o.FromServer && !o.RelayIP.IsZero():
		fact(yield, Sender, "role", "dhcp-relay")
	}
	if o.FromServer {
		if about == Bound {
			fact(yield, about, "relay-circuit", o.Circuit)
			fact(yield, about, "relay-remote", o.Remote)
		}
		return
	}
	fact(yield, about, "hostname", o.Hostname)
	fact(yield, about, "fqdn", o.FQDN)
	fact(yield, about, "vendor-class", o.VendorClass)
	fact(yield, about, "user-class", o.UserClass)
	fact(yield, about, "parameter-list", o.Parameters)
	fact(yield, about, "option-list", o.Options)
	fact(yield, about, "client-id", o.ClientID)
	fact(yield, about, "uuid", o.UUID)
	if o.Enterprise != 0 {
		fact(yield, about, "enterprise", strconv.FormatUint(uint64(o.Enterprise), 10))
	}
	fact(yield, about, "relay-circuit", o.Circuit)
	fact(yield, about, "relay-remote", o.Remote)
}

// client says how the client is named: by the binding, if there is one.
func (o DHCP) client() Subject {
	if o.ClientMAC.IsZero() {
		return Sender
	}
	return Bound
}

// Bindings implements Binder. An address is bound once the server assigned it
// or the client uses it; before that only the name is.
func (o DHCP) Bindings(yield func(Binding)) {
	if o.ClientMAC.IsZero() {
		return
	}
	b := Binding{MAC: o.ClientMAC}
	switch {
	case o.FromServer && o.Type == DHCPAck:
		b.IP = o.YourIP
		if b.IP.IsZero() { // the answer to an inform
			b.IP = o.ClientIP
		}
	case !o.FromServer && (o.Type == DHCPRequest || o.Type == DHCPInform):
		b.IP = o.ClientIP
	}
	if !o.FromServer {
		b.Name = o.Hostname
		if b.Name == "" {
			b.Name = o.FQDN
		}
	}
	yield(b)
}
