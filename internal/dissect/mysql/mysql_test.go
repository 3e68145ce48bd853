package mysql_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/mysql"
	"github.com/cordonhq/cordon/internal/observation"
)

func le16(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

func packet(seq byte, body string) string {
	return string([]byte{byte(len(body)), byte(len(body) >> 8), 0, seq}) + body
}

func counted(s string) string { return string([]byte{byte(len(s))}) + s }

// greeting has the capabilities' two halves apart, as the protocol has.
func greeting(version string, can int) string {
	return packet(0, "\x0a"+version+"\x00"+le32(7)+"saltsalt\x00"+le16(can)+"\x21"+le16(2)+le16(can>>16)+"\x15"+strings.Repeat("\x00", 10)+"saltsaltsalt\x00")
}

const (
	database, ssl, secure, plugin, attributes, lengths = 1 << 3, 1 << 11, 1 << 15, 1 << 19, 1 << 20, 1 << 21
)

var (
	pairs = counted("_os") + counted("Linux") + counted("_client_name") + counted("libmysql") + counted("_client_version") + counted("8.0.34") +
		counted("program_name") + counted("mysqldump")
	fixed  = le32(1<<24) + "\x21" + strings.Repeat("\x00", 23)
	signIn = packet(1, le32(database|secure|plugin|attributes|lengths)+fixed+"Root\x00"+counted("hashhashhash")+"lab\x00"+"mysql_native_password\x00"+counted(pairs))
	denied = packet(2, "\xff"+le16(1045)+"#28000Access denied")
)

func TestObservations(t *testing.T) {
	root := dissect.NewContext(nil, nil).Pseudonym([]byte("root"))
	server := observation.DatabaseServer{Carrier: cordon.MySQL, Version: "8.0.34", Encryption: observation.EncryptionOffered}
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"refused sign-in", []Piece{In(greeting("8.0.34", ssl|secure)), Out(signIn), In(denied)}, []observation.Observation{
			server, observation.DatabaseClient{Carrier: cordon.MySQL, Application: "mysqldump", Driver: "libmysql 8.0.34", System: "Linux", Database: "lab"},
			observation.DatabaseSignIn{Carrier: cordon.MySQL, User: root, Mechanism: "mysql_native_password"},
			observation.DatabaseResult{Carrier: cordon.MySQL, Code: "1045"},
		}},
		{"MariaDB, accepted", []Piece{In(greeting("5.5.5-10.11.4-MariaDB", secure)), Out(packet(1, le32(secure)+fixed+"root\x00"+counted("hash"))), In(packet(2, "\x00\x00\x00\x02\x00"))},
			[]observation.Observation{
				observation.DatabaseServer{Carrier: cordon.MySQL, Version: "10.11.4-MariaDB", Encryption: observation.EncryptionRefused},
				observation.DatabaseClient{Carrier: cordon.MySQL}, observation.DatabaseSignIn{Carrier: cordon.MySQL, User: root},
				observation.DatabaseResult{Carrier: cordon.MySQL, OK: true},
			}},
		{"TLS", []Piece{In(greeting("8.0.34", ssl|secure)), Out(packet(1, le32(ssl|secure)+fixed)), Out("\x15\x03\x01\x00\x02\x02\x28")}, []observation.Observation{
			server, observation.TLSAlert{Carrier: cordon.TLS, Fatal: true, Description: 40},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(mysql.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.MySQL {
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
		name string
		head dissect.Head
		want dissect.Verdict
	}{
		{"greeting", dissect.Head{Dir: 1, Data: []byte(greeting("8.0.34", 0))}, dissect.Sure},
		{"host refused on its port", dissect.Head{Dir: 1, Data: []byte(packet(0, "\xff"+le16(1130)+"Host not allowed")), Hint: true}, dissect.Likely},
		{"host refused elsewhere", dissect.Head{Dir: 1, Data: []byte(packet(0, "\xff"+le16(1130)+"Host not allowed"))}, dissect.NotMine},
		{"version that is none", dissect.Head{Dir: 1, Data: []byte(greeting("hello", 0)), Hint: true}, dissect.NotMine},
		{"client that speaks first", dissect.Head{Data: []byte(signIn), Hint: true}, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := mysql.Dissector().Probe(&tt.head); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, mysql.Dissector(),
		[]Piece{Out(signIn), In(greeting("8.0.34", ssl|secure) + denied)},
		[]Piece{Out(packet(1, le32(ssl|secure)+fixed) + "\x15\x03\x01\x00\x02\x02\x28"), In(greeting("8.0.34", ssl|secure))},
	)
}
