// Package lab builds a clinic in a box: network namespaces joined at a gateway,
// in which real programs play the devices of a small clinic, lifelike traffic
// runs by a seeded schedule, and attacks are run with real tools. It exists to
// prove Cordon on, and for people who want to try it. No packet of a lab leaves
// the machine, and it removes only what it made.
package lab

import (
	"fmt"
	"net/netip"
	"os"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/lab/netns"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Segment is one part of the clinic's network: a bridge and a subnet.
type Segment string

// The segments, in the order of their subnets.
const (
	Imaging  Segment = "imaging"
	Ward     Segment = "ward"
	Servers  Segment = "servers"
	Office   Segment = "office"
	Building Segment = "building"
	Guest    Segment = "guest"
)

// Segments lists them all.
var Segments = []Segment{Imaging, Ward, Servers, Office, Building, Guest}

// Prefix is the segment's subnet.
func (s Segment) Prefix() netip.Prefix {
	for i, o := range Segments {
		if o == s {
			return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, byte(10 * (i + 1)), 0}), 24)
		}
	}
	return netip.Prefix{}
}

// Gateway is the router's address in the segment; it is the segment's DHCP,
// DNS and NTP server as well.
func (s Segment) Gateway() netip.Addr { return s.Prefix().Addr().Next() }

// Address is the host with that last octet.
func (s Segment) Address(host byte) netip.Addr {
	b := s.Prefix().Addr().As4()
	b[3] = host
	return netip.AddrFrom4(b)
}

// Device is one member of the cast: what it is in truth, which Cordon has to
// find out, and how it shows itself.
type Device struct {
	Name    string // short, also its namespace and host name
	Title   string // for people
	Segment Segment
	Host    byte // last octet of its address, which its DHCP lease fixes
	MAC     netid.MAC
	DHCP    DHCPClient
	Truth   Truth
}

// Truth is what a perfect inventory would say. Vendor, model and software are
// empty where the device's traffic does not tell them.
type Truth struct {
	Kind     cordon.Kind `json:"kind"`
	Vendor   string      `json:"vendor,omitempty"`
	Model    string      `json:"model,omitempty"`
	Software string      `json:"software,omitempty"`
}

// DHCPClient is how a device asks for its address (RFC 2132): each operating
// system asks in its own way, by which it is known.
type DHCPClient struct {
	VendorClass string // option 60
	Params      []int  // option 55, in its order
}

// Namespace is where the device lives.
func (d *Device) Namespace() netns.Namespace { return family.Namespace(d.Name) }

// IP is the device's address.
func (d *Device) IP() netip.Addr { return d.Segment.Address(d.Host) }

// The ways of the operating systems behind the cast.
var (
	windowsDHCP  = DHCPClient{"MSFT 5.0", []int{1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252}}
	linuxDHCP    = DHCPClient{"", []int{1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42}}
	androidDHCP  = DHCPClient{"android-dhcp-13", []int{1, 3, 6, 15, 26, 28, 51, 58, 59, 43, 114, 108}}
	lwipDHCP     = DHCPClient{"", []int{1, 3, 28, 6}}
	printerDHCP  = DHCPClient{"Hewlett-Packard JetDirect", []int{6, 3, 1, 15, 66, 67, 13, 44, 12, 81, 252}}
	vxworksDHCP  = DHCPClient{"", []int{1, 3, 6, 12, 15, 42}}
	espressifOUI = [3]byte{0x24, 0x6f, 0x28}
)

func mac(oui [3]byte, n byte) netid.MAC { return netid.MAC{oui[0], oui[1], oui[2], 0x77, 0x00, n} }

