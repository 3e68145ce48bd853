package observation

import (
	"fmt"
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// BACnetOrigin says where a message comes from if not from the IP sender.
type BACnetOrigin struct {
	// Network is the BACnet network behind a router on which the device lives
	// (SNET, ASHRAE 135 §6.2.2), 0 for the IP network itself. Such a device
	// has no IP address.
	Network uint16
	// Forwarded is the address of the device whose broadcast a BBMD passed on
	// (§J.2.5), zero if it came straight.
	Forwarded netid.Addr
}

// about returns whom facts in a message of that origin are about; ok is false
// for a device without an IP address.
func (o BACnetOrigin) about() (about Subject, ok bool) {
	switch {
	case o.Network != 0:
		return Sender, false
	case !o.Forwarded.IsZero():
		return Bound, true
	}
	return Sender, true
}

func (o BACnetOrigin) bindings(yield func(Binding)) {
	if o.Network == 0 && !o.Forwarded.IsZero() {
		yield(Binding{IP: o.Forwarded})
	}
}

// BACnetObject is an object identifier (§20.2.14).
type BACnetObject struct {
	Type     uint16 // 8 is device
	Instance uint32 // 0x3fffff for none
}

// BACnetIAm is a device's announcement of itself (§16.10.3).
type BACnetIAm struct {
	Origin   BACnetOrigin
	Instance uint32
	MaxAPDU  uint32
	VendorID uint32
}

// Protocol implements Observation.
func (BACnetIAm) Protocol() cordon.Protocol { return cordon.BACnet }

// Facts implements Observation.
func (b BACnetIAm) Facts(yield func(Fact)) {
	about, ok := b.Origin.about()
	if !ok {
		fact(yield, Sender, "routes-network", strconv.Itoa(int(b.Origin.Network)))
		return
	}
	fact(yield, about, "device-instance", strconv.Itoa(int(b.Instance)))
	fact(yield, about, "vendor-id", strconv.Itoa(int(b.VendorID)))
	fact(yield, about, "vendor-id-name", bacnetVendors[b.VendorID])
}

// Bindings implements Binder.
func (b BACnetIAm) Bindings(yield func(Binding)) { b.Origin.bindings(yield) }

// bacnetVendors are the commonest of the vendor identifiers that ASHRAE
// assigns.
var bacnetVendors = map[uint32]string{
	2: "Trane", 3: "Daikin", 5: "Johnson Controls", 7: "Siemens", 8: "Delta Controls", 9: "Siemens", 10: "Schneider Electric",
	11: "TAC", 16: "Carrier", 17: "Honeywell", 18: "Alerton", 24: "Automated Logic", 35: "Reliable Controls", 36: "Tridium",
	222: "WAGO", 260: "BACnet Stack", 364: "Distech Controls",
}

// BACnetDevice is what an answer to ReadProperty or ReadPropertyMultiple says
// of a device object. A device may say it in several answers, each with a
// part.
type BACnetDevice struct {
	Origin      BACnetOrigin
	Instance    uint32
	Name        string // object-name
	Vendor      string // vendor-name
	VendorID    uint32 // vendor-identifier, 0 if not stated
	Model       string // model-name
	Firmware    string // firmware-revision
	Application string // application-software-version
	Description string
	Location    string
	Serial      string // serial-number
}

// Protocol implements Observation.
func (BACnetDevice) Protocol() cordon.Protocol { return cordon.BACnet }

// Facts implements Observation.
func (b BACnetDevice) Facts(yield func(Fact)) {
	about, ok := b.Origin.about()
	if !ok {
		fact(yield, Sender, "routes-network", strconv.Itoa(int(b.Origin.Network)))
		return
	}
	fact(yield, about, "object-name", b.Name)
	fact(yield, about, "vendor-name", b.Vendor)
	if b.VendorID != 0 {
		fact(yield, about, "vendor-id", strconv.Itoa(int(b.VendorID)))
		fact(yield, about, "vendor-id-name", bacnetVendors[b.VendorID])
	}
	fact(yield, about, "model-name", b.Model)
	fact(yield, about, "firmware-revision", b.Firmware)
	fact(yield, about, "application-software-version", b.Application)
	fact(yield, about, "description", b.Description)
	fact(yield, about, "location", b.Location)
	fact(yield, about, "serial-number", b.Serial)
}

// Bindings implements Binder.
func (b BACnetDevice) Bindings(yield func(Binding)) { b.Origin.bindings(yield) }

// BACnetRequest is a request for a service, answered or not.
type BACnetRequest struct {
	Origin    BACnetOrigin
	Confirmed bool
	Service   uint8 // choice of §21, within confirmed or unconfirmed services
	// Object and Property are those of ReadProperty and WriteProperty and the
	// first of the services on several; Property is 0 if not stated.
	Object   BACnetObject
	Property uint32
	// Low and High are the range of a Who-Is, 0 to 0x3fffff if it asks all.
	Low, High uint32
}

// Confirmed services that change a device.
var bacnetWrites = map[uint8]bool{7: true, 8: true, 9: true, 10: true, 11: true, 15: true, 16: true, 17: true, 20: true}

// Writes reports whether the service changes data or the state of the device.
func (b BACnetRequest) Writes() bool { return b.Confirmed && bacnetWrites[b.Service] }

var (
	bacnetConfirmed = map[uint8]string{
		0: "acknowledge-alarm", 1: "confirmed-cov-notification", 2: "confirmed-event-notification", 5: "subscribe-cov",
		6: "atomic-read-file", 7: "atomic-write-file", 8: "add-list-element", 9: "remove-list-element", 10: "create-object",
		11: "delete-object", 12: "read-property", 14: "read-property-multiple", 15: "write-property",
		16: "write-property-multiple", 17: "device-communication-control", 18: "confirmed-private-transfer",
		20: "reinitialize-device", 26: "read-range",
	}
	bacnetUnconfirmed = map[uint8]string{
		0: "i-am", 1: "i-have", 2: "unconfirmed-cov-notification", 3: "unconfirmed-event-notification",
		4: "unconfirmed-private-transfer", 6: "time-synchronization", 7: "who-has", 8: "who-is", 9: "utc-time-synchronization",
	}
)

// Name returns the service's name in the standard, in lower case.
func (b BACnetRequest) Name() string {
	names := bacnetUnconfirmed
	if b.Confirmed {
		names = bacnetConfirmed
	}
	if n, ok := names[b.Service]; ok {
		return n
	}
	return fmt.Sprintf("service-%d", b.Service)
}

// Protocol implements Observation.
func (BACnetRequest) Protocol() cordon.Protocol { return cordon.BACnet }

// Facts implements Observation.
func (BACnetRequest) Facts(func(Fact)) {}

// BACnetRefusal is an Error, Reject or Abort (§20.1.7 to §20.1.9).
type BACnetRefusal struct {
	Kind    uint8 // PDU type: 5 error, 6 reject, 7 abort
	Service uint8 // of an error: the confirmed service
	Class   uint8 // of an error
	Code    uint8 // of an error, or the reason
}

// Protocol implements Observation.
func (BACnetRefusal) Protocol() cordon.Protocol { return cordon.BACnet }

// Facts implements Observation.
func (BACnetRefusal) Facts(func(Fact)) {}

// BACnetLink is a message of the BACnet virtual link itself (§J.2) that
// changes or asks for the tables by which broadcasts travel.
type BACnetLink struct {
	Function uint8  // 1 write broadcast table, 2 read it, 5 register a foreign device, 6 read those, 8 delete one
	Seconds  uint16 // of a registration
}

// Protocol implements Observation.
func (BACnetLink) Protocol() cordon.Protocol { return cordon.BACnet }

// Facts implements Observation.
func (BACnetLink) Facts(func(Fact)) {}
