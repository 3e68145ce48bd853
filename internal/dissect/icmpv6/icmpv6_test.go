package icmpv6_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/icmpv6"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

const (
	zeros  = "\x00\x00\x00\x00\x00\x00\x00\x00"
	site   = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	local  = "\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	group  = "\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	snoop  = "\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\xff\x00\x00\x05"
	source = "\x01\x01\x02\x03\x04\x05\x06\x07"
	target = "\x02\x01\x02\x03\x04\x05\x06\x08"
)

var (
	solicit   = "\x87\x00\x00\x00\x00\x00\x00\x00" + local + "\x01" + source
	tentative = "\x87\x00\x00\x00\x00\x00\x00\x00" + local + "\x07"
	advert    = "\x88\x00\x00\x00\xe0\x00\x00\x00" + local + "\x01" + target
	routerSol = "\x85\x00\x00\x00\x00\x00\x00\x00" + source
	routerAd  = "\x86\x00\x00\x00\x40\xc0\x07\x08" + zeros + source +
		"\x03\x04\x40\xc0" + zeros + "\x00\x00\x00\x00" + site + "\x00" +
		"\x05\x01\x00\x00\x00\x00\x05\xdc" +
		"\x19\x03\x00\x00\x00\x00\x0e\x10" + site + "\x35" +
		"\x1f\x03\x00\x00\x00\x00\x0e\x10\x06clinic\x07example\x00"
	redirect = "\x89\x00\x00\x00\x00\x00\x00\x00" + local + "\x09" + site + "\x08" + target
	endless  = "\x88\x00\x00\x00\x20\x00\x00\x00" + local + "\x01" + "\x02\x00\x02\x03\x04\x05\x06\x08"
	report   = "\x83\x00\x00\x00\x00\x00\x00\x00" + group + "\xfb"
	done     = "\x84\x00\x00\x00\x00\x00\x00\x00" + group + "\xfb"
	query    = "\x82\x00\x00\x00\x27\x10\x00\x00" + zeros + zeros + "\x02\x7d\x00\x00"
	reportV2 = "\x8f\x00\x00\x00\x00\x00\x00\x03\x04\x00\x00\x00" + group + "\xfb\x04\x00\x00\x00" + snoop + "\x03\x00\x00\x00" + group + "\x0c"
	echo     = "\x80\x00\x00\x00\x00\x01\x00\x02abcdefghijklmnopqrstuvwabcdefghi"
	closed   = "\x01\x04\x00\x00\x00\x00\x00\x00\x60\x00\x00\x00\x00\x10\x11\x40" + site + "\x01" + site + "\x02\xc0\x01\x00\x35"
)

// shown runs one message of fe80::5 with the hop limit and returns its facts,
// then its bindings.
func shown(data string, ttl uint8) ([]string, []observation.Observation) {
	var lines []string
	seen := &dissecttest.Seen{Flow: flow.Flow{Proto: packet.ProtoICMPv6, TTLs: [2]uint8{ttl}, Src: netid.Addr([]byte(local + "\x05"))}}
	e := dissect.NewEngine(dissect.Config{}, dissect.Table{Flows: []dissect.Dissector{icmpv6.Dissector()}}, func(e *dissect.Event) {
		seen.Add(e)
		lines = append(lines, seen.Facts...)
		if b, ok := e.Observation.(observation.Binder); ok {
			b.Bindings(func(b observation.Binding) { lines = append(lines, fmt.Sprintf("binds %s %s", b.MAC, b.IP)) })
		}
	})
	e.Payload(&seen.Flow, flow.Out, []byte(data), 1)
	return lines, seen.Observations
}

func TestFactsAndBindings(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		ttl        uint8
		want       []string
	}{
		{"solicitation", solicit, 255, []string{"binds 02:03:04:05:06:07 fe80::5"}},
		{"solicitation through a router", solicit, 64, nil},
		{"duplicate address detection", tentative, 255, nil},
		{"advertisement of a router", advert, 255, []string{"sender role=router", "binds 02:03:04:05:06:08 fe80::1"}},
		{"router solicitation", routerSol, 255, []string{"binds 02:03:04:05:06:07 fe80::5"}},
		{"router advertisement", routerAd, 255, []string{"sender role=router", "binds 02:03:04:05:06:07 fe80::5"}},
		{"redirect binds nobody", redirect, 255, nil},
		{"option without a length", endless, 255, nil},
		{"report", report, 1, []string{"sender group=ff02::fb"}},
		{"done", done, 1, nil},
		{"query", query, 1, []string{"sender role=multicast-querier"}},
		{"report of version 2", reportV2, 1, []string{"sender group=ff02::fb"}},
		{"echo", echo, 64, []string{"sender echo-style=windows"}},
		{"unreachable", closed, 64, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, _ := shown(tc.data, tc.ttl); !slices.Equal(got, tc.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tc.want, "\n  "))
			}
		})
	}
}

func TestObservations(t *testing.T) {
	_, o := shown(routerAd, 255)
	ra := o[0].(observation.NDP)
	if ra.Lifetime != 1800 || !ra.Managed || !ra.Other || ra.MTU != 1500 || ra.HopLimit != 64 ||
		len(ra.Prefixes) != 1 || ra.Prefixes[0].Bits != 64 || !ra.Prefixes[0].Autonomous ||
		len(ra.NameServers) != 1 || ra.NameServers[0].String() != "2001:db8::35" || !slices.Equal(ra.Domains, []string{"clinic.example"}) {
		t.Errorf("router advertisement read as %+v", ra)
	}
	_, o = shown(advert, 255)
	if na := o[0].(observation.NDP); !na.Router || !na.Solicited || !na.Override || na.Target.String() != "fe80::1" {
		t.Errorf("advertisement read as %+v", na)
	}
	_, o = shown(closed, 64)
	if e := o[0].(observation.ICMP); e.Carrier != cordon.ICMPv6 || e.About.DstPort != 53 || e.About.Dst.String() != "2001:db8::2" {
		t.Errorf("error read as %+v", e)
	}
	_, o = shown(reportV2, 1)
	if g := o[0].(observation.Groups); g.Version != 2 || len(g.Joined) != 2 || len(g.Left) != 1 {
		t.Errorf("report read as %+v", g)
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p := icmpv6.Dissector().New()
	for _, m := range []string{routerAd, solicit, reportV2, closed} {
		data := []byte(m)
		if n := testing.AllocsPerRun(500, func() { p.Parse(c, data) }); n != 0 {
			t.Errorf("%v allocations a message, want none", n)
		}
	}
}

func FuzzParse(f *testing.F) {
	var seeds [][]dissecttest.Piece
	for _, m := range []string{solicit, tentative, advert, routerSol, routerAd, redirect, endless, report, done, query, reportV2, echo, closed} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, icmpv6.Dissector(), seeds...)
}
