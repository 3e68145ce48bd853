package observation

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// CDP is one announcement of a neighbour by the Cisco Discovery Protocol.
type CDP struct {
	DeviceID        string // host name, or serial number or MAC address
	SystemName      string
	PortID          string
	Platform        string // maker and model: "cisco WS-C2950-12"
	SoftwareVersion string
	Capabilities    LinkCapability
	// Addresses and management addresses, at most 4.
	Addresses  []netid.Addr
	NativeVLAN uint16 // 0 if not stated
	VTPDomain  string
	TTL        uint8 // seconds; 0 takes the announcement back
}

// Protocol implements Observation.
func (CDP) Protocol() cordon.Protocol { return cordon.CDP }

// Facts implements Observation.
func (c CDP) Facts(yield func(Fact)) {
	fact(yield, Sender, "device-id", c.DeviceID)
	fact(yield, Sender, "system-name", c.SystemName)
	fact(yield, Sender, "platform", c.Platform)
	fact(yield, Sender, "software-version", c.SoftwareVersion)
	fact(yield, Sender, "capabilities", c.Capabilities.String())
}

// Bindings implements Binder.
func (c CDP) Bindings(yield func(Binding)) {
	name := c.SystemName
	if name == "" {
		name = c.DeviceID
	}
	bindNeighbour(yield, netid.MAC{}, c.Addresses, name)
}
