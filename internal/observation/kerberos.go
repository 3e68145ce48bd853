package observation

import (
	"time"

	"github.com/cordonhq/cordon"
)

// KerberosKind tells the two exchanges with a key distribution centre apart.
type KerberosKind uint8

// The exchanges (RFC 4120 §3.1, §3.3).
const (
	KerberosSignIn  KerberosKind = iota // AS: a principal asks for its first ticket
	KerberosService                     // TGS: it asks for a ticket to a service
)

// KerberosRequest asks for a ticket.
type KerberosRequest struct {
	Kind  KerberosKind
	Realm string
	// Client is a pseudonym of who asks, empty if only the ticket tells;
	// Machine is its name instead if it is a computer's account, without the $.
	Client, Machine string
	// Service is what the ticket is for, as "krbtgt/CLINIC" or "cifs/pacs01".
	Service string
	// EncryptionTypes are those that the client accepts, at most 16, by the
	// numbers of RFC 3961 §8: 17 and 18 are AES, 23 is RC4, 1 and 3 are DES.
	EncryptionTypes []int32
	// PreAuthenticated is true if the request proves that the client knows its
	// key.
	PreAuthenticated bool
	// NetBIOSName is the name of the client's computer, of old clients.
	NetBIOSName string
}

// Protocol implements Observation.
func (o KerberosRequest) Protocol() cordon.Protocol { return cordon.Kerberos }

// Facts implements Observation.
func (o KerberosRequest) Facts(yield func(Fact)) {
	fact(yield, Sender, "realm", o.Realm)
	fact(yield, Sender, "machine-account", o.Machine)
	fact(yield, Sender, "netbios-computer", o.NetBIOSName)
}

// ClearText implements Credential.
func (o KerberosRequest) ClearText() bool { return false }

// KerberosTicket is a ticket granted.
type KerberosTicket struct {
	Kind            KerberosKind
	Realm           string
	Client, Machine string // as in KerberosRequest
	Service         string
	// TicketEncryption is that of the ticket, under the service's key,
	// ReplyEncryption that of the rest, under the client's.
	TicketEncryption, ReplyEncryption int32
}

// Protocol implements Observation.
func (o KerberosTicket) Protocol() cordon.Protocol { return cordon.Kerberos }

// Facts implements Observation.
func (o KerberosTicket) Facts(yield func(Fact)) {
	fact(yield, Sender, "realm", o.Realm)
	fact(yield, Receiver, "machine-account", o.Machine)
}

// KerberosError is a refusal (RFC 4120 §5.9.1, codes in §7.5.9).
type KerberosError struct {
	Code            int32
	Realm           string
	Client, Machine string // as in KerberosRequest
	Service         string
	ServerTime      time.Time
}

// Protocol implements Observation.
func (o KerberosError) Protocol() cordon.Protocol { return cordon.Kerberos }

// Facts implements Observation.
func (o KerberosError) Facts(yield func(Fact)) { fact(yield, Sender, "realm", o.Realm) }

// KerberosUse is a ticket shown to the service that it is for, in a sign-in of
// another protocol, which is Carrier.
type KerberosUse struct {
	Carrier        cordon.Protocol
	Realm, Service string
	Encryption     int32
}

// Protocol implements Observation.
func (o KerberosUse) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o KerberosUse) Facts(yield func(Fact)) {
	fact(yield, Receiver, "service-principal", o.Service)
	fact(yield, Receiver, "realm", o.Realm)
}

// ClearText implements Credential.
func (o KerberosUse) ClearText() bool { return false }
