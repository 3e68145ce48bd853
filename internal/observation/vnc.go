package observation

import "github.com/cordonhq/cordon"

// VNCServer is what a server of remote frame buffers says of itself
// (RFC 6143 §7.1).
type VNCServer struct {
	Version string // such as "3.8"
	// SecurityTypes are the ways to sign in that it offers: 1 none, 2 its own
	// password, 18 and 19 TLS; at most 16.
	SecurityTypes []uint8
	// Name is the desktop's, known only after an open sign-in.
	Name string
}

// Protocol implements Observation.
func (o VNCServer) Protocol() cordon.Protocol { return cordon.VNC }

// Facts implements Observation.
func (o VNCServer) Facts(yield func(Fact)) {
	fact(yield, Sender, "version", o.Version)
	fact(yield, Sender, "desktop-name", o.Name)
}

// VNCSignIn is the client's choice of a security type and its outcome.
type VNCSignIn struct {
	SecurityType uint8
	OK           bool
}

// Protocol implements Observation.
func (o VNCSignIn) Protocol() cordon.Protocol { return cordon.VNC }

// Facts implements Observation.
func (o VNCSignIn) Facts(func(Fact)) {}

// ClearText implements Credential. The password itself is not sent readably.
func (o VNCSignIn) ClearText() bool { return false }
