package smb_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/smb"
	"github.com/cordonhq/cordon/internal/observation"
)

func le16(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
func le64(n uint64) string {
	return string(binary.LittleEndian.AppendUint64(nil, n))
}

func wide(s string) (b string) {
	for _, u := range utf16.Encode([]rune(s)) {
		b += le16(int(u))
	}
	return b
}

// frame wraps a message for TCP.
func frame(message string) string {
	n := len(message)
	return string([]byte{0, byte(n >> 16), byte(n >> 8), byte(n)}) + message
}

// v1 makes a message of SMB 1 with one command.
func v1(command byte, reply bool, status int, words, data string) string {
	flags := byte(0x18)
	if reply {
		flags |= 0x80
	}
	return "\xffSMB" + string([]byte{command}) + le32(status) + string([]byte{flags}) + le16(0xc001) + strings.Repeat("\x00", 18) + le16(65) +
		string([]byte{byte(len(words) / 2)}) + words + le16(len(data)) + data
}

// v2 makes a message of SMB 2; next is its length if another one follows.
func v2(command int, reply bool, status int, body string, follows bool) string {
	flags, next := 0, 0
	if reply {
		flags = 1
	}
	if follows {
		body += strings.Repeat("\x00", (8-len(body)%8)%8)
		next = 64 + len(body)
	}
	return "\xfeSMB" + le16(64) + le16(1) + le32(status) + le16(command) + le16(1) + le32(flags) + le32(next) + strings.Repeat("\x00", 40) + body
}

// netBIOS encodes a name as RFC 1001 §14.1 says.
func netBIOS(name string) string {
	b := "\x20"
	for _, c := range []byte(name + strings.Repeat(" ", 15-len(name)) + "\x20") {
		b += string([]byte{'A' + c>>4, 'A' + c&15})
	}
	return b + "\x00"
}

var (
	guid    = strings.Repeat("\xab", 16)
	guidHex = strings.Repeat("ab", 16)
	// 2026-01-02 03:04:05 UTC in 100 ns steps since 1601.
	clock      = uint64(116444736000000000 + 1767323045*10000000)
	clockTime  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	negotiate2 = v2(0, false, 0, le16(36)+le16(2)+le16(1)+le16(0)+le32(0)+guid+strings.Repeat("\x00", 8)+le16(0x0202)+le16(0x0311), false)
	chosen2    = v2(0, true, 0, le16(65)+le16(3)+le16(0x0311)+le16(0)+guid+strings.Repeat("\x00", 16)+le64(clock)+le64(0)+le16(128)+le16(0), false)
	ntlm       = "NTLMSSP\x00" + le32(1) + le32(1<<25) + strings.Repeat("\x00", 16) + "\x0a\x00\x63\x45\x00\x00\x00\x0f"
	setup2     = v2(1, false, 0, le16(25)+"\x00\x01"+le32(0)+le32(0)+le16(64+24)+le16(len(ntlm))+le64(0)+ntlm, false)
	share      = wide(`\\PACS01\images`)
	tree2      = v2(3, false, 0, le16(9)+le16(0)+le16(64+8)+le16(len(share))+share, false)
	handle2    = strings.Repeat("h", 16)
)

func create2(name string, options int) string {
	w := wide(name)
	return le16(57) + strings.Repeat("\x00", 38) + le32(options) + le16(64+56) + le16(len(w)) + strings.Repeat("\x00", 8) + w
}

func write2(data string, announced int) string {
	return le16(49) + le16(64+48) + le32(announced) + le64(0) + handle2 + strings.Repeat("\x00", 16) + data
}

func setInfo2(class byte, info string) string {
	return le16(33) + "\x01" + string([]byte{class}) + le32(len(info)) + le16(64+32) + le16(0) + le32(0) + handle2 + info
}

// bind asks for the service control manager.
var bind = "\x05\x00\x0b\x03\x10\x00\x00\x00" + le16(72) + le16(0) + le32(1) + le16(4280) + le16(4280) + le32(0) + "\x01\x00\x00\x00" + le16(0) + "\x01\x00" +
	"\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03" + le16(2) + le16(0) + strings.Repeat("n", 16) + le32(2)

func file(v cordon.Protocol, a observation.SMBAction, name string, size uint32) observation.Observation {
	return observation.SMBFile{Version: v, Action: a, Name: name, Size: size}
}

func TestVersion2(t *testing.T) {
	rename := wide(`ward\scan.dcm.locked`)
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"negotiation", []Piece{Out(frame(negotiate2)), In(frame(chosen2))}, []observation.Observation{
			observation.SMBOffer{Version: cordon.SMB2, Dialects: []string{"2.0.2", "3.1.1"}, ClientGUID: guidHex},
			observation.SMBServer{Version: cordon.SMB2, Dialect: "3.1.1", GUID: guidHex, SigningRequired: true, Time: clockTime},
		}},
		{"sign-in and share", []Piece{Out(frame(setup2) + frame(tree2))}, []observation.Observation{
			observation.NTLMNegotiate{Carrier: cordon.SMB2, OSVersion: "10.0.17763"},
			observation.SMBTree{Version: cordon.SMB2, Path: `\\PACS01\images`},
		}},
		{"compound of create, rename and delete", []Piece{Out(frame(
			v2(5, false, 0, create2(`ward\scan.dcm`, 0), true) +
				v2(17, false, 0, setInfo2(10, strings.Repeat("\x00", 16)+le32(len(rename))+rename), true) +
				v2(17, false, 0, setInfo2(13, "\x01"), false)))},
			[]observation.Observation{
				file(cordon.SMB2, observation.SMBOpen, "scan.dcm", 0), file(cordon.SMB2, observation.SMBRename, "scan.dcm.locked", 0),
				file(cordon.SMB2, observation.SMBDelete, "", 0),
			}},
		{"delete on close", []Piece{Out(frame(v2(5, false, 0, create2("a.txt", 0x1000), false)))}, []observation.Observation{
			file(cordon.SMB2, observation.SMBOpen, "a.txt", 0), file(cordon.SMB2, observation.SMBDelete, "a.txt", 0),
		}},
		{"large write is passed over", []Piece{
			Out(frame(v2(9, false, 0, write2(strings.Repeat("x", 60000), 60000), false))[:2000]),
			Out(frame(v2(9, false, 0, write2(strings.Repeat("x", 60000), 60000), false))[2000:] + frame(tree2)),
		}, []observation.Observation{
			file(cordon.SMB2, observation.SMBWrite, "", 60000), observation.SMBTree{Version: cordon.SMB2, Path: `\\PACS01\images`},
		}},
		{"pipe", []Piece{Out(frame(v2(9, false, 0, write2(bind, len(bind)), false)))}, []observation.Observation{
			file(cordon.SMB2, observation.SMBWrite, "", uint32(len(bind))),
			observation.DCERPCBind{Carrier: cordon.SMB2, Interfaces: []observation.DCERPCInterface{{UUID: "367abb81-9844-35f1-ad32-98f038001003", Name: "svcctl", Major: 2}}},
		}},
		{"refusal", []Piece{In(frame(v2(3, true, 0xc0000022, le16(9)+"\x00\x00"+le32(0), false)))}, []observation.Observation{
			observation.SMBFailure{Version: cordon.SMB2, Command: 3, Status: 0xc0000022},
		}},
		{"sign-in that needs another round is no refusal", []Piece{In(frame(v2(1, true, 0xc0000016, le16(9)+le16(0)+le16(0)+le16(0), false)))}, nil},
		{"compressed", []Piece{Out(frame("\xfcSMB" + le32(64) + le16(1) + le16(0) + le32(0xffffffff) + strings.Repeat("c", 40)))}, []observation.Observation{
			observation.SMBCompression{OriginalSize: 64, Offset: 0xffffffff, Length: 56},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(smb.Version2(), tt.pieces...)
			if s.Flow.Protocol != cordon.SMB2 {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

var (
	offer1  = v1(0x72, false, 0, "", "\x02LANMAN1.0\x00\x02NT LM 0.12\x00")
	chosen1 = v1(0x72, true, 0, le16(1)+"\x03"+strings.Repeat("\x00", 16)+le32(4)+le64(clock)+le16(0)+"\x08", "CHALLENG"+wide("WARD\x00PUMP-GW\x00"))
	client1 = v1(0x73, false, 0, "\xff\x00"+le16(0)+strings.Repeat("\x00", 10)+le16(1)+le16(2)+le32(0)+le32(0),
		"p"+"pw"+wide("Nurse\x00WARD\x00Windows 5.1\x00Windows 2000 LAN Manager\x00"))
	server1 = v1(0x73, true, 0, "\xff\x00"+le16(0)+le16(1), "\x00"+wide("Unix\x00Samba 3.0.20\x00WARD\x00"))
)

func TestVersion1(t *testing.T) {
	user := dissect.NewContext(nil, nil).Pseudonym([]byte("nurse"))
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"negotiation", []Piece{Out(frame(offer1)), In(frame(chosen1))}, []observation.Observation{
			observation.SMBOffer{Version: cordon.SMB1, Dialects: []string{"LANMAN1.0", "NT LM 0.12"}},
			observation.SMBServer{Version: cordon.SMB1, Dialect: "NT LM 0.12", Time: clockTime, Domain: "WARD", Name: "PUMP-GW"},
		}},
		{"session", []Piece{Out(frame(client1)), In(frame(server1))}, []observation.Observation{
			observation.SMBSession{NativeOS: "Windows 5.1", NativeManager: "Windows 2000 LAN Manager", Domain: "WARD", User: user},
			observation.SMBSession{Server: true, NativeOS: "Unix", NativeManager: "Samba 3.0.20", Domain: "WARD", Guest: true},
		}},
		{"files", []Piece{Out(frame(v1(0xa2, false, 0, strings.Repeat("\xff\x00", 24), "\x00"+wide("\\ward\\list.txt\x00"))) +
			frame(v1(0x07, false, 0, le16(0), "\x04"+wide("old\x00")+"\x04\x00"+wide("new\x00"))) +
			frame(v1(0x06, false, 0, le16(0), "\x04"+wide("gone\x00"))))},
			[]observation.Observation{
				file(cordon.SMB1, observation.SMBOpen, "list.txt", 0), file(cordon.SMB1, observation.SMBRename, "new", 0), file(cordon.SMB1, observation.SMBDelete, "gone", 0),
			}},
		{"transaction refused", []Piece{
			Out(frame(v1(0x32, false, 0, le16(12)+le16(0)+strings.Repeat("\x00", 22)+"\x01\x00"+le16(14), ""))), In(frame(v1(0x32, true, 0xc0000002, "", ""))),
		}, []observation.Observation{
			observation.SMBTransaction{Command: 0x32, Function: 14, Multiplex: 65}, observation.SMBFailure{Version: cordon.SMB1, Command: 0x32, Status: 0xc0000002},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(smb.Version1(), tt.pieces...)
			if s.Flow.Protocol != cordon.SMB1 {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
	if s := Run(smb.Version1(), Out(frame(offer1)), In(frame(chosen2))); s.Flow.Protocol != cordon.SMB2 {
		t.Errorf("after a server's answer in SMB 2 the flow is %v", s.Flow.Protocol)
	}
}

func TestSession(t *testing.T) {
	request := netBIOS("*SMBSERVER") + netBIOS("PUMP-12")
	s := Run(smb.Session(), Out("\x81\x00\x00\x44"+request), In("\x82\x00\x00\x00"), Out(frame(offer1)))
	want := []observation.Observation{
		observation.NetBIOSSession{Called: "*SMBSERVER", Calling: "PUMP-12"},
		observation.SMBOffer{Version: cordon.SMB1, Dialects: []string{"LANMAN1.0", "NT LM 0.12"}},
	}
	if d := cmp.Diff(want, s.Observations); d != "" || s.Flow.Protocol != cordon.SMB1 {
		t.Errorf("protocol %v, observations, -want +got:\n%s", s.Flow.Protocol, d)
	}
	if want := []string{"sender netbios-computer=PUMP-12"}; !slices.Equal(s.Facts, want) {
		t.Errorf("facts %q, want %q", s.Facts, want)
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name string
		row  dissect.Dissector
		data string
		want dissect.Verdict
	}{
		{"version 1", smb.Version1(), frame(offer1), dissect.Sure},
		{"version 1 is not 2", smb.Version2(), frame(offer1), dissect.NotMine},
		{"version 2", smb.Version2(), frame(negotiate2), dissect.Sure},
		{"encrypted", smb.Version2(), frame("\xfdSMB" + strings.Repeat("x", 60)), dissect.Sure},
		{"first bytes", smb.Version1(), frame(offer1)[:6], dissect.More},
		{"other first bytes", smb.Version2(), frame("XYZ" + strings.Repeat("x", 60)), dissect.NotMine},
		{"too short for a header", smb.Version2(), frame("\xfeSMB"), dissect.NotMine},
		{"session with names", smb.Session(), "\x81\x00\x00\x44" + netBIOS("A") + netBIOS("B"), dissect.Sure},
		{"session with other bytes", smb.Session(), "\x81\x00\x00\x44" + strings.Repeat("x", 68), dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.row.Probe(&dissect.Head{Data: []byte(tt.data)}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, smb.Version2(),
		[]Piece{Out(frame(negotiate2) + frame(setup2) + frame(tree2)), In(frame(chosen2))},
		[]Piece{Out(frame(v2(5, false, 0, create2("a", 0x1000), true) + v2(9, false, 0, write2(bind, len(bind)), false)))},
		[]Piece{Out("\x81\x00\x00\x44" + netBIOS("A") + netBIOS("B")), In("\x82\x00\x00\x00" + frame(chosen1))},
		[]Piece{Out(frame(offer1) + frame(client1)), In(frame(chosen1) + frame(server1))},
		[]Piece{Out(frame(v1(0x32, false, 0, le16(12)+le16(0)+strings.Repeat("\x00", 22)+"\x01\x00"+le16(14), "")))},
	)
}
