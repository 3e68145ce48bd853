package x509

import (
	"strconv"

	"github.com/cordonhq/cordon/internal/dissect/ber"
	"github.com/cordonhq/cordon/internal/dissect/wire"
)

// oidSubjectAltName is 2.5.29.17.
const oidSubjectAltName = "\x55\x1d\x11"

// algorithms are the OIDs, as DER bodies, of the keys and signatures that
// certificates in use have (RFC 3279, RFC 4055, RFC 5758, RFC 8410).
var algorithms = map[string]string{
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01": "rsa",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02": "md2-rsa",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04": "md5-rsa",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05": "sha1-rsa",
	"\x2b\x0e\x03\x02\x1d":                 "sha1-rsa",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a": "rsa-pss",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b": "sha256-rsa",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c": "sha384-rsa",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d": "sha512-rsa",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e": "sha224-rsa",
	"\x2a\x86\x48\xce\x38\x04\x01":         "dsa",
	"\x2a\x86\x48\xce\x38\x04\x03":         "sha1-dsa",
	"\x2a\x86\x48\xce\x3d\x02\x01":         "ec",
	"\x2a\x86\x48\xce\x3d\x04\x01":         "sha1-ecdsa",
	"\x2a\x86\x48\xce\x3d\x04\x03\x02":     "sha256-ecdsa",
	"\x2a\x86\x48\xce\x3d\x04\x03\x03":     "sha384-ecdsa",
	"\x2a\x86\x48\xce\x3d\x04\x03\x04":     "sha512-ecdsa",
	"\x2b\x65\x70":                         "ed25519",
	"\x2b\x65\x71":                         "ed448",
}

// curveBits are the sizes of the named curves (RFC 5480 §2.1.1.1, RFC 5639).
var curveBits = map[string]int{
	"\x2a\x86\x48\xce\x3d\x03\x01\x01":     192,
	"\x2b\x81\x04\x00\x21":                 224,
	"\x2a\x86\x48\xce\x3d\x03\x01\x07":     256,
	"\x2b\x81\x04\x00\x0a":                 256,
	"\x2b\x81\x04\x00\x22":                 384,
	"\x2b\x81\x04\x00\x23":                 521,
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x07": 256,
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x0b": 384,
	"\x2b\x24\x03\x03\x02\x08\x01\x01\x0d": 512,
}

// algorithm returns the name of the algorithm at the head of an
// AlgorithmIdentifier's body.
func algorithm(r wire.Reader) string {
	var id wire.Reader
	if !ber.Expect(&r, ber.OID, &id) {
		return ""
	}
	if name, ok := algorithms[string(id)]; ok {
		return name
	}
	return dotted(id)
}

// dotted writes an OID's body in decimal (X.690 §8.19). Longer than any that
// is in use, it is cut.
func dotted(id []byte) string {
	const maxOctets = 32
	b := make([]byte, 0, 48)
	v := uint64(0)
	for i, c := range id[:min(len(id), maxOctets)] {
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if len(b) == 0 && i < maxOctets {
			first := min(v/40, 2)
			b = strconv.AppendUint(b, first, 10)
			v -= first * 40
		}
		b = strconv.AppendUint(append(b, '.'), v, 10)
		v = 0
	}
	return string(b)
}
