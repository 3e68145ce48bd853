// Package observation holds what dissectors saw, as typed values: one file
// per protocol, one type per message that says something about a device or a
// conversation. It is a leaf that dissectors write and identification,
// detection and care read, so that none of them needs a parser's package. It
// judges nothing.
package observation

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Observation is one typed thing that was seen. Dissectors reuse their values:
// an Observation is valid only during the call that delivers it, and whoever
// keeps it copies what it needs. Strings in it may be kept.
type Observation interface {
	// Protocol is the protocol that showed it.
	Protocol() cordon.Protocol
	// Facts yields what in it helps to identify a device, and only that. A
	// value is printable text of at most MaxValue bytes; empty values are not
	// yielded.
	Facts(yield func(Fact))
}

// MaxValue bounds the length in bytes of a Fact's value.
const MaxValue = 256

// Fact is one identifying detail, such as the DICOM implementation version
// name that a device sent.
type Fact struct {
	About Subject
	// Field names the detail in the protocol's own words, in lower case with
	// hyphens: "implementation-version", "vendor-class".
	Field string
	Value string
}

// Subject says which device a Fact is about.
type Subject uint8

// The subjects of facts.
const (
	Sender   Subject = iota // the device that sent the message
	Receiver                // the device that it was sent to
	Bound                   // the device of the observation's first Binding
)

// Binder is an Observation that ties addresses or names to a device: ARP,
// NDP, DHCP, mDNS, NBNS and the like.
type Binder interface {
	Observation
	// Bindings yields each tie that the message states.
	Bindings(yield func(Binding))
}

// Binding is one statement that these belong to one device. Zero fields are
// not stated. MAC with IP is a statement about the local link.
type Binding struct {
	MAC netid.MAC
	IP  netid.Addr
	// Name is a host name without a trailing dot.
	Name string
}

// Credential is an Observation of somebody proving who they are.
type Credential interface {
	Observation
	// ClearText reports whether the message carried a reusable secret that any
	// listener can read. The secret itself is never part of an observation.
	ClearText() bool
}
