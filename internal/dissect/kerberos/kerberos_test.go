package kerberos_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/kerberos"
	"github.com/cordonhq/cordon/internal/dissect/ndpitest"
	"github.com/cordonhq/cordon/internal/observation"
)

// el makes an element of X.690.
func el(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	if len(body) < 128 {
		return string([]byte{tag, byte(len(body))}) + body
	}
	return string([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}) + body
}

func field(n byte, body string) string { return el(0xa0|n, body) }
func integer(n int) string             { return el(2, string([]byte{byte(n)})) }
func text(s string) string             { return el(0x1b, s) }

func principal(parts ...string) string {
	var list string
	for _, p := range parts {
		list += text(p)
	}
	return el(0x30, field(0, integer(1)), field(1, el(0x30, list)))
}

func encrypted(kind int) string {
	return el(0x30, field(0, integer(kind)), field(2, el(4, strings.Repeat("secret", 40))))
}

func ticket(service ...string) string {
	return el(0x61, el(0x30, field(0, integer(5)), field(1, text("CLINIC")), field(2, principal(service...)), field(3, encrypted(23))))
}

// request makes an AS-REQ or TGS-REQ.
func request(kind byte, client string, preAuth int, service ...string) string {
	body := field(0, el(3, "\x00\x40\x81\x00\x10"))
	if client != "" {
		body += field(1, principal(client))
	}
	body += field(2, text("CLINIC")) + field(3, principal(service...)) + field(5, el(0x18, "20370913024805Z")) + field(7, integer(7)) +
		field(8, el(0x30, integer(18), integer(23))) + field(9, el(0x30, el(0x30, field(0, integer(20)), field(1, el(4, "PC-7           ")))))
	return el(0x60|kind, el(0x30, field(1, integer(5)), field(2, integer(int(kind))),
		field(3, el(0x30, el(0x30, field(1, integer(preAuth)), field(2, el(4, "padata"))))), field(4, el(0x30, body))))
}

func reply(kind byte, client string, service ...string) string {
	return el(0x60|kind, el(0x30, field(0, integer(5)), field(1, integer(int(kind))), field(3, text("CLINIC")), field(4, principal(client)),
		field(5, ticket(service...)), field(6, encrypted(18))))
}

var refused = el(0x7e, el(0x30, field(0, integer(5)), field(1, integer(30)), field(4, el(0x18, "20260102030405Z")), field(5, integer(1)),
	field(6, integer(24)), field(9, text("CLINIC")), field(10, principal("krbtgt", "CLINIC"))))

func framed(m string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(m)))) + m }

func TestObservations(t *testing.T) {
	nurse := dissect.NewContext(nil, nil).Pseudonym([]byte("nurse"))
	ask := observation.KerberosRequest{
		Realm: "CLINIC", Client: nurse, Service: "krbtgt/CLINIC", EncryptionTypes: []int32{18, 23}, PreAuthenticated: true, NetBIOSName: "PC-7",
	}
	unproven := ask
	unproven.PreAuthenticated = false
	machine := ask
	machine.Client, machine.Machine = "", "PACS01"
	service := ask
	service.Kind, service.Client, service.Service, service.PreAuthenticated = observation.KerberosService, "", "cifs/pacs01", false
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"sign-in", []Piece{Out(request(10, "Nurse", 2, "krbtgt", "CLINIC")), In(reply(11, "Nurse", "krbtgt", "CLINIC"))}, []observation.Observation{
			ask, observation.KerberosTicket{Realm: "CLINIC", Client: nurse, Service: "krbtgt/CLINIC", TicketEncryption: 23, ReplyEncryption: 18},
		}},
		{"without proof", []Piece{Out(request(10, "Nurse", 128, "krbtgt", "CLINIC"))}, []observation.Observation{unproven}},
		{"of a machine", []Piece{Out(request(10, "PACS01$", 2, "krbtgt", "CLINIC"))}, []observation.Observation{machine}},
		{"service", []Piece{Out(request(12, "", 1, "cifs", "pacs01")), In(reply(13, "PC-7$", "cifs", "pacs01"))}, []observation.Observation{
			service, observation.KerberosTicket{
				Kind: observation.KerberosService, Realm: "CLINIC", Machine: "PC-7", Service: "cifs/pacs01", TicketEncryption: 23, ReplyEncryption: 18,
			},
		}},
		{"refusal", []Piece{In(refused)}, []observation.Observation{observation.KerberosError{
			Code: 24, Realm: "CLINIC", Service: "krbtgt/CLINIC", ServerTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var framedPieces []Piece
			for _, p := range tt.pieces {
				m := framed(string(p.Data))
				framedPieces = append(framedPieces, Piece{Dir: p.Dir, Data: []byte(m[:20])}, Piece{Dir: p.Dir, Data: []byte(m[20:])})
			}
			for over, s := range map[string]*Seen{"UDP": Run(kerberos.Dissector(), tt.pieces...), "TCP": Run(kerberos.Stream(), framedPieces...)} {
				if s.Flow.Protocol != cordon.Kerberos {
					t.Errorf("%s: protocol %v", over, s.Flow.Protocol)
				}
				if d := cmp.Diff(tt.want, s.Observations); d != "" {
					t.Errorf("%s: observations, -want +got:\n%s", over, d)
				}
			}
		})
	}
}

