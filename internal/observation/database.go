package observation

import "github.com/cordonhq/cordon"

// DatabaseServer is what a database server says of itself. Carrier tells which
// kind it is: PostgreSQL, MySQL, MSSQL, MongoDB or Redis.
type DatabaseServer struct {
	Carrier cordon.Protocol
	// Version is the product's, as it writes it.
	Version string
	// Name is that of its instance, its host or its replica set; System the
	// operating system that it runs on; mostly empty.
	Name, System string
	// Encryption says what it does about encryption of the connection.
	Encryption Encryption
}

// Encryption is a server's stand on encrypting a connection.
type Encryption uint8

// The stands.
const (
	EncryptionUnsaid Encryption = iota
	EncryptionRefused
	EncryptionOffered
	EncryptionRequired
)

// Protocol implements Observation.
func (o DatabaseServer) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o DatabaseServer) Facts(yield func(Fact)) {
	fact(yield, Sender, "server-version", o.Version)
	fact(yield, Sender, "server-name", o.Name)
	fact(yield, Sender, "os", o.System)
}

// DatabaseClient is what a client says of itself when it connects.
type DatabaseClient struct {
	Carrier cordon.Protocol
	// Application and Driver are names with versions, as far as it tells them.
	Application, Driver string
	Host                string // the client's host name
	System              string // its operating system
	Database            string // what it wants to use
}

// Protocol implements Observation.
func (o DatabaseClient) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o DatabaseClient) Facts(yield func(Fact)) {
	fact(yield, Sender, "application-name", o.Application)
	fact(yield, Sender, "driver", o.Driver)
	fact(yield, Sender, "hostname", o.Host)
	fact(yield, Sender, "os", o.System)
	fact(yield, Receiver, "database", o.Database)
}

// DatabaseSignIn is a client that proves who it is.
type DatabaseSignIn struct {
	Carrier cordon.Protocol
	User    string // a pseudonym
	// Mechanism is the protocol's own name for how, empty if it has one only.
	Mechanism string
	// Password is true if a password crosses the wire readable.
	Password bool
}

// Protocol implements Observation.
func (o DatabaseSignIn) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o DatabaseSignIn) Facts(func(Fact)) {}

// ClearText implements Credential.
func (o DatabaseSignIn) ClearText() bool { return o.Password }

// DatabaseResult is the answer to a sign-in.
type DatabaseResult struct {
	Carrier cordon.Protocol
	OK      bool
	// Code is the refusal's: an SQLSTATE, or the product's own number or word.
	Code string
}

// Protocol implements Observation.
func (o DatabaseResult) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o DatabaseResult) Facts(func(Fact)) {}
