package radius_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/radius"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

func attr(kind byte, body string) string { return string([]byte{kind, byte(len(body) + 2)}) + body }

func message(code byte, attributes ...string) []byte {
	body := strings.Join(attributes, "")
	b := binary.BigEndian.AppendUint16([]byte{code, 7}, uint16(20+len(body)))
	return append(append(b, make([]byte, 16)...), body...)
}

var (
	request = message(1, attr(1, "0203040506aa"), attr(2, strings.Repeat("\x99", 16)), attr(4, "\xc0\xa8\x01\xfa"), attr(5, "\x00\x00\xc3\x51"),
		attr(30, "AA-BB-CC-00-11-22:clinic-iot"), attr(31, "02-03-04-05-06-aa"), attr(32, "sw-ward3"), attr(79, "\x02\x00\x00\x05\x01"), attr(80, strings.Repeat("\x01", 16)), attr(87, "Gi1/0/7"))
	accept     = message(2, attr(81, "\x01120"), attr(11, "ward-devices"))
	accounting = message(4, attr(40, "\x00\x00\x00\x01"), attr(31, "0203.0405.06aa"), attr(8, "\xc0\xa8\x01\x14"), attr(5, "\x00\x00\x00\x07"))
	phone      = message(1, attr(1, "staff"), attr(31, "+15551234567"))
	broken     = append(message(1, attr(1, "x")), 1)
	badLength  = message(1, attr(1, "staff"), "\x1f\x01")
)

func shown(data []byte) (lines []string, o []observation.Observation) {
	seen := &dissecttest.Seen{}
	e := dissect.NewEngine(dissect.Config{}, dissect.Table{Flows: []dissect.Dissector{radius.Dissector()}}, func(e *dissect.Event) {
		seen.Add(e)
		lines = append(lines, seen.Facts...)
		e.Observation.(observation.Binder).Bindings(func(b observation.Binding) {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("binds %s %s", b.MAC, b.IP)))
		})
	})
	e.Payload(&flow.Flow{Proto: packet.ProtoUDP, SrcPort: 50000, DstPort: 1812}, flow.Out, data, 1)
	return lines, seen.Observations
}

func TestFactsAndBindings(t *testing.T) {
	for _, tc := range []struct {
		name string
		data []byte
		want []string
	}{
		{"request", request, []string{"sender nas-identifier=sw-ward3", "sender role=network-access-server", "bound nas-port=Gi1/0/7", "bound ssid=clinic-iot", "binds 02:03:04:05:06:aa"}},
		{"accept", accept, nil},
		{"accounting", accounting, []string{"sender role=network-access-server", "bound nas-port=7", "binds 02:03:04:05:06:aa 192.168.1.20"}},
		{"station that is no MAC", phone, []string{"sender role=network-access-server"}},
		{"attribute that ends too early", badLength, []string{"sender role=network-access-server"}},
		{"cut", request[:len(request)-1], nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, _ := shown(tc.data); !slices.Equal(got, tc.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tc.want, "\n  "))
			}
		})
	}
	_, o := shown(request)
	if r := o[0].(observation.RADIUS); r.User != "0203040506aa" || !r.EAP || !r.Authenticator || r.NASIP.String() != "192.168.1.250" {
		t.Errorf("request read as %+v", r)
	}
	_, o = shown(accept)
	if r := o[0].(observation.RADIUS); r.VLAN != "120" || r.Filter != "ward-devices" || r.Authenticator {
		t.Errorf("accept read as %+v", r)
	}
}

func TestProbe(t *testing.T) {
	for _, tc := range []struct {
		name string
		data []byte
		hint bool
		want dissect.Verdict
	}{
		{"request", request, true, dissect.Sure},
		{"request elsewhere", request, false, dissect.Likely},
		{"short packet elsewhere", accept, false, dissect.NotMine},
		{"padded elsewhere", broken, false, dissect.NotMine},
		{"bad attribute", badLength, true, dissect.Likely},
		{"text", []byte(strings.Repeat("not RADIUS", 5)), true, dissect.NotMine},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := radius.Dissector().Probe(&dissect.Head{Data: tc.data, Hint: tc.hint}); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

func TestFalsePositive(t *testing.T) {
	for _, s := range dissecttest.Replay(t, dissect.Table{Flows: []dissect.Dissector{radius.Dissector()}}, "ndpi", "radius_false_positive.pcapng") {
		if s.Flow.Protocol == cordon.RADIUS {
			t.Errorf("%s → %s is not RADIUS", s.Flow.SrcAddrPort(), s.Flow.DstAddrPort())
		}
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p := radius.Dissector().New()
	if n := testing.AllocsPerRun(500, func() { p.Parse(c, request); p.Parse(c, accept) }); n != 0 {
		t.Errorf("%v allocations for repeated packets, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	var seeds [][]dissecttest.Piece
	for _, m := range [][]byte{request, accept, accounting, phone, broken, badLength} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, radius.Dissector(), seeds...)
}
