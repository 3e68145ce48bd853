package observation

import "github.com/cordonhq/cordon"

// SIP is one message of the session initiation protocol (RFC 3261).
type SIP struct {
	// Method is that of the request, or of the request that is answered.
	Method string
	// Status is the code of a response, 0 for a request.
	Status int
	// UserAgent and Server are the software of who sends it.
	UserAgent, Server string
	// From and To are the URIs of the two ends, Contact where the sender can
	// be reached.
	From, To, Contact string
	// Basic is true if the message carries a password that can be read.
	Basic bool
}

// Protocol implements Observation.
func (o SIP) Protocol() cordon.Protocol { return cordon.SIP }

// ClearText implements Credential.
func (o SIP) ClearText() bool { return o.Basic }

// Facts implements Observation.
func (o SIP) Facts(yield func(Fact)) {
	fact(yield, Sender, "user-agent", o.UserAgent)
	fact(yield, Sender, "server", o.Server)
	if o.Method == "REGISTER" && o.Status == 0 {
		fact(yield, Sender, "registers", o.From)
	}
}
