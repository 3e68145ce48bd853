package observation

import (
	"strconv"

	"github.com/cordonhq/cordon"
)

// RDPRequest opens a remote desktop connection (MS-RDPBCGR §2.2.1.1).
type RDPRequest struct {
	// User is a pseudonym of the name in the cookie, empty if there is none.
	User string
	// Protocols are those that the client accepts for security, as bits: 1 TLS,
	// 2 CredSSP, 8 CredSSP with an early result; 0 for RDP's own.
	Protocols uint32
}

// Protocol implements Observation.
func (o RDPRequest) Protocol() cordon.Protocol { return cordon.RDP }

// Facts implements Observation.
func (o RDPRequest) Facts(func(Fact)) {}

// RDPResponse is the server's choice (MS-RDPBCGR §2.2.1.2).
type RDPResponse struct {
	// Selected is one of the bits of RDPRequest.Protocols; 0 is RDP's own
	// security, which does not prove who the server is.
	Selected uint32
	// Failure is the code of a refusal, 0 for none; 5 says that the server
	// wants CredSSP.
	Failure uint32
}

// Protocol implements Observation.
func (o RDPResponse) Protocol() cordon.Protocol { return cordon.RDP }

// Facts implements Observation.
func (o RDPResponse) Facts(func(Fact)) {}

// RDPClient is what a client says of itself where RDP's own security is used
// (MS-RDPBCGR §2.2.1.3.2).
type RDPClient struct {
	Name     string
	Build    uint32
	Keyboard uint32 // layout, a Windows language identifier
	// Channels are the virtual channels asked for, such as "rdpdr" for drives,
	// at most 31.
	Channels []string
}

// Protocol implements Observation.
func (o RDPClient) Protocol() cordon.Protocol { return cordon.RDP }

// Facts implements Observation.
func (o RDPClient) Facts(yield func(Fact)) {
	fact(yield, Sender, "client-name", o.Name)
	if o.Build != 0 {
		fact(yield, Sender, "client-build", strconv.FormatUint(uint64(o.Build), 10))
	}
}
