// Package ntlmssp reads the messages of NTLM sign-ins (MS-NLMP) out of whatever
// carries them: SMB, DCE/RPC, LDAP, HTTP. They name the client, the server and
// its domain. User names leave it as pseudonyms, challenges and responses not
// at all.
package ntlmssp

import (
	"bytes"
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/utf16le"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

var signature = []byte("NTLMSSP\x00")

// Message types (MS-NLMP §2.2.1).
const (
	negotiate    = 1
	challenge    = 2
	authenticate = 3
)

// Flags (MS-NLMP §2.2.2.5).
const (
	flagUnicode     = 1 << 0
	flagDomain      = 1 << 12
	flagWorkstation = 1 << 13
	flagVersion     = 1 << 25
)

// Read looks for a message in blob, which may be wrapped in SPNEGO, and emits
// what it says as from carrier. It reports whether there was one.
func Read(c *dissect.Context, carrier cordon.Protocol, blob []byte) bool {
	i := bytes.Index(blob, signature)
	if i < 0 {
		return false
	}
	m := message{raw: blob[i:]}
	r := wire.Reader(m.raw[len(signature):])
	var kind uint32
	if !r.LE32(&kind) {
		return false
	}
	switch kind {
	case negotiate:
		m.negotiate(c, carrier, r)
	case challenge:
		m.challenge(c, carrier, r)
	case authenticate:
		m.authenticate(c, carrier, r)
	default:
		return false
	}
	return true
}

// message is one message; its fields point into it by offset.
type message struct {
	raw   []byte
	flags uint32
}

// field eats a field's length and offset and returns what it points at, nil if
// that lies outside of the message.
func (m *message) field(r *wire.Reader) []byte {
	var length, room uint16
	var offset uint32
	if !r.LE16(&length) || !r.LE16(&room) || !r.LE32(&offset) || uint64(offset) > uint64(len(m.raw)) {
		return nil
	}
	at := wire.Reader(m.raw[offset:])
	var b []byte
	at.Bytes(&b, int(length))
	return b
}

// text turns a field into UTF-8 by the character set agreed on.
func (m *message) text(b []byte) []byte {
	if m.flags&flagUnicode != 0 {
		return utf16le.Decode(b)
	}
	return b
}

// version eats the eight bytes of a VERSION structure (MS-NLMP §2.2.2.10).
func (m *message) version(c *dissect.Context, r *wire.Reader) string {
	var major, minor uint8
	var build uint16
	if m.flags&flagVersion == 0 || !r.U8(&major) || !r.U8(&minor) || !r.LE16(&build) || major == 0 {
		return ""
	}
	b := strconv.AppendUint(make([]byte, 0, 16), uint64(major), 10)
	b = strconv.AppendUint(append(b, '.'), uint64(minor), 10)
	if build > 0 {
		b = strconv.AppendUint(append(b, '.'), uint64(build), 10)
	}
	return c.Text(b)
}

func (m *message) negotiate(c *dissect.Context, carrier cordon.Protocol, r wire.Reader) {
	o := &observation.NTLMNegotiate{Carrier: carrier}
	if !r.LE32(&m.flags) {
		return
	}
	// These two are in the client's own character set, never in Unicode.
	domain, workstation := m.field(&r), m.field(&r)
	if m.flags&flagDomain != 0 {
		o.Domain = c.Text(domain)
	}
	if m.flags&flagWorkstation != 0 {
		o.Workstation = c.Text(workstation)
	}
	o.OSVersion = m.version(c, &r)
	c.Emit(o)
}

// Identifiers of the pairs in a target information (MS-NLMP §2.2.2.1).
const (
	endOfList       = 0
	netBIOSComputer = 1
	netBIOSDomain   = 2
	dnsComputer     = 3
	dnsDomain       = 4
	dnsTree         = 5
)

// maxPairs bounds how many pairs are read.
const maxPairs = 32

func (m *message) challenge(c *dissect.Context, carrier cordon.Protocol, r wire.Reader) {
	o := &observation.NTLMChallenge{Carrier: carrier}
	target := m.field(&r)
	if !r.LE32(&m.flags) || !r.Skip(16) { // the challenge and what is reserved
		return
	}
	o.Target = c.Text(m.text(target))
	info := wire.Reader(m.field(&r))
	o.OSVersion = m.version(c, &r)
	var id, length uint16
	var value []byte
	for range maxPairs {
		if !info.LE16(&id) || !info.LE16(&length) || !info.Bytes(&value, int(length)) || id == endOfList {
			break
		}
		to := map[uint16]*string{
			netBIOSComputer: &o.NetBIOSComputer, netBIOSDomain: &o.NetBIOSDomain,
			dnsComputer: &o.DNSComputer, dnsDomain: &o.DNSDomain, dnsTree: &o.Forest,
		}[id]
		if to != nil {
			*to = c.Text(utf16le.Decode(value)) // always Unicode
		}
	}
	c.Emit(o)
}

func (m *message) authenticate(c *dissect.Context, carrier cordon.Protocol, r wire.Reader) {
	o := &observation.NTLMAuthenticate{Carrier: carrier}
	m.field(&r) // LM response
	response := m.field(&r)
	domain, user, workstation := m.field(&r), m.field(&r), m.field(&r)
	m.field(&r) // session key
	if !r.LE32(&m.flags) {
		return
	}
	const responseV1 = 24 // bytes; version 2 is longer (MS-NLMP §2.2.2.6, §2.2.2.8)
	o.Version1 = len(response) == responseV1
	o.Domain, o.Workstation = c.Text(m.text(domain)), c.Text(m.text(workstation))
	o.User = c.Pseudonym(bytes.ToLower(m.text(user)))
	o.OSVersion = m.version(c, &r)
	c.Emit(o)
}
