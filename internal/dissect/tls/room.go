package tls

import (
	"crypto/sha256"
	"sync"

	"github.com/cordonhq/cordon/internal/observation"
)

// room is what reading one message takes: values that are used again for the
// next, of whichever connection, and what is remembered between them.
type room struct {
	hello        hello
	client       observation.TLSClientHello
	server       observation.TLSServerHello
	prints       prints
	certificates map[[sha256.Size]byte]*observation.TLSCertificate
	shown        observation.TLSCertificate
}

// rooms are shared by all Handshakes: a worker reads one message at a time and
// so gets the same room again.
var rooms = sync.Pool{New: func() any {
	return &room{
		prints:       prints{known: map[string]clientPrints{}},
		certificates: map[[sha256.Size]byte]*observation.TLSCertificate{},
	}
}}
