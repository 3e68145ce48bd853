package dicom

import (
	"bytes"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Item types of association PDUs (PS3.8 §9.3.2, PS3.7 §D.3.3).
const (
	itemApplicationContext    = 0x10
	itemContextRQ             = 0x20
	itemContextAC             = 0x21
	itemAbstractSyntax        = 0x30
	itemTransferSyntax        = 0x40
	itemUserInformation       = 0x50
	itemMaxLength             = 0x51
	itemImplementationClass   = 0x52
	itemImplementationVersion = 0x55
	itemUserIdentity          = 0x58
)

const (
	maxUID         = 64 // PS3.5 §9.1
	maxContexts    = 128
	maxSyntaxes    = 16
	implicitLittle = "1.2.840.10008.1.2"
	deflatedLittle = "1.2.840.10008.1.2.1.99"
	explicitBig    = "1.2.840.10008.1.2.2"
)

// item eats one item: type, reserved, 16-bit length, value.
func item(r *wire.Reader, kind *uint8, value *wire.Reader) bool {
	return r.U8(kind) && r.Skip(1) && r.SubU16(value)
}

func (p *parser) readAssociate(c *dissect.Context, accepted bool, r wire.Reader) {
	var (
		called, caller []byte
		kind           uint8
		value          wire.Reader
	)
	if !r.Skip(4) || !r.Bytes(&called, 16) || !r.Bytes(&caller, 16) || !r.Skip(32) {
		return
	}
	a := &p.associate
	*a = observation.DICOMAssociate{
		Accepted: accepted, CalledAE: padded(c, called), CallingAE: padded(c, caller), Contexts: a.Contexts[:0],
	}
	switch {
	case !accepted:
		p.called, p.calling = a.CalledAE, a.CallingAE
	case p.called != "":
		a.CalledAE, a.CallingAE = p.called, p.calling
	}
	for item(&r, &kind, &value) {
		switch kind {
		case itemApplicationContext:
			a.ApplicationContext = uid(c, value)
		case itemContextRQ, itemContextAC:
			p.readContext(c, accepted, value)
		case itemUserInformation:
			p.readUser(c, value)
		}
	}
	c.Emit(a)
}

func (p *parser) readContext(c *dissect.Context, accepted bool, r wire.Reader) {
	var (
		id, result, kind uint8
		value            wire.Reader
		a                = &p.associate
	)
	if len(a.Contexts) >= maxContexts || !r.U8(&id) || id&1 == 0 || !r.Skip(1) || !r.U8(&result) || !r.Skip(1) {
		return
	}
	// Grow by one and take over the inner slice that an earlier use left.
	if n := len(a.Contexts); n < cap(a.Contexts) {
		a.Contexts = a.Contexts[:n+1]
	} else {
		a.Contexts = append(a.Contexts, observation.DICOMContext{})
	}
	pc := &a.Contexts[len(a.Contexts)-1]
	*pc = observation.DICOMContext{ID: id, TransferSyntaxes: pc.TransferSyntaxes[:0]}
	for item(&r, &kind, &value) {
		switch {
		case kind == itemAbstractSyntax:
			pc.AbstractSyntax = uid(c, value)
		case kind == itemTransferSyntax && len(pc.TransferSyntaxes) < maxSyntaxes:
			pc.TransferSyntaxes = append(pc.TransferSyntaxes, uid(c, value))
		}
	}
	if !accepted {
		p.abstract[id/2] = pc.AbstractSyntax
		return
	}
	pc.Result, pc.AbstractSyntax = result, p.abstract[id/2]
	if result == 0 && len(pc.TransferSyntaxes) > 0 {
		p.syntax[id/2] = encodingOf(pc.TransferSyntaxes[0])
	}
}

func (p *parser) readUser(c *dissect.Context, r wire.Reader) {
	var (
		kind  uint8
		value wire.Reader
		a     = &p.associate
	)
	for item(&r, &kind, &value) {
		switch kind {
		case itemMaxLength:
			value.U32(&a.MaxPDU)
		case itemImplementationClass:
			a.ImplementationClass = uid(c, value)
		case itemImplementationVersion:
			a.ImplementationVersion = padded(c, value)
		case itemUserIdentity:
			value.U8(&a.UserIdentity)
		}
	}
}

// padded returns a text without the blanks and NULs that fill its field.
func padded(c *dissect.Context, b []byte) string { return c.Text(bytes.Trim(b, " \x00")) }

// uid returns a UID, or nothing if it is longer than one can be.
func uid(c *dissect.Context, b []byte) string {
	b = bytes.Trim(b, " \x00")
	if len(b) > maxUID {
		return ""
	}
	return c.Text(b)
}
