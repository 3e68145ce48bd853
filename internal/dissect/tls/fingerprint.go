package tls

import (
	"crypto/md5" //nolint:gosec // JA3 is defined over MD5; it protects nothing
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// prints makes fingerprints and remembers those of clients, of which a site
// has few kinds. The result of ja3, ja3s and ja4 is valid until the next call.
type prints struct {
	text   []byte
	out    []byte
	sorted []uint16
	known  map[string]clientPrints
}

type clientPrints struct{ ja3, ja4 string }

// maxPrints bounds how many clients' fingerprints are remembered.
const maxPrints = 512

// of returns both fingerprints of a client.
func (f *prints) of(h *hello, carrier cordon.Protocol, version observation.TLSVersion) (ja3, ja4 string) {
	f.text = appendKey(f.text[:0], h, carrier, version)
	if known, ok := f.known[string(f.text)]; ok {
		return known.ja3, known.ja4
	}
	key := string(f.text)
	var made clientPrints
	made.ja3 = string(f.ja3(h))
	made.ja4 = string(f.ja4(h, carrier, version))
	if len(f.known) >= maxPrints {
		clear(f.known)
	}
	f.known[key] = made
	return made.ja3, made.ja4
}

// appendKey appends all that the fingerprints depend on, so that different
// hellos differ in it.
func appendKey(b []byte, h *hello, carrier cordon.Protocol, version observation.TLSVersion) []byte {
	named := byte(0)
	if h.named {
		named = 1
	}
	b = append(b, byte(carrier), named, byte(version>>8), byte(version), byte(h.version>>8), byte(h.version))
	for _, list := range [...][]uint16{h.ciphers, h.extensions, h.groups, h.signatures} {
		b = append(b, byte(len(list)>>8), byte(len(list)))
		for _, v := range list {
			b = append(b, byte(v>>8), byte(v))
		}
	}
	b = appendALPN(b, h.alpn)
	return append(b, h.points...)
}

// ja3 computes the client's fingerprint by the method of
// https://github.com/salesforce/ja3: decimal numbers in the order of the hello.
func (f *prints) ja3(h *hello) []byte {
	b := strconv.AppendUint(f.text[:0], uint64(h.version), 10)
	b = appendDecimals(append(b, ','), h.ciphers)
	b = appendDecimals(append(b, ','), h.extensions)
	b = appendDecimals(append(b, ','), h.groups)
	b = appendDecimals(append(b, ','), h.points)
	return f.md5(b)
}

// ja3s computes the server's: version, chosen cipher, extensions.
func (f *prints) ja3s(h *hello) []byte {
	b := strconv.AppendUint(f.text[:0], uint64(h.version), 10)
	b = appendDecimals(append(b, ','), h.ciphers)
	b = appendDecimals(append(b, ','), h.extensions)
	return f.md5(b)
}

func (f *prints) md5(b []byte) []byte {
	f.text = b
	sum := md5.Sum(b) //nolint:gosec // see the import
	f.out = hex.AppendEncode(f.out[:0], sum[:])
	return f.out
}

func appendDecimals[T uint8 | uint16](b []byte, list []T) []byte {
	for i, v := range list {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(v), 10)
	}
	return b
}

// ja4 computes the client's fingerprint by the method of
// https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md, in which
// the order of ciphers and extensions does not count.
func (f *prints) ja4(h *hello, carrier cordon.Protocol, version observation.TLSVersion) []byte {
	out := append(f.out[:0], ja4Carrier(carrier))
	out = append(out, ja4Version(version)...)
	if h.named {
		out = append(out, 'd')
	} else {
		out = append(out, 'i')
	}
	out = appendTwoDigits(out, len(h.ciphers))
	out = appendTwoDigits(out, len(h.extensions))
	out = appendALPN(out, h.alpn)

	sorted := append(f.sorted[:0], h.ciphers...)
	slices.Sort(sorted)
	f.text = appendHex(f.text[:0], sorted)
	out = appendTruncatedHash(append(out, '_'), f.text)

	sorted = sorted[:0]
	for _, e := range h.extensions {
		if e != extServerName && e != extALPN {
			sorted = append(sorted, e)
		}
	}
	slices.Sort(sorted)
	f.sorted = sorted
	f.text = appendHex(f.text[:0], sorted)
	if len(h.signatures) > 0 {
		f.text = appendHex(append(f.text, '_'), h.signatures)
	}
	f.out = appendTruncatedHash(append(out, '_'), f.text)
	return f.out
}

func ja4Carrier(p cordon.Protocol) byte {
	switch p {
	case cordon.QUIC:
		return 'q'
	case cordon.DTLS:
		return 'd'
	default:
		return 't'
	}
}

func ja4Version(v observation.TLSVersion) string {
	switch v {
	case observation.TLS13:
		return "13"
	case observation.TLS12:
		return "12"
	case observation.TLS11:
		return "11"
	case observation.TLS10:
		return "10"
	case observation.SSL30:
		return "s3"
	case observation.SSL20:
		return "s2"
	case observation.DTLS10:
		return "d1"
	case observation.DTLS12:
		return "d2"
	case observation.DTLS13:
		return "d3"
	default:
		return "00"
	}
}

// appendTwoDigits appends n, at most 99.
func appendTwoDigits(b []byte, n int) []byte {
	n = min(n, 99)
	return append(b, '0'+byte(n/10), '0'+byte(n%10))
}

// appendALPN appends the first and the last character of the first protocol;
// if either is no letter or digit, the first and last hexadecimal digit.
func appendALPN(b []byte, list wire.Reader) []byte {
	var name wire.Reader
	if !list.SubU8(&name) || len(name) == 0 {
		return append(b, "00"...)
	}
	first, last := name[0], name[len(name)-1]
	if isAlphanumeric(first) && isAlphanumeric(last) {
		return append(b, first, last)
	}
	const digits = "0123456789abcdef"
	return append(b, digits[first>>4], digits[last&15])
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// appendHex appends the values with four digits each, separated by commas.
func appendHex(b []byte, list []uint16) []byte {
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = hex.AppendEncode(b, []byte{byte(v >> 8), byte(v)})
	}
	return b
}

// appendTruncatedHash appends the first 12 digits of the SHA-256 of text, or
// zeros if there is none.
func appendTruncatedHash(b, text []byte) []byte {
	if len(text) == 0 {
		return append(b, "000000000000"...)
	}
	sum := sha256.Sum256(text)
	return hex.AppendEncode(b, sum[:6])
}
