package dtls_test

import (
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/dtls"
	"github.com/cordonhq/cordon/internal/dissect/ndpitest"
	"github.com/cordonhq/cordon/internal/observation"
)

func u8(s string) string  { return string([]byte{byte(len(s))}) + s }
func u16(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }
func u24(n int) string    { return string([]byte{byte(n >> 16), byte(n >> 8), byte(n)}) }

func record(kind byte, body string) string {
	return string([]byte{kind, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 7}) + u16(body)
}

// fragment is the piece from start to end of a message with this body.
func fragment(kind byte, body string, start, end int) string {
	return string([]byte{kind}) + u24(len(body)) + "\x00\x01" + u24(start) + u24(end-start) + body[start:end]
}

var hello = "\xfe\xfd" + strings.Repeat("r", 32) + u8("") + u8("cookie") + u16("\xc0\x2b\xc0\x2f") + u8("\x00") +
	u16("\x00\x0a"+u16(u16("\x00\x1d"))+"\x00\x00"+u16(u16("\x00"+u16("meter.example.org"))))

func whole(kind byte, body string) string { return record(22, fragment(kind, body, 0, len(body))) }

func TestHello(t *testing.T) {
	n := len(hello)
	tests := []struct {
		name   string
		pieces []Piece
		found  bool
	}{
		{"whole", []Piece{Out(whole(1, hello))}, true},
		{"two fragments", []Piece{Out(record(22, fragment(1, hello, 0, 30))), Out(record(22, fragment(1, hello, 30, n)))}, true},
		{"fragment lost, then sent again", []Piece{
			Out(record(22, fragment(1, hello, 0, 30))), Out(record(22, fragment(1, hello, 40, n))),
			Out(record(22, fragment(1, hello, 0, 30))), Out(record(22, fragment(1, hello, 30, n))),
		}, true},
		{"fragments in one datagram", []Piece{Out(record(22, fragment(1, hello, 0, 30)) + record(22, fragment(1, hello, 30, n)))}, true},
		{"second fragment never comes", []Piece{Out(record(22, fragment(1, hello, 0, 30)))}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(dtls.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.DTLS {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if !tt.found {
				if len(s.Observations) > 0 {
					t.Errorf("observations %+v", s.Observations)
				}
				return
			}
			if len(s.Observations) != 1 {
				t.Fatalf("observations %+v", s.Observations)
			}
			o := s.Observations[0].(observation.TLSClientHello)
			if o.Carrier != cordon.DTLS || o.ServerName != "meter.example.org" || o.Version != observation.DTLS12 || !strings.HasPrefix(o.JA4, "dd2d020200_") {
				t.Errorf("%+v", o)
			}
		})
	}
}

func TestAlert(t *testing.T) {
	s := Run(dtls.Dissector(), Out(whole(1, hello)), In(record(21, "\x02\x28")))
	want := observation.TLSAlert{Carrier: cordon.DTLS, Fatal: true, Description: 40}
	if len(s.Observations) != 2 || s.Observations[1] != observation.Observation(want) {
		t.Errorf("observations %+v", s.Observations)
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name, data string
		want       dissect.Verdict
	}{
		{"hello", whole(1, hello), dissect.Sure},
		{"data of a running connection", record(23, "abcdef"), dissect.Sure},
		{"something behind the record", record(23, "abcdef") + "xyz", dissect.NotMine},
		{"cut record", record(23, "abcdef")[:15], dissect.NotMine},
		{"fragment beyond its message", record(22, "\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x05abcde"), dissect.NotMine},
		{"version of TLS", "\x16\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01x", dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := dtls.Dissector().Probe(&dissect.Head{Data: []byte(tt.data)}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

// TestAgainstNDPI compares the flows that nDPI took for DTLS by their content.
// In one of them something unknown comes first, which nDPI waits for longer.
func TestAgainstNDPI(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{dtls.Dissector()}}
	flows, found, compared, equal := 0, 0, 0, 0
	for _, capture := range ndpitest.Captures(t) {
		want := map[ndpitest.Ends]ndpitest.Flow{}
		for _, f := range ndpitest.Results(t, capture) {
			if f.Protocol == "DTLS" && f.ByContent {
				want[f.Ends] = f
			}
		}
		if len(want) == 0 {
			continue
		}
		for _, s := range Replay(t, table, "ndpi", capture) {
			f, ok := want[ndpitest.EndsOf(&s.Flow)]
			if !ok {
				continue
			}
			flows++
			if s.Flow.Protocol == cordon.DTLS {
				found++
			}
			if f.Details["JA3C"] == "" {
				continue
			}
			compared++
			for _, o := range s.Observations {
				if hello, ok := o.(observation.TLSClientHello); ok && hello.JA3 == f.Details["JA3C"] {
					equal++
					break
				}
			}
		}
	}
	t.Logf("%d of %d flows, %d of %d fingerprints", found, flows, equal, compared)
	if found*20 < flows*19 || equal*14 < compared*13 {
		t.Errorf("%d of %d flows, %d of %d fingerprints", found, flows, equal, compared)
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, dtls.Dissector(),
		[]Piece{Out(whole(1, hello)), In(record(21, "\x02\x28"))},
		[]Piece{Out(record(22, fragment(1, hello, 0, 30)) + record(22, fragment(1, hello, 30, len(hello))))},
		[]Piece{Out(record(20, "\x01") + record(23, "abcdef"))},
	)
}
