package mssql_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/mssql"
	"github.com/cordonhq/cordon/internal/dissect/ndpitest"
	"github.com/cordonhq/cordon/internal/observation"
)

func be16(n int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(n))) }
func le16(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

func wide(s string) (b string) {
	for _, c := range s {
		b += le16(int(c))
	}
	return b
}

func packet(kind byte, body string) string {
	return string([]byte{kind, 1}) + be16(8+len(body)) + "\x00\x00\x01\x00" + body
}

// options of a PRELOGIN: version and encryption.
func options(version string, encryption byte) string {
	return "\x00" + be16(11) + be16(6) + "\x01" + be16(17) + be16(1) + "\xff" + version + string([]byte{encryption})
}

// login makes a LOGIN7 with its fields in order, and a token of Windows.
func login(token string, fields ...string) string {
	const fixed = 36 + 9*4 + 6 + 4*3 + 4
	places, values := "", ""
	for _, f := range fields {
		places += le16(fixed+len(values)) + le16(len(f))
		values += wide(f)
	}
	places += "MACADR" + le16(fixed+len(values)) + le16(len(token)) + strings.Repeat("\x00", 12)
	values += token
	length := fixed + len(values)
	return packet(16, le32(length)+le32(0x74000004)+strings.Repeat("\x00", 28)+places+values)
}

var (
	ask    = packet(18, options("\x0b\x00\x0c\x38\x00\x00", 0))
	answer = packet(4, options("\x0f\x00\x07\xd0\x00\x00", 3))
	enter  = login("", "PC-7", "Nurse", "secret", "LabView", "DB1", "", "ODBC", "", "lab")
	token  = "NTLMSSP\x00\x01\x00\x00\x00\x00\x00\x00\x02" + strings.Repeat("\x00", 16) + "\x0a\x00\x63\x45\x00\x00\x00\x0f"
	wrong  = packet(4, "\xaa"+le16(8)+le32(18456)+"\x01\x0e\x00\x00")
)

func TestObservations(t *testing.T) {
	client := observation.DatabaseClient{Carrier: cordon.MSSQL, Application: "LabView", Driver: "ODBC", Host: "PC-7", Database: "lab"}
	nurse := dissect.NewContext(nil, nil).Pseudonym([]byte("nurse"))
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"refused sign-in", []Piece{Out(ask), In(answer), Out(enter[:20]), Out(enter[20:]), In(wrong)}, []observation.Observation{
			observation.DatabaseServer{Carrier: cordon.MSSQL, Version: "15.0.2000", Encryption: observation.EncryptionRequired},
			client, observation.DatabaseSignIn{Carrier: cordon.MSSQL, User: nurse, Password: true},
			observation.DatabaseResult{Carrier: cordon.MSSQL, Code: "18456"},
		}},
		{"Windows signs in", []Piece{Out(login(token, "PC-7", "", "", "LabView", "DB1", "", "ODBC", "", "lab")), In(packet(4, "\xad"+le16(1)+"x"))}, []observation.Observation{
			client, observation.NTLMNegotiate{Carrier: cordon.MSSQL, OSVersion: "10.0.17763"}, observation.DatabaseResult{Carrier: cordon.MSSQL, OK: true},
		}},
		{"TLS in packets", []Piece{Out(ask), In(answer), Out(packet(18, "\x16\x03\x03\x00\x04\x0e\x00\x00\x00"+"\x15\x03\x03\x00\x02\x02\x28"))}, []observation.Observation{
			observation.DatabaseServer{Carrier: cordon.MSSQL, Version: "15.0.2000", Encryption: observation.EncryptionRequired},
			observation.TLSAlert{Carrier: cordon.TLS, Fatal: true, Description: 40},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(mssql.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.MSSQL {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name, data string
		hint       bool
		want       dissect.Verdict
	}{
		{"prelogin", ask, false, dissect.Sure},
		{"login", enter, false, dissect.Sure},
		{"batch on its port", packet(1, wide("select 1")), true, dissect.Likely},
		{"batch elsewhere", packet(1, wide("select 1")), false, dissect.NotMine},
		{"packet that is not whole", packet(3, "abcdef")[:10], true, dissect.More},
		{"unknown type", packet(9, "abc"), true, dissect.NotMine},
		{"options beyond the packet", packet(18, "\x00\x00\x0b\x00\xff\xff"), true, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := mssql.Dissector().Probe(&dissect.Head{Data: []byte(tt.data), Hint: tt.hint}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestAgainstNDPI(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{mssql.Dissector()}}
	if n := ndpitest.Agree(t, table, "mssql_tds.pcap", "MsSQL-TDS", cordon.MSSQL); n == 0 {
		t.Error("no flows")
	}
}

func TestFacts(t *testing.T) {
	s := Run(mssql.Dissector(), Out(ask), In(answer), Out(enter))
	for _, f := range []string{"sender server-version=15.0.2000", "sender hostname=PC-7", "sender application-name=LabView", "receiver database=lab"} {
		if !slices.Contains(s.Facts, f) {
			t.Errorf("no %q in %q", f, s.Facts)
		}
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, mssql.Dissector(), []Piece{Out(ask + enter), In(answer + wrong)}, []Piece{Out(packet(18, "\x16\x03\x03\x00\x04\x0e\x00\x00\x00"))})
}
