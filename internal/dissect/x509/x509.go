// Package x509 reads certificates as devices send them (RFC 5280). Unlike
// crypto/x509 it is content with certificates that break the rules, as those
// of many devices do, and it verifies nothing: it tells what a certificate
// says.
package x509

import (
	"bytes"
	"time"

	"github.com/cordonhq/cordon/internal/dissect/ber"
	"github.com/cordonhq/cordon/internal/dissect/wire"
)

// maxNames bounds the alternative names that are kept.
const maxNames = 16

// Certificate is what one certificate says. Its slices alias what Read was
// given, except for addresses in Names.
type Certificate struct {
	Serial              []byte
	Issuer, Subject     Name
	NotBefore, NotAfter time.Time
	// Signature is the algorithm's short name, else its dotted OID.
	Signature string
	// KeyAlgorithm is the public key's short name, else its dotted OID.
	// KeyBits is the size of an RSA modulus or of an elliptic curve's
	// coordinate, 0 if not known.
	KeyAlgorithm string
	KeyBits      int
	// Names are the alternative DNS names and addresses, at most 16.
	Names [][]byte
}

// SelfIssued reports whether subject and issuer are the same.
func (c *Certificate) SelfIssued() bool { return bytes.Equal(c.Issuer, c.Subject) }

// Read reads a certificate in DER and reports whether it is one. A part behind
// the subject that cannot be read is left empty.
func (c *Certificate) Read(der []byte) bool {
	r := wire.Reader(der)
	var outer, tbs, serial, signature, issuer, validity, subject, key wire.Reader
	if !ber.Expect(&r, ber.Sequence, &outer) || !ber.Expect(&outer, ber.Sequence, &tbs) {
		return false
	}
	ber.Skip(&tbs, ber.ContextOf(0)) // version
	if !ber.Expect(&tbs, ber.Integer, &serial) || !ber.Expect(&tbs, ber.Sequence, &signature) ||
		!ber.Expect(&tbs, ber.Sequence, &issuer) || !ber.Expect(&tbs, ber.Sequence, &validity) ||
		!ber.Expect(&tbs, ber.Sequence, &subject) {
		return false
	}
	const maxSerial = 32 // RFC 5280 §4.1.2.2 allows 20 octets
	c.Serial = serial[:min(len(serial), maxSerial)]
	c.Issuer, c.Subject = Name(issuer), Name(subject)
	c.Signature = algorithm(signature)
	c.NotBefore, c.NotAfter = readTime(&validity), readTime(&validity)
	if ber.Expect(&tbs, ber.Sequence, &key) {
		c.readKey(key)
	}
	ber.Skip(&tbs, ber.Context(1)) // unique identifiers
	ber.Skip(&tbs, ber.Context(2))
	var wrapped, extensions wire.Reader
	if ber.Expect(&tbs, ber.ContextOf(3), &wrapped) && ber.Expect(&wrapped, ber.Sequence, &extensions) {
		c.readExtensions(extensions)
	}
	return true
}

// readKey reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
func (c *Certificate) readKey(key wire.Reader) {
	var alg, bits wire.Reader
	if !ber.Expect(&key, ber.Sequence, &alg) {
		return
	}
	parameters := alg
	c.KeyAlgorithm = algorithm(alg)
	if !ber.Expect(&key, ber.BitString, &bits) || !bits.Skip(1) {
		return
	}
	switch c.KeyAlgorithm {
	case "rsa":
		var seq, modulus wire.Reader
		if ber.Expect(&bits, ber.Sequence, &seq) && ber.Expect(&seq, ber.Integer, &modulus) {
			c.KeyBits = bitLen(modulus)
		}
	case "ec":
		var curve wire.Reader
		ber.Skip(&parameters, ber.OID)
		if ber.Expect(&parameters, ber.OID, &curve) {
			c.KeyBits = curveBits[string(curve)]
		}
	}
}

// bitLen returns the length in bits of a positive integer in DER.
func bitLen(v []byte) int {
	v = bytes.TrimLeft(v, "\x00")
	if len(v) == 0 {
		return 0
	}
	n := 8 * len(v)
	for b := v[0]; b&0x80 == 0; b <<= 1 {
		n--
	}
	return n
}

// readExtensions looks for the subject's alternative names
// (RFC 5280 §4.2.1.6).
func (c *Certificate) readExtensions(all wire.Reader) {
	var ext, id, value, names wire.Reader
	for ber.Expect(&all, ber.Sequence, &ext) {
		if !ber.Expect(&ext, ber.OID, &id) || string(id) != oidSubjectAltName {
			continue
		}
		ber.Skip(&ext, ber.Boolean)
		if ber.Expect(&ext, ber.OctetString, &value) && ber.Expect(&value, ber.Sequence, &names) {
			c.readNames(names)
		}
		return
	}
}

func (c *Certificate) readNames(names wire.Reader) {
	var tag ber.Tag
	var name wire.Reader
	for len(c.Names) < maxNames && ber.Read(&names, &tag, &name) {
		switch tag {
		case ber.Context(1), ber.Context(2), ber.Context(6): // mail, DNS, URI
			c.Names = append(c.Names, name)
		case ber.Context(7):
			if a := address(name); a != nil {
				c.Names = append(c.Names, a)
			}
		}
	}
}

// readTime eats a UTCTime or GeneralizedTime (RFC 5280 §4.1.2.5); what is
// neither yields the zero time.
func readTime(r *wire.Reader) time.Time {
	var tag ber.Tag
	var body wire.Reader
	if !ber.Read(r, &tag, &body) {
		return time.Time{}
	}
	year := 0
	switch tag {
	case ber.UTCTime:
		if year = digits(&body, 2); year < 50 {
			year += 2000
		} else {
			year += 1900
		}
	case ber.GeneralizedTime:
		year = digits(&body, 4)
	default:
		return time.Time{}
	}
	month, day := digits(&body, 2), digits(&body, 2)
	hour, minute, second := digits(&body, 2), digits(&body, 2), 0
	if len(body) > 1 { // seconds may be absent in old certificates
		second = digits(&body, 2)
	}
	if year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 {
		return time.Time{}
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
}

// digits eats a decimal number of n digits; -1 says that there is none.
func digits(r *wire.Reader, n int) int {
	var b []byte
	if !r.Bytes(&b, n) {
		return -1
	}
	v := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		v = v*10 + int(c-'0')
	}
	return v
}
