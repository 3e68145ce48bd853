package bacnet

import (
	"unicode/utf8"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Application tags (§20.2.1.4).
const (
	tagString     = 7
	tagEnumerated = 9
	tagObject     = 12
)

const (
	objectDevice = 8
	maxInstance  = 0x3fffff
	// maxProperties bounds the properties of one answer that are read.
	maxProperties = 64
)

// tag is one encoded datum (§20.2.1).
type tag struct {
	number           uint8
	context          bool
	opening, closing bool
	value            wire.Reader
}

func (t tag) is(number uint8) bool {
	return t.context && !t.opening && !t.closing && t.number == number
}

// unsigned returns the value as a number; of more than four octets the last
// four count.
func (t tag) unsigned() (n uint32) {
	for _, b := range t.value {
		n = n<<8 | uint32(b)
	}
	return n
}

// object returns the value as an object identifier, of which it must have the
// size.
func (t tag) object() observation.BACnetObject {
	n := t.unsigned()
	return observation.BACnetObject{Type: uint16(n >> 22), Instance: n & maxInstance}
}

func readTag(r *wire.Reader) (t tag, ok bool) {
	var first, n8 uint8
	at := *r
	if !at.U8(&first) {
		return t, false
	}
	t.number, t.context = first>>4, first&8 != 0
	if t.number == 15 && !at.U8(&t.number) {
		return t, false
	}
	length := uint32(first & 7)
	switch {
	case t.context && length == 6:
		t.opening, length = true, 0
	case t.context && length == 7:
		t.closing, length = true, 0
	case !t.context && t.number == 1: // a boolean has its value in the length
		length = 0
	case length == 5:
		if !at.U8(&n8) {
			return t, false
		}
		length = uint32(n8)
		var n16 uint16
		switch n8 {
		case 254:
			ok = at.U16(&n16)
			length = uint32(n16)
		case 255:
			ok = at.U32(&length)
		default:
			ok = true
		}
		if !ok {
			return t, false
		}
	}
	if uint64(length) > uint64(at.Len()) || !at.Sub(&t.value, int(length)) {
		return t, false
	}
	*r = at
	return t, true
}

// skipTo eats up to and including the closing tag that matches an opening tag
// already eaten.
func skipTo(r *wire.Reader) bool {
	for depth := 1; depth > 0; {
		t, ok := readTag(r)
		switch {
		case !ok:
			return false
		case t.opening:
			depth++
		case t.closing:
			depth--
		}
	}
	return true
}

// answer reads what a device object says of itself.
func (p *parser) answer(c *dissect.Context, origin observation.BACnetOrigin, service uint8, r wire.Reader) {
	if service != serviceReadProperty && service != serviceReadMultiple {
		return
	}
	for budget := maxProperties; budget > 0; {
		id, ok := readTag(&r)
		if !ok || !id.is(0) || len(id.value) != 4 {
			return
		}
		p.device = observation.BACnetDevice{Origin: origin, Instance: id.object().Instance}
		empty := p.device
		device := id.object().Type == objectDevice
		if service == serviceReadProperty {
			p.property(c, &r, 1)
		} else if !p.properties(c, &r, &budget) {
			device = device && p.device != empty
			budget = 0
		}
		if device && p.device != empty {
			c.Emit(&p.device)
		}
		if service == serviceReadProperty {
			return
		}
	}
}

// properties reads a list of results for one object (§21, ReadAccessResult).
func (p *parser) properties(c *dissect.Context, r *wire.Reader, budget *int) bool {
	if t, ok := readTag(r); !ok || !t.opening || t.number != 1 {
		return false
	}
	for ; *budget > 0; *budget-- {
		at := *r
		if t, ok := readTag(&at); ok && t.closing {
			*r = at
			return true
		}
		if !p.property(c, r, 2) {
			return false
		}
	}
	return false
}

// property reads one property's identifier, whose context tag is number, its
// index, and its value between the tags two further up.
func (p *parser) property(c *dissect.Context, r *wire.Reader, number uint8) bool {
	id, ok := readTag(r)
	if !ok || !id.is(number) {
		return false
	}
	t, ok := readTag(r)
	if ok && t.is(number+1) {
		t, ok = readTag(r)
	}
	if !ok || !t.opening {
		return false
	}
	if t.number != number+2 { // an error instead of a value
		return skipTo(r)
	}
	value, ok := readTag(r)
	switch {
	case !ok:
		return false
	case value.closing:
		return true
	case value.opening:
		return skipTo(r) && skipTo(r)
	}
	p.keep(c, id.unsigned(), value)
	return skipTo(r)
}

// keep takes over a property that identifies (§21, BACnetPropertyIdentifier).
func (p *parser) keep(c *dissect.Context, id uint32, value tag) {
	d := &p.device
	var to *string
	switch id {
	case 12:
		to = &d.Application
	case 28:
		to = &d.Description
	case 44:
		to = &d.Firmware
	case 58:
		to = &d.Location
	case 70:
		to = &d.Model
	case 77:
		to = &d.Name
	case 121:
		to = &d.Vendor
	case 372:
		to = &d.Serial
	case 120:
		d.VendorID = value.unsigned()
		return
	}
	if to != nil && !value.context && value.number == tagString {
		*to = p.text(c, value.value)
	}
}

// text reads a character string (§20.2.9): the character set, then the text.
func (p *parser) text(c *dissect.Context, r wire.Reader) string {
	var set uint8
	if !r.U8(&set) {
		return ""
	}
	out := p.scratch[:0]
	switch set {
	case 4: // UCS-2
		var u uint16
		for r.U16(&u) && len(out) < observation.MaxValue {
			out = utf8.AppendRune(out, rune(u))
		}
	case 5: // ISO 8859-1
		for _, b := range r[:min(len(r), observation.MaxValue)] {
			out = utf8.AppendRune(out, rune(b))
		}
	default: // UTF-8, and what is ASCII in the others
		return c.Text(r)
	}
	p.scratch = out
	return c.Text(out)
}
