package tls_test

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/tls"
	"github.com/cordonhq/cordon/internal/observation"
)

// The builders below write messages as the standards draw them.

func u8(s string) string  { return string([]byte{byte(len(s))}) + s }
func u16(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }
func u24(s string) string { return string([]byte{0, byte(len(s) >> 8), byte(len(s))}) + s }

func list(values ...uint16) string {
	var b strings.Builder
	for _, v := range values {
		b.Write([]byte{byte(v >> 8), byte(v)})
	}
	return b.String()
}

func record(kind byte, body string) string { return string([]byte{kind, 3, 3}) + u16(body) }

func message(kind byte, body string) string { return string([]byte{kind}) + u24(body) }

func extension(kind uint16, body string) string { return list(kind) + u16(body) }

func clientHello(ciphers []uint16, extensions ...string) string {
	return message(1, "\x03\x03"+strings.Repeat("r", 32)+u8(strings.Repeat("s", 32))+u16(list(ciphers...))+u8("\x00")+u16(strings.Join(extensions, "")))
}

func serverHello(cipher uint16, extensions ...string) string {
	return message(2, "\x03\x03"+strings.Repeat("r", 32)+u8("")+list(cipher)+"\x00"+u16(strings.Join(extensions, "")))
}

func serverName(host string) string { return extension(0, u16("\x00"+u16(host))) }

