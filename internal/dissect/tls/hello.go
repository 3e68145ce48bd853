package tls

import (
	"crypto/sha256"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Extension types (IANA registry "TLS ExtensionType Values").
const (
	extServerName          = 0
	extSupportedGroups     = 10
	extPointFormats        = 11
	extSignatureAlgorithms = 13
	extALPN                = 16
	extSupportedVersions   = 43
	extQUICParameters      = 57
	extQUICParametersDraft = 0xffa5
	extEncryptedHello      = 0xfe0d
)

const (
	maxExtensions = 128
	maxProtocols  = 32
)

// hello is the body of a ClientHello or ServerHello. Its byte slices alias the
// message; its lists are good until the next read. GREASE values (RFC 8701)
// are left out of every list.
type hello struct {
	version    uint16
	ciphers    []uint16 // one, for a server
	extensions []uint16
	groups     []uint16
	points     []byte
	signatures []uint16
	versions   []uint16
	serverName []byte
	named      bool // the server name extension is present
	alpn       wire.Reader
	userAgent  []byte
	encrypted  bool
	retry      bool
}

// reset forgets what was read and keeps the room of the lists.
func (h *hello) reset() {
	*h = hello{
		ciphers: h.ciphers[:0], extensions: h.extensions[:0], groups: h.groups[:0],
		signatures: h.signatures[:0], versions: h.versions[:0],
	}
}

// readClient reads a ClientHello (RFC 8446 §4.1.2, RFC 6347 §4.2.1 with the
// cookie that DTLS adds).
func (h *hello) readClient(body []byte, cookie bool) bool {
	h.reset()
	r := wire.Reader(body)
	var session, jar, suites, compressions wire.Reader
	ok := r.U16(&h.version) && r.Skip(32) && r.SubU8(&session)
	if ok && cookie {
		ok = r.SubU8(&jar)
	}
	if !ok || !r.SubU16(&suites) || !r.SubU8(&compressions) {
		return false
	}
	h.ciphers = appendList(h.ciphers, suites)
	return h.readExtensions(&r)
}

// helloRetry is the random of a ServerHello that is a HelloRetryRequest
// (RFC 8446 §4.1.3).
var helloRetry = sha256.Sum256([]byte("HelloRetryRequest"))

// readServer reads a ServerHello (RFC 8446 §4.1.3).
func (h *hello) readServer(body []byte) bool {
	h.reset()
	r := wire.Reader(body)
	var random []byte
	var session wire.Reader
	var suite uint16
	if !r.U16(&h.version) || !r.Bytes(&random, 32) {
		return false
	}
	h.retry = [32]byte(random) == helloRetry
	if h.version>>8 == 0x7f && h.version < 0x7f16 {
		// The drafts of TLS 1.3 before 22 had neither session nor compression.
		if !r.U16(&suite) {
			return false
		}
	} else if !r.SubU8(&session) || !r.U16(&suite) || !r.Skip(1) {
		return false
	}
	h.ciphers = append(h.ciphers, suite)
	return h.readExtensions(&r)
}

// readExtensions reads the extensions, which a hello need not have.
func (h *hello) readExtensions(r *wire.Reader) bool {
	if r.Empty() {
		return true
	}
	var all wire.Reader
	if !r.SubU16(&all) {
		return false
	}
	for !all.Empty() && len(h.extensions) < maxExtensions {
		var typ uint16
		var body wire.Reader
		if !all.U16(&typ) || !all.SubU16(&body) {
			return false
		}
		if isGREASE(typ) {
			continue
		}
		h.extensions = append(h.extensions, typ)
		h.readExtension(typ, body)
	}
	return true
}

// readExtension reads what one extension says; one that is malformed says
// nothing.
func (h *hello) readExtension(typ uint16, body wire.Reader) {
	var list wire.Reader
	switch typ {
	case extServerName:
		h.named = true
		h.serverName = hostName(body)
	case extSupportedGroups:
		if body.SubU16(&list) {
			h.groups = appendList(h.groups[:0], list)
		}
	case extPointFormats:
		if body.SubU8(&list) {
			h.points = list
		}
	case extSignatureAlgorithms:
		if body.SubU16(&list) {
			h.signatures = appendList(h.signatures[:0], list)
		}
	case extALPN:
		if body.SubU16(&list) {
			h.alpn = list
		}
	case extSupportedVersions:
		if len(body) == 2 { // the server's choice
			h.versions = appendList(h.versions[:0], body)
		} else if body.SubU8(&list) {
			h.versions = appendList(h.versions[:0], list)
		}
	case extQUICParameters, extQUICParametersDraft:
		h.userAgent = quicUserAgent(body)
	case extEncryptedHello:
		h.encrypted = true
	}
}

// hostName returns the first host name of a server name extension
// (RFC 6066 §3), or nil.
func hostName(body wire.Reader) []byte {
	var names, name wire.Reader
	var typ uint8
	if !body.SubU16(&names) || !names.U8(&typ) || typ != 0 || !names.SubU16(&name) {
		return nil
	}
	return name
}

// quicUserAgent returns the value of the transport parameter in which Google's
// clients say what they are, or nil (RFC 9000 §18 for the encoding).
func quicUserAgent(parameters wire.Reader) []byte {
	const googleUserAgent = 0x3129
	var id, length uint64
	var value []byte
	for parameters.Varint(&id) && parameters.Varint(&length) {
		if length > uint64(len(parameters)) || !parameters.Bytes(&value, int(length)) {
			return nil
		}
		if id == googleUserAgent {
			return value
		}
	}
	return nil
}

// protocols appends the names in the ALPN extension (RFC 7301 §3.1).
func (h *hello) protocols(c *dissect.Context, names []string) []string {
	list := h.alpn
	var name wire.Reader
	for len(names) < maxProtocols && list.SubU8(&name) {
		if !isGREASEName(name) {
			names = append(names, c.Text(name))
		}
	}
	return names
}

// offered returns the newest version in the hello. The numbers of DTLS count
// down.
func (h *hello) offered() observation.TLSVersion {
	newest := uint16(0)
	for _, v := range h.versions {
		if dtls := v >= 0xfe00; newest == 0 || dtls && v < newest || !dtls && v > newest {
			newest = v
		}
	}
	if newest == 0 {
		newest = h.version
	}
	return observation.TLSVersion(newest)
}

// appendList appends the 16-bit values in r without GREASE.
func appendList(list []uint16, r wire.Reader) []uint16 {
	var v uint16
	for r.U16(&v) {
		if !isGREASE(v) {
			list = append(list, v)
		}
	}
	return list
}

// isGREASE reports whether v is reserved to keep servers tolerant
// (RFC 8701 §2).
func isGREASE(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

func isGREASEName(b []byte) bool {
	return len(b) == 2 && isGREASE(uint16(b[0])<<8|uint16(b[1]))
}

// The type of an SSL 2.0 CLIENT-HELLO, and the length of its record header and
// fixed part.
const (
	ssl2ClientHello = 1
	ssl2HeaderLen   = 11
)

// isSSL2Hello reports whether b begins with an SSL 2.0 CLIENT-HELLO, which
// clients up to TLS 1.1 sent for compatibility (RFC 5246 appendix E.2).
func isSSL2Hello(b []byte) bool {
	if len(b) < ssl2HeaderLen || b[0]&0x80 == 0 || b[2] != ssl2ClientHello {
		return false
	}
	version := uint16(b[3])<<8 | uint16(b[4])
	ciphers, session, challenge := int(b[5])<<8|int(b[6]), int(b[7])<<8|int(b[8]), int(b[9])<<8|int(b[10])
	return (version == 2 || version >= 0x300 && version <= 0x303) &&
		ciphers > 0 && ciphers%3 == 0 && (session == 0 || session == 16) && challenge >= 16 && challenge <= 32 &&
		int(b[0]&0x7f)<<8|int(b[1]) == 9+ciphers+session+challenge
}

// ssl2Hello reads the hello at the head of data, which isSSL2Hello has
// accepted.
func (s *Handshake) ssl2Hello(c *dissect.Context, data []byte) int {
	n := 2 + int(data[0]&0x7f)<<8 + int(data[1])
	if len(data) < n {
		return 0
	}
	o := &observation.TLSClientHello{Carrier: s.Carrier}
	o.Version = observation.TLSVersion(uint16(data[3])<<8 | uint16(data[4]))
	o.LegacyVersion = observation.SSL20
	specs := wire.Reader(data[ssl2HeaderLen : ssl2HeaderLen+int(data[5])<<8+int(data[6])])
	var kind uint8
	var suite uint16
	for specs.U8(&kind) && specs.U16(&suite) {
		if kind == 0 { // else a cipher of SSL 2.0 alone
			o.Ciphers = append(o.Ciphers, suite)
		}
	}
	s.client, s.greeted = c.Dir, true
	c.Emit(o)
	return n
}
