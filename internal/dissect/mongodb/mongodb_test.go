package mongodb_test

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/mongodb"
	"github.com/cordonhq/cordon/internal/dissect/ndpitest"
	"github.com/cordonhq/cordon/internal/observation"
)

func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

func doc(elements ...string) string {
	body := ""
	for _, e := range elements {
		body += e
	}
	return le32(len(body)+5) + body + "\x00"
}

func str(name, v string) string { return "\x02" + name + "\x00" + le32(len(v)+1) + v + "\x00" }
func i32(name string, v int) string {
	return "\x10" + name + "\x00" + le32(v)
}
func truth(name string, v byte) string { return "\x08" + name + "\x00" + string([]byte{v}) }
func sub(name, d string) string        { return "\x03" + name + "\x00" + d }
func blob(name, v string) string       { return "\x05" + name + "\x00" + le32(len(v)) + "\x00" + v }
func message(id, to, op int, b string) string {
	return le32(16+len(b)) + le32(id) + le32(to) + le32(op) + b
}

func modern(id, to int, d string) string { return message(id, to, 2013, le32(0)+"\x00"+d) }

var (
	client = sub("client", doc(sub("application", doc(str("name", "viewer"))), sub("driver", doc(str("name", "PyMongo"), str("version", "4.5"))),
		sub("os", doc(str("type", "Linux"), str("name", "Linux"), str("version", "6.1")))))
	first  = message(1, 0, 2004, le32(0)+"admin.$cmd\x00"+le32(0)+le32(-1)+doc(i32("isMaster", 1), client))
	answer = message(9, 1, 1, le32(8)+"\x00\x00\x00\x00\x00\x00\x00\x00"+le32(0)+le32(1)+doc(truth("ismaster", 1), str("me", "db1:27017"), i32("ok", 1)))
	start  = modern(2, 0, doc(i32("saslStart", 1), str("mechanism", "SCRAM-SHA-256"), blob("payload", "n,,n=Viewer,r=nonce")))
	denied = modern(10, 2, doc(i32("ok", 0), str("errmsg", "no"), i32("code", 18)))
)

func TestObservations(t *testing.T) {
	viewer := dissect.NewContext(nil, nil).Pseudonym([]byte("viewer"))
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"meeting", []Piece{Out(first), In(answer), Out(modern(3, 0, doc(i32("buildInfo", 1)))), In(modern(11, 3, doc(str("version", "6.0.8"))))}, []observation.Observation{
			observation.DatabaseClient{Carrier: cordon.MongoDB, Application: "viewer", Driver: "PyMongo 4.5", System: "Linux 6.1"},
			observation.DatabaseServer{Carrier: cordon.MongoDB, Name: "db1:27017"}, observation.DatabaseServer{Carrier: cordon.MongoDB, Version: "6.0.8"},
		}},
		{"refused sign-in", []Piece{Out(start), In(denied)}, []observation.Observation{
			observation.DatabaseSignIn{Carrier: cordon.MongoDB, User: viewer, Mechanism: "SCRAM-SHA-256"}, observation.DatabaseResult{Carrier: cordon.MongoDB, Code: "18"},
		}},
		{"accepted after another round", []Piece{
			Out(start), In(modern(10, 2, doc(truth("done", 0), i32("ok", 1)))), Out(modern(3, 0, doc(i32("saslContinue", 1)))), In(modern(11, 3, doc(truth("done", 1), i32("ok", 1)))),
		}, []observation.Observation{
			observation.DatabaseSignIn{Carrier: cordon.MongoDB, User: viewer, Mechanism: "SCRAM-SHA-256"}, observation.DatabaseResult{Carrier: cordon.MongoDB, OK: true},
		}},
		{"password in the clear", []Piece{Out(modern(2, 0, doc(i32("saslStart", 1), str("mechanism", "PLAIN"), blob("payload", "\x00viewer\x00secret"))))}, []observation.Observation{
			observation.DatabaseSignIn{Carrier: cordon.MongoDB, User: viewer, Mechanism: "PLAIN", Password: true},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(mongodb.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.MongoDB {
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
		{"query", first, false, dissect.Sure},
		{"message", start, false, dissect.Sure},
		{"answer on its port", answer, true, dissect.Likely},
		{"flags that are none", message(1, 0, 2013, le32(0x8000)+"\x00"), true, dissect.NotMine},
		{"operation that is none", message(1, 0, 7, le32(0)), true, dissect.NotMine},
		{"text", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", true, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := mongodb.Dissector().Probe(&dissect.Head{Data: []byte(tt.data), Hint: tt.hint}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestAgainstNDPI(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{mongodb.Dissector()}}
	for _, capture := range []string{"mongodb.pcap", "mongo_false_positive.pcapng"} {
		t.Logf("%s: %d flows", capture, ndpitest.Agree(t, table, capture, "MongoDB", cordon.MongoDB))
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, mongodb.Dissector(), []Piece{Out(first + start), In(answer + denied)}, []Piece{In(modern(11, 3, doc(str("version", "6.0.8"))))})
}
