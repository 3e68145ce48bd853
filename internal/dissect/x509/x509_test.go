package x509_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	stdx509 "crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon/internal/dissect/x509"
)

// made returns a certificate that the standard library made, and as it reads
// it.
func made(t testing.TB) ([]byte, *stdx509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &stdx509.Certificate{
		SerialNumber: big.NewInt(0x1234567890),
		Subject: pkix.Name{
			Country: []string{"DE"}, Organization: []string{`Acme "Medical", Inc. + Söhne`}, OrganizationalUnit: []string{"Pumps"},
			Locality: []string{"Ulm"}, SerialNumber: "SN-7", CommonName: "pump-12",
		},
		NotBefore: time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC), NotAfter: time.Date(2051, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames: []string{"a.example.org", "b.example.org"}, IPAddresses: []net.IP{net.ParseIP("10.1.2.3"), net.ParseIP("2001:db8::1")},
	}
	der, err := stdx509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := stdx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return der, cert
}

func TestReadAgreesWithTheStandardLibrary(t *testing.T) {
	der, want := made(t)
	var c x509.Certificate
	if !c.Read(der) {
		t.Fatal("not read")
	}
	if got := hex.EncodeToString(c.Serial); got != "1234567890" {
		t.Errorf("serial %s", got)
	}
	if got := string(c.Subject.Append(nil)); got != want.Subject.String() {
		t.Errorf("subject %s, want %s", got, want.Subject)
	}
	if got := string(c.Subject.Find(x509.Organization)); got != want.Subject.Organization[0] {
		t.Errorf("organization %s", got)
	}
	if !c.NotBefore.Equal(want.NotBefore) || !c.NotAfter.Equal(want.NotAfter) {
		t.Errorf("valid %v to %v, want %v to %v", c.NotBefore, c.NotAfter, want.NotBefore, want.NotAfter)
	}
	if !c.SelfIssued() || c.KeyAlgorithm != "ec" || c.KeyBits != 384 || c.Signature != "sha384-ecdsa" {
		t.Errorf("self-issued %v, key %s of %d bits, signature %s", c.SelfIssued(), c.KeyAlgorithm, c.KeyBits, c.Signature)
	}
	var names []string
	for _, n := range c.Names {
		names = append(names, string(n))
	}
	if d := cmp.Diff([]string{"a.example.org", "b.example.org", "10.1.2.3", "2001:db8::1"}, names); d != "" {
		t.Errorf("names, -want +got:\n%s", d)
	}
}

func TestStringTypes(t *testing.T) {
	tests := []struct{ name, der, want string }{
		{"UTF-16", "\x31\x0f\x30\x0d\x06\x03\x55\x04\x03\x1e\x06\x00P\x20\xac\x00x", "CN=P€x"},
		{"Latin-1", "\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x14\x02M\xfc", "CN=Mü"},
		{"unknown attribute", "\x31\x0b\x30\x09\x06\x04\x2a\x86\x48\x01\x0c\x01x", "1.2.840.1=x"},
		{"two parts", "\x31\x0a\x30\x08\x06\x03\x55\x04\x06\x13\x01D\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x13\x01c", "CN=c,C=D"},
		{"cut", "\x31\x0a\x30\x08\x06\x03\x55", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(x509.Name(tt.der).Append(nil)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func Fuzz(f *testing.F) {
	der, _ := made(f)
	f.Add(der)
	f.Add(der[:len(der)/2])
	f.Fuzz(func(t *testing.T, der []byte) {
		var c x509.Certificate
		if !c.Read(der) {
			return
		}
		c.Subject.Append(nil)
		c.Issuer.Find(x509.CommonName)
		if c.KeyBits < 0 || len(c.Names) > 16 || len(c.Serial) > 32 {
			t.Errorf("key of %d bits, %d names, serial of %d", c.KeyBits, len(c.Names), len(c.Serial))
		}
	})
}
