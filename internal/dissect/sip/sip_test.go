package sip_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/sip"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

func lines(l ...string) string { return strings.Join(append(l, "", ""), "\r\n") }

var (
	register = lines("REGISTER sip:pbx.clinic SIP/2.0", "Via: SIP/2.0/UDP 192.168.1.20", `From: "Ward 3" <sip:2303@pbx.clinic;user=phone>;tag=1`,
		"To: <sip:2303@pbx.clinic>", "CSeq: 1 REGISTER", "User-Agent: Ascom i62/6.1.8", "Authorization: Digest username=2303", "Content-Length: 0")
	ok     = lines("SIP/2.0 200 OK", "f: sip:2303@pbx.clinic;tag=1", "CSeq: 1 REGISTER", "Server: Asterisk PBX 18.9", "l: 0")
	invite = lines("INVITE sip:2304@pbx.clinic SIP/2.0", "m: <sip:2303@192.168.1.20:5060>", "Content-Length: 5") + "v=0\r\n"
	basic  = lines("MESSAGE sip:a@b SIP/2.0", "Proxy-Authorization: Basic Zm9vOmJhcg==")
)

func TestParse(t *testing.T) {
	d := sip.Dissector()
	d.Over = dissect.OverUDP
	for _, tc := range []struct {
		name, data string
		facts      []string
		check      func(o observation.SIP) bool
	}{
		{"register", register, []string{"sender user-agent=Ascom i62/6.1.8", "sender registers=sip:2303@pbx.clinic"},
			func(o observation.SIP) bool { return o.Method == "REGISTER" && !o.ClearText() }},
		{"response", ok, []string{"sender server=Asterisk PBX 18.9"},
			func(o observation.SIP) bool {
				return o.Status == 200 && o.Method == "REGISTER" && o.From == "sip:2303@pbx.clinic"
			}},
		{"invite", invite, nil, func(o observation.SIP) bool { return o.Contact == "sip:2303@192.168.1.20:5060" }},
		{"password in the clear", basic, nil, func(o observation.SIP) bool { return o.ClearText() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen := dissecttest.Run(d, dissecttest.Out(tc.data))
			if seen.Flow.Protocol != cordon.SIP || len(seen.Observations) != 1 || !slices.Equal(seen.Facts, tc.facts) {
				t.Fatalf("%s with %d observations and facts %q, want sip with %q", seen.Flow.Protocol, len(seen.Observations), seen.Facts, tc.facts)
			}
			if o := seen.Observations[0].(observation.SIP); !tc.check(o) {
				t.Errorf("read as %+v", o)
			}
		})
	}
}

func TestStream(t *testing.T) {
	all := "\r\n\r\n" + register + invite + "\x00" + register
	seen := dissecttest.Run(sip.Dissector(), dissecttest.Out(all[:4]), dissecttest.Out(all[4:9]), dissecttest.Out(all[9:400]), dissecttest.Out(all[400:]), dissecttest.In(ok))
	if len(seen.Observations) != 4 {
		t.Errorf("%d observations, want 4", len(seen.Observations))
	}
}

func TestProbe(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		proto      uint8
		hint       bool
		want       dissect.Verdict
	}{
		{"elsewhere", register, packet.ProtoUDP, false, dissect.Sure},
		{"keep-alive on its port", "\r\n\r\n", packet.ProtoUDP, true, dissect.More},
		{"start of a stream", "REGIS", packet.ProtoTCP, false, dissect.More},
		{"HTTP", "OPTIONS /index HTTP/1.1\r\n\r\n", packet.ProtoTCP, false, dissect.NotMine},
		{"UPnP", "NOTIFY * HTTP/1.1\r\n", packet.ProtoUDP, true, dissect.NotMine},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := &dissect.Head{Data: []byte(tc.data), Hint: tc.hint, Flow: &flow.Flow{Proto: tc.proto}}
			if got := sip.Dissector().Probe(h); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p, data := sip.Dissector().New(), []byte(register)
	if n := testing.AllocsPerRun(500, func() { p.Parse(c, data) }); n != 0 {
		t.Errorf("%v allocations for a repeated message, want none", n)
	}
}

func FuzzDatagram(f *testing.F) {
	d := sip.Dissector()
	d.Over = dissect.OverUDP
	var seeds [][]dissecttest.Piece
	for _, m := range []string{register, ok, invite, basic} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, d, seeds...)
}

func FuzzStream(f *testing.F) {
	dissecttest.Fuzzer(f, sip.Dissector(), []dissecttest.Piece{dissecttest.Out(register + invite + basic), dissecttest.In("\r\n\r\n" + ok)})
}
