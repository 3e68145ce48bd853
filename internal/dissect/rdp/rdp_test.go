package rdp_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/rdp"
	"github.com/cordonhq/cordon/internal/observation"
)

func le16(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

// tpkt wraps a TPDU.
func tpkt(tpdu string) string {
	n := len(tpdu) + 4
	return "\x03\x00" + string([]byte{byte(n >> 8), byte(n)}) + tpdu
}

// connect makes a request or confirm.
func connect(code byte, variable string) string {
	return tpkt(string([]byte{byte(6 + len(variable)), code}) + "\x00\x00\x12\x34\x00" + variable)
}

func negotiation(kind byte, value int) string { return string([]byte{kind, 0}) + le16(8) + le32(value) }

func wide(s string, n int) (b string) {
	for _, c := range s {
		b += le16(int(c))
	}
	return b + strings.Repeat("\x00", n-len(b))
}

// initial is a Connect-Initial with the client's blocks.
func initial() string {
	core := le32(0x00080004) + le16(1280) + le16(800) + le16(0xca01) + le16(0xaa03) + le32(0x0407) + le32(7601) + wide("NURSE-PC", 32) + le32(4)
	network := le32(2) + "rdpdr\x00\x00\x00" + le32(0) + "cliprdr\x00" + le32(0)
	blocks := le16(0xc001) + le16(len(core)+4) + core + le16(0xc003) + le16(len(network)+4) + network
	gcc := strings.Repeat("g", 40) + "Duca" + string([]byte{0x80 | byte(len(blocks)>>8), byte(len(blocks))}) + blocks
	return tpkt("\x02\xf0\x80" + "\x7f\x65\x82" + string([]byte{byte(len(gcc) >> 8), byte(len(gcc))}) + gcc)
}

var (
	withCookie = connect(0xe0, "Cookie: mstshash=Nurse\r\n"+negotiation(1, 3))
	nurse      = dissect.NewContext(nil, nil).Pseudonym([]byte("nurse"))
)

func TestObservations(t *testing.T) {
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"TLS", []Piece{Out(withCookie), In(connect(0xd0, negotiation(2, 1))), Out("\x15\x03\x01\x00\x02\x02\x28")}, []observation.Observation{
			observation.RDPRequest{User: nurse, Protocols: 3}, observation.RDPResponse{Selected: 1},
			observation.TLSAlert{Carrier: cordon.TLS, Fatal: true, Description: 40},
		}},
		{"own security", []Piece{Out(connect(0xe0, "Cookie: mstshash=Nurse\r\n")), In(connect(0xd0, "")), Out(initial()[:50]), Out(initial()[50:])}, []observation.Observation{
			observation.RDPRequest{User: nurse}, observation.RDPResponse{},
			observation.RDPClient{Name: "NURSE-PC", Build: 7601, Keyboard: 0x407, Channels: []string{"rdpdr", "cliprdr"}},
		}},
		{"refusal", []Piece{Out(connect(0xe0, negotiation(1, 0))), In(connect(0xd0, negotiation(3, 5)))}, []observation.Observation{
			observation.RDPRequest{}, observation.RDPResponse{Failure: 5},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(rdp.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.RDP {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name, data string
		hint       bool
		want       dissect.Verdict
	}{
		{"cookie", withCookie, false, dissect.Sure},
		{"negotiation", connect(0xe0, negotiation(1, 11)), false, dissect.Sure},
		{"confirm", connect(0xd0, negotiation(2, 2)), false, dissect.Sure},
		{"correlation behind the negotiation", connect(0xe0, negotiation(1, 3)+strings.Repeat("c", 36)), false, dissect.Sure},
		{"old client", connect(0xe0, ""), true, dissect.Likely},
		{"the same elsewhere", connect(0xe0, ""), false, dissect.NotMine},
		{"S7", connect(0xe0, "\xc1\x02\x01\x00\xc2\x02\x01\x02\xc0\x01\x0a"), true, dissect.NotMine},
		{"first bytes", withCookie[:5], false, dissect.More},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := rdp.Dissector().Probe(&dissect.Head{Data: []byte(tt.data), Hint: tt.hint}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpus(t *testing.T) {
	tests := []struct {
		file []string
		fact string
	}{
		{[]string{"protocols", "zeek", "rdp_rdp-proprietary-encryption.pcap"}, "sender client-name=FROG-POND"},
		{[]string{"protocols", "zeek", "rdp_rdp-x509.pcap"}, "sender client-build=9600"},
		{[]string{"ndpi", "rdp.pcap"}, "sender ja3=e4d448cdfe06dc1243c1eb026c74ac9a"},
	}
	for _, tt := range tests {
		var facts []string
		mine := false
		for _, s := range Replay(t, dissect.Table{Flows: []dissect.Dissector{rdp.Dissector()}}, tt.file...) {
			mine = mine || s.Flow.Protocol == cordon.RDP
			facts = append(facts, s.Facts...)
		}
		if !mine || !slices.Contains(facts, tt.fact) {
			t.Errorf("%v: RDP %v, facts %q", tt.file, mine, facts)
		}
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, rdp.Dissector(),
		[]Piece{Out(withCookie + "\x15\x03\x01\x00\x02\x02\x28"), In(connect(0xd0, negotiation(2, 1)))},
		[]Piece{Out(connect(0xe0, "") + initial()), In(connect(0xd0, ""))},
	)
}
