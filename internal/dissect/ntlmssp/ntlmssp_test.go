package ntlmssp_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/ntlmssp"
	"github.com/cordonhq/cordon/internal/observation"
)

func le16(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

func wide(s string) (b string) {
	for _, u := range utf16.Encode([]rune(s)) {
		b += le16(int(u))
	}
	return b
}

const version = "\x0a\x00\x63\x45\x00\x00\x00\x0f" // 10.0.17763

// message puts fields, whose places the layout marks with "@", behind the
// fixed part.
func message(kind int, layout []string, fields ...string) string {
	fixed := len("NTLMSSP\x00") + 4
	for _, part := range layout {
		if part == "@" {
			fixed += 8
		} else {
			fixed += len(part)
		}
	}
	head, tail := "NTLMSSP\x00"+le32(kind), ""
	for _, part := range layout {
		if part == "@" {
			f := fields[0]
			fields = fields[1:]
			part = le16(len(f)) + le16(len(f)) + le32(fixed+len(tail))
			tail += f
		}
		head += part
	}
	return head + tail
}

func pair(id int, value string) string { return le16(id) + le16(len(value)) + value }

var (
	negotiate = message(1, []string{le32(1<<25 | 1<<12 | 1<<13 | 2), "@", "@", version}, "CLINIC", "PC-7")
	challenge = message(2, []string{"@", le32(1<<25 | 1<<23 | 1), "CHALLENG", "\x00\x00\x00\x00\x00\x00\x00\x00", "@", version}, wide("CLINIC"),
		pair(2, wide("CLINIC"))+pair(1, wide("PACS01"))+pair(4, wide("clinic.example"))+pair(3, wide("pacs01.clinic.example"))+pair(7, "TIMESTMP")+pair(0, ""))
	authenticate = message(3, []string{"@", "@", "@", "@", "@", "@", le32(1<<25 | 1), version},
		strings.Repeat("L", 24), strings.Repeat("N", 24), wide("CLINIC"), wide("Nurse"), wide("PC-7"), "")
)

// read returns what one blob shows.
func read(blob string) (seen dissecttest.Seen, ok bool) {
	c := dissect.NewContext(nil, seen.Add)
	ok = ntlmssp.Read(c, cordon.SMB2, []byte(blob))
	return seen, ok
}

func TestRead(t *testing.T) {
	pseudonym := dissect.NewContext(nil, nil).Pseudonym([]byte("nurse"))
	tests := []struct {
		name, blob string
		want       observation.Observation
	}{
		{"negotiate", negotiate, observation.NTLMNegotiate{Carrier: cordon.SMB2, Domain: "CLINIC", Workstation: "PC-7", OSVersion: "10.0.17763"}},
		{"challenge in SPNEGO", "\xa1\x82\x01\x00\x30" + challenge + "\xa3\x12", observation.NTLMChallenge{
			Carrier: cordon.SMB2, Target: "CLINIC", NetBIOSComputer: "PACS01", NetBIOSDomain: "CLINIC",
			DNSComputer: "pacs01.clinic.example", DNSDomain: "clinic.example", OSVersion: "10.0.17763",
		}},
		{"authenticate", authenticate, observation.NTLMAuthenticate{
			Carrier: cordon.SMB2, Domain: "CLINIC", Workstation: "PC-7", User: pseudonym, OSVersion: "10.0.17763", Version1: true,
		}},
		{"field beyond the message", negotiate[:16] + "\xff\xff\xff\xff\x00\x00\x01\x00" + negotiate[24:],
			observation.NTLMNegotiate{Carrier: cordon.SMB2, Workstation: "PC-7", OSVersion: "10.0.17763"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen, ok := read(tt.blob)
			if d := cmp.Diff([]observation.Observation{tt.want}, seen.Observations); !ok || d != "" {
				t.Errorf("read %v, -want +got:\n%s", ok, d)
			}
		})
	}
	if _, ok := read("\x60\x48no NTLM here"); ok {
		t.Error("a message was found where none is")
	}
}

func TestSecretsStay(t *testing.T) {
	seen, _ := read(authenticate)
	for _, secret := range []string{"Nurse", "LLLL", "NNNN"} {
		for _, f := range seen.Facts {
			if strings.Contains(f, secret) {
				t.Errorf("%s is in %q", secret, f)
			}
		}
	}
}

func Fuzz(f *testing.F) {
	for _, m := range []string{negotiate, challenge, authenticate} {
		f.Add([]byte(m))
		f.Add([]byte(m[:len(m)*2/3]))
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		seen, _ := read(string(blob))
		for _, fact := range seen.Facts {
			if len(fact) > observation.MaxValue+40 {
				t.Errorf("fact of %d bytes", len(fact))
			}
		}
	})
}
