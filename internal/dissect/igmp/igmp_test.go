package igmp_test

import (
	"fmt"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/igmp"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

const mdns, ssdp = "\xe0\x00\x00\xfb", "\xef\xff\xff\xfa"

var (
	queryV1  = "\x11\x00\x00\x00\x00\x00\x00\x00"
	queryV2  = "\x11\x64\x00\x00" + ssdp
	queryV3  = "\x11\x64\x00\x00\x00\x00\x00\x00\x02\x7d\x00\x00"
	reportV1 = "\x12\x00\x00\x00" + mdns
	reportV2 = "\x16\x00\x00\x00" + mdns
	leave    = "\x17\x00\x00\x00" + mdns
	reportV3 = "\x22\x00\x00\x00\x00\x00\x00\x03" + "\x04\x00\x00\x00" + mdns + "\x03\x00\x00\x00" + ssdp + "\x05\x00\x00\x01\xe8\x01\x01\x01\xc0\xa8\x01\x01"
	short    = "\x22\x00\x00\x00\x00\x00\x00\x09" + "\x04\x00\x00\x00" + mdns + "\x04\x00\xff\xff" + ssdp
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ name, data, want string }{
		{"query of version 1", queryV1, "v1 query true  joined [] left [] facts [sender role=multicast-querier]"},
		{"query of version 2 for a group", queryV2, "v2 query true 239.255.255.250 joined [] left [] facts [sender role=multicast-querier]"},
		{"query of version 3", queryV3, "v3 query true  joined [] left [] facts [sender role=multicast-querier]"},
		{"report of version 1", reportV1, "v1 query false  joined [224.0.0.251] left [] facts [sender group=224.0.0.251]"},
		{"report of version 2", reportV2, "v2 query false  joined [224.0.0.251] left [] facts [sender group=224.0.0.251]"},
		{"leave", leave, "v2 query false  joined [] left [224.0.0.251] facts []"},
		{"report of version 3", reportV3, "v3 query false  joined [224.0.0.251 232.1.1.1] left [239.255.255.250] facts [sender group=224.0.0.251 sender group=232.1.1.1]"},
		{"more records stated than sent", short, "v3 query false  joined [224.0.0.251] left [] facts [sender group=224.0.0.251]"},
		{"another type", "\x13\x00\x00\x00" + mdns, ""},
		{"cut", reportV2[:6], ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &dissecttest.Seen{Flow: flow.Flow{Proto: packet.ProtoIGMP}}
			e := dissect.NewEngine(dissect.Config{}, dissect.Table{Flows: []dissect.Dissector{igmp.Dissector()}}, s.Add)
			e.Payload(&s.Flow, flow.Out, []byte(tc.data), 1)
			got := ""
			for _, o := range s.Observations {
				g := o.(observation.Groups)
				got += fmt.Sprintf("v%d query %v %s joined %v left %v facts %v", g.Version, g.Query, g.Asked, g.Joined, g.Left, s.Facts)
			}
			if got != tc.want || s.Flow.Protocol != cordon.IGMP {
				t.Errorf("%s\ngot  %s\nwant %s", s.Flow.Protocol, got, tc.want)
			}
		})
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p, data := igmp.Dissector().New(), []byte(reportV3)
	if n := testing.AllocsPerRun(500, func() { p.Parse(c, data) }); n != 0 {
		t.Errorf("%v allocations a message, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	var seeds [][]dissecttest.Piece
	for _, m := range []string{queryV1, queryV2, queryV3, reportV1, reportV2, leave, reportV3, short} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, igmp.Dissector(), seeds...)
}
