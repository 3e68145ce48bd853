package observation

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// STUN is one message of STUN (RFC 8489) or TURN (RFC 8656).
type STUN struct {
	// Class is 0 request, 1 indication, 2 success, 3 error.
	Class uint8
	// Method is 1 for a binding, 3 for an allocation; others are TURN's.
	Method uint16
	// Software is what the sender calls itself.
	Software string
	// Realm is the server's realm.
	Realm string
	// Mapped is the address and port of the client as the server sees it.
	Mapped     netid.Addr
	MappedPort uint16
}

// Protocol implements Observation.
func (o STUN) Protocol() cordon.Protocol { return cordon.STUN }

// Facts implements Observation.
func (o STUN) Facts(yield func(Fact)) { fact(yield, Sender, "software", o.Software) }
