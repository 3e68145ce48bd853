package icmp_test

import (
	"slices"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/icmp"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

func counting(from, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(from + i)
	}
	return string(b)
}

const (
	quoted = "\x45\x00\x00\x3c\x00\x00\x00\x00\x40\x11\x00\x00\xc0\xa8\x01\x14\xc0\xa8\x01\x01" + "\xc0\x01\x00\x35\x00\x28\x00\x00"
)

var (
	windows  = "\x08\x00\x00\x00\x00\x01\x00\x07abcdefghijklmnopqrstuvwabcdefghi"
	unix     = "\x08\x00\x00\x00\x12\x34\x00\x01" + "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10" + counting(16, 40)
	reply    = "\x00\x00\x00\x00\x12\x34\x00\x01payload"
	closed   = "\x03\x03\x00\x00\x00\x00\x00\x00" + quoted
	redirect = "\x05\x01\x00\x00\xc0\xa8\x01\xfe" + quoted
	router   = "\x09\x00\x00\x00\x01\x02\x07\x08\xc0\xa8\x01\x01\x00\x00\x00\x00"
)

// run feeds one message to a flow of ICMP.
func run(data string) *dissecttest.Seen {
	s := &dissecttest.Seen{Flow: flow.Flow{Proto: packet.ProtoICMP}}
	e := dissect.NewEngine(dissect.Config{}, dissect.Table{Flows: []dissect.Dissector{icmp.Dissector()}}, s.Add)
	e.Payload(&s.Flow, flow.Out, []byte(data), 1)
	return s
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		facts      []string
		check      func(o observation.ICMP) bool
	}{
		{"ping of Windows", windows, []string{"sender echo-style=windows"}, func(o observation.ICMP) bool { return o.ID == 1 && o.Sequence == 7 && o.Size == 40 }},
		{"ping of Unix", unix, []string{"sender echo-style=unix"}, nil},
		{"reply", reply, nil, func(o observation.ICMP) bool { return o.Type == observation.ICMPEchoReply && o.ID == 0x1234 }},
		{"port unreachable", closed, nil, func(o observation.ICMP) bool {
			return o.Code == 3 && o.About.Proto == packet.ProtoUDP && o.About.Src.String() == "192.168.1.20" && o.About.DstPort == 53
		}},
		{"cut quote", closed[:20], nil, func(o observation.ICMP) bool { return o.About == observation.ICMPQuote{Proto: packet.ProtoUDP} }},
		{"redirect", redirect, nil, func(o observation.ICMP) bool {
			return o.Gateway.String() == "192.168.1.254" && o.About.SrcPort == 0xc001
		}},
		{"router advertisement", router, []string{"sender role=router"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen := run(tc.data)
			if seen.Flow.Protocol != cordon.ICMP || len(seen.Observations) != 1 {
				t.Fatalf("%s with %d observations", seen.Flow.Protocol, len(seen.Observations))
			}
			if !slices.Equal(seen.Facts, tc.facts) {
				t.Errorf("facts %q, want %q", seen.Facts, tc.facts)
			}
			if o := seen.Observations[0].(observation.ICMP); tc.check != nil && !tc.check(o) {
				t.Errorf("read as %+v", o)
			}
		})
	}
	if seen := run("\x08\x00\x00"); len(seen.Observations) != 0 || seen.Flow.Protocol != cordon.ICMP {
		t.Errorf("a cut header is ICMP without an observation, got %s %+v", seen.Flow.Protocol, seen.Observations)
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p, data := icmp.Dissector().New(), []byte(closed)
	if n := testing.AllocsPerRun(500, func() { p.Parse(c, data) }); n != 0 {
		t.Errorf("%v allocations a message, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	var seeds [][]dissecttest.Piece
	for _, m := range []string{windows, unix, reply, closed, redirect, router} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, icmp.Dissector(), seeds...)
}
