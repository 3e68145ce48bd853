package mail_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/mail"
	"github.com/cordonhq/cordon/internal/observation"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) + "\r\n" }

const alert = "\x15\x03\x01\x00\x02\x02\x28"

func TestObservations(t *testing.T) {
	nurse := dissect.NewContext(nil, nil).Pseudonym([]byte("nurse"))
	signIn := func(p cordon.Protocol, mechanism string, password bool) observation.Observation {
		return observation.MailSignIn{Carrier: p, User: nurse, Mechanism: mechanism, Password: password}
	}
	server := func(p cordon.Protocol, banner string) observation.Observation {
		return observation.MailServer{Carrier: p, Banner: banner}
	}
	result := func(p cordon.Protocol, ok bool) observation.Observation {
		return observation.MailResult{Carrier: p, OK: ok}
	}
	refusedTLS := observation.TLSAlert{Carrier: cordon.TLS, Fatal: true, Description: 40}
	tests := []struct {
		name   string
		row    dissect.Dissector
		pieces []Piece
		want   []observation.Observation
	}{
		{"SMTP, name and password in one", mail.SMTP(), []Piece{
			In("220 mail.example.org ESMTP Postfix\r\n"), Out("EHLO mri1\r\n"), In("250-mail\r\n250 AUTH PLAIN\r\n"),
			Out("AUTH PLAIN " + b64("\x00Nurse\x00secret")), In("535 no\r\n"),
		}, []observation.Observation{
			server(cordon.SMTP, "mail.example.org ESMTP Postfix"), observation.MailClient{Name: "mri1"}, signIn(cordon.SMTP, "PLAIN", true), result(cordon.SMTP, false),
		}},
		{"SMTP, name and password apart", mail.SMTP(), []Piece{
			In("220 x SMTP\r\n"), Out("AUTH LOGIN\r\n"), In("334 VXNlcm5hbWU6\r\n"), Out(b64("Nurse")), In("334 UGFzc3dvcmQ6\r\n"), Out(b64("secret")), In("235 ok\r\n"),
		}, []observation.Observation{server(cordon.SMTP, "x SMTP"), signIn(cordon.SMTP, "LOGIN", true), result(cordon.SMTP, true)}},
		{"SMTP, TLS", mail.SMTP(), []Piece{In("220 x SMTP\r\n"), Out("STARTTLS\r\n"), In("220 go\r\n"), Out(alert)},
			[]observation.Observation{server(cordon.SMTP, "x SMTP"), refusedTLS}},
		{"POP3", mail.POP3(), []Piece{In("+OK Dovecot ready.\r\n"), Out("USER Nurse\r\n"), In("+OK\r\n"), Out("PASS secret\r\n"), In("-ERR no\r\n")},
			[]observation.Observation{server(cordon.POP3, "Dovecot ready."), signIn(cordon.POP3, "USER", true), result(cordon.POP3, false)}},
		{"POP3, TLS", mail.POP3(), []Piece{In("+OK POP3\r\n"), Out("STLS\r\n"), In("+OK go\r\n"), Out(alert)},
			[]observation.Observation{server(cordon.POP3, "POP3"), refusedTLS}},
		{"IMAP", mail.IMAP(), []Piece{In("* OK [CAPABILITY IMAP4rev1] ready\r\n"), Out("a1 LOGIN \"Nurse\" secret\r\n"), In("a1 OK done\r\n")},
			[]observation.Observation{server(cordon.IMAP, "[CAPABILITY IMAP4rev1] ready"), signIn(cordon.IMAP, "LOGIN", true), result(cordon.IMAP, true)}},
		{"IMAP, digest", mail.IMAP(), []Piece{
			In("* OK IMAP\r\n"), Out("a1 AUTHENTICATE CRAM-MD5\r\n"), In("+ PDE+\r\n"), Out(b64("Nurse 0123456789abcdef")), In("a1 NO bad\r\n"),
		}, []observation.Observation{server(cordon.IMAP, "IMAP"), signIn(cordon.IMAP, "CRAM-MD5", false), result(cordon.IMAP, false)}},
		{"IMAP, TLS", mail.IMAP(), []Piece{In("* OK IMAP\r\n"), Out("a1 STARTTLS\r\n"), In("a1 OK go\r\n"), Out(alert)},
			[]observation.Observation{server(cordon.IMAP, "IMAP"), refusedTLS}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(tt.row, tt.pieces...)
			if s.Flow.Protocol != tt.row.Protocol {
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
		name string
		row  dissect.Dissector
		head dissect.Head
		want dissect.Verdict
	}{
		{"SMTP server", mail.SMTP(), dissect.Head{Dir: 1, Data: []byte("220 x ESMTP\r\n")}, dissect.Sure},
		{"server that does not say, on SMTP's port", mail.SMTP(), dissect.Head{Dir: 1, Data: []byte("220 x\r\n"), Hint: true}, dissect.Likely},
		{"server that does not say", mail.SMTP(), dissect.Head{Dir: 1, Data: []byte("220 x\r\n")}, dissect.More},
		{"FTP server", mail.SMTP(), dissect.Head{Dir: 1, Data: []byte("220 vsFTPd\r\n"), Hint: true}, dissect.NotMine},
		{"SMTP client", mail.SMTP(), dissect.Head{Data: []byte("EHLO mri1\r\n")}, dissect.Sure},
		{"FTP client", mail.SMTP(), dissect.Head{Data: []byte("USER x\r\n"), Other: []byte("220 x\r\n")}, dissect.NotMine},
		{"POP3 server", mail.POP3(), dissect.Head{Dir: 1, Data: []byte("+OK POP3 ready\r\n")}, dissect.Sure},
		{"Redis", mail.POP3(), dissect.Head{Dir: 1, Data: []byte("+OK\r\n"), Other: []byte("*1\r\n")}, dissect.NotMine},
		{"POP3 client", mail.POP3(), dissect.Head{Data: []byte("USER x\r\n"), Other: []byte("+OK\r\n")}, dissect.Sure},
		{"IMAP server", mail.IMAP(), dissect.Head{Dir: 1, Data: []byte("* OK IMAP4rev1\r\n")}, dissect.Sure},
		{"IMAP client", mail.IMAP(), dissect.Head{Data: []byte("a1 CAPABILITY\r\n"), Other: []byte("* OK x\r\n")}, dissect.Sure},
		{"HTTP", mail.IMAP(), dissect.Head{Data: []byte("GET /login HTTP/1.1\r\n"), Hint: true}, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.row.Probe(&tt.head); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestSecretsStay(t *testing.T) {
	for _, row := range []dissect.Dissector{mail.SMTP(), mail.POP3(), mail.IMAP()} {
		s := Run(row, In("220 SMTP\r\n+OK POP\r\n* OK IMAP\r\n"), Out("AUTH PLAIN "+b64("\x00Nurse\x00secret")+"USER Nurse\r\nPASS secret\r\na LOGIN Nurse secret\r\n"))
		if all := strings.Join(s.Facts, " "); strings.Contains(all, "secret") || strings.Contains(all, "Nurse") {
			t.Errorf("%v: %q", row.Protocol, s.Facts)
		}
	}
}

func FuzzSMTP(f *testing.F) {
	Fuzzer(f, mail.SMTP(), []Piece{Out("EHLO x\r\nAUTH LOGIN\r\n" + b64("Nurse") + b64("secret")), In("220-a\r\n220 SMTP\r\n235 ok\r\n")},
		[]Piece{Out("STARTTLS\r\n" + alert), In("220 x\r\n220 go\r\n")})
}

func FuzzPOP3(f *testing.F) {
	Fuzzer(f, mail.POP3(), []Piece{Out("USER x\r\nPASS y\r\nAPOP a b\r\nAUTH PLAIN " + b64("\x00a\x00b")), In("+OK POP\r\n-ERR no\r\n")})
}

func FuzzIMAP(f *testing.F) {
	Fuzzer(f, mail.IMAP(), []Piece{Out("a LOGIN \"x\" y\r\na AUTHENTICATE CRAM-MD5\r\n" + b64("a b")), In("* OK IMAP\r\na NO\r\na OK\r\n")})
}
