package observation

import (
	"strings"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// DNSType is a resource record type (IANA "DNS Parameters").
type DNSType uint16

// The types that Cordon looks into.
const (
	DNSTypeA     DNSType = 1
	DNSTypeNS    DNSType = 2
	DNSTypeCNAME DNSType = 5
	DNSTypeSOA   DNSType = 6
	DNSTypeNULL  DNSType = 10
	DNSTypePTR   DNSType = 12
	DNSTypeHINFO DNSType = 13
	DNSTypeMX    DNSType = 15
	DNSTypeTXT   DNSType = 16
	DNSTypeAAAA  DNSType = 28
	DNSTypeSRV   DNSType = 33
	DNSTypeDNAME DNSType = 39
	DNSTypeOPT   DNSType = 41
	DNSTypeAXFR  DNSType = 252
	DNSTypeANY   DNSType = 255
)

// DNSOpcode says what a message asks for (RFC 1035 §4.1.1).
type DNSOpcode uint8

// The opcodes that Cordon tells apart.
const (
	DNSQuery  DNSOpcode = 0
	DNSUpdate DNSOpcode = 5 // RFC 2136
)

// DNSSection is where in a message a record stands. In an update the answer
// section holds prerequisites, the authority section the changes.
type DNSSection uint8

// The sections of records (RFC 1035 §4.1).
const (
	DNSAnswer DNSSection = iota
	DNSAuthority
	DNSAdditional
)

// DNS is one message of DNS (RFC 1035), mDNS with service discovery (RFC 6762,
// RFC 6763) or LLMNR (RFC 4795).
type DNS struct {
	// Carrier is DNS, MDNS or LLMNR.
	Carrier cordon.Protocol
	ID      uint16
	// Response is false for a query.
	Response      bool
	Opcode        DNSOpcode
	Authoritative bool
	Truncated     bool
	// RCode is the response code, extended by EDNS if that is used.
	RCode uint16
	// Counts are those that the header states, per section, questions first.
	Counts [4]uint16
	// Questions holds at most 8, Records at most 64 of all sections.
	Questions []DNSQuestion
	Records   []DNSRecord
	// EDNS is true if the message carries an OPT record (RFC 6891).
	EDNS bool
	// OwnerMAC is the device that the records of an mDNS message are about,
	// if it says so by the EDNS option Owner; sleep proxies do.
	OwnerMAC netid.MAC
	// Size is the length of the message in bytes, Damaged true if it ends or
	// contradicts itself before all that it states was read.
	Size    int
	Damaged bool
	// Sender is the address that the message came from.
	Sender netid.Addr
}

// DNSQuestion is one entry of the question section. Names have no trailing
// dot; dots and backslashes inside of a label are escaped by a backslash. They
// are in lower case, except in mDNS, where they are made for people.
type DNSQuestion struct {
	Name  string
	Type  DNSType
	Class uint16
}

// DNSRecord is one resource record.
type DNSRecord struct {
	Section DNSSection
	Name    string
	Type    DNSType
	// Class is without the bit that mDNS uses for itself.
	Class uint16
	// TTL is in seconds; 0 in mDNS takes the record back.
	TTL uint32
	// IP is that of an A or AAAA record.
	IP netid.Addr
	// Target is the name that a PTR, CNAME, NS, DNAME, MX or SRV record leads
	// to, Port the port of SRV.
	Target string
	Port   uint16
	// Text holds the pairs of a TXT record (RFC 6763 §6), a piece without "="
	// as a key alone, at most 32; for HINFO the keys "cpu" and "os".
	Text []DNSText
	// DataLen is the length of the record's data in bytes.
	DataLen uint16
}

// DNSText is one piece of a TXT record.
type DNSText struct{ Key, Value string }

// Protocol implements Observation.
func (o DNS) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation. A query tells what its sender looks for. What
// the answers of a DNS server say is about others; mDNS and LLMNR answers are
// about who sent them, unless a sleep proxy or a reflector speaks for another.
func (o DNS) Facts(yield func(Fact)) {
	if !o.Response && o.Opcode == DNSQuery {
		for i := range o.Questions {
			fact(yield, Sender, "query", o.Questions[i].Name)
		}
	}
	if o.Carrier == cordon.DNS {
		return
	}
	about := o.subject()
	for i := range o.Records {
		if r := &o.Records[i]; o.stated(r) {
			r.facts(yield, about)
		}
	}
}

// Bindings implements Binder: the names and addresses that answers on the
// local link and updates of a zone tie together. Ordinary answers tie nothing,
// since names of hosts elsewhere would come to name devices here.
func (o DNS) Bindings(yield func(Binding)) {
	for i := range o.Records {
		r := &o.Records[i]
		if !o.stated(r) {
			continue
		}
		if !r.IP.IsZero() && r.Name != "" {
			yield(Binding{MAC: o.OwnerMAC, IP: r.IP, Name: r.Name})
		}
		if name, mac := r.workstation(); name != "" {
			yield(Binding{MAC: mac, Name: name})
		}
	}
}

// stated reports whether a record is something that its sender states of a
// device, rather than an answer of the global DNS, a known answer in a query
// (RFC 6762 §7.1) or a record that is taken back.
func (o DNS) stated(r *DNSRecord) bool {
	const classInternet = 1
	if r.TTL == 0 || r.Class != classInternet {
		return false
	}
	switch {
	case o.Carrier == cordon.DNS:
		return !o.Response && o.Opcode == DNSUpdate && r.Section == DNSAuthority
	case o.Response:
		return o.RCode == 0
	default:
		// A probe (RFC 6762 §8.1) states in the authority section what its
		// sender is about to claim.
		return o.Carrier == cordon.MDNS && r.Section == DNSAuthority
	}
}

// subject says whom the records are about: the sender, unless they name
// addresses and none of them is its own.
func (o DNS) subject() Subject {
	about := Sender
	for i := range o.Records {
		r := &o.Records[i]
		if r.IP.IsZero() || !o.stated(r) {
			continue
		}
		if r.IP == o.Sender || o.Sender.IsZero() {
			return Sender
		}
		about = Bound
	}
	return about
}

func (r *DNSRecord) facts(yield func(Fact), about Subject) {
	switch r.Type {
	case DNSTypeA, DNSTypeAAAA:
		fact(yield, about, "hostname", hostOf(r.Name))
	case DNSTypePTR:
		if r.Name == "_services._dns-sd._udp.local" {
			_, service := splitService(r.Target)
			fact(yield, about, "service", service)
			return
		}
		instance, service := splitService(r.Target)
		fact(yield, about, "service", service)
		fact(yield, about, "instance", instance)
	case DNSTypeSRV:
		instance, service := splitService(r.Name)
		fact(yield, about, "service", service)
		fact(yield, about, "instance", instance)
		fact(yield, about, "hostname", hostOf(r.Target))
	case DNSTypeTXT:
		for _, t := range r.Text {
			if field := txtField(t.Key); field != "" {
				fact(yield, about, field, t.Value)
			}
		}
	case DNSTypeHINFO:
		for _, t := range r.Text {
			switch t.Key {
			case "cpu":
				fact(yield, about, "hinfo-cpu", t.Value)
			case "os":
				fact(yield, about, "hinfo-os", t.Value)
			}
		}
	}
}

// workstation reads the instance name "host [aa:bb:cc:dd:ee:ff]" that Avahi
// gives to the service _workstation._tcp.
func (r *DNSRecord) workstation() (string, netid.MAC) {
	if r.Type != DNSTypePTR && r.Type != DNSTypeSRV {
		return "", netid.MAC{}
	}
	name := r.Name
	if r.Type == DNSTypePTR {
		name = r.Target
	}
	instance, service := splitService(name)
	if service != "_workstation._tcp" || len(instance) < len("h [aa:bb:cc:dd:ee:ff]") {
		return "", netid.MAC{}
	}
	host, rest := instance[:len(instance)-20], instance[len(instance)-20:]
	mac, err := netid.ParseMAC(strings.Trim(rest, " []"))
	if err != nil {
		return "", netid.MAC{}
	}
	return host, mac
}

// hostOf returns a name of the local link without its domain; "" if it names a
// service rather than a host.
func hostOf(name string) string {
	if _, service := splitService(name + "."); service != "" {
		return ""
	}
	return strings.TrimSuffix(name, ".local")
}

// splitService takes "Some name._ipp._tcp.local" apart into "Some name" and
// "_ipp._tcp" (RFC 6763 §4). A name of another form yields nothing.
func splitService(name string) (instance, service string) {
	at := -1
	for _, transport := range [...]string{"._tcp.", "._udp."} {
		if i := strings.Index(name, transport); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if at < 0 {
		return "", ""
	}
	const suffix = len("._tcp")
	start := strings.LastIndexByte(name[:at], '.')
	if start < 0 {
		return "", name[:at+suffix]
	}
	if strings.HasSuffix(name[:start], "._sub") {
		return "", name[start+1 : at+suffix]
	}
	return unescapeLabel(name[:start]), name[start+1 : at+suffix]
}

func unescapeLabel(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return strings.NewReplacer(`\.`, ".", `\\`, `\`).Replace(s)
}
