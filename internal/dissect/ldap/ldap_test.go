package ldap_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/ldap"
	"github.com/cordonhq/cordon/internal/observation"
)

// el makes an element of X.690.
func el(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	if len(body) < 128 {
		return string([]byte{tag, byte(len(body))}) + body
	}
	return string([]byte{tag, 0x84, 0, 0, byte(len(body) >> 8), byte(len(body))}) + body
}

func integer(n byte) string { return el(2, string([]byte{n})) }
func enum(n byte) string    { return el(10, string([]byte{n})) }
func text(s string) string  { return el(4, s) }

// message wraps an operation.
func message(tag byte, parts ...string) string { return el(0x30, integer(7), el(tag, parts...)) }

func searchFor(base string, scope byte, filter string, attributes ...string) string {
	var list string
	for _, a := range attributes {
		list += text(a)
	}
	return message(0x63, text(base), enum(scope), enum(0), integer(0), integer(0), el(1, "\x00"), filter, el(0x30, list))
}

func attribute(name, value string) string { return el(0x30, text(name), el(0x31, text(value))) }

var (
	simple     = message(0x60, integer(3), text("cn=Nurse,dc=clinic"), el(0x80, "secret"))
	denied     = message(0x61, enum(49), text(""), text("bad"))
	root       = searchFor("", 0, el(0x87, "objectClass"), "dnsHostName", "vendorName")
	rootAnswer = message(0x64, text(""), el(0x30, attribute("vendorName", "Acme Directory"), attribute("vendorVersion", "2.4"),
		attribute("dnsHostName", "dc1.clinic.example"), attribute("defaultNamingContext", "DC=clinic,DC=example")))
	person   = message(0x64, text("cn=Nurse,dc=clinic"), el(0x30, attribute("vendorName", "not a server")))
	done     = message(0x65, enum(0), text(""), text(""))
	roasting = searchFor("DC=clinic,DC=example", 2, el(0xa0, el(0xa3, text("objectCategory"), text("user")),
		el(0xa9, el(0x81, "1.2.840.113556.1.4.803"), el(0x82, "userAccountControl"), el(0x83, "4194304")), el(0xa2, el(0x87, "mail"))), "sAMAccountName")
	ping     = searchFor("", 0, el(0xa0, el(0xa3, text("DnsDomain"), text("clinic.example")), el(0xa3, text("Host"), text("PC-7"))), "Netlogon")
	netlogon = "\x17\x00\x00\x00\xfd\xf3\x03\x00" + strings.Repeat("g", 16) +
		"\x06clinic\x07example\x00" + "\xc0\x18" + "\x03dc1\xc0\x18" + "\x06CLINIC\x00" + "\x03DC1\x00" + "\x05Nurse\x00" + "\x04Ward\x00" + "\xc0\x18"
	pong = message(0x64, text(""), el(0x30, attribute("Netlogon", netlogon))) + done
)

var (
	nurse    = dissect.NewContext(nil, nil).Pseudonym([]byte("cn=nurse,dc=clinic"))
	wantRoot = observation.LDAPServer{VendorName: "Acme Directory", VendorVersion: "2.4", DNSHostName: "dc1.clinic.example", NamingContext: "DC=clinic,DC=example"}
	wantPong = observation.LDAPServer{
		DNSHostName: "dc1.clinic.example", Domain: "clinic.example", Forest: "clinic.example", NetBIOSDomain: "CLINIC", NetBIOSName: "DC1", Site: "Ward",
	}
)

