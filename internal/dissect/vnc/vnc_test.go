package vnc_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/vnc"
	"github.com/cordonhq/cordon/internal/observation"
)

var (
	challenge = strings.Repeat("c", 16)
	desktop   = strings.Repeat("\x00", 20) + "\x00\x00\x00\x07ct-host"
	ok, no    = "\x00\x00\x00\x00", "\x00\x00\x00\x01"
)

func TestObservations(t *testing.T) {
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"password refused", []Piece{
			In("RFB 003.008\n"), Out("RFB 003.008\n"), In("\x02\x02\x10"), Out("\x02"), In(challenge), Out(challenge), In(no),
		}, []observation.Observation{
			observation.VNCServer{Version: "3.8", SecurityTypes: []uint8{2, 16}}, observation.VNCSignIn{SecurityType: 2},
		}},
		{"open to everybody", []Piece{
			In("RFB 003.0"), In("08\n"), Out("RFB 003.008\n"), In("\x01\x01"), Out("\x01"), In(ok), Out("\x01"), In(desktop),
		}, []observation.Observation{
			observation.VNCServer{Version: "3.8", SecurityTypes: []uint8{1}}, observation.VNCSignIn{SecurityType: 1, OK: true},
			observation.VNCServer{Version: "3.8", SecurityTypes: []uint8{1}, Name: "ct-host"},
		}},
		{"the server decides", []Piece{
			In("RFB 003.003\n"), Out("RFB 003.003\n"), In("\x00\x00\x00\x02" + challenge), Out(challenge), In(ok), Out("\x01"), In(desktop),
		}, []observation.Observation{
			observation.VNCServer{Version: "3.3", SecurityTypes: []uint8{2}}, observation.VNCSignIn{SecurityType: 2, OK: true},
			observation.VNCServer{Version: "3.3", SecurityTypes: []uint8{2}, Name: "ct-host"},
		}},
		{"TLS", []Piece{In("RFB 003.889\n"), Out("RFB 003.889\n"), In("\x01\x13"), Out("\x13"), In("\x00\x02")}, []observation.Observation{
			observation.VNCServer{Version: "3.889", SecurityTypes: []uint8{19}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(vnc.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.VNC {
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
		data string
		want dissect.Verdict
	}{
		{"RFB 003.008\n", dissect.Sure},
		{"RFB 00", dissect.More},
		{"RFB 003.0x8\n", dissect.NotMine},
		{"RFC 003.008\n", dissect.NotMine},
	}
	for _, tt := range tests {
		if got := vnc.Dissector().Probe(&dissect.Head{Data: []byte(tt.data)}); got != tt.want {
			t.Errorf("%q: verdict %d, want %d", tt.data, got, tt.want)
		}
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, vnc.Dissector(),
		[]Piece{Out("RFB 003.008\n\x02" + challenge + "\x01"), In("RFB 003.008\n\x02\x02\x10" + challenge + ok + desktop)},
		[]Piece{Out("RFB 003.003\n" + challenge), In("RFB 003.003\n\x00\x00\x00\x02" + challenge + no)},
	)
}
