package ldap

import (
	"bytes"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/ber"
	"github.com/cordonhq/cordon/internal/dissect/spnego"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// maxItems bounds the lists in a message.
const maxItems = 16

// bind reads a BindRequest (RFC 4511 §4.2).
func bind(c *dissect.Context, body wire.Reader) {
	o := &observation.LDAPBind{}
	var version int64
	var name, auth, mechanism wire.Reader
	var tag ber.Tag
	if !ber.Int(&body, ber.Integer, &version) || !ber.Expect(&body, ber.OctetString, &name) || !ber.Read(&body, &tag, &auth) {
		return
	}
	o.Version, o.User = int(version), c.Pseudonym(bytes.ToLower(name))
	switch tag {
	case ber.Context(0):
		o.Mechanism, o.Password = "simple", len(auth) > 0
		c.Emit(o)
		return
	case ber.ContextOf(3):
		ber.Expect(&auth, ber.OctetString, &mechanism)
		o.Mechanism = c.Text(mechanism)
	default: // Microsoft's own (MS-ADTS §5.1.1.1.3)
		o.Mechanism = "sicily"
	}
	c.Emit(o)
	spnego.Read(c, cordon.LDAP, auth)
}

// token reads a server's part of a sign-in, behind the result code.
func token(c *dissect.Context, body wire.Reader) { spnego.Read(c, cordon.LDAP, body) }

// search reads a SearchRequest (RFC 4511 §4.5.1).
func search(c *dissect.Context, body wire.Reader) {
	o := &observation.LDAPSearch{}
	var scope, ignored int64
	var base, list, name, filter wire.Reader
	var tag ber.Tag
	if !ber.Expect(&body, ber.OctetString, &base) || !ber.Int(&body, ber.Enumerated, &scope) || !ber.Int(&body, ber.Enumerated, &ignored) ||
		!ber.Int(&body, ber.Integer, &ignored) || !ber.Int(&body, ber.Integer, &ignored) || !ber.Int(&body, ber.Boolean, &ignored) ||
		!ber.Read(&body, &tag, &filter) {
		return
	}
	o.Base, o.Scope = c.Text(base), int(scope)
	readFilter(c, o, tag, filter, 0)
	if ber.Expect(&body, ber.Sequence, &list) {
		for len(o.Attributes) < maxItems && ber.Expect(&list, ber.OctetString, &name) {
			o.Attributes = append(o.Attributes, c.Text(name))
		}
	}
	c.Emit(o)
}

// Filters (RFC 4511 §4.5.1.7): some hold others, the rest tests an attribute.
const (
	filterAnd        = 0
	filterOr         = 1
	filterNot        = 2
	filterEquality   = 3
	filterPresent    = 7
	filterExtensible = 9
)

// maxDepth bounds how deep filters are followed.
const maxDepth = 8

// readFilter adds the attributes that a filter tests.
func readFilter(c *dissect.Context, o *observation.LDAPSearch, tag ber.Tag, body wire.Reader, depth int) {
	var inner wire.Reader
	var innerTag ber.Tag
	switch tag & 0x1f {
	case filterAnd, filterOr, filterNot:
		for depth < maxDepth && len(o.FilterAttributes) < maxItems && ber.Read(&body, &innerTag, &inner) {
			readFilter(c, o, innerTag, inner, depth+1)
		}
		return
	case filterPresent:
		inner = body
	case filterExtensible:
		ber.Skip(&body, ber.Context(1)) // the rule
		ber.Expect(&body, ber.Context(2), &inner)
	default:
		ber.Expect(&body, ber.OctetString, &inner)
	}
	name := c.Text(inner)
	if name == "" {
		return
	}
	o.FilterAttributes = append(o.FilterAttributes, name)
	if tag&0x1f == filterEquality && name == "Host" && ber.Expect(&body, ber.OctetString, &inner) {
		o.Host = c.Text(inner)
	}
}

// entry reads a SearchResultEntry (RFC 4511 §4.5.2) if it is of the root.
func entry(c *dissect.Context, body wire.Reader) {
	var dn, list, attribute, name, values, value wire.Reader
	if !ber.Expect(&body, ber.OctetString, &dn) || len(dn) > 0 || !ber.Expect(&body, ber.Sequence, &list) {
		return
	}
	const maxAttributes = 128
	o := &observation.LDAPServer{}
	for range maxAttributes {
		if !ber.Expect(&list, ber.Sequence, &attribute) {
			break
		}
		if !ber.Expect(&attribute, ber.OctetString, &name) || !ber.Expect(&attribute, ber.Set, &values) || !ber.Expect(&values, ber.OctetString, &value) {
			continue
		}
		switch string(bytes.ToLower(name)) {
		case "vendorname":
			o.VendorName = c.Text(value)
		case "vendorversion":
			o.VendorVersion = c.Text(value)
		case "dnshostname":
			o.DNSHostName = c.Text(value)
		case "defaultnamingcontext":
			o.NamingContext = c.Text(value)
		case "domaincontrollerfunctionality":
			o.FunctionalLevel = c.Text(value)
		case "netlogon":
			logon(c, o, value)
		}
	}
	if *o != (observation.LDAPServer{}) {
		c.Emit(o)
	}
}

// logon reads a NETLOGON_SAM_LOGON_RESPONSE_EX (MS-ADTS §6.3.1.9).
func logon(c *dissect.Context, o *observation.LDAPServer, b wire.Reader) {
	const response, userUnknown = 23, 25
	r := b
	var code uint16
	if !r.LE16(&code) || code != response && code != userUnknown || !r.Skip(2+4+16) {
		return
	}
	var user, site string
	for _, to := range [...]*string{&o.Forest, &o.Domain, &o.DNSHostName, &o.NetBIOSDomain, &o.NetBIOSName, &user, &site} {
		name, ok := compressed(b, &r)
		if !ok {
			return
		}
		if to != &user { // who signs in is nobody's business here
			*to = c.Text(name)
		}
	}
	o.Site = site
}

// compressed eats a name in the encoding of RFC 1035 §4.1.4, whose pointers
// count from the start of whole.
func compressed(whole wire.Reader, r *wire.Reader) (name []byte, ok bool) {
	const pointer, maxLabels = 0xc0, 32
	at, jumped := *r, false
	for range maxLabels {
		var n, low uint8
		var label []byte
		if !at.U8(&n) {
			return nil, false
		}
		switch {
		case n == 0:
			if !jumped {
				*r = at
			}
			return name, true
		case n >= pointer:
			if !at.U8(&low) {
				return nil, false
			}
			if !jumped {
				*r, jumped = at, true
			}
			target := int(n&^pointer)<<8 | int(low)
			if target > len(whole) {
				return nil, false
			}
			at = whole[target:]
		default:
			if !at.Bytes(&label, int(n)) {
				return nil, false
			}
			if len(name) > 0 {
				name = append(name, '.')
			}
			name = append(name, label...)
		}
	}
	return nil, false
}
