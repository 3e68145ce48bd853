package slp_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/slp"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
)

func str(s string) string { return string(binary.BigEndian.AppendUint16(nil, uint16(len(s)))) + s }

func message(function byte, body string) string {
	n := 16 + len(body)
	return string([]byte{2, function, byte(n >> 16), byte(n >> 8), byte(n), 0, 0, 0, 0, 0, 0x12, 0x34}) + str("en") + body
}

var (
	request   = message(1, str("")+str("service:printer")+str("DEFAULT")+str("")+str(""))
	reply     = message(2, "\x00\x00\x00\x01"+"\x00\xff\xff"+str("service:printer:lpr://192.168.1.20/q")+"\x00")
	attribute = message(7, "\x00\x00"+str("(printer-model=HP LaserJet),(printer-location=Ward 3)")+"\x00")
	directory = message(8, "\x00\x00\x00\x00\x00\x01"+str("service:directory-agent://192.168.1.9")+str("DEFAULT")+str("")+str("")+"\x00")
	advert    = message(11, str("service:service-agent://192.168.1.20")+str("DEFAULT")+str("(x=1)")+"\x00")
	types     = message(10, "\x00\x00"+str("service:wbem:https,service:VMwareInfrastructure"))
	register  = message(3, "\x00\xff\xff"+str("service:x://h")+"\x01\x00\x02\x00\x06zz"+str("service:x")+str("DEFAULT")+str("(a=b)")+"\x00")
	version1  = "\x01\x01\x00\x12\x00\x00en\x00\x03\x12\x34" + "\x00\x00\x00\x00\x00\x00"
)

func TestFacts(t *testing.T) {
	d := slp.Dissector()
	d.Over = dissect.OverUDP
	for _, tc := range []struct {
		name, data string
		want       []string
	}{
		{"request", request, []string{"sender search-type=service:printer"}},
		{"reply", reply, []string{"sender service-url=service:printer:lpr://192.168.1.20/q", "sender service=service:printer:lpr"}},
		{"attributes", attribute, []string{"sender attributes=(printer-model=HP LaserJet),(printer-location=Ward 3)"}},
		{"directory agent", directory, []string{"sender role=directory-agent"}},
		{"service agent", advert, []string{"sender service-url=service:service-agent://192.168.1.20", "sender service=service:service-agent", "sender attributes=(x=1)"}},
		{"types", types, []string{"sender service-types=service:wbem:https,service:VMwareInfrastructure"}},
		{"registration with a signature", register, []string{"sender service-url=service:x://h", "sender service=service:x", "sender attributes=(a=b)"}},
		{"version 1", version1, nil},
		{"cut", reply[:30], nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen := dissecttest.Run(d, dissecttest.Out(tc.data))
			if seen.Flow.Protocol != cordon.SLP || !slices.Equal(seen.Facts, tc.want) {
				t.Errorf("%s with facts %q, want slp with %q", seen.Flow.Protocol, seen.Facts, tc.want)
			}
		})
	}
}

func TestStream(t *testing.T) {
	both := request + reply
	seen := dissecttest.Run(slp.Dissector(), dissecttest.Out(both[:3]), dissecttest.Out(both[3:40]), dissecttest.Out(both[40:]))
	if len(seen.Observations) != 2 {
		t.Errorf("%d observations, want 2", len(seen.Observations))
	}
}

func TestProbe(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		hint       bool
		want       dissect.Verdict
	}{
		{"on its port", request, true, dissect.Sure},
		{"elsewhere", request, false, dissect.Likely},
		{"padded elsewhere", request + "x", false, dissect.NotMine},
		{"version 1", version1, true, dissect.Sure},
		{"text", strings.Repeat("\x02text ", 9), true, dissect.NotMine},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := &dissect.Head{Data: []byte(tc.data), Hint: tc.hint, Flow: &flow.Flow{Proto: packet.ProtoUDP}}
			if got := slp.Dissector().Probe(h); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

func FuzzDatagram(f *testing.F) {
	d := slp.Dissector()
	d.Over = dissect.OverUDP
	var seeds [][]dissecttest.Piece
	for _, m := range []string{request, reply, attribute, directory, advert, types, register, version1} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, d, seeds...)
}

func FuzzStream(f *testing.F) {
	dissecttest.Fuzzer(f, slp.Dissector(), []dissecttest.Piece{dissecttest.Out(request + request), dissecttest.In(reply + types)})
}
