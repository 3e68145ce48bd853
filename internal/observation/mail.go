package observation

import "github.com/cordonhq/cordon"

// MailServer is what a mail server greets with. Carrier is SMTP, POP3 or IMAP.
type MailServer struct {
	Carrier cordon.Protocol
	Banner  string // without the code or word that begins it
}

// Protocol implements Observation.
func (o MailServer) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o MailServer) Facts(yield func(Fact)) { fact(yield, Sender, "banner", o.Banner) }

// MailClient is the name that a client of SMTP gives itself (RFC 5321
// §4.1.1.1): a host name or an address in brackets.
type MailClient struct{ Name string }

// Protocol implements Observation.
func (o MailClient) Protocol() cordon.Protocol { return cordon.SMTP }

// Facts implements Observation.
func (o MailClient) Facts(yield func(Fact)) { fact(yield, Sender, "helo", o.Name) }

// MailSignIn is somebody signing in.
type MailSignIn struct {
	Carrier   cordon.Protocol
	User      string // a pseudonym, empty if it was not seen
	Mechanism string // "LOGIN", "PLAIN", "CRAM-MD5", …
	// Password is true if a password crosses the wire readable.
	Password bool
}

// Protocol implements Observation.
func (o MailSignIn) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o MailSignIn) Facts(func(Fact)) {}

// ClearText implements Credential.
func (o MailSignIn) ClearText() bool { return o.Password }

// MailResult is the answer to a sign-in.
type MailResult struct {
	Carrier cordon.Protocol
	OK      bool
}

// Protocol implements Observation.
func (o MailResult) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o MailResult) Facts(func(Fact)) {}
