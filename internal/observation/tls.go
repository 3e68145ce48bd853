package observation

import (
	"fmt"
	"time"

	"github.com/cordonhq/cordon"
)

// TLSVersion is a protocol version as TLS, SSL and DTLS put it on the wire.
type TLSVersion uint16

// The versions (RFC 8446 §4.1.2, RFC 6347 §4.1, RFC 9147 §5.3).
const (
	SSL20  TLSVersion = 0x0002
	SSL30  TLSVersion = 0x0300
	TLS10  TLSVersion = 0x0301
	TLS11  TLSVersion = 0x0302
	TLS12  TLSVersion = 0x0303
	TLS13  TLSVersion = 0x0304
	DTLS10 TLSVersion = 0xfeff
	DTLS12 TLSVersion = 0xfefd
	DTLS13 TLSVersion = 0xfefc
)

// String returns the name that people know, such as "TLS 1.2".
func (v TLSVersion) String() string {
	switch v {
	case SSL20:
		return "SSL 2.0"
	case SSL30:
		return "SSL 3.0"
	case TLS10:
		return "TLS 1.0"
	case TLS11:
		return "TLS 1.1"
	case TLS12:
		return "TLS 1.2"
	case TLS13:
		return "TLS 1.3"
	case DTLS10:
		return "DTLS 1.0"
	case DTLS12:
		return "DTLS 1.2"
	case DTLS13:
		return "DTLS 1.3"
	default:
		return fmt.Sprintf("0x%04x", uint16(v))
	}
}

// TLSClientHello is what a client offered (RFC 8446 §4.1.2). The protocol that
// carried it is Carrier: TLS, DTLS or QUIC.
type TLSClientHello struct {
	Carrier cordon.Protocol
	// Version is the newest offered, LegacyVersion the one in the header.
	Version, LegacyVersion TLSVersion
	// Ciphers are the cipher suites in the client's order, GREASE left out.
	Ciphers []uint16
	// ServerName is the host that the client asked for (RFC 6066 §3).
	ServerName string
	// ALPN are the application protocols offered, at most 32.
	ALPN []string
	// JA3 is the MD5 in hexadecimal, JA4 the client fingerprint. Both are
	// empty for an SSL 2.0 hello.
	JA3, JA4 string
	// UserAgent is what Google's clients say they are, over QUIC only.
	UserAgent string
	// Encrypted is true if the hello carries an encrypted inner one
	// (draft-ietf-tls-esni); ServerName is then that of the front.
	Encrypted bool
}

// Protocol implements Observation.
func (o TLSClientHello) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o TLSClientHello) Facts(yield func(Fact)) {
	fact(yield, Sender, "ja3", o.JA3)
	fact(yield, Sender, "ja4", o.JA4)
	fact(yield, Sender, "sni", o.ServerName)
	fact(yield, Receiver, "server-name", o.ServerName)
	fact(yield, Sender, "user-agent", o.UserAgent)
	for _, p := range o.ALPN {
		fact(yield, Sender, "alpn", p)
	}
}

// TLSServerHello is what a server chose (RFC 8446 §4.1.3).
type TLSServerHello struct {
	Carrier cordon.Protocol
	Version TLSVersion
	Cipher  uint16
	// ALPN is the application protocol chosen; empty from TLS 1.3 on, where it
	// is encrypted.
	ALPN string
	// JA3S is the MD5 of version, cipher and extensions, in hexadecimal.
	JA3S string
	// Retry is true for a HelloRetryRequest.
	Retry bool
}

// Protocol implements Observation.
func (o TLSServerHello) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o TLSServerHello) Facts(yield func(Fact)) {
	if !o.Retry {
		fact(yield, Sender, "ja3s", o.JA3S)
	}
}

// TLSCertificate is the first certificate that a side showed, in the clear
// before TLS 1.3. It was read, not verified: nothing in it is proven.
type TLSCertificate struct {
	Carrier cordon.Protocol
	// Subject and Issuer are distinguished names as RFC 2253 writes them, the
	// most specific part first.
	Subject, Issuer string
	// The parts of the subject; the first of each kind.
	CommonName, Organization, Unit string
	// IssuerName is the issuer's common name, else its organization.
	IssuerName string
	// Serial is in hexadecimal.
	Serial              string
	NotBefore, NotAfter time.Time
	// Names are the subject's alternative DNS names and addresses, at most 16.
	Names []string
	// SelfSigned is true if subject and issuer are the same.
	SelfSigned bool
	// SHA256 is the fingerprint of the whole certificate, in hexadecimal.
	SHA256 string
	// KeyAlgorithm is "rsa", "ec", "ed25519", … or a dotted OID; KeyBits is
	// the size of an RSA modulus or of an EC point's coordinate, 0 if unknown.
	KeyAlgorithm string
	KeyBits      int
	// Signature names the algorithm that signed it, such as "sha1-rsa", or is
	// a dotted OID.
	Signature string
	// Chain is how many certificates were sent.
	Chain int
	// FromClient is true for a client's certificate.
	FromClient bool
}

// Protocol implements Observation.
func (o TLSCertificate) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o TLSCertificate) Facts(yield func(Fact)) {
	fact(yield, Sender, "certificate-subject", o.Subject)
	fact(yield, Sender, "certificate-common-name", o.CommonName)
	fact(yield, Sender, "certificate-organization", o.Organization)
	fact(yield, Sender, "certificate-unit", o.Unit)
	fact(yield, Sender, "certificate-issuer", o.Issuer)
	fact(yield, Sender, "certificate-issuer-name", o.IssuerName)
	fact(yield, Sender, "certificate-sha256", o.SHA256)
	for _, n := range o.Names {
		fact(yield, Sender, "certificate-name", n)
	}
}

// TLSAlert is an alert in the clear (RFC 8446 §6): it tells why a handshake
// failed.
type TLSAlert struct {
	Carrier     cordon.Protocol
	Fatal       bool
	Description uint8
}

// Protocol implements Observation.
func (o TLSAlert) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o TLSAlert) Facts(func(Fact)) {}

// TLSHeartbeat is a heartbeat request or response in the clear (RFC 6520). One
// that claims more payload than its record holds is an attempt at
// CVE-2014-0160.
type TLSHeartbeat struct {
	Carrier cordon.Protocol
	Request bool
	// Claimed is the payload length that the message states, Carried what its
	// record holds behind the message header, both in bytes.
	Claimed, Carried int
}

// Protocol implements Observation.
func (o TLSHeartbeat) Protocol() cordon.Protocol { return o.Carrier }

// Facts implements Observation.
func (o TLSHeartbeat) Facts(func(Fact)) {}
