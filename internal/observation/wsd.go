package observation

import (
	"strings"

	"github.com/cordonhq/cordon"
)

// WSD is one message of WS-Discovery (OASIS WS-Discovery 1.1 and the draft of
// 2005 that printers and Windows speak). Medical devices that follow the SDC
// family (IEEE 11073-20702, -20701) announce themselves by it.
type WSD struct {
	// Action is the last part of the message's action: "Hello", "Bye",
	// "Probe", "ProbeMatches", "Resolve" or "ResolveMatches".
	Action string
	// Endpoint is the stable address of the device, such as "urn:uuid:…".
	Endpoint string
	// Types are at most 8, Scopes at most 32, XAddrs, the URLs of the device,
	// at most 8.
	Types  []WSDType
	Scopes []string
	XAddrs []string
	// Several is true if the message speaks of more than one device, as the
	// answers of discovery proxies do; it then says nothing of its sender.
	Several bool
}

// WSDType is a qualified type name, with its namespace resolved if the message
// declares it.
type WSDType struct{ Namespace, Name string }

// Medical reports whether the type is one that the IEEE 11073 SDC family
// defines, such as MedicalDevice.
func (t WSDType) Medical() bool { return strings.Contains(t.Namespace, "11073") }

// Protocol implements Observation.
func (o WSD) Protocol() cordon.Protocol { return cordon.WSD }

// Offers reports whether the message describes a device, rather than asks for
// one or takes one back.
func (o WSD) Offers() bool {
	switch o.Action {
	case "Hello", "ProbeMatches", "ResolveMatches":
		return true
	}
	return false
}

// Facts implements Observation.
func (o WSD) Facts(yield func(Fact)) {
	switch {
	case o.Action == "Probe":
		for _, t := range o.Types {
			fact(yield, Sender, "probe-type", t.Name)
		}
	case o.Offers() && !o.Several:
		fact(yield, Sender, "endpoint", o.Endpoint)
		for _, t := range o.Types {
			fact(yield, Sender, "type", t.Name)
			if t.Medical() {
				fact(yield, Sender, "medical-type", t.Name)
			}
		}
		for _, s := range o.Scopes {
			fact(yield, Sender, "scope", s)
		}
		for _, x := range o.XAddrs {
			fact(yield, Sender, "xaddr", x)
		}
	}
}
