package ftp_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/ftp"
	"github.com/cordonhq/cordon/internal/dissect/ndpitest"
	"github.com/cordonhq/cordon/internal/observation"
)

func command(verb string) observation.Observation { return observation.FTPCommand{Verb: verb} }

func TestObservations(t *testing.T) {
	nurse := dissect.NewContext(nil, nil).Pseudonym([]byte("nurse"))
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"sign-in", []Piece{
			In("220 Vision FTP Server ready.\r\n"), Out("USER Nurse\r\n"), In("331 Password please\r\n"), Out("pass secret\r\n"), In("230 Welcome\r\n"),
			Out("SYST\r\n"), In("215 UNIX Type: L8\r\n"),
		}, []observation.Observation{
			observation.FTPServer{Banner: "Vision FTP Server ready."}, command("USER"), observation.FTPSignIn{User: nurse},
			observation.FTPReply{Code: 230, Verb: "PASS"}, command("SYST"), observation.FTPServer{System: "UNIX Type: L8"},
		}},
		{"greeting of several lines, anonymous refused", []Piece{
			In("220-Welcome\r\n to\r\n220-the ward\r\n220 FTP\r\n"), Out("USER anonymous\r\nPASS me@here\r\n"), In("331 ok\r\n530 no\r\n"),
		}, []observation.Observation{
			observation.FTPServer{Banner: "Welcome to the ward FTP"}, command("USER"), observation.FTPSignIn{Anonymous: true},
			observation.FTPReply{Code: 530, Verb: "PASS"},
		}},
		{"transfers", []Piece{
			In("220 FTP\r\n"), Out("PORT 10,1,2,3,20,162\r\nEPRT |2|2001:db8::1|5282|\r\nPASV\r\nSTOR patient.dcm\r\n"), In("227 Entering Passive Mode (10,1,2,9,4,1).\r\n550 no\r\n"),
		}, []observation.Observation{
			observation.FTPServer{Banner: "FTP"},
			observation.FTPDataPort{Address: netip.MustParseAddrPort("10.1.2.3:5282")}, command("PORT"),
			observation.FTPDataPort{Address: netip.MustParseAddrPort("[2001:db8::1]:5282")}, command("EPRT"), command("PASV"), command("STOR"),
			observation.FTPDataPort{Passive: true, Address: netip.MustParseAddrPort("10.1.2.9:1025")}, observation.FTPReply{Code: 550, Verb: "STOR"},
		}},
		{"AUTH TLS", []Piece{In("220 FTP\r\n"), Out("AUTH TLS\r\n"), In("234 go\r\n"), Out("\x15\x03\x01\x00\x02\x02\x28")}, []observation.Observation{
			observation.FTPServer{Banner: "FTP"}, command("AUTH"), observation.TLSAlert{Carrier: cordon.TLS, Fatal: true, Description: 40},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(ftp.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.FTP {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations, cmpopts.EquateComparable(netip.AddrPort{})); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name string
		head dissect.Head
		want dissect.Verdict
	}{
		{"server that says FTP", dissect.Head{Dir: 1, Data: []byte("220 ProFTPD 1.3\r\n")}, dissect.Sure},
		{"server on its port", dissect.Head{Dir: 1, Data: []byte("220 ready\r\n"), Hint: true}, dissect.Likely},
		{"server elsewhere", dissect.Head{Dir: 1, Data: []byte("220 ready\r\n")}, dissect.More},
		{"SMTP server", dissect.Head{Dir: 1, Data: []byte("220 mail ESMTP\r\n"), Hint: true}, dissect.NotMine},
		{"client after the greeting", dissect.Head{Data: []byte("USER x\r\n"), Other: []byte("220 ready\r\n")}, dissect.Sure},
		{"client of POP3 or FTP", dissect.Head{Data: []byte("USER x\r\n")}, dissect.More},
		{"SMTP client", dissect.Head{Data: []byte("EHLO x\r\n"), Other: []byte("220 ready\r\n")}, dissect.NotMine},
		{"SMTP authentication", dissect.Head{Data: []byte("AUTH LOGIN\r\n"), Other: []byte("220 ready\r\n")}, dissect.NotMine},
		{"HTTP", dissect.Head{Data: []byte("GET / HTTP/1.1\r\n"), Hint: true}, dissect.NotMine},
		{"binary", dissect.Head{Data: []byte("\x16\x03\x01\x00\n"), Hint: true}, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ftp.Dissector().Probe(&tt.head); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpus(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{ftp.Dissector()}}
	for _, capture := range []string{"ftp.pcap", "ftp_failed.pcap"} {
		if n := ndpitest.Agree(t, table, capture, "FTP_CONTROL", cordon.FTP); n == 0 {
			t.Error("no flows")
		}
	}
	bounced := false
	for _, s := range Replay(t, table, "attacks", "ftp-bounce", "ftp-bounce-test.pcap") {
		bounced = bounced || slices.ContainsFunc(s.Observations, func(o observation.Observation) bool {
			p, ok := o.(observation.FTPDataPort)
			return ok && !p.Passive && p.Address.Addr() != s.Flow.SrcAddrPort().Addr()
		})
	}
	if !bounced {
		t.Error("the address of a third party was not seen")
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, ftp.Dissector(),
		[]Piece{Out("USER Nurse\r\nPASS secret\r\nPORT 10,1,2,3,20,162\r\nEPRT |2|2001:db8::1|5282|\r\n"), In("220-a\r\nb\r\n220 FTP\r\n227 (1,2,3,4,5,6).\r\n")},
		[]Piece{Out("AUTH TLS\r\n\x15\x03\x01\x00\x02\x02\x28"), In("220 FTP\r\n234 go\r\n")},
	)
}
