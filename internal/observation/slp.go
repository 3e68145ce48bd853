package observation

import (
	"strings"

	"github.com/cordonhq/cordon"
)

// SLPFunction is what an SLP message does (RFC 2608 §8).
type SLPFunction uint8

// The functions.
const (
	SLPServiceRequest   SLPFunction = 1
	SLPServiceReply     SLPFunction = 2
	SLPRegistration     SLPFunction = 3
	SLPDeregistration   SLPFunction = 4
	SLPAcknowledge      SLPFunction = 5
	SLPAttributeRequest SLPFunction = 6
	SLPAttributeReply   SLPFunction = 7
	SLPDirectoryAdvert  SLPFunction = 8
	SLPTypeRequest      SLPFunction = 9
	SLPTypeReply        SLPFunction = 10
	SLPServiceAdvert    SLPFunction = 11
)

// SLP is one message of the service location protocol.
type SLP struct {
	// Version is 1 (RFC 2165) or 2 (RFC 2608); of version 1 only the function
	// is read.
	Version  uint8
	Function SLPFunction
	Error    uint16
	// Type is the service type that is asked for or registered, or the list of
	// types in a reply.
	Type string
	// URLs are at most 8.
	URLs []string
	// Attributes is the list of attributes, cut to MaxValue.
	Attributes string
}

// Protocol implements Observation.
func (o SLP) Protocol() cordon.Protocol { return cordon.SLP }

// Facts implements Observation.
func (o SLP) Facts(yield func(Fact)) {
	switch o.Function {
	case SLPServiceRequest, SLPAttributeRequest:
		fact(yield, Sender, "search-type", o.Type)
		return
	case SLPDirectoryAdvert:
		fact(yield, Sender, "role", "directory-agent")
	case SLPTypeReply:
		fact(yield, Sender, "service-types", o.Type)
	case SLPServiceReply, SLPRegistration, SLPServiceAdvert:
		for _, u := range o.URLs {
			fact(yield, Sender, "service-url", u)
			fact(yield, Sender, "service", serviceOf(u))
		}
	}
	fact(yield, Sender, "attributes", o.Attributes)
}

// serviceOf returns the type in a service URL (RFC 2609 §2.1), such as
// "service:printer:lpr".
func serviceOf(url string) string {
	kind, _, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	return kind
}
