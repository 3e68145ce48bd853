package telnet_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/telnet"
	"github.com/cordonhq/cordon/internal/observation"
)

const negotiation = "\xff\xfd\x18\xff\xfd\x20\xff\xfb\x03\xff\xfd\x27"

func TestObservations(t *testing.T) {
	c := dissect.NewContext(nil, nil)
	admin := observation.TelnetSignIn{User: c.Pseudonym([]byte("admin"))}
	server := observation.TelnetServer{Banner: "VxWorks 5.5 Infusion Gateway", Prompt: "login:", Options: "do-24,do-32,will-3,do-39"}
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"sign-in typed letter by letter, and refused", []Piece{
			In(negotiation), Out("\xff\xfb\x18\xff\xfa\x18\x00xterm\xff\xf0"), In("\r\nVxWorks 5.5\r\n\r\nInfusion Gateway\r\nlog"), In("in: "),
			Out("a"), In("a"), Out("dx"), In("dx"), Out("\x7fmin\r\x00"), In("\r\nPassword: "), Out("se"), Out("cret\r\n"), In("\r\nLogin incorrect\r\nlogin: "),
		}, []observation.Observation{observation.TelnetTerminal{Type: "xterm"}, server, admin, observation.TelnetRefusal{}}},
		{"password alone", []Piece{In("\xff\xfb\x01\xff\xfb\x03\r\nUser Access Verification\r\n\r\nPassword: "), Out("secret\r\n")}, []observation.Observation{
			observation.TelnetServer{Banner: "User Access Verification", Prompt: "password:", Options: "will-1,will-3"}, observation.TelnetSignIn{},
		}},
		{"two attempts", []Piece{In(negotiation + "login: "), Out("admin\r\n"), In("Password: "), Out("a\r\n"), In("Access denied\r\nlogin: "),
			Out("ADMIN\r\n"), In("Password: "), Out("b\r\n")},
			[]observation.Observation{
				observation.TelnetServer{Prompt: "login:", Options: server.Options}, admin, observation.TelnetRefusal{}, admin,
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(telnet.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.Telnet {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
			if strings.Contains(strings.Join(s.Facts, "\n"), "secret") {
				t.Errorf("a password is in %q", s.Facts)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	s := Run(telnet.Dissector(), In(negotiation+"Acme OS\r\nlogin: "))
	want := []string{"sender banner=Acme OS", "sender prompt=login:", "sender options=do-24,do-32,will-3,do-39"}
	if !slices.Equal(s.Facts, want) {
		t.Errorf("facts %q, want %q", s.Facts, want)
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name string
		head dissect.Head
		want dissect.Verdict
	}{
		{"negotiations", dissect.Head{Data: []byte(negotiation)}, dissect.Sure},
		{"one on its port", dissect.Head{Data: []byte("\xff\xfd\x18"), Hint: true}, dissect.Sure},
		{"one elsewhere", dissect.Head{Data: []byte("\xff\xfd\x18")}, dissect.Likely},
		{"one, then other bytes", dissect.Head{Data: []byte("\xff\xfd\x18\x00\x01")}, dissect.NotMine},
		{"half of one", dissect.Head{Data: []byte("\xff\xfd")}, dissect.More},
		{"prompt on its port", dissect.Head{Data: []byte("Welcome\r\nlogin: "), Dir: 1, Hint: true}, dissect.Likely},
		{"text on its port", dissect.Head{Data: []byte("Welcome\r\n"), Dir: 1, Hint: true}, dissect.More},
		{"prompt elsewhere", dissect.Head{Data: []byte("login: "), Dir: 1}, dissect.NotMine},
		{"JPEG", dissect.Head{Data: []byte("\xff\xd8\xff\xe0"), Hint: true}, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := telnet.Dissector().Probe(&tt.head); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, telnet.Dissector(),
		[]Piece{Out("\xff\xfb\x18\xff\xfa\x18\x00xterm\xff\xf0admin\r\nsecret\r\n"), In(negotiation + "Welcome\r\nlogin: Password: Login incorrect\r\n")},
		[]Piece{In("\xff\xff\xff\xfa\x18\x01\xff\xff\xff\xf0\xff\xf1")},
	)
}
