package observation

import "github.com/cordonhq/cordon"

// RTSPRequest asks a camera or a media server for something (RFC 2326).
type RTSPRequest struct {
	Method    string
	UserAgent string
	// Scheme is that of the sign-in that it carries, empty for none.
	Scheme string
	User   string // a pseudonym
}

// Protocol implements Observation.
func (o RTSPRequest) Protocol() cordon.Protocol { return cordon.RTSP }

// Facts implements Observation.
func (o RTSPRequest) Facts(yield func(Fact)) { fact(yield, Sender, "user-agent", o.UserAgent) }

// ClearText implements Credential.
func (o RTSPRequest) ClearText() bool { return o.Scheme == "Basic" }

// RTSPResponse is an answer.
type RTSPResponse struct {
	Status int
	Server string
	// Realm is what a server asks to sign in to; makers of cameras put their
	// model there.
	Realm string
}

// Protocol implements Observation.
func (o RTSPResponse) Protocol() cordon.Protocol { return cordon.RTSP }

// Facts implements Observation.
func (o RTSPResponse) Facts(yield func(Fact)) {
	fact(yield, Sender, "server", o.Server)
	fact(yield, Sender, "realm", o.Realm)
}
