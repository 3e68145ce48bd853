package observation

import "github.com/cordonhq/cordon"

// DCERPCInterface is what a DCE/RPC client wants to call.
type DCERPCInterface struct {
	// UUID in lower case with hyphens; Name is the interface's short name where
	// it is well known, such as "svcctl", else empty.
	UUID, Name   string
	Major, Minor uint16
}

// DCERPCBind asks a server for interfaces (C706 §12.6.4.3). The protocol that
// carried it is Carrier: DCERPC itself, or SMB for a named pipe.
type DCERPCBind struct {
	Carrier    cordon.Protocol
	Interfaces []DCERPCInterface // at most 16
	// Authentication is the kind of the security context that the client
	// asks for: 0 none, 9 SPNEGO, 10 NTLM, 16 Kerberos, 68 Netlogon.
	Authentication uint8
}

// Protocol implements Observation.
func (o DCERPCBind) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o DCERPCBind) Facts(yield func(Fact)) {
	for _, i := range o.Interfaces {
		if i.Name != "" {
			fact(yield, Receiver, "rpc-interface", i.Name)
		} else {
			fact(yield, Receiver, "rpc-interface", i.UUID)
		}
	}
}

// DCERPCCall calls one operation (C706 §12.6.4.9).
type DCERPCCall struct {
	Carrier   cordon.Protocol
	Interface DCERPCInterface // without UUID if the bind was not seen
	Operation uint16
	// Size is the length in bytes that the caller announces for the arguments.
	Size uint32
}

// Protocol implements Observation.
func (o DCERPCCall) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o DCERPCCall) Facts(func(Fact)) {}

// DCERPCFault is a server's refusal of a call or of a bind.
type DCERPCFault struct {
	Carrier cordon.Protocol
	// Status is the fault's status (C706 appendix E, MS-ERREF), 0 for a bind.
	Status uint32
	// Bind is true if the bind was refused.
	Bind bool
}

// Protocol implements Observation.
func (o DCERPCFault) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o DCERPCFault) Facts(func(Fact)) {}
