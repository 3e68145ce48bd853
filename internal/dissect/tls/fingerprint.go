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

// fingerprint is the room in which one is put together. The result of each
// method is valid until the next call.
type fingerprint struct {
	text []byte
	out  []byte
}

// ja3 computes the client's fingerprint by the method of
// https://github.com/salesforce/ja3: decimal numbers in the order of the hello.
func (f *fingerprint) ja3(h *hello) []byte {
	b := strconv.AppendUint(f.text[:0], uint64(h.version), 10)
	b = appendDecimals(append(b, ','), h.ciphers)
	b = appendDecimals(append(b, ','), h.extensions)
	b = appendDecimals(append(b, ','), h.groups)
	b = appendDecimals(append(b, ','), h.points)
	return f.md5(b)
}

// ja3s computes the server's: version, chosen cipher, extensions.
func (f *fingerprint) ja3s(h *hello) []byte {
	b := strconv.AppendUint(f.text[:0], uint64(h.version), 10)
	b = appendDecimals(append(b, ','), h.ciphers)
	b = appendDecimals(append(b, ','), h.extensions)
	return f.md5(b)
}

func (f *fingerprint) md5(b []byte) []byte {
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
func (f *fingerprint) ja4(h *hello, carrier cordon.Protocol, version observation.TLSVersion) []byte {
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

	sorted := slices.Clone(h.ciphers)
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