func TestReadToken(t *testing.T) {
	request := el(0x6e, el(0x30, field(0, integer(5)), field(1, integer(14)), field(2, el(3, "\x00\x20\x00\x00\x00")), field(3, ticket("cifs", "pacs01.clinic.example")), field(4, encrypted(18))))
	token := "\x60\x82\x06\x00" + "\x06\x06\x2b\x06\x01\x05\x05\x02" + "\x60\x82\x05\x00\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00" + request
	var s Seen
	if !kerberos.ReadToken(dissect.NewContext(nil, s.Add), cordon.SMB2, []byte(token)) {
		t.Fatal("no ticket found")
	}
	want := []observation.Observation{observation.KerberosUse{Carrier: cordon.SMB2, Realm: "CLINIC", Service: "cifs/pacs01.clinic.example", Encryption: 23}}
	if d := cmp.Diff(want, s.Observations); d != "" {
		t.Errorf("observations, -want +got:\n%s", d)
	}
	if !slices.Contains(s.Facts, "receiver service-principal=cifs/pacs01.clinic.example") {
		t.Errorf("facts %q", s.Facts)
	}
}

func TestProbe(t *testing.T) {
	ask := request(10, "nurse", 2, "krbtgt", "CLINIC")
	tests := []struct {
		name string
		row  dissect.Dissector
		data string
		want dissect.Verdict
	}{
		{"request", kerberos.Dissector(), ask, dissect.Sure},
		{"other type than the tag", kerberos.Dissector(), "\x6c" + ask[1:], dissect.NotMine},
		{"LDAP", kerberos.Dissector(), el(0x30, integer(1), el(0x60, integer(3))), dissect.NotMine},
		{"framed", kerberos.Stream(), framed(ask), dissect.Sure},
		{"first bytes", kerberos.Stream(), framed(ask)[:12], dissect.More},
		{"length that disagrees", kerberos.Stream(), "\x00\x00\x01\x00" + ask, dissect.NotMine},
		{"text", kerberos.Stream(), "GET / HTTP/1.1\r\n", dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.row.Probe(&dissect.Head{Data: []byte(tt.data), Hint: true}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestAgainstNDPI(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{kerberos.Dissector(), kerberos.Stream()}}
	if n := ndpitest.Agree(t, table, "kerberos.pcap", "Kerberos", cordon.Kerberos); n == 0 {
		t.Error("no flows")
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, kerberos.Dissector(),
		[]Piece{Out(request(10, "Nurse", 2, "krbtgt", "CLINIC")), In(refused)},
		[]Piece{Out(request(12, "", 1, "cifs", "pacs01")), In(reply(13, "PC-7$", "cifs", "pacs01"))},
	)
}

func FuzzStream(f *testing.F) {
	Fuzzer(f, kerberos.Stream(), []Piece{Out(framed(request(10, "Nurse", 2, "krbtgt", "CLINIC"))), In(framed(refused))})
}
