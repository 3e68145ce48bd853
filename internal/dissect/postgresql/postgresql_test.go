package postgresql_test

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/postgresql"
	"github.com/cordonhq/cordon/internal/observation"
)

func be32(n int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }

func untyped(body string) string { return be32(len(body)+4) + body }

func typed(kind, body string) string { return kind + be32(len(body)+4) + body }

var (
	requestSSL = untyped(be32(80877103))
	startup    = untyped(be32(3<<16) + "user\x00Lab\x00database\x00results\x00application_name\x00analyser 2\x00\x00")
)

func TestObservations(t *testing.T) {
	lab := dissect.NewContext(nil, nil).Pseudonym([]byte("lab"))
	client := observation.DatabaseClient{Carrier: cordon.PostgreSQL, Application: "analyser 2", Database: "results"}
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"sign-in", []Piece{
			Out(requestSSL), In("N"), Out(startup), In(typed("R", be32(5)+"salt")), Out(typed("p", "md5hash\x00")),
			In(typed("R", be32(0)) + typed("S", "server_version\x0015.4 (Debian)\x00") + typed("Z", "I")),
		}, []observation.Observation{
			observation.DatabaseServer{Carrier: cordon.PostgreSQL, Encryption: observation.EncryptionRefused}, client,
			observation.DatabaseSignIn{Carrier: cordon.PostgreSQL, User: lab, Mechanism: "md5"}, observation.DatabaseResult{Carrier: cordon.PostgreSQL, OK: true},
			observation.DatabaseServer{Carrier: cordon.PostgreSQL, Version: "15.4 (Debian)"},
		}},
		{"readable password refused", []Piece{
			Out(startup), In(typed("R", be32(3))), Out(typed("p", "secret\x00")), In(typed("E", "SFATAL\x00C28P01\x00Mno\x00\x00")),
		}, []observation.Observation{
			client, observation.DatabaseSignIn{Carrier: cordon.PostgreSQL, User: lab, Mechanism: "password", Password: true},
			observation.DatabaseResult{Carrier: cordon.PostgreSQL, Code: "28P01"},
		}},
		{"TLS", []Piece{Out(requestSSL), In("S"), Out("\x15\x03\x01\x00\x02\x02\x28")}, []observation.Observation{
			observation.DatabaseServer{Carrier: cordon.PostgreSQL, Encryption: observation.EncryptionOffered},
			observation.TLSAlert{Carrier: cordon.TLS, Fatal: true, Description: 40},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(postgresql.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.PostgreSQL {
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
		{"request to encrypt", dissect.Head{Data: []byte(requestSSL)}, dissect.Sure},
		{"startup", dissect.Head{Data: []byte(startup)}, dissect.Sure},
		{"first bytes", dissect.Head{Data: []byte(startup[:3]), Hint: true}, dissect.More},
		{"other code", dissect.Head{Data: []byte(untyped(be32(99))), Hint: true}, dissect.NotMine},
		{"server", dissect.Head{Dir: 1, Data: []byte("N"), Hint: true}, dissect.More},
		{"text", dissect.Head{Data: []byte("GET / HTTP/1.1\r\n"), Hint: true}, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := postgresql.Dissector().Probe(&tt.head); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpus(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range []string{"postgresql_psql-aws-ssl-disable.pcap", "postgresql_psql-aws-ssl-require.pcap"} {
		for _, s := range Replay(t, dissect.Table{Flows: []dissect.Dissector{postgresql.Dissector()}}, "protocols", "zeek", name) {
			if s.Flow.Protocol != cordon.PostgreSQL {
				t.Errorf("%s is %v", name, s.Flow.Protocol)
			}
			for _, f := range s.Facts {
				seen[f] = true
			}
		}
	}
	for _, f := range []string{"sender application-name=psql", "receiver database=zeek", "sender certificate-issuer-name=Amazon RDS us-east-1 2019 CA"} {
		if !seen[f] {
			t.Errorf("no %q in %v", f, seen)
		}
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, postgresql.Dissector(),
		[]Piece{Out(startup + typed("p", "secret\x00")), In(typed("R", be32(3)) + typed("E", "SFATAL\x00C28P01\x00\x00"))},
		[]Piece{Out(requestSSL + "\x15\x03\x01\x00\x02\x02\x28"), In("S")},
	)
}
