package site

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/cordonhq/cordon/internal/platform/atomicfile"
)

const (
	// Browsers refuse certificates that are valid longer than 398 days (CA/Browser
	// Forum Baseline Requirements §6.3.2).
	certificateLife  = 397 * 24 * time.Hour
	renewBefore      = 30 * 24 * time.Hour
	certificateFile  = "tls.pem"
	pemTypeCert      = "CERTIFICATE"
	pemTypeKey       = "PRIVATE KEY"
	serialNumberBits = 127
)

// certificate loads the site's self-made certificate from dir, and makes one
// if there is none, it cannot be read or it ends soon. Key and certificate are
// in one file, so that they cannot part.
func certificate(dir string, now time.Time) (tls.Certificate, error) {
	path := filepath.Join(dir, certificateFile)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tls.Certificate{}, fmt.Errorf("read certificate: %w", err)
	}
	if cert, err := tls.X509KeyPair(data, data); err == nil && now.Add(renewBefore).Before(cert.Leaf.NotAfter) && now.After(cert.Leaf.NotBefore) {
		return cert, nil
	}
	data, err = makeCertificate(now)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make certificate: %w", err)
	}
	if err := atomicfile.Write(path, data, 0o600); err != nil {
		return tls.Certificate{}, fmt.Errorf("keep certificate: %w", err)
	}
	return tls.X509KeyPair(data, data)
}

// makeCertificate signs a fresh P-256 key for the names of this machine.
func makeCertificate(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialNumberBits))
	if err != nil {
		return nil, err
	}
	names := []string{"localhost"}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		names = append(names, host)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Cordon", Organization: []string{"Cordon, made by this installation"}},
		DNSNames:     names,
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(certificateLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},

		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	out := pem.EncodeToMemory(&pem.Block{Type: pemTypeCert, Bytes: der})
	return append(out, pem.EncodeToMemory(&pem.Block{Type: pemTypeKey, Bytes: private})...), nil
}
