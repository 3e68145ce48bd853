package ssh_test

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/ndpitest"
	"github.com/cordonhq/cordon/internal/dissect/ssh"
	"github.com/cordonhq/cordon/internal/observation"
)

// packet wraps a payload as RFC 4253 §6 says, with 4 bytes of padding.
func packet(payload string) string {
	n := binary.BigEndian.AppendUint32(nil, uint32(len(payload)+5))
	return string(n) + "\x04" + payload + "pppp"
}

// kexInit makes the message from its name-lists; the languages are empty.
func kexInit(lists ...string) string {
	b := "\x14" + strings.Repeat("c", 16)
	for _, l := range append(lists, "", "") {
		b += string(binary.BigEndian.AppendUint32(nil, uint32(len(l)))) + l
	}
	return packet(b + "\x00\x00\x00\x00\x00")
}

var exchange = kexInit("curve25519-sha256,ext-info-c", "ssh-ed25519,ssh-rsa", "aes256-ctr,aes128-cbc", "aes128-cbc", "hmac-sha2-256", "hmac-md5,hmac-sha1", "none,zlib", "none")

func md5Hex(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }

func TestObservations(t *testing.T) {
	client := []observation.Observation{
		observation.SSHBanner{Banner: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", Version: "2.0", Software: "OpenSSH_9.2p1", Comments: "Debian-2+deb12u3"},
		observation.SSHKeyExchange{
			KeyExchanges: []string{"curve25519-sha256", "ext-info-c"}, HostKeys: []string{"ssh-ed25519", "ssh-rsa"},
			Ciphers: []string{"aes256-ctr", "aes128-cbc"}, MACs: []string{"hmac-sha2-256"}, Compressions: []string{"none", "zlib"},
			HASSH: md5Hex("curve25519-sha256,ext-info-c;aes256-ctr,aes128-cbc;hmac-sha2-256;none,zlib"),
		},
	}
	server := []observation.Observation{
		observation.SSHBanner{Server: true, Banner: "SSH-1.99-dropbear_0.48", Version: "1.99", Software: "dropbear_0.48"},
		observation.SSHKeyExchange{
			Server: true, KeyExchanges: []string{"curve25519-sha256", "ext-info-c"}, HostKeys: []string{"ssh-ed25519", "ssh-rsa"},
			Ciphers: []string{"aes128-cbc"}, MACs: []string{"hmac-md5", "hmac-sha1"}, Compressions: []string{"none"},
			HASSH: md5Hex("curve25519-sha256,ext-info-c;aes128-cbc;hmac-md5,hmac-sha1;none"),
		},
	}
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"client first, banner and offer in one segment", []Piece{
			Out("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n" + exchange), In("SSH-1.99-dropbear_0.48\n"), In(exchange),
		}, slices.Concat(client, server)},
		{"server first, in small segments", []Piece{
			In("SSH-1.99-drop"), In("bear_0.48\r\n"), In(exchange[:40]), In(exchange[40:]),
		}, server},
		{"messages before the offer", []Piece{In("SSH-1.99-dropbear_0.48\n" + packet("\x02ignored") + exchange)}, server},
		{"offer cut short", []Piece{In("SSH-1.99-dropbear_0.48\n" + packet(exchange[5:60]))}, server[:1]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(ssh.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.SSH {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	s := Run(ssh.Dissector(), In("SSH-2.0-ROSSSH\r\n"+exchange))
	want := []string{"sender banner=SSH-2.0-ROSSSH", "sender software=ROSSSH",
		"sender hassh-server=" + md5Hex("curve25519-sha256,ext-info-c;aes128-cbc;hmac-md5,hmac-sha1;none")}
	if !slices.Equal(s.Facts, want) {
		t.Errorf("facts %q, want %q", s.Facts, want)
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		data string
		want dissect.Verdict
	}{
		{"SSH-2.0-x\r\n", dissect.Sure},
		{"SSH-1.5-x\r\n", dissect.Sure},
		{"SS", dissect.More},
		{"SSH-2", dissect.More},
		{"SSH-9.0-x", dissect.NotMine},
		{"SSL-2.0-x", dissect.NotMine},
		{"220 ready\r\n", dissect.NotMine},
	}
	for _, tt := range tests {
		if got := ssh.Dissector().Probe(&dissect.Head{Data: []byte(tt.data), Hint: true}); got != tt.want {
			t.Errorf("%q: verdict %d, want %d", tt.data, got, tt.want)
		}
	}
}

func TestAgainstNDPI(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{ssh.Dissector()}}
	flows := 0
	for _, capture := range ndpitest.Captures(t) {
		want := map[ndpitest.Ends]ndpitest.Flow{}
		for _, f := range ndpitest.Results(t, capture) {
			if f.Protocol == "SSH" && f.ByContent {
				want[f.Ends] = f
			}
		}
		if len(want) == 0 {
			continue
		}
		for _, s := range Replay(t, table, "ndpi", capture) {
			f, ok := want[ndpitest.EndsOf(&s.Flow)]
			if !ok {
				continue
			}
			flows++
			if s.Flow.Protocol != cordon.SSH {
				t.Errorf("%s %v: not seen as SSH", capture, f.Ends)
			}
			got := map[string]string{}
			for _, o := range s.Observations {
				if k, ok := o.(observation.SSHKeyExchange); ok && k.Server {
					got["HASSH-S"] = k.HASSH
				} else if ok {
					got["HASSH-C"] = k.HASSH
				}
			}
			for field, v := range got {
				if w := strings.ToLower(f.Details[field]); w != "" && v != w {
					t.Errorf("%s %v: %s is %s, nDPI says %s", capture, f.Ends, field, v, w)
				}
			}
		}
	}
	t.Logf("%d flows", flows)
}

func Fuzz(f *testing.F) {
	Fuzzer(f, ssh.Dissector(),
		[]Piece{Out("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n" + exchange), In("SSH-1.99-dropbear_0.48\n" + exchange)},
		[]Piece{In("SSH-2.0-x\n" + packet("\x02ignored") + packet("\x15"))},
	)
}
