package observation

import (
	"fmt"

	"github.com/cordonhq/cordon"
)

// CoAPCode is a method or response code (RFC 7252 §12.1): class in the upper
// three bits, detail in the lower five.
type CoAPCode uint8

// The methods.
const (
	CoAPGet    CoAPCode = 1
	CoAPPost   CoAPCode = 2
	CoAPPut    CoAPCode = 3
	CoAPDelete CoAPCode = 4
)

var coapMethods = [...]string{1: "GET", 2: "POST", 3: "PUT", 4: "DELETE", 5: "FETCH", 6: "PATCH", 7: "iPATCH"}

// String returns the name of a method, or a response code as "2.05".
func (c CoAPCode) String() string {
	if c > 0 && int(c) < len(coapMethods) {
		return coapMethods[c]
	}
	return fmt.Sprintf("%d.%02d", c>>5, c&31)
}

// CoAPRequest is one request (RFC 7252 §5.1).
type CoAPRequest struct {
	Method CoAPCode
	Host   string // Uri-Host
	// Path is Uri-Path with a patient's identifier replaced by a stand-in.
	Path string
	// Endpoint is the name under which a device registers at a resource
	// directory (RFC 9176 §5.3) or LwM2M server: the query ep.
	Endpoint string
	Observe  bool // RFC 7641: notify me of changes
	Proxied  bool
}

// Protocol implements Observation.
func (CoAPRequest) Protocol() cordon.Protocol { return cordon.CoAP }

// Facts implements Observation.
func (r CoAPRequest) Facts(yield func(Fact)) {
	fact(yield, Sender, "endpoint-name", r.Endpoint)
	if !r.Proxied {
		fact(yield, Receiver, "uri-host", r.Host)
		fact(yield, Receiver, "uri-path", r.Path)
	}
}

// CoAPResponse is one response (§5.2).
type CoAPResponse struct {
	Code CoAPCode
	// Format is the Content-Format, -1 if not stated.
	Format int32
}

// Protocol implements Observation.
func (CoAPResponse) Protocol() cordon.Protocol { return cordon.CoAP }

// Facts implements Observation.
func (CoAPResponse) Facts(func(Fact)) {}

// CoAPLinks is a description of resources in link format (RFC 6690), as a
// server returns for /.well-known/core or a device registers.
type CoAPLinks struct {
	Resources []CoAPResource // at most 16
}

// CoAPResource is one resource.
type CoAPResource struct {
	Path      string
	Type      string // rt
	Interface string // if
}

// Protocol implements Observation.
func (CoAPLinks) Protocol() cordon.Protocol { return cordon.CoAP }

// Facts implements Observation: whoever describes resources has them.
func (l CoAPLinks) Facts(yield func(Fact)) {
	for _, r := range l.Resources {
		fact(yield, Sender, "resource-path", r.Path)
		fact(yield, Sender, "resource-type", r.Type)
	}
}
