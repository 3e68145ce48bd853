package observation

import (
	"slices"
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// NetBIOSName is a NetBIOS name (RFC 1001 §14): up to 15 characters and a
// suffix that says what of the host is meant.
type NetBIOSName struct {
	Name   string
	Suffix uint8
}

// Suffixes of NetBIOS names ([MS-BRWS], [MS-NBTE]). What 0x00 means depends on
// whether the name is unique, a computer, or of a group, a workgroup.
const (
	NetBIOSWorkstation  = 0x00
	NetBIOSMessenger    = 0x03
	NetBIOSDomainMaster = 0x1b
	NetBIOSDomain       = 0x1c // group: domain controllers
	NetBIOSMaster       = 0x1d
	NetBIOSBrowsers     = 0x1e // group: browser elections
	NetBIOSServer       = 0x20
)

// NBNSOpcode says what a name service packet does (RFC 1002 §4.2.1.1).
type NBNSOpcode uint8

// The opcodes.
const (
	NBNSQuery        NBNSOpcode = 0
	NBNSRegistration NBNSOpcode = 5
	NBNSRelease      NBNSOpcode = 6
	NBNSWait         NBNSOpcode = 7
	NBNSRefresh      NBNSOpcode = 8
	NBNSMultiHomed   NBNSOpcode = 15
)

// NBNS is one packet of the NetBIOS name service (RFC 1002 §4.2).
type NBNS struct {
	ID       uint16
	Response bool
	Opcode   NBNSOpcode
	RCode    uint8
	// Broadcast is true if the packet went to the whole link.
	Broadcast bool
	// Name is the name that is asked for, claimed or answered; "*" asks any
	// host for its status.
	Name NetBIOSName
	// Status is true for a node status request or response.
	Status bool
	// Group is true if the first record says that many hosts share the name.
	Group bool
	// IPs are the addresses that the record gives for the name, at most 8.
	IPs []netid.Addr
	// Names and UnitID come from a node status response: at most 32 names and
	// the unit's MAC, which some servers leave zero.
	Names  []NBNSEntry
	UnitID netid.MAC
	// Sender is the address that the packet came from.
	Sender netid.Addr
}

// NBNSEntry is one name in a node status response.
type NBNSEntry struct {
	NetBIOSName
	Group bool
}

// Protocol implements Observation.
func (o NBNS) Protocol() cordon.Protocol { return cordon.NBNS }

// Facts implements Observation.
func (o NBNS) Facts(yield func(Fact)) {
	switch {
	case o.claims():
		about := o.subject()
		NBNSEntry{o.Name, o.Group}.facts(yield, about)
	case o.Status && o.Response:
		for _, n := range o.Names {
			n.facts(yield, Sender)
		}
	case !o.Response && o.Opcode == NBNSQuery && !o.Status:
		fact(yield, Sender, "query", o.Name.Name)
	}
}

// Bindings implements Binder.
func (o NBNS) Bindings(yield func(Binding)) {
	switch {
	case o.claims() && !o.Group && o.Name.host():
		for _, ip := range o.IPs {
			yield(Binding{IP: ip, Name: o.Name.Name})
		}
	case o.Status && o.Response:
		b := Binding{MAC: o.UnitID, IP: o.Sender}
		for _, n := range o.Names {
			if !n.Group && n.host() {
				b.Name = n.Name
				break
			}
		}
		if !b.MAC.IsZero() || b.Name != "" {
			yield(b)
		}
	}
}

// claims reports whether the packet states that a host has the name: a
// registration, a refresh or a positive answer.
func (o NBNS) claims() bool {
	if o.Status || o.RCode != 0 {
		return false
	}
	switch o.Opcode {
	case NBNSRegistration, NBNSRefresh, NBNSMultiHomed:
		return !o.Response
	case NBNSQuery:
		return o.Response && len(o.IPs) > 0
	}
	return false
}

// subject says whom a claim is about: a name server answers for others.
func (o NBNS) subject() Subject {
	if len(o.IPs) == 0 || o.Sender.IsZero() || o.Group || slices.Contains(o.IPs, o.Sender) {
		return Sender
	}
	return Bound
}

// host reports whether the name is that of a single computer.
func (n NetBIOSName) host() bool {
	return n.Name != "" && (n.Suffix == NetBIOSWorkstation || n.Suffix == NetBIOSServer || n.Suffix == NetBIOSMessenger)
}

// browsers is the name that master browsers of any workgroup register, with
// its control characters made printable.
const browsers = "..__MSBROWSE__."

func (n NBNSEntry) facts(yield func(Fact), about Subject) {
	switch {
	case n.Suffix == NetBIOSWorkstation && !n.Group:
		fact(yield, about, "netbios-name", n.Name)
	case n.Suffix == NetBIOSWorkstation || n.Suffix == NetBIOSBrowsers && n.Group:
		fact(yield, about, "workgroup", n.Name)
	case n.Suffix == NetBIOSServer && !n.Group:
		fact(yield, about, "netbios-name", n.Name)
		fact(yield, about, "service", "file-server")
	case n.Suffix == NetBIOSDomain && n.Group:
		fact(yield, about, "service", "domain-controller")
		fact(yield, about, "workgroup", n.Name)
	case n.Suffix == NetBIOSDomainMaster && !n.Group:
		fact(yield, about, "service", "domain-master-browser")
	case n.Suffix == NetBIOSMaster && !n.Group:
		fact(yield, about, "service", "master-browser")
	}
}

// NBDGM is one NetBIOS datagram (RFC 1002 §4.4) with the browser announcement
// that it carries, if any ([MS-BRWS] §2.2).
type NBDGM struct {
	// Type is the message type: 0x10 unique, 0x11 group, 0x12 broadcast.
	Type                uint8
	Source, Destination NetBIOSName
	// SourceIP is the address that the datagram states as its source's.
	SourceIP netid.Addr
	// Mailslot is the name of the mailslot that it is for, such as
	// "\MAILSLOT\BROWSE".
	Mailslot string
	// Browser is the opcode of a browser frame, 0 if there is none.
	Browser uint8
	// The fields below come from a host, local master or domain announcement.
	// Announced is the computer's name, or the workgroup's in a domain
	// announcement, in which Comment is the name of its master.
	Announced        string
	OSMajor, OSMinor uint8
	ServerType       NetBIOSServerType
	Comment          string
}

// Browser opcodes ([MS-BRWS] §2.2).
const (
	BrowserHost        = 0x01
	BrowserElection    = 0x08
	BrowserDomain      = 0x0c
	BrowserLocalMaster = 0x0f
)

// NetBIOSServerType is a set of what a host says it is ([MS-BRWS] §2.2.1).
type NetBIOSServerType uint32

// serverTypes names the bits that identify.
var serverTypes = [...]struct {
	bit  NetBIOSServerType
	name string
}{
	{0x00000004, "sql-server"}, {0x00000008, "domain-controller"}, {0x00000010, "backup-domain-controller"},
	{0x00000020, "time-source"}, {0x00000040, "apple-file-server"}, {0x00000080, "novell-server"},
	{0x00000200, "print-server"}, {0x00000400, "dial-in-server"}, {0x00000800, "unix"},
	{0x00001000, "nt-workstation"}, {0x00002000, "windows-for-workgroups"}, {0x00008000, "nt-server"},
	{0x00040000, "master-browser"}, {0x00080000, "domain-master-browser"}, {0x00400000, "windows-95"},
	{0x02000000, "terminal-server"}, {0x04000000, "cluster"},
}

// Protocol implements Observation.
func (o NBDGM) Protocol() cordon.Protocol { return cordon.NBDGM }

// Facts implements Observation.
func (o NBDGM) Facts(yield func(Fact)) {
	if o.Source.host() {
		fact(yield, Sender, "netbios-name", o.Source.Name)
	}
	switch o.Destination.Suffix {
	case NetBIOSWorkstation, NetBIOSMaster, NetBIOSBrowsers:
		if o.Mailslot == `\MAILSLOT\BROWSE` && o.Destination.Name != browsers {
			fact(yield, Sender, "workgroup", o.Destination.Name)
		}
	}
	switch o.Browser {
	case BrowserHost, BrowserLocalMaster:
		fact(yield, Sender, "netbios-name", o.Announced)
		fact(yield, Sender, "os-version", strconv.Itoa(int(o.OSMajor))+"."+strconv.Itoa(int(o.OSMinor)))
		fact(yield, Sender, "comment", o.Comment)
		for _, t := range serverTypes {
			if o.ServerType&t.bit != 0 {
				fact(yield, Sender, "server-type", t.name)
			}
		}
	case BrowserDomain:
		fact(yield, Sender, "workgroup", o.Announced)
	}
}

// Bindings implements Binder.
func (o NBDGM) Bindings(yield func(Binding)) {
	if o.Source.host() && !o.SourceIP.IsZero() {
		yield(Binding{IP: o.SourceIP, Name: o.Source.Name})
	}
}