// Cast is every device of the lab. Names, addresses and hardware are the same
// in each run; what they do is up to the seed.
var Cast = []Device{
	{"ct-1", "CT scanner", Imaging, 11, mac([3]byte{0x00, 0x18, 0x65}, 0x11), windowsDHCP, Truth{Kind: cordon.ImagingModality, Vendor: "Siemens Healthineers", Model: "SOMATOM go.Up"}},
	{"mr-1", "MR scanner", Imaging, 12, mac([3]byte{0x00, 0x09, 0xfb}, 0x12), windowsDHCP, Truth{Kind: cordon.ImagingModality, Vendor: "Philips", Model: "Ingenia"}},
	{"us-1", "Ultrasound", Imaging, 13, mac([3]byte{0x44, 0x4b, 0x5d}, 0x13), linuxDHCP, Truth{Kind: cordon.ImagingModality, Vendor: "GE HealthCare", Model: "LOGIQ E10"}},
	{"reading-1", "Reading workstation", Imaging, 20, mac([3]byte{0x98, 0xe7, 0x43}, 0x20), windowsDHCP, Truth{Kind: cordon.ImagingWorkstation, Vendor: "Dell"}},

	{"monitor-1", "Patient monitor, bed 1", Ward, 11, mac([3]byte{0x00, 0x0f, 0x14}, 0x11), vxworksDHCP, Truth{Kind: cordon.PatientMonitor, Vendor: "Mindray", Model: "BeneVision N15", Software: "02.14.00"}},
	{"monitor-2", "Patient monitor, bed 2", Ward, 12, mac([3]byte{0x00, 0x0f, 0x14}, 0x12), vxworksDHCP, Truth{Kind: cordon.PatientMonitor, Vendor: "Mindray", Model: "BeneVision N15", Software: "02.14.00"}},
	{"monitor-4", "Patient monitor, bed 4", Ward, 14, mac([3]byte{0x00, 0x0f, 0x14}, 0x14), vxworksDHCP, Truth{Kind: cordon.PatientMonitor, Vendor: "Mindray", Model: "BeneVision N15", Software: "02.14.00"}},
	{"central-1", "Monitoring central station", Ward, 20, mac([3]byte{0x00, 0x0f, 0x14}, 0x20), windowsDHCP, Truth{Kind: cordon.CentralStation, Vendor: "Mindray"}},
	{"pump-3", "Infusion pump, bed 3", Ward, 33, mac([3]byte{0x00, 0x03, 0xb1}, 0x33), vxworksDHCP, Truth{Kind: cordon.InfusionPump, Vendor: "ICU Medical", Model: "Plum 360", Software: "15.11.00"}},
	{"pump-4", "Infusion pump, bed 4", Ward, 34, mac([3]byte{0x00, 0x03, 0xb1}, 0x34), vxworksDHCP, Truth{Kind: cordon.InfusionPump, Vendor: "ICU Medical", Model: "Plum 360", Software: "15.11.00"}},
	{"vent-1", "Ventilator, bed 1", Ward, 41, mac([3]byte{0x00, 0x10, 0x5d}, 0x41), linuxDHCP, Truth{Kind: cordon.Ventilator, Vendor: "Dräger", Model: "Evita V800", Software: "01.03.00"}},
	{"nursecall-1", "Nurse call terminal", Ward, 50, mac([3]byte{0x00, 0x90, 0x5e}, 0x50), linuxDHCP, Truth{Kind: cordon.NurseCall, Vendor: "Rauland"}},

	{"pacs", "Picture archive", Servers, 10, mac([3]byte{0x00, 0x25, 0x90}, 0x10), linuxDHCP, Truth{Kind: cordon.PACS, Software: "Orthanc"}},
	{"ehr", "Health record front end", Servers, 11, mac([3]byte{0x00, 0x50, 0x56}, 0x11), linuxDHCP, Truth{Kind: cordon.EHR}},
	{"ehr-db", "Record database", Servers, 12, mac([3]byte{0x00, 0x50, 0x56}, 0x12), linuxDHCP, Truth{Kind: cordon.DatabaseServer, Software: "PostgreSQL"}},
	{"files", "File share", Servers, 13, mac([3]byte{0x00, 0x11, 0x32}, 0x13), linuxDHCP, Truth{Kind: cordon.FileServer, Software: "Samba"}},
	{"broker", "Message broker", Servers, 14, mac([3]byte{0x00, 0x50, 0x56}, 0x14), linuxDHCP, Truth{Kind: cordon.MessageBroker}},
	{"pump-gateway", "Pump gateway", Servers, 15, mac([3]byte{0x00, 0x50, 0x56}, 0x15), linuxDHCP, Truth{Kind: cordon.PumpGateway, Vendor: "ICU Medical", Software: "MedNet"}},
	{"radius", "RADIUS server", Servers, 16, mac([3]byte{0x00, 0x50, 0x56}, 0x16), linuxDHCP, Truth{Kind: cordon.Server}},

	{"reception-1", "Reception computer", Office, 11, mac([3]byte{0x10, 0xc5, 0x95}, 0x11), windowsDHCP, Truth{Kind: cordon.Workstation, Vendor: "Lenovo"}},
	{"nurse-pc-1", "Ward computer", Office, 12, mac([3]byte{0x9c, 0x7b, 0xef}, 0x12), windowsDHCP, Truth{Kind: cordon.Workstation, Vendor: "HP"}},
	{"printer-1", "Printer", Office, 30, mac([3]byte{0x00, 0x21, 0xb7}, 0x30), printerDHCP, Truth{Kind: cordon.Printer, Vendor: "Lexmark", Model: "MX722"}},

	{"bms-1", "Building supervisor", Building, 10, mac([3]byte{0x00, 0x10, 0x8d}, 0x10), linuxDHCP, Truth{Kind: cordon.BuildingController, Vendor: "Johnson Controls", Software: "Metasys"}},
	{"thermostat-1", "Thermostat", Building, 11, mac([3]byte{0x00, 0x10, 0x8d}, 0x11), lwipDHCP, Truth{Kind: cordon.BuildingController, Vendor: "Johnson Controls", Model: "FEC2611", Software: "6.3.0.1040"}},
	{"gas-panel-1", "Medical gas panel", Building, 12, mac([3]byte{0x00, 0x15, 0x28}, 0x12), lwipDHCP, Truth{Kind: cordon.MedicalGasPanel, Vendor: "BeaconMedaes"}},
	{"ups-1", "Power supply", Building, 20, mac([3]byte{0x00, 0xc0, 0xb7}, 0x20), lwipDHCP, Truth{Kind: cordon.UPS, Vendor: "APC", Model: "AP9640"}},

	{"wearable-1", "Wearable of a patient at home", Guest, 11, mac(espressifOUI, 0x11), lwipDHCP, Truth{Kind: cordon.Wearable}},
	{"wearable-2", "Lone worker alarm", Guest, 12, mac(espressifOUI, 0x12), lwipDHCP, Truth{Kind: cordon.Wearable}},
	{"phone-1", "Visitor's phone", Guest, 50, netid.MAC{0xd2, 0x11, 0x77, 0x00, 0x00, 0x50}, androidDHCP, Truth{Kind: cordon.Phone}},
	{"vendor-1", "Service laptop of a vendor", Guest, 60, mac([3]byte{0xac, 0xed, 0x5c}, 0x60), linuxDHCP, Truth{Kind: cordon.Workstation}},
}

// Find returns the device with that name.
func Find(name string) (*Device, error) {
	for i := range Cast {
		if Cast[i].Name == name {
			return &Cast[i], nil
		}
	}
	return nil, fmt.Errorf("the lab has no device %q: 'cordon lab status' lists them", name)
}

// member is Find for names that this package knows.
func member(name string) *Device {
	d, err := Find(name)
	if err != nil {
		panic(err) // the cast is fixed; a typing error shows at the first run
	}
	return d
}

// FindPlace returns where a device's programs run; the gateway counts too, and
// the router of a lab whose gateway is a bridge.
func FindPlace(name string) (Place, error) {
	if os.Geteuid() != 0 {
		return nil, errNotRoot
	}
	switch name {
	case "gateway":
		return GatewayNamespace, nil
	case "router":
		return routerNamespace, nil
	}
	d, err := Find(name)
	if err != nil {
		return nil, err
	}
	return d.Home(), nil
}
