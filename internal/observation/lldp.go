package observation

import (
	"strings"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// LinkCapability is what a device does on the network, as LLDP tells it (IEEE
// 802.1AB-2016 §8.5.8); CDP's own bits are mapped to these.
type LinkCapability uint16

// The capabilities.
const (
	LinkOther LinkCapability = 1 << iota
	LinkRepeater
	LinkBridge
	LinkAccessPoint
	LinkRouter
	LinkTelephone
	LinkCableDevice
	LinkStation
)

var linkCapabilities = [...]string{"other", "repeater", "bridge", "wlan-access-point", "router", "telephone", "docsis-cable-device", "station"}

// String lists the capabilities in lower case, separated by blanks.
func (c LinkCapability) String() string {
	var names []string
	for i, name := range linkCapabilities {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// LLDP is one announcement of a neighbour on the wire (IEEE 802.1AB-2016).
type LLDP struct {
	// ChassisID and PortID are texts; ChassisMAC is set too if the chassis is
	// named by a MAC address, which need not be that of the port.
	ChassisID, PortID string
	ChassisMAC        netid.MAC
	TTL               uint16 // seconds; 0 takes the announcement back
	PortDescription   string
	SystemName        string
	SystemDescription string
	// Capabilities are those that the system has, Enabled those in use.
	Capabilities, Enabled LinkCapability
	// Management addresses, at most 4.
	Management []netid.Addr
	PortVLAN   uint16 // IEEE 802.1Q PVID, 0 if not stated
	VLANName   string // the first named
	VoiceVLAN  uint16 // of the LLDP-MED policy for voice, 0 if not stated

	// LLDP-MED (ANSI/TIA-1057 §10.2): class 1 generic endpoint, 2 media, 3
	// communication device, 4 network connectivity, and the inventory.
	DeviceClass      uint8
	HardwareRevision string
	FirmwareRevision string
	SoftwareRevision string
	SerialNumber     string
	Manufacturer     string
	Model            string
	AssetID          string
}

// Protocol implements Observation.
func (LLDP) Protocol() cordon.Protocol { return cordon.LLDP }

var lldpClasses = [...]string{1: "generic-endpoint", 2: "media-endpoint", 3: "communication-device", 4: "network-connectivity"}

// Facts implements Observation.
func (l LLDP) Facts(yield func(Fact)) {
	fact(yield, Sender, "system-name", l.SystemName)
	fact(yield, Sender, "system-description", l.SystemDescription)
	fact(yield, Sender, "capabilities", l.Enabled.String())
	if int(l.DeviceClass) < len(lldpClasses) {
		fact(yield, Sender, "device-class", lldpClasses[l.DeviceClass])
	}
	fact(yield, Sender, "manufacturer", l.Manufacturer)
	fact(yield, Sender, "model-name", l.Model)
	fact(yield, Sender, "hardware-revision", l.HardwareRevision)
	fact(yield, Sender, "firmware-revision", l.FirmwareRevision)
	fact(yield, Sender, "software-revision", l.SoftwareRevision)
	fact(yield, Sender, "serial-number", l.SerialNumber)
	fact(yield, Sender, "asset-id", l.AssetID)
}

// Bindings implements Binder. A chassis' address and that of its management
// are stated apart, since they need not be of one interface.
func (l LLDP) Bindings(yield func(Binding)) {
	bindNeighbour(yield, l.ChassisMAC, l.Management, l.SystemName)
}

func bindNeighbour(yield func(Binding), mac netid.MAC, addrs []netid.Addr, name string) {
	if !mac.IsZero() {
		yield(Binding{MAC: mac, Name: name})
	}
	for _, a := range addrs {
		yield(Binding{IP: a, Name: name})
	}
}
