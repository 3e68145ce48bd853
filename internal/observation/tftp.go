package observation

import "github.com/cordonhq/cordon"

// TFTP is a request of the trivial file transfer protocol (RFC 1350). Phones,
// cameras and boot loaders name themselves by the file that they ask for.
type TFTP struct {
	// Write is true if the client wants to store the file.
	Write bool
	File  string
	// Mode is "octet", "netascii" or "mail".
	Mode string
}

// Protocol implements Observation.
func (o TFTP) Protocol() cordon.Protocol { return cordon.TFTP }

// Facts implements Observation.
func (o TFTP) Facts(yield func(Fact)) { fact(yield, Sender, "file", o.File) }
