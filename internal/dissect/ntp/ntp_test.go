package ntp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/ntp"
	"github.com/cordonhq/cordon/internal/observation"
)

var (
	zeros     = strings.Repeat("\x00", 8)
	stamp     = "\xe8\x00\x00\x00\x12\x34\x56\x78"
	simple    = "\x23\x00\x00\x00" + zeros + "\x00\x00\x00\x00" + zeros + zeros + zeros + stamp
	windows   = "\xdb\x00\x11\xe9" + "\x00\x00\x00\x00\x00\x01\x03\xfe" + "\x00\x00\x00\x00" + zeros + zeros + zeros + stamp
	stratum1  = "\x24\x01\x03\xec" + zeros + "GPS\x00" + stamp + stamp + stamp + stamp
	stratum3  = "\x1c\x03\x03\xec" + zeros + "\xc0\xa8\x01\x01" + stamp + stamp + stamp + stamp
	variables = "\x16\x82\x00\x01\x06\x15\x00\x00\x00\x00\x00\x60" +
		`version="ntpd 4.2.6p5@1.2349-o", processor="armv7l", system="Linux/4.1.15", leap=0`
	monlist  = "\x17\x00\x03\x2a" + strings.Repeat("\x00", 4)
	version1 = "\x08\x00\x00\x00" + zeros + "\x00\x00\x00\x00" + zeros + zeros + zeros + stamp
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		facts      []string
		check      func(o observation.NTP) bool
	}{
		{"simple client", simple, []string{"sender client-shape=4/0/0/0/0/t", "sender client=sntp"},
			func(o observation.NTP) bool { return o.Version == 4 && o.Simple }},
		{"Windows", windows, []string{"sender client-shape=3/3/0/17/-23/t", "sender client=ntp"}, nil},
		{"server with a clock", stratum1, []string{"sender stratum=1", "sender reference=GPS"},
			func(o observation.NTP) bool { return o.Mode == observation.NTPServer && o.ReferenceIP.IsZero() }},
		{"server that follows", stratum3, []string{"sender stratum=3"},
			func(o observation.NTP) bool { return o.Version == 3 && o.ReferenceIP.String() == "192.168.1.1" }},
		{"variables", variables, []string{"sender version=ntpd 4.2.6p5@1.2349-o", "sender system=Linux/4.1.15", "sender processor=armv7l"},
			func(o observation.NTP) bool { return o.Response && o.Opcode == 2 }},
		{"monitor list", monlist, nil, func(o observation.NTP) bool { return o.Mode == observation.NTPPrivate && o.Opcode == 42 && !o.Response }},
		{"version 1", version1, []string{"sender client-shape=1/0/0/0/0/t", "sender client=sntp"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen := dissecttest.Run(ntp.Dissector(), dissecttest.Out(tc.data))
			if len(seen.Observations) != 1 {
				t.Fatalf("%d observations, want 1", len(seen.Observations))
			}
			if !slices.Equal(seen.Facts, tc.facts) {
				t.Errorf("facts %q, want %q", seen.Facts, tc.facts)
			}
			if o := seen.Observations[0].(observation.NTP); tc.check != nil && !tc.check(o) {
				t.Errorf("read as %+v", o)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		hint       bool
		want       dissect.Verdict
	}{
		{"client", simple, true, dissect.Sure},
		{"on another port", simple, false, dissect.NotMine},
		{"short", simple[:40], true, dissect.NotMine},
		{"with authentication", simple + strings.Repeat("\x01", 20), true, dissect.Sure},
		{"version 0", "\x03" + simple[1:], true, dissect.NotMine},
		{"text", strings.Repeat("GET / HTTP/1.1\r\n", 4), true, dissect.NotMine},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := ntp.Dissector().Probe(&dissect.Head{Data: []byte(tc.data), Hint: tc.hint}); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p, data := ntp.Dissector().New(), []byte(windows)
	if n := testing.AllocsPerRun(500, func() { p.Parse(c, data) }); n != 0 {
		t.Errorf("%v allocations for a repeated packet, want none", n)
	}
}

func TestCaptures(t *testing.T) {
	for name, version := range map[string]uint8{"NTPv2.pcap": 2, "NTPv4.pcap": 4} {
		for _, seen := range dissecttest.Replay(t, dissect.Table{Flows: []dissect.Dissector{ntp.Dissector()}}, "ndpi", name) {
			if seen.Flow.Protocol != cordon.NTP || len(seen.Observations) == 0 || seen.Observations[0].(observation.NTP).Version != version {
				t.Errorf("%s: %s with %+v, want ntp of version %d", name, seen.Flow.Protocol, seen.Observations, version)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	var seeds [][]dissecttest.Piece
	for _, m := range []string{simple, windows, stratum1, stratum3, variables, monlist, version1} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, ntp.Dissector(), seeds...)
}
