package observation

import (
	"time"

	"github.com/cordonhq/cordon"
)

// NetBIOSSession opens a session service connection (RFC 1002 §4.3.2), which
// carries SMB on port 139.
type NetBIOSSession struct {
	Called, Calling string
}

// Protocol implements Observation.
func (o NetBIOSSession) Protocol() cordon.Protocol { return cordon.NBSS }

// Facts implements Observation.
func (o NetBIOSSession) Facts(yield func(Fact)) {
	fact(yield, Sender, "netbios-computer", o.Calling)
	if o.Called != "*SMBSERVER" {
		fact(yield, Receiver, "netbios-computer", o.Called)
	}
}

// SMBOffer is what a client can speak. Version is SMB1 for the negotiation that
// old clients begin with, whatever it offers.
type SMBOffer struct {
	Version cordon.Protocol
	// Dialects by name: "NT LM 0.12", "SMB 2.???", "3.1.1", at most 32.
	Dialects   []string
	ClientGUID string // of SMB 2 and later, in hexadecimal
}

// Protocol implements Observation.
func (o SMBOffer) Protocol() cordon.Protocol { return o.Version }

// Facts implements Observation.
func (o SMBOffer) Facts(yield func(Fact)) { fact(yield, Sender, "client-guid", o.ClientGUID) }

// SMBServer is a server's choice and what it says of itself (MS-CIFS §2.2.4.52.2,
// MS-SMB2 §2.2.4).
type SMBServer struct {
	Version cordon.Protocol
	Dialect string
	GUID    string // in hexadecimal; empty if the server does not say
	// SigningRequired is false if messages may go unsigned, which lets sign-ins
	// be relayed.
	SigningRequired bool
	// Time is the server's clock, Boot when it started; zero if unknown.
	Time, Boot time.Time
	// Domain and Name are what SMB 1 without extended security tells.
	Domain, Name string
}

// Protocol implements Observation.
func (o SMBServer) Protocol() cordon.Protocol { return o.Version }

// Facts implements Observation.
func (o SMBServer) Facts(yield func(Fact)) {
	fact(yield, Sender, "dialect", o.Dialect)
	fact(yield, Sender, "server-guid", o.GUID)
	fact(yield, Sender, "netbios-domain", o.Domain)
	fact(yield, Sender, "netbios-computer", o.Name)
}

// SMBSession is a session setup of SMB 1, in which both sides name their
// software (MS-CIFS §2.2.4.53).
type SMBSession struct {
	Server                  bool
	NativeOS, NativeManager string
	Domain                  string
	// User is a pseudonym, empty if another mechanism signs in.
	User string
	// Guest is true if the server let the client in as a guest.
	Guest bool
}

// Protocol implements Observation.
func (o SMBSession) Protocol() cordon.Protocol { return cordon.SMB1 }

// Facts implements Observation.
func (o SMBSession) Facts(yield func(Fact)) {
	fact(yield, Sender, "native-os", o.NativeOS)
	fact(yield, Sender, "native-lan-manager", o.NativeManager)
	fact(yield, Sender, "domain", o.Domain)
}

// SMBTree asks for a share, as \\server\share.
type SMBTree struct {
	Version cordon.Protocol
	Path    string
}

// Protocol implements Observation.
func (o SMBTree) Protocol() cordon.Protocol { return o.Version }

// Facts implements Observation.
func (o SMBTree) Facts(yield func(Fact)) { fact(yield, Receiver, "share", o.Path) }

// SMBAction is what is done to a file.
type SMBAction uint8

// The actions that a client asks for.
const (
	SMBOpen   SMBAction = iota // opened or created, files and pipes
	SMBRead                    // Size bytes asked for
	SMBWrite                   // Size bytes sent
	SMBRename                  // Name is the new one
	SMBDelete                  // deleted, or marked for deletion
)

var smbActions = [...]string{"open", "read", "write", "rename", "delete"}

// String returns the action's name.
func (a SMBAction) String() string {
	if int(a) < len(smbActions) {
		return smbActions[a]
	}
	return "other"
}

// SMBFile is one request about a file.
type SMBFile struct {
	Version cordon.Protocol
	Action  SMBAction
	// Name is the last part of the path, empty for reads and writes and for
	// what is known by its handle only.
	Name string
	Size uint32
}

// Protocol implements Observation.
func (o SMBFile) Protocol() cordon.Protocol { return o.Version }

// Facts implements Observation.
func (o SMBFile) Facts(func(Fact)) {}

// SMBFailure is a server's refusal.
type SMBFailure struct {
	Version cordon.Protocol
	Command uint16
	// Status is an NTSTATUS (MS-ERREF §2.3), or of old clients of SMB 1 an error
	// class and code as MS-CIFS §2.2.2.4 lays them out.
	Status uint32
}

// Protocol implements Observation.
func (o SMBFailure) Protocol() cordon.Protocol { return o.Version }

// Facts implements Observation.
func (o SMBFailure) Facts(func(Fact)) {}

// SMBTransaction is a transaction of SMB 1, the ground of several attacks.
type SMBTransaction struct {
	// Command is 0x25, 0x32 or 0xa0, one more for what continues it.
	Command uint8
	// Function is the first setup word, or of command 0xa0 the function.
	Function uint16
	// TotalData is what the client says that the data of all parts come to.
	TotalData uint32
	Multiplex uint16
}

// Protocol implements Observation.
func (o SMBTransaction) Protocol() cordon.Protocol { return cordon.SMB1 }

// Facts implements Observation.
func (o SMBTransaction) Facts(func(Fact)) {}

// SMBCompression is the header of a compressed message (MS-SMB2 §2.2.42). An
// Offset beyond the message is an attempt at CVE-2020-0796.
type SMBCompression struct {
	OriginalSize uint32
	Offset       uint32
	// Length is that of the message, in bytes.
	Length uint32
}

// Protocol implements Observation.
func (o SMBCompression) Protocol() cordon.Protocol { return cordon.SMB2 }

// Facts implements Observation.
func (o SMBCompression) Facts(func(Fact)) {}