// chrome is the hello of the example in the definition of JA4, with GREASE as
// Chrome adds it.
func chrome() string {
	empty := func(kinds ...uint16) (s string) {
		for _, k := range kinds {
			s += extension(k, "")
		}
		return s
	}
	return clientHello(
		[]uint16{0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
		empty(0x9a9a, 0x001b), serverName("imaging.example.org"), empty(0x0033),
		extension(0x0010, u16(u8("h2")+u8("http/1.1"))), empty(0x4469, 0x0017, 0x002d),
		extension(0x000d, u16(list(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601))), empty(0x0005, 0x0023, 0x0012),
		extension(0x002b, u8(list(0x3a3a, 0x0304, 0x0303))), empty(0xff01),
		extension(0x000b, u8("\x00")), extension(0x000a, u16(list(0x4a4a, 0x001d, 0x0017, 0x0018))), empty(0x0015, 0xbaba),
	)
}

// der makes an element of X.690.
func der(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	if len(body) < 128 {
		return string([]byte{tag, byte(len(body))}) + body
	}
	return string([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}) + body
}

func md5Hex(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }

func certificate() string {
	oid := func(s string) string { return der(6, s) }
	part := func(id, value string) string { return der(0x31, der(0x30, oid("\x55\x04"+id), der(0x0c, value))) }
	name := der(0x30, part("\x0a", "Acme Medical, Inc."), part("\x0b", "Pumps"), part("\x03", "pump-12"))
	rsa := der(0x30, oid("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), der(5))
	key := der(0x30, der(2, "\x00\xc1"+strings.Repeat("k", 127)), der(2, "\x01\x00\x01"))
	tbs := der(0x30,
		der(0xa0, der(2, "\x02")), der(2, "\x0b\xad"), der(0x30, oid("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), der(5)),
		name, der(0x30, der(0x17, "200102030405Z"), der(0x18, "20500102030405Z")), name,
		der(0x30, rsa, der(3, "\x00"+key)),
		der(0xa3, der(0x30, der(0x30, oid("\x55\x1d\x11"), der(4, der(0x30, der(0x82, "pump-12.example.org"), der(0x87, "\x0a\x01\x02\x03")))))),
	)
	return der(0x30, tbs, der(0x30, oid("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), der(5)), der(3, "\x00sig"))
}

var (
	wantChrome = observation.TLSClientHello{
		Carrier: cordon.TLS, Version: observation.TLS13, LegacyVersion: observation.TLS12,
		Ciphers:    []uint16{0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
		ServerName: "imaging.example.org", ALPN: []string{"h2", "http/1.1"},
		JA3: md5Hex("771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53," +
			"27-0-51-16-17513-23-45-13-5-35-18-43-65281-11-10-21,29-23-24,0"),
		JA4: "t13d1516h2_8daaf6152771_e5627efa2ab1",
	}
	wantCertificate = observation.TLSCertificate{
		Carrier: cordon.TLS, Subject: `CN=pump-12,OU=Pumps,O=Acme Medical\, Inc.`, Issuer: `CN=pump-12,OU=Pumps,O=Acme Medical\, Inc.`,
		CommonName: "pump-12", Organization: "Acme Medical, Inc.", Unit: "Pumps", IssuerName: "pump-12", Serial: "0bad",
		NotBefore: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), NotAfter: time.Date(2050, 1, 2, 3, 4, 5, 0, time.UTC),
		Names: []string{"pump-12.example.org", "10.1.2.3"}, SelfSigned: true,
		SHA256:       fmt.Sprintf("%x", sha256.Sum256([]byte(certificate()))),
		KeyAlgorithm: "rsa", KeyBits: 1024, Signature: "sha1-rsa", Chain: 2,
	}
)

// split cuts a run of handshake messages into records of n bytes.
func split(messages string, n int) (records string) {
	for len(messages) > n {
		records += record(22, messages[:n])
		messages = messages[n:]
	}
	return records + record(22, messages)
}

func TestObservations(t *testing.T) {
	chain := message(11, u24(u24(certificate())+u24("another")))
	tls12 := serverHello(0xc02f, extension(0x0010, u16(u8("h2"))))
	wantServer := observation.TLSServerHello{Carrier: cordon.TLS, Version: observation.TLS12, Cipher: 0xc02f, ALPN: "h2", JA3S: md5Hex("771,49199,16")}
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"client hello", []Piece{Out(record(22, chrome()))}, []observation.Observation{wantChrome}},
		{"client hello in records of 50 bytes", []Piece{Out(split(chrome(), 50))}, []observation.Observation{wantChrome}},
		{"client hello in records of 3 bytes", []Piece{Out(split(chrome(), 3))}, []observation.Observation{wantChrome}},
		{"handshake of TLS 1.2", []Piece{Out(record(22, chrome())), In(record(22, tls12+chain+message(14, "")))},
			[]observation.Observation{wantChrome, wantServer, wantCertificate}},
		{"its server's messages across records", []Piece{Out(record(22, chrome())), In(split(tls12+chain+message(14, ""), 70))},
			[]observation.Observation{wantChrome, wantServer, wantCertificate}},
		{"client refuses the certificate", []Piece{Out(record(22, chrome())), In(record(22, tls12+chain)), Out(record(21, "\x02\x30"))},
			[]observation.Observation{wantChrome, wantServer, wantCertificate, observation.TLSAlert{Carrier: cordon.TLS, Fatal: true, Description: 48}}},
		{"nothing is read behind the server hello of TLS 1.3",
			[]Piece{Out(record(22, chrome())), In(record(22, serverHello(0x1301, extension(0x002b, "\x03\x04"))) + record(22, chain))},
			[]observation.Observation{wantChrome, observation.TLSServerHello{Carrier: cordon.TLS, Version: observation.TLS13, Cipher: 0x1301, JA3S: md5Hex("771,4865,43")}}},
		{"early data before the server hello", []Piece{Out(record(22, chrome()) + record(23, "secret")), In(record(22, tls12))},
			[]observation.Observation{wantChrome, wantServer}},
		{"heartbeat that claims too much", []Piece{Out(record(22, chrome())), In(record(22, tls12)), Out(record(24, "\x01\x40\x00"))},
			[]observation.Observation{wantChrome, wantServer, observation.TLSHeartbeat{Carrier: cordon.TLS, Request: true, Claimed: 0x4000}}},
		{"SSL 2.0 hello", []Piece{Out("\x80\x1f\x01\x03\x01\x00\x06\x00\x00\x00\x10" + "\x01\x00\x80\x00\x00\x35" + strings.Repeat("c", 16))},
			[]observation.Observation{observation.TLSClientHello{Carrier: cordon.TLS, Version: observation.TLS10, LegacyVersion: observation.SSL20, Ciphers: []uint16{0x35}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(tls.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.TLS {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	s := Run(tls.Dissector(), Out(record(22, chrome())), In(record(22, message(11, u24(u24(certificate()))))))
	for _, want := range []string{
		"sender ja3=" + wantChrome.JA3, "sender ja4=" + wantChrome.JA4, "sender sni=imaging.example.org", "receiver server-name=imaging.example.org",
		"sender certificate-common-name=pump-12", "sender certificate-organization=Acme Medical, Inc.", "sender certificate-name=10.1.2.3",
	} {
		if !slices.Contains(s.Facts, want) {
			t.Errorf("no fact %q in %q", want, s.Facts)
		}
	}
}

func TestProbe(t *testing.T) {
	hello := record(22, chrome())
	data := record(23, strings.Repeat("x", 40))
	tests := []struct {
		name string
		head dissect.Head
		want dissect.Verdict
	}{
		{"client hello", dissect.Head{Data: []byte(hello)}, dissect.Sure},
		{"its first bytes", dissect.Head{Data: []byte(hello[:7])}, dissect.More},
		{"one byte", dissect.Head{Data: []byte(hello[:1])}, dissect.More},
		{"server hello", dissect.Head{Data: []byte(record(22, serverHello(0x1301)))}, dissect.Sure},
		{"records of a running connection", dissect.Head{Data: []byte(data + data), Midway: true}, dissect.Likely},
		{"half a record of one on a port of TLS", dissect.Head{Data: []byte(data[:20]), Midway: true, Hint: true}, dissect.Likely},
		{"half a record elsewhere", dissect.Head{Data: []byte(data[:20]), Midway: true}, dissect.Weak},
		{"record followed by something else", dissect.Head{Data: []byte(data + "abcdefgh"), Hint: true}, dissect.NotMine},
		{"alert", dissect.Head{Data: []byte(record(21, "\x02\x28"))}, dissect.Likely},
		{"text", dissect.Head{Data: []byte("GET / HTTP/1.1\r\n"), Hint: true}, dissect.NotMine},
		{"session id too long", dissect.Head{Data: []byte(record(22, message(1, "\x03\x03"+strings.Repeat("r", 32)+"\x21"+strings.Repeat("s", 40)))), Hint: true}, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tls.Dissector().Probe(&tt.head); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestAllocatesNothingForWhatItKnows(t *testing.T) {
	server := record(22, serverHello(0xc02f)+message(11, u24(u24(certificate()))))
	if n := Allocs(tls.Dissector(), Out(record(22, chrome())), In(server)); n > 0 {
		t.Errorf("%v allocations in a handshake", n)
	}
}

// TestRemembersNothingOfOthers reads hellos that differ in one thing each, so
// that none is taken for one before.
func TestRemembersNothingOfOthers(t *testing.T) {
	hellos := []string{
		clientHello([]uint16{0x1301}), clientHello([]uint16{0x1301, 0x1302}), clientHello([]uint16{0x1302, 0x1301}),
		clientHello([]uint16{0x1301}, extension(0x1302, "")),
		clientHello([]uint16{0x1301}, extension(0x000a, u16(list(0x001d)))), clientHello([]uint16{0x1301}, extension(0x000a, "")),
		clientHello([]uint16{0x1301}, extension(0x000d, u16(list(0x0403)))), clientHello([]uint16{0x1301}, extension(0x000d, "")),
		clientHello([]uint16{0x1301}, extension(0x000b, u8("\x00"))), clientHello([]uint16{0x1301}, extension(0x000b, u8("\x01"))),
		clientHello([]uint16{0x1301}, extension(0x002b, u8(list(0x0304)))), clientHello([]uint16{0x1301}, extension(0x002b, u8(list(0x0302)))),
		clientHello([]uint16{0x1301}, extension(0x0010, u16(u8("h2")))), clientHello([]uint16{0x1301}, extension(0x0010, u16(u8("h3")))),
		clientHello([]uint16{0x1301}, serverName("a.example")),
	}
	for range 2 {
		seen := map[string]int{}
		for i, h := range hellos {
			o := Run(tls.Dissector(), Out(record(22, h))).Observations[0].(observation.TLSClientHello)
			if before, ok := seen[o.JA3+o.JA4]; ok {
				t.Errorf("hellos %d and %d both have %s and %s", before, i, o.JA3, o.JA4)
			}
			seen[o.JA3+o.JA4] = i
			if i < 13 && (o.ServerName != "" || i < 12 && len(o.ALPN) > 0) {
				t.Errorf("hello %d has what another said: %+v", i, o)
			}
		}
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, tls.Dissector(),
		[]Piece{Out(record(22, chrome()) + record(20, "\x01")), In(record(22, serverHello(0x1301, extension(0x002b, "\x03\x04"))))},
		[]Piece{Out(split(chrome(), 40)), In(split(serverHello(0xc02f)+message(11, u24(u24(certificate()))), 90) + record(21, "\x01\x00"))},
		[]Piece{Out("\x80\x1f\x01\x03\x01\x00\x06\x00\x00\x00\x10" + "\x01\x00\x80\x00\x00\x35" + strings.Repeat("c", 16))},
		[]Piece{Out(record(24, "\x01\x40\x00"))},
	)
}