func TestStream(t *testing.T) {
	ntlm := "NTLMSSP\x00\x01\x00\x00\x00\x00\x00\x00\x02" + strings.Repeat("\x00", 16) + "\x0a\x00\x63\x45\x00\x00\x00\x0f"
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"refused sign-in", []Piece{Out(simple), In(denied)}, []observation.Observation{
			observation.LDAPBind{Version: 3, Mechanism: "simple", User: nurse, Password: true}, observation.LDAPResult{Operation: 1, Code: 49},
		}},
		{"sign-in with NTLM", []Piece{Out(message(0x60, integer(3), text(""), el(0xa3, text("GSS-SPNEGO"), text(ntlm))))}, []observation.Observation{
			observation.LDAPBind{Version: 3, Mechanism: "GSS-SPNEGO"}, observation.NTLMNegotiate{Carrier: cordon.LDAP, OSVersion: "10.0.17763"},
		}},
		{"root entry", []Piece{Out(root), In(rootAnswer + person + done)}, []observation.Observation{
			observation.LDAPSearch{Attributes: []string{"dnsHostName", "vendorName"}, FilterAttributes: []string{"objectClass"}}, wantRoot,
		}},
		{"filter", []Piece{Out(roasting)}, []observation.Observation{observation.LDAPSearch{
			Base: "DC=clinic,DC=example", Scope: 2, Attributes: []string{"sAMAccountName"}, FilterAttributes: []string{"objectCategory", "userAccountControl", "mail"},
		}}},
		{"StartTLS", []Piece{
			Out(message(0x77, el(0x80, "1.3.6.1.4.1.1466.20037"))), In(message(0x78, enum(0), text(""), text(""))),
			Out("\x15\x03\x01\x00\x02\x02\x28"),
		}, []observation.Observation{observation.TLSAlert{Carrier: cordon.TLS, Fatal: true, Description: 40}}},
		{"long values are passed over", []Piece{In(message(0x64, text("cn=x"), el(0x30, attribute("photo", strings.Repeat("x", 20000)))) + denied)},
			[]observation.Observation{observation.LDAPResult{Operation: 1, Code: 49}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(ldap.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.LDAP {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

func TestDatagram(t *testing.T) {
	s := Run(ldap.Datagram(), Out(ping), In(pong))
	want := []observation.Observation{
		observation.LDAPSearch{Attributes: []string{"Netlogon"}, FilterAttributes: []string{"DnsDomain", "Host"}, Host: "PC-7"}, wantPong,
	}
	if d := cmp.Diff(want, s.Observations); d != "" {
		t.Errorf("observations, -want +got:\n%s", d)
	}
	for _, f := range []string{"sender netbios-computer=PC-7", "sender dns-computer=dc1.clinic.example", "sender dns-domain=clinic.example"} {
		if !slices.Contains(s.Facts, f) {
			t.Errorf("no %q in %q", f, s.Facts)
		}
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name, data string
		want       dissect.Verdict
	}{
		{"bind", simple, dissect.Sure},
		{"unbind", message(0x42), dissect.Sure},
		{"half a long message", message(0x64, text(strings.Repeat("x", 3000)))[:1400], dissect.Sure},
		{"first bytes", simple[:3], dissect.More},
		{"SNMP", el(0x30, integer(1), text("public"), el(0xa0, integer(1), integer(0), integer(0), el(0x30))), dissect.NotMine},
		{"operation that is none", message(0x71, "x"), dissect.NotMine},
		{"something behind it", simple + "x", dissect.NotMine},
		{"a certificate", el(0x30, el(0x30, el(0xa0, integer(2)))), dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ldap.Dissector().Probe(&dissect.Head{Data: []byte(tt.data), Hint: true}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestSecretsStay(t *testing.T) {
	s := Run(ldap.Dissector(), Out(simple))
	if got := s.Observations[0].(observation.LDAPBind); !got.ClearText() || strings.Contains(got.User, "Nurse") {
		t.Errorf("%+v", got)
	}
}

// TestCorpus reads sign-ins with NTLM that all fail.
func TestCorpus(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{ldap.Dissector(), ldap.Datagram()}}
	refused := 0
	var facts []string
	for _, s := range Replay(t, table, "protocols", "zeek", "ldap_ldap_invalid_credentials.pcap") {
		facts = append(facts, s.Facts...)
		for _, o := range s.Observations {
			if r, ok := o.(observation.LDAPResult); ok && r.Code == 49 {
				refused++
			}
		}
	}
	if refused != 12 || !slices.Contains(facts, "sender dns-computer=DC01-Zion.matrix.local") || !slices.Contains(facts, "sender workstation=DESKTOP-EVIL") {
		t.Errorf("%d refusals, facts %q", refused, facts)
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, ldap.Dissector(),
		[]Piece{Out(simple + root), In(denied + rootAnswer + done)},
		[]Piece{Out(message(0x77, el(0x80, "1.3.6.1.4.1.1466.20037")) + "\x15\x03\x01\x00\x02\x02\x28"), In(message(0x78, enum(0), text(""), text("")))},
	)
}

func FuzzDatagram(f *testing.F) { Fuzzer(f, ldap.Datagram(), []Piece{Out(ping), In(pong)}) }
