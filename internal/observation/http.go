package observation

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/cordonhq/cordon"
)

// HTTPRequest is the head of one HTTP/1 request (RFC 9112 §3).
type HTTPRequest struct {
	FHIR   bool // the flow carries HL7 FHIR
	Method string
	// Path is the target without scheme, authority and query; a patient's id
	// in it is replaced by a stand-in.
	Path      string
	Host      string // without port
	Proxied   bool   // the target names another host: the receiver is a proxy
	UserAgent string
	// AuthScheme is the scheme of Authorization, or of that for a proxy, in
	// lower case: basic, digest, bearer, ntlm, negotiate. What follows it is
	// never kept.
	AuthScheme  string
	ContentType string // media type without parameters
	SOAPAction  string
}

// Protocol implements Observation.
func (r HTTPRequest) Protocol() cordon.Protocol { return httpOr(r.FHIR) }

// Facts implements Observation.
func (r HTTPRequest) Facts(yield func(Fact)) {
	fact(yield, Sender, "user-agent", r.UserAgent)
	if _, err := netip.ParseAddr(strings.Trim(r.Host, "[]")); err != nil && !r.Proxied {
		fact(yield, Receiver, "host", r.Host)
	}
}

// ClearText implements Credential: basic authentication sends the password as
// it is, and whoever holds a bearer token has what it grants.
func (r HTTPRequest) ClearText() bool { return r.AuthScheme == "basic" || r.AuthScheme == "bearer" }

func httpOr(fhir bool) cordon.Protocol {
	if fhir {
		return cordon.FHIR
	}
	return cordon.HTTP
}

// HTTPResponse is the head of one HTTP/1 response (RFC 9112 §4).
type HTTPResponse struct {
	FHIR        bool
	Status      uint16
	Server      string
	PoweredBy   string // X-Powered-By
	Challenge   string // scheme of the first WWW-Authenticate or Proxy-Authenticate, in lower case
	Realm       string // that it names
	ContentType string // media type without parameters
	// Cookie is the name of the first cookie that is set, which often names
	// the software; its value is never kept.
	Cookie string
}

// Protocol implements Observation.
func (r HTTPResponse) Protocol() cordon.Protocol { return httpOr(r.FHIR) }

// Facts implements Observation.
func (r HTTPResponse) Facts(yield func(Fact)) {
	fact(yield, Sender, "server", r.Server)
	fact(yield, Sender, "powered-by", r.PoweredBy)
	fact(yield, Sender, "realm", r.Realm)
	fact(yield, Sender, "cookie-name", r.Cookie)
}

// HTTPPage is the title of an HTML page that a server sent.
type HTTPPage struct {
	Title string
}

// Protocol implements Observation.
func (HTTPPage) Protocol() cordon.Protocol { return cordon.HTTP }

// Facts implements Observation.
func (p HTTPPage) Facts(yield func(Fact)) { fact(yield, Sender, "title", p.Title) }

// FHIRCapability is what a FHIR server says of itself in its
// CapabilityStatement (Conformance before R4), as far as the head of it holds.
type FHIRCapability struct {
	SoftwareName    string
	SoftwareVersion string
	Publisher       string
	FHIRVersion     string
	Implementation  string // implementation.description
}

// Protocol implements Observation.
func (FHIRCapability) Protocol() cordon.Protocol { return cordon.FHIR }

// Facts implements Observation.
func (f FHIRCapability) Facts(yield func(Fact)) {
	fact(yield, Sender, "fhir-software-name", f.SoftwareName)
	fact(yield, Sender, "fhir-software-version", f.SoftwareVersion)
	fact(yield, Sender, "fhir-publisher", f.Publisher)
	fact(yield, Sender, "fhir-version", f.FHIRVersion)
	fact(yield, Sender, "fhir-implementation", f.Implementation)
}

// FHIRDevice is a Device resource that was sent, as far as the head of it
// holds.
type FHIRDevice struct {
	Request      bool // a client reported it; else a server returned it
	Manufacturer string
	Model        string // modelNumber
	Name         string // deviceName.name, the first
	Serial       string
	Version      string // version.value, the first
	Type         string // type, the first coding's display or its text
	// Specialization is what a personal health device is in particular, as
	// MDC_DEV_SPEC_PROFILE_BP.
	Specialization string
	UDI            string // udiCarrier.carrierHRF or .deviceIdentifier
}

// Protocol implements Observation.
func (FHIRDevice) Protocol() cordon.Protocol { return cordon.FHIR }

// Facts implements Observation. Who returns a device from its records is not
// that device; who reports one is it or stands next to it.
func (d FHIRDevice) Facts(yield func(Fact)) {
	if !d.Request {
		return
	}
	fact(yield, Sender, "reported-device-manufacturer", d.Manufacturer)
	fact(yield, Sender, "reported-device-model", d.Model)
	fact(yield, Sender, "reported-device-name", d.Name)
	fact(yield, Sender, "reported-device-type", cmp.Or(d.Specialization, d.Type))
	fact(yield, Sender, "reported-device-version", d.Version)
	fact(yield, Sender, "reported-device-udi", d.UDI)
}
