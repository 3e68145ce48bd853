package syslog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/syslog"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

const (
	oldForm = "<34>Oct 11 22:14:15 pump-gw sshd[4711]: Failed password for root"
	noHost  = "<13>Feb  5 17:32:18 dropbear: exit"
	newForm = "<165>1 2003-10-11T22:14:15.003Z pacs-1.clinic archive 8710 ID47 [x@32473 a=\"1\"] stored"
	noNames = "<165>1 - - - - - - stored"
	dated   = "<167>2016-05-24T09:50:52.926451+02:00 ldap01 slapd[4534]: conn=1"
	bare    = "<30>%LINK-3-UPDOWN: Interface Gi1/0/7, changed state to up"
)

func TestFacts(t *testing.T) {
	d := syslog.Dissector()
	d.Over = dissect.OverUDP
	for _, tc := range []struct {
		name, data string
		want       []string
	}{
		{"old form", oldForm, []string{"sender hostname=pump-gw", "sender app=sshd"}},
		{"old form without a host", noHost, []string{"sender app=dropbear"}},
		{"new form", newForm, []string{"sender hostname=pacs-1.clinic", "sender app=archive"}},
		{"new form without names", noNames, nil},
		{"old form with a date", dated, []string{"sender hostname=ldap01", "sender app=slapd"}},
		{"neither", bare, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen := dissecttest.Run(d, dissecttest.Out(tc.data))
			if seen.Flow.Protocol != cordon.Syslog || !slices.Equal(seen.Facts, tc.want) {
				t.Errorf("%s with facts %q, want syslog with %q", seen.Flow.Protocol, seen.Facts, tc.want)
			}
		})
	}
	seen := dissecttest.Run(d, dissecttest.Out(oldForm))
	if o := seen.Observations[0].(observation.Syslog); o.Facility != 4 || o.Severity != 2 || o.Structured {
		t.Errorf("read as %+v", o)
	}
}

func TestStream(t *testing.T) {
	for name, stream := range map[string]string{
		"lines":   oldForm + "\n" + newForm + "\n",
		"counted": fmt.Sprintf("%d %s%d %s", len(oldForm), oldForm, len(newForm), newForm),
	} {
		t.Run(name, func(t *testing.T) {
			seen := dissecttest.Run(syslog.Dissector(), dissecttest.Out(stream[:3]), dissecttest.Out(stream[3:40]), dissecttest.Out(stream[40:]))
			if len(seen.Observations) != 2 {
				t.Errorf("%d observations, want 2", len(seen.Observations))
			}
		})
	}
}

func TestProbe(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		proto      uint8
		hint       bool
		want       dissect.Verdict
	}{
		{"new form elsewhere", newForm, packet.ProtoUDP, false, dissect.Sure},
		{"bare", bare, packet.ProtoUDP, true, dissect.Likely},
		{"bare elsewhere", bare, packet.ProtoUDP, false, dissect.NotMine},
		{"priority too high", "<192>Oct 11 22:14:15 a b: c", packet.ProtoUDP, true, dissect.NotMine},
		{"XML", "<?xml version='1.0'?>", packet.ProtoUDP, true, dissect.NotMine},
		{"remote shell", "1022\x00root\x00root\x00ls\x00", packet.ProtoTCP, true, dissect.NotMine},
		{"start of a stream", "<3", packet.ProtoTCP, true, dissect.More},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := &dissect.Head{Data: []byte(tc.data), Hint: tc.hint, Flow: &flow.Flow{Proto: tc.proto}}
			if got := syslog.Dissector().Probe(h); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

// TestMidway: the stream of this capture began before it.
func TestMidway(t *testing.T) {
	for _, s := range dissecttest.Replay(t, dissect.Table{Flows: []dissect.Dissector{syslog.Dissector()}}, "ndpi", "rsh-syslog-false-positive.pcap") {
		if s.Flow.Protocol != cordon.Syslog || !slices.Contains(s.Facts, "sender hostname=ldap01") {
			t.Errorf("%s with facts %q, want syslog of ldap01", s.Flow.Protocol, s.Facts)
		}
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p, data := syslog.Dissector().New(), []byte(newForm)
	if n := testing.AllocsPerRun(500, func() { p.Parse(c, data) }); n != 0 {
		t.Errorf("%v allocations for a repeated message, want none", n)
	}
}

func FuzzDatagram(f *testing.F) {
	d := syslog.Dissector()
	d.Over = dissect.OverUDP
	var seeds [][]dissecttest.Piece
	for _, m := range []string{oldForm, noHost, newForm, noNames, dated, bare} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, d, seeds...)
}

func FuzzStream(f *testing.F) {
	lines := strings.Join([]string{oldForm, newForm, bare, ""}, "\n")
	dissecttest.Fuzzer(f, syslog.Dissector(), []dissecttest.Piece{dissecttest.Out(lines), dissecttest.In(fmt.Sprintf("%d %s", len(newForm), newForm))})
}
