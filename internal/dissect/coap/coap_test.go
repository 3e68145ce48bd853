package coap_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/coap"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/observation"
)

// option encodes a delta and a value of at most 268 bytes.
func option(delta byte, value string) string {
	if n := len(value); n >= 13 {
		return string([]byte{delta<<4 | 13, byte(n - 13)}) + value
	}
	return string([]byte{delta<<4 | byte(len(value))}) + value
}

const token = "\x42\x01\x12\x34\xaa\xbb" // confirmable GET, two bytes of token

var (
	get   = token + option(3, "lamp.local") + option(8, "sensors") + option(0, "temp")
	core  = "\x62\x45\x12\x34\xaa\xbb" + option(12, "\x28") + "\xff" + `</sensors/temp>;rt="temperature-c";if="sensor",</s,p>;title="a;b,c",</patient/0815>`
	found = []observation.CoAPResource{{Path: "/sensors/temp", Type: "temperature-c", Interface: "sensor"}}
)

func TestObservations(t *testing.T) {
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
		facts  []string
	}{
		{"request and answer", []Piece{Out(get), In("\x62\x45\x12\x34\xaa\xbb\xc0\xff21.5")},
			[]observation.Observation{
				observation.CoAPRequest{Method: observation.CoAPGet, Host: "lamp.local", Path: "/sensors/temp"},
				observation.CoAPResponse{Code: 0x45},
			}, []string{"receiver uri-host=lamp.local", "receiver uri-path=/sensors/temp"}},
		{"not found", []Piece{Out(get), In("\x62\x84\x12\x34\xaa\xbb")},
			[]observation.Observation{
				observation.CoAPRequest{Method: observation.CoAPGet, Host: "lamp.local", Path: "/sensors/temp"},
				observation.CoAPResponse{Code: 0x84, Format: -1},
			}, []string{"receiver uri-host=lamp.local", "receiver uri-path=/sensors/temp"}},
		{"registration of a device", []Piece{Out("\x40\x02\x00\x01" + option(11, "rd") + option(4, "ep=wearable-7") + option(0, "lt=300"))},
			[]observation.Observation{observation.CoAPRequest{Method: observation.CoAPPost, Path: "/rd", Endpoint: "wearable-7"}},
			[]string{"sender endpoint-name=wearable-7", "receiver uri-path=/rd"}},
		{"observe through a proxy", []Piece{Out("\x50\x01\x00\x01" + option(6, "") + "\xd9\x10coap://x/")},
			[]observation.Observation{observation.CoAPRequest{Method: observation.CoAPGet, Observe: true, Proxied: true}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(coap.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.CoAP {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
			if d := cmp.Diff(tt.facts, s.Facts); d != "" {
				t.Errorf("facts, -want +got:\n%s", d)
			}
		})
	}
}

func TestResources(t *testing.T) {
	s := Run(coap.Dissector(), Out("\x52\x01\x12\x34\xaa\xbb"+option(11, ".well-known")+option(0, "core")), In(core))
	links, ok := s.Observations[len(s.Observations)-1].(observation.CoAPLinks)
	if !ok || len(links.Resources) != 3 {
		t.Fatalf("observations %+v, want three links at the end", s.Observations)
	}
	if d := cmp.Diff(found, links.Resources[:1]); d != "" {
		t.Errorf("resources, -want +got:\n%s", d)
	}
	if p := links.Resources[2].Path; strings.Contains(p, "0815") {
		t.Errorf("a patient leaves the parser: %s", p)
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name, data string
		hint       bool
		want       dissect.Verdict
	}{
		{"on its port", get, true, dissect.Sure},
		{"elsewhere", get, false, dissect.Likely},
		{"acknowledgement on its port", "\x60\x00\x12\x34", true, dissect.Likely},
		{"acknowledgement elsewhere", "\x60\x00\x12\x34", false, dissect.More},
		{"unknown option", token + option(2, "x"), true, dissect.NotMine},
		{"option too long", token + option(4, "123456789"), true, dissect.NotMine},
		{"reserved code class", "\x40\x61\x12\x34", true, dissect.NotMine},
		{"mark without payload", get + "\xff", true, dissect.NotMine},
		{"other version", "\x80" + get[1:], true, dissect.NotMine},
		{"text", "MSEARCH", true, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := coap.Dissector().Probe(&dissect.Head{Data: []byte(tt.data), Hint: tt.hint}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpus(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{coap.Dissector()}}
	flows, requests := 0, 0
	for _, s := range Replay(t, table, "ndpi", "coap_mqtt.pcap") {
		if s.Flow.Protocol == cordon.CoAP {
			flows++
		}
		for _, o := range s.Observations {
			if _, ok := o.(observation.CoAPRequest); ok {
				requests++
			}
		}
	}
	if flows != 12 || requests == 0 {
		t.Errorf("%d flows with %d requests, want 12 flows", flows, requests)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	if n := Allocs(coap.Dissector(), Out(get), In("\x62\x45\x12\x34\xaa\xbb\xc1\x28\xff</sensors/temp>;rt=\"temperature-c\"")); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, coap.Dissector(),
		[]Piece{Out(get), In(core)},
		[]Piece{Out("\x40\x02\x00\x01" + option(11, "rd") + option(4, "ep=wearable-7")), In("\x62\x84\x12\x34\xaa\xbb")},
		[]Piece{Out("\x40\x01\x00\x01" + option(11, "patient") + option(0, "0815"))},
	)
}
