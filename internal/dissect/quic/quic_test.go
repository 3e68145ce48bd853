package quic_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	stdtls "crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/quic"
	"github.com/cordonhq/cordon/internal/observation"
)

// hello returns the ClientHello of a QUIC connection as the standard library
// writes it.
func hello(t testing.TB) []byte {
	t.Helper()
	conn := stdtls.QUICClient(&stdtls.QUICConfig{TLSConfig: &stdtls.Config{
		ServerName: "pacs.example.org", NextProtos: []string{"h3"}, MinVersion: stdtls.VersionTLS13,
		CurvePreferences: []stdtls.CurveID{stdtls.X25519}, // small enough for one packet
	}})
	conn.SetTransportParameters(nil)
	if err := conn.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	for {
		switch e := conn.NextEvent(); e.Kind {
		case stdtls.QUICWriteData:
			return e.Data
		case stdtls.QUICNoEvent:
			t.Fatal("no hello")
		}
	}
}

// version is what distinguishes the versions on the wire.
type version struct {
	number uint32
	salt   string
	prefix string
	kind   byte
}

var (
	v1      = version{1, "38762cf7f55934b34d179ae6a4c80cadccbb7f0a", "quic", 0}
	v2      = version{0x6b3343cf, "0dede3def700a6db819381be6e269dcbf9bd2ed9", "quicv2", 1}
	draft29 = version{0xff00001d, "afbfec289993d24c9e9786f19c6111e04390a899", "quic", 0}
)

var destination = []byte{0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08}

// seal makes a client's Initial packet of frames, as RFC 9001 §5 says, padded
// to 1200 bytes.
func seal(v version, number byte, frames string) string {
	expand := func(secret []byte, label string, n int) []byte {
		info := "\x00" + string([]byte{byte(n), byte(len(label) + 6)}) + "tls13 " + label + "\x00"
		out, err := hkdf.Expand(sha256.New, secret, info, n)
		if err != nil {
			panic(err)
		}
		return out
	}
	salt, _ := hex.DecodeString(v.salt)
	initial, _ := hkdf.Extract(sha256.New, destination, salt)
	secret := expand(initial, "client in", 32)
	block, _ := aes.NewCipher(expand(secret, v.prefix+" key", 16))
	aead, _ := cipher.NewGCM(block)
	iv := expand(secret, v.prefix+" iv", 12)
	hp, _ := aes.NewCipher(expand(secret, v.prefix+" hp", 16))

	header := binary.BigEndian.AppendUint32([]byte{0xc0 | v.kind<<4}, v.number)
	header = append(append(append(header, byte(len(destination))), destination...), 0, 0)
	const whole = 1200
	length := whole - len(header) - 2
	header = append(header, 0x40|byte(length>>8), byte(length), number)
	plain := append([]byte(frames), make([]byte, max(0, length-1-16-len(frames)))...)
	iv[11] ^= number
	packet := aead.Seal(header, iv, plain, header)
	var mask [16]byte
	at := len(header) - 1
	hp.Encrypt(mask[:], packet[at+4:at+20])
	packet[0] ^= mask[0] & 0x0f
	packet[at] ^= mask[1]
	return string(packet)
}

func crypto(offset int, data []byte) string {
	return "\x06" + string([]byte{0x40 | byte(offset>>8), byte(offset), 0x40 | byte(len(data)>>8), byte(len(data))}) + string(data)
}

func TestInitial(t *testing.T) {
	h := hello(t)
	half := len(h) / 2
	tests := []struct {
		name   string
		pieces []Piece
	}{
		{"version 1", []Piece{Out(seal(v1, 0, crypto(0, h)))}},
		{"version 2", []Piece{Out(seal(v2, 0, crypto(0, h)))}},
		{"draft 29", []Piece{Out(seal(draft29, 0, crypto(0, h)))}},
		{"hello in two packets, the second first", []Piece{Out(seal(v1, 1, crypto(half, h[half:]))), Out(seal(v1, 0, crypto(0, h[:half])))}},
		{"hello in overlapping frames among others", []Piece{Out(seal(v1, 0,
			"\x01"+crypto(half-20, h[half-20:])+"\x00\x00"+"\x02\x05\x00\x01\x00\x01\x02"+crypto(40, h[40:half])+"\x01"+crypto(0, h[:60])))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(quic.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.QUIC || len(s.Observations) != 2 {
				t.Fatalf("protocol %v, observations %+v", s.Flow.Protocol, s.Observations)
			}
			o := s.Observations[1].(observation.TLSClientHello)
			if o.Carrier != cordon.QUIC || o.ServerName != "pacs.example.org" || !slices.Equal(o.ALPN, []string{"h3"}) ||
				o.Version != observation.TLS13 || !strings.HasPrefix(o.JA4, "q13d") {
				t.Errorf("%+v", o)
			}
		})
	}
}

func TestHostileInitial(t *testing.T) {
	h := hello(t)
	packet := []byte(seal(v1, 0, crypto(0, h)))
	packet[len(packet)-1] ^= 1
	many := ""
	for i := range 200 {
		many += crypto(i*40, []byte("x"))
	}
	tests := []struct{ name, packet string }{
		{"forged", string(packet)},
		{"frame beyond the packet", seal(v1, 0, "\x06\x00\x7f\xff")},
		{"offset beyond any hello", seal(v1, 0, crypto(0x3fff, h[:5]))},
		{"unknown frame", seal(v1, 0, "\x30"+crypto(0, h))},
		{"holes", seal(v1, 0, many)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(quic.Dissector(), Out(tt.packet))
			for _, o := range s.Observations {
				if _, ok := o.(observation.TLSClientHello); ok {
					t.Errorf("a hello was read: %+v", o)
				}
			}
		})
	}
}

