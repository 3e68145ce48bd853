// Package cordon holds the nouns that the whole of Cordon shares: what a
// device is and why it is believed to be that, who talks to whom, and what was
// found. They are plain values with one JSON form, which is that of the API,
// of the command line and of the store. Nothing here has behaviour that
// touches the world.
package cordon

import (
	"net/netip"
	"time"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

// DeviceID names a device for good: it stays when addresses change. It is
// "dev-" and lower-case base32, derived from the first address that the device
// was known by, so that the same capture yields the same ids.
type DeviceID string

// Device is one thing on the clinic's network, with what is known of it.
type Device struct {
	ID DeviceID `json:"id"`
	// Name is the best name for people: the one a person gave, else a host
	// name, else vendor and model, else an address.
	Name      string       `json:"name"`
	MACs      []netid.MAC  `json:"macs"`
	IPs       []netip.Addr `json:"ips"`
	Hostnames []string     `json:"hostnames"`
	VLAN      uint16       `json:"vlan,omitempty" doc:"802.1Q identifier of the latest frames, 0 when untagged"`
	// RandomMAC is true if every MAC is locally administered: the address
	// tells no maker and may change tomorrow.
	RandomMAC bool `json:"random_mac"`

	// Identity: what each attribute is believed to be; empty when nothing is.
	Vendor   string `json:"vendor"`
	Kind     Kind   `json:"kind"`
	Model    string `json:"model"`
	OS       string `json:"os"`
	Software string `json:"software"`
	// Confidence is that of Kind if it is known, else of the surest attribute;
	// 0 to 1.
	Confidence float64 `json:"confidence"`
	// Claims holds the confidence of each attribute that is believed.
	Claims []Claim `json:"claims"`
	// Evidence is what the claims rest on, weightiest first.
	Evidence []Evidence `json:"evidence"`

	Care     Care      `json:"care"`
	Services []Service `json:"services"`

	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
}

// Attribute is one part of a device's identity.
type Attribute string

// The attributes that evidence can speak for.
const (
	AttrVendor   Attribute = "vendor"
	AttrKind     Attribute = "kind"
	AttrModel    Attribute = "model"
	AttrOS       Attribute = "os"
	AttrSoftware Attribute = "software"
	AttrName     Attribute = "name"
)

// Attributes lists them in the order in which people read them.
var Attributes = []Attribute{AttrVendor, AttrKind, AttrModel, AttrOS, AttrSoftware, AttrName}

// Claim is what one attribute is believed to be.
type Claim struct {
	Attribute  Attribute `json:"attribute"`
	Value      string    `json:"value"`
	Confidence float64   `json:"confidence" doc:"0 to 1"`
}

// Evidence is one detail that a device showed and what it speaks for.
type Evidence struct {
	// Source is a protocol token, or "oui" for the MAC registry, "role" for
	// what the device does on the network, "person" for what somebody said.
	Source string `json:"source"`
	// Field names the detail in the protocol's own words; Value is the detail.
	Field string `json:"field"`
	Value string `json:"value"`
	// Says is the attribute that the detail speaks for, Claim what it says.
	Says   Attribute `json:"says"`
	Claim  string    `json:"claim"`
	Weight float64   `json:"weight" doc:"0 to 1"`
	// Rule is the id of the identification rule that made the link.
	Rule  string    `json:"rule"`
	First time.Time `json:"first"`
}

// InUse says whether a patient depends on the device at this moment.
type InUse string

// The states of use. Whoever decides takes unknown as yes for life-sustaining
// kinds.
const (
	InUseUnknown InUse = "unknown"
	InUseYes     InUse = "yes"
	InUseNo      InUse = "no"
)

// Care is what a device is for: the defaults of its kind, and what a person
// said instead.
type Care struct {
	Function    string      `json:"function"`
	Criticality Criticality `json:"criticality"`
	Location    string      `json:"location"`
	InUse       InUse       `json:"in_use"`
	InUseSince  *time.Time  `json:"in_use_since,omitempty"`
	// Overridden lists the fields of Override that a person set.
	Overridden []string `json:"overridden"`
}

// Override is what a person said of a device; it outranks every evidence and
// survives rediscovery. Nil fields are not overridden.
type Override struct {
	Name        *string      `json:"name,omitempty"`
	Vendor      *string      `json:"vendor,omitempty"`
	Kind        *Kind        `json:"kind,omitempty"`
	Model       *string      `json:"model,omitempty"`
	Function    *string      `json:"function,omitempty"`
	Criticality *Criticality `json:"criticality,omitempty"`
	Location    *string      `json:"location,omitempty"`
	InUse       *InUse       `json:"in_use,omitempty"`
}

// Role tells the two sides of a service apart.
type Role string

// The roles.
const (
	RoleServer Role = "server"
	RoleClient Role = "client"
)

// Service is a protocol that a device offers or uses.
type Service struct {
	Role      Role      `json:"role"`
	Transport string    `json:"transport" doc:"tcp, udp, icmp, …"`
	Port      uint16    `json:"port" doc:"The server's port, 0 for transports without"`
	Protocol  Protocol  `json:"protocol"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
}

// ConversationID names a conversation: who, whom and over which service.
type ConversationID string

// Peer is one side of a conversation: a device, or an address beyond the
// clinic (or a group address), for which Device is empty.
type Peer struct {
	Device DeviceID   `json:"device,omitempty"`
	IP     netip.Addr `json:"ip"`
	Name   string     `json:"name"`
}

// Conversation is who talks to whom, over which service, summed over flows.
type Conversation struct {
	ID        ConversationID `json:"id"`
	Client    Peer           `json:"client"`
	Server    Peer           `json:"server"`
	Transport string         `json:"transport"`
	Port      uint16         `json:"port"`
	Protocol  Protocol       `json:"protocol"`

	Flows      uint64 `json:"flows"`
	PacketsOut uint64 `json:"packets_out" doc:"From the client"`
	PacketsIn  uint64 `json:"packets_in"`
	BytesOut   uint64 `json:"bytes_out" doc:"From the client, on the wire, link headers included"`
	BytesIn    uint64 `json:"bytes_in"`

	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
}
