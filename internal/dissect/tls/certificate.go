package tls

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/dissect/x509"
	"github.com/cordonhq/cordon/internal/observation"
)

// maxChain bounds how many certificates of a chain are counted.
const maxChain = 32

// maxCertificates bounds how many certificates are remembered.
const maxCertificates = 256

// certificate reads a Certificate message as it was before TLS 1.3
// (RFC 5246 §7.4.2). It returns nil if the first certificate cannot be read,
// or if there is none, as when a client has none to show. A server shows the
// same all day, so what certificates say is remembered.
func (m *room) certificate(c *dissect.Context, body []byte) *observation.TLSCertificate {
	r := wire.Reader(body)
	var all, leaf, next wire.Reader
	if !r.SubU24(&all) || !all.SubU24(&leaf) {
		return nil
	}
	chain := 1
	for chain < maxChain && all.SubU24(&next) {
		chain++
	}
	sum := sha256.Sum256(leaf)
	known := m.certificates[sum]
	if known == nil {
		if known = describe(c, leaf, sum); known == nil {
			return nil
		}
		if len(m.certificates) >= maxCertificates {
			clear(m.certificates)
		}
		m.certificates[sum] = known
	}
	m.shown = *known
	m.shown.Chain = chain
	return &m.shown
}

func describe(c *dissect.Context, der []byte, sum [sha256.Size]byte) *observation.TLSCertificate {
	var cert x509.Certificate
	if !cert.Read(der) {
		return nil
	}
	o := &observation.TLSCertificate{
		Subject:      c.Text(cert.Subject.Append(nil)),
		Issuer:       c.Text(cert.Issuer.Append(nil)),
		CommonName:   c.Text(cert.Subject.Find(x509.CommonName)),
		Organization: c.Text(cert.Subject.Find(x509.Organization)),
		Unit:         c.Text(cert.Subject.Find(x509.Unit)),
		IssuerName:   c.Text(cert.Issuer.Find(x509.CommonName)),
		Serial:       hex.EncodeToString(cert.Serial),
		NotBefore:    cert.NotBefore,
		NotAfter:     cert.NotAfter,
		SelfSigned:   cert.SelfIssued(),
		SHA256:       hex.EncodeToString(sum[:]),
		KeyAlgorithm: cert.KeyAlgorithm,
		KeyBits:      cert.KeyBits,
		Signature:    cert.Signature,
	}
	if o.IssuerName == "" {
		o.IssuerName = c.Text(cert.Issuer.Find(x509.Organization))
	}
	for _, n := range cert.Names {
		o.Names = append(o.Names, c.Text(n))
	}
	return o
}
