package observation

import (
	"strings"

	"github.com/cordonhq/cordon"
)

// SSDPKind tells the three messages of SSDP apart.
type SSDPKind uint8

// The messages (UPnP Device Architecture 2.0 §1.2, §1.3).
const (
	SSDPSearch   SSDPKind = iota // M-SEARCH: somebody looks for a target
	SSDPNotify                   // NOTIFY: a device announces or takes back itself
	SSDPResponse                 // the answer to a search
)

// SSDP is one message of UPnP's discovery.
type SSDP struct {
	Kind SSDPKind
	// Target is ST or NT: the type of device or service that is looked for or
	// offered.
	Target string
	// USN names the device, and the target again.
	USN string
	// Server is what offers it: "OS/version UPnP/1.1 product/version".
	Server string
	// UserAgent is who looks for it.
	UserAgent string
	// Location is the URL of the device's description.
	Location string
	// Bye is true for a notification that takes the device back.
	Bye bool
}

// Protocol implements Observation.
func (o SSDP) Protocol() cordon.Protocol { return cordon.SSDP }

// UUID returns the device's part of the USN, without "uuid:"; "" if there is
// none.
func (o SSDP) UUID() string {
	id, ok := strings.CutPrefix(o.USN, "uuid:")
	if !ok {
		return ""
	}
	id, _, _ = strings.Cut(id, "::")
	return id
}

// Facts implements Observation.
func (o SSDP) Facts(yield func(Fact)) {
	if o.Kind == SSDPSearch {
		fact(yield, Sender, "search-target", o.Target)
		fact(yield, Sender, "user-agent", o.UserAgent)
		return
	}
	fact(yield, Sender, "server", o.Server)
	fact(yield, Sender, "uuid", o.UUID())
	fact(yield, Sender, "location", o.Location)
	if !strings.HasPrefix(o.Target, "uuid:") && o.Target != "upnp:rootdevice" {
		fact(yield, Sender, "target", o.Target)
	}
}
