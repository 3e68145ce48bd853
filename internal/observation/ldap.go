package observation

import "github.com/cordonhq/cordon"

// LDAPBind is a client's sign-in (RFC 4511 §4.2).
type LDAPBind struct {
	Version int
	// Mechanism is "simple", or that of SASL, such as "GSS-SPNEGO".
	Mechanism string
	// User is a pseudonym of the name, empty if none was given.
	User string
	// Password is true if a password was sent in the clear.
	Password bool
}

// Protocol implements Observation.
func (o LDAPBind) Protocol() cordon.Protocol { return cordon.LDAP }

// Facts implements Observation.
func (o LDAPBind) Facts(func(Fact)) {}

// ClearText implements Credential.
func (o LDAPBind) ClearText() bool { return o.Password }

// LDAPSearch asks for entries (RFC 4511 §4.5.1).
type LDAPSearch struct {
	Base string
	// Scope is 0 for the base alone, 1 for one level, 2 for the whole tree.
	Scope int
	// Attributes are those asked for, FilterAttributes those that the filter
	// tests; at most 16 of each.
	Attributes, FilterAttributes []string
	// Host is the client's NetBIOS name, where it looks for a domain controller
	// (MS-ADTS §6.3.3).
	Host string
}

// Protocol implements Observation.
func (o LDAPSearch) Protocol() cordon.Protocol { return cordon.LDAP }

// Facts implements Observation.
func (o LDAPSearch) Facts(yield func(Fact)) {
	fact(yield, Sender, "netbios-computer", o.Host)
	fact(yield, Receiver, "search-base", o.Base)
}

// LDAPResult ends an operation. It is told of sign-ins, and of what failed.
type LDAPResult struct {
	// Operation is the number of the response in RFC 4511 §4.1.1: 1 for a
	// bind, 5 for a search.
	Operation uint8
	Code      int // 0 success, 49 invalid credentials (RFC 4511 appendix A)
}

// Protocol implements Observation.
func (o LDAPResult) Protocol() cordon.Protocol { return cordon.LDAP }

// Facts implements Observation.
func (o LDAPResult) Facts(func(Fact)) {}

// LDAPServer is what a server says of itself: in its root entry
// (RFC 4512 §5.1, MS-ADTS §3.1.1.3.2), or to a client that looks for a domain
// controller (MS-ADTS §6.3.1.9).
type LDAPServer struct {
	VendorName, VendorVersion string
	DNSHostName               string
	NamingContext             string // the default one
	Domain, Forest            string // DNS names
	NetBIOSDomain             string
	NetBIOSName               string
	Site                      string
	// FunctionalLevel is that of the domain controller: 7 is Windows Server
	// 2016.
	FunctionalLevel string
}

// Protocol implements Observation.
func (o LDAPServer) Protocol() cordon.Protocol { return cordon.LDAP }

// Facts implements Observation.
func (o LDAPServer) Facts(yield func(Fact)) {
	fact(yield, Sender, "vendor-name", o.VendorName)
	fact(yield, Sender, "vendor-version", o.VendorVersion)
	fact(yield, Sender, "dns-computer", o.DNSHostName)
	fact(yield, Sender, "naming-context", o.NamingContext)
	fact(yield, Sender, "dns-domain", o.Domain)
	fact(yield, Sender, "netbios-domain", o.NetBIOSDomain)
	fact(yield, Sender, "netbios-computer", o.NetBIOSName)
	fact(yield, Sender, "functional-level", o.FunctionalLevel)
}