// googleHello is a CHLO with a host and a user agent in the packet of Q043.
const googleHello = "\x0dCONNECTQ043\x01" + "HHHHHHHHHHHH\xa0\x01\x00\x04" +
	"CHLO\x03\x00\x00\x00" + "SNI\x00\x10\x00\x00\x00" + "UAID\x1c\x00\x00\x00" + "VER\x00\x20\x00\x00\x00" +
	"pacs.example.org" + "Chrome/62.0 " + "Q043"

func TestGoogle(t *testing.T) {
	s := Run(quic.Dissector(), Out(googleHello[:1]+"12345678"+googleHello[8:]))
	want := []string{"sender sni=pacs.example.org", "receiver server-name=pacs.example.org", "sender user-agent=Chrome/62.0"}
	if s.Flow.Protocol != cordon.QUIC || !slices.Equal(s.Facts, want) {
		t.Errorf("protocol %v, facts %q, want %q", s.Flow.Protocol, s.Facts, want)
	}
}

func TestProbe(t *testing.T) {
	pad := strings.Repeat("\x00", 1200)
	tests := []struct {
		name, data string
		hint       bool
		want       dissect.Verdict
	}{
		{"initial", seal(v1, 0, ""), false, dissect.Sure},
		{"cut initial", seal(v1, 0, "")[:800], true, dissect.NotMine},
		{"handshake packet of version 1", "\xe0\x00\x00\x00\x01\x08AAAAAAAA\x00\x40\x40" + pad[:64], false, dissect.Likely},
		{"without the fixed bit", "\x80\x00\x00\x00\x01\x08AAAAAAAA\x00\x00\x40\x40" + pad[:64], true, dissect.NotMine},
		{"version negotiation", "\x80\x00\x00\x00\x00\x08AAAAAAAA\x00\x1a\x2a\x3a\x4a\x00\x00\x00\x01", false, dissect.Sure},
		{"version zero with nothing known", "\x80\x00\x00\x00\x00\x08AAAAAAAA\x00\x12\x34\x56\x78", true, dissect.NotMine},
		{"reserved version", "\xc0\x1a\x2a\x3a\x4a\x08AAAAAAAA\x00\x00\x44\xb0" + pad, false, dissect.Likely},
		{"unknown version", "\xc0\x12\x34\x56\x78\x08AAAAAAAA\x00\x00\x44\xb0" + pad, true, dissect.NotMine},
		{"server's rejection of Google's", "\x08CCCCCCCC\x01HHHHHHHHHHHH\xa0\x01REJ\x00", true, dissect.Likely},
		{"DNS", "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01", true, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := quic.Dissector().Probe(&dissect.Head{Data: []byte(tt.data), Hint: tt.hint}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func Fuzz(f *testing.F) {
	h := hello(f)
	Fuzzer(f, quic.Dissector(),
		[]Piece{Out(seal(v1, 0, crypto(0, h)))},
		[]Piece{Out(seal(v2, 0, crypto(0, h)))},
		[]Piece{Out(googleHello)},
		[]Piece{In("\x80\x00\x00\x00\x00\x08AAAAAAAA\x00\x1a\x2a\x3a\x4a\x00\x00\x00\x01")},
	)
}

// FuzzFrames reaches what lies behind the protection.
func FuzzFrames(f *testing.F) {
	h := hello(f)
	f.Add([]byte(crypto(0, h)))
	f.Add([]byte("\x01" + crypto(100, h[100:]) + "\x03\x05\x00\x01\x00\x01\x02\x01\x01\x01" + crypto(0, h[:120])))
	f.Fuzz(func(t *testing.T, frames []byte) {
		if len(frames) > 1000 {
			return
		}
		s := Run(quic.Dissector(), Out(seal(v1, 0, string(frames))))
		if s.Stats.Panics > 0 {
			t.Error("panic")
		}
	})
}
