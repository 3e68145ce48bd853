package observation

import "github.com/cordonhq/cordon"

// TelnetServer is what a server shows before somebody signs in.
type TelnetServer struct {
	// Banner is the text before the prompt, its lines joined by spaces.
	Banner string
	// Prompt is what asks for a name or a password, such as "login:".
	Prompt string
	// Options are the negotiations that it began with, as "do-24,will-3", which
	// tell implementations apart.
	Options string
}

// Protocol implements Observation.
func (o TelnetServer) Protocol() cordon.Protocol { return cordon.Telnet }

// Facts implements Observation.
func (o TelnetServer) Facts(yield func(Fact)) {
	fact(yield, Sender, "banner", o.Banner)
	fact(yield, Sender, "prompt", o.Prompt)
	fact(yield, Sender, "options", o.Options)
}

// TelnetTerminal is the type that a client says its terminal has (RFC 1091).
type TelnetTerminal struct{ Type string }

// Protocol implements Observation.
func (o TelnetTerminal) Protocol() cordon.Protocol { return cordon.Telnet }

// Facts implements Observation.
func (o TelnetTerminal) Facts(yield func(Fact)) { fact(yield, Sender, "terminal-type", o.Type) }

// TelnetSignIn is a name and a password typed in the clear.
type TelnetSignIn struct {
	User string // a pseudonym, empty if the server asked for a password alone
}

// Protocol implements Observation.
func (o TelnetSignIn) Protocol() cordon.Protocol { return cordon.Telnet }

// Facts implements Observation.
func (o TelnetSignIn) Facts(func(Fact)) {}

// ClearText implements Credential.
func (o TelnetSignIn) ClearText() bool { return true }

// TelnetRefusal is a server's text that refuses a sign-in.
type TelnetRefusal struct{}

// Protocol implements Observation.
func (o TelnetRefusal) Protocol() cordon.Protocol { return cordon.Telnet }

// Facts implements Observation.
func (o TelnetRefusal) Facts(func(Fact)) {}
