package observation

import (
	"net/netip"

	"github.com/cordonhq/cordon"
)

// FTPServer is what a server says of itself.
type FTPServer struct {
	// Banner is its greeting without the code, lines joined by spaces.
	Banner string
	// System is its answer to SYST (RFC 959 §4.1.3).
	System string
}

// Protocol implements Observation.
func (o FTPServer) Protocol() cordon.Protocol { return cordon.FTP }

// Facts implements Observation.
func (o FTPServer) Facts(yield func(Fact)) {
	fact(yield, Sender, "banner", o.Banner)
	fact(yield, Sender, "system", o.System)
}

// FTPSignIn is a name with a password in the clear.
type FTPSignIn struct {
	User      string // a pseudonym, empty for an anonymous one
	Anonymous bool
}

// Protocol implements Observation.
func (o FTPSignIn) Protocol() cordon.Protocol { return cordon.FTP }

// Facts implements Observation.
func (o FTPSignIn) Facts(func(Fact)) {}

// ClearText implements Credential. What an anonymous user sends is no secret.
func (o FTPSignIn) ClearText() bool { return !o.Anonymous }

// FTPCommand is a client's command, without its argument.
type FTPCommand struct{ Verb string }

// Protocol implements Observation.
func (o FTPCommand) Protocol() cordon.Protocol { return cordon.FTP }

// Facts implements Observation.
func (o FTPCommand) Facts(func(Fact)) {}

// FTPReply is a server's answer (RFC 959 §4.2): every refusal, and that a
// sign-in succeeded.
type FTPReply struct {
	Code int    // 230 signed in, 530 not signed in
	Verb string // of the command that it answers, if known
}

// Protocol implements Observation.
func (o FTPReply) Protocol() cordon.Protocol { return cordon.FTP }

// Facts implements Observation.
func (o FTPReply) Facts(func(Fact)) {}

// FTPDataPort is where the next transfer is to go, or to come from.
type FTPDataPort struct {
	// Passive is true if the server listens, false if the client named an
	// address for the server to connect to, which may be a third party's.
	Passive bool
	Address netip.AddrPort
}

// Protocol implements Observation.
func (o FTPDataPort) Protocol() cordon.Protocol { return cordon.FTP }

// Facts implements Observation.
func (o FTPDataPort) Facts(func(Fact)) {}
