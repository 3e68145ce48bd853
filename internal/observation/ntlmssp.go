package observation

import "github.com/cordonhq/cordon"

// NTLMNegotiate opens a sign-in with NTLM (MS-NLMP §2.2.1.1). The protocol that
// carried it is Carrier.
type NTLMNegotiate struct {
	Carrier cordon.Protocol
	// Domain and Workstation are empty for most clients.
	Domain, Workstation string
	// OSVersion is major.minor.build of Windows, or what others pretend.
	OSVersion string
}

// Protocol implements Observation.
func (o NTLMNegotiate) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o NTLMNegotiate) Facts(yield func(Fact)) {
	fact(yield, Sender, "workstation", o.Workstation)
	fact(yield, Sender, "domain", o.Domain)
	fact(yield, Sender, "os-version", o.OSVersion)
}

// NTLMChallenge is a server's answer, in which it says what it is called
// (MS-NLMP §2.2.1.2, §2.2.2.1).
type NTLMChallenge struct {
	Carrier                        cordon.Protocol
	Target                         string
	NetBIOSComputer, NetBIOSDomain string
	DNSComputer, DNSDomain, Forest string
	OSVersion                      string
}

// Protocol implements Observation.
func (o NTLMChallenge) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o NTLMChallenge) Facts(yield func(Fact)) {
	fact(yield, Sender, "netbios-computer", o.NetBIOSComputer)
	fact(yield, Sender, "netbios-domain", o.NetBIOSDomain)
	fact(yield, Sender, "dns-computer", o.DNSComputer)
	fact(yield, Sender, "dns-domain", o.DNSDomain)
	fact(yield, Sender, "os-version", o.OSVersion)
}

// NTLMAuthenticate is a client's proof (MS-NLMP §2.2.1.3).
type NTLMAuthenticate struct {
	Carrier     cordon.Protocol
	Domain      string
	Workstation string
	// User is a pseudonym, empty for an anonymous sign-in.
	User      string
	OSVersion string
	// Version1 is true for a response of NTLM version 1, which is easily
	// broken.
	Version1 bool
}

// Protocol implements Observation.
func (o NTLMAuthenticate) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o NTLMAuthenticate) Facts(yield func(Fact)) {
	fact(yield, Sender, "workstation", o.Workstation)
	fact(yield, Sender, "domain", o.Domain)
	fact(yield, Sender, "os-version", o.OSVersion)
}

// ClearText implements Credential.
func (o NTLMAuthenticate) ClearText() bool { return false }
