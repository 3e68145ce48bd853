package snmp

import (
	"bytes"
	"strconv"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// mib2 is 1.3.6.1.2.1 (RFC 1213 §3) as it is encoded.
var mib2 = []byte{0x2b, 6, 1, 2, 1}

// objects are the columns and scalars below mib2 that identify a device, by
// their encoded number. Each is followed by its instance.
var objects = [...]struct {
	oid  []byte
	name string
}{
	// SNMPv2-MIB (RFC 3418 §2).
	{[]byte{1, 1}, "sys-descr"},
	{[]byte{1, 2}, "sys-object-id"},
	{[]byte{1, 4}, "sys-contact"},
	{[]byte{1, 5}, "sys-name"},
	{[]byte{1, 6}, "sys-location"},
	// HOST-RESOURCES-MIB (RFC 2790 §4).
	{[]byte{25, 3, 2, 1, 3}, "hr-device-descr"},
	// UPS-MIB (RFC 1628 §2.1).
	{[]byte{33, 1, 1, 1}, "ups-manufacturer"},
	{[]byte{33, 1, 1, 2}, "ups-model"},
	{[]byte{33, 1, 1, 3}, "ups-software"},
	// Printer-MIB (RFC 3805 §6).
	{[]byte{43, 5, 1, 1, 16}, "printer-name"},
	{[]byte{43, 5, 1, 1, 17}, "printer-serial"},
	// ENTITY-MIB (RFC 6933 §3).
	{[]byte{47, 1, 1, 1, 1, 2}, "entity-descr"},
	{[]byte{47, 1, 1, 1, 1, 8}, "entity-hardware"},
	{[]byte{47, 1, 1, 1, 1, 9}, "entity-firmware"},
	{[]byte{47, 1, 1, 1, 1, 10}, "entity-software"},
	{[]byte{47, 1, 1, 1, 1, 11}, "entity-serial"},
	{[]byte{47, 1, 1, 1, 1, 12}, "entity-manufacturer"},
	{[]byte{47, 1, 1, 1, 1, 13}, "entity-model"},
}

// objectName returns the name of an encoded object identifier that identifies,
// else "".
func objectName(oid []byte) string {
	rest, ok := bytes.CutPrefix(oid, mib2)
	if !ok {
		return ""
	}
	for i := range objects {
		if o := &objects[i]; len(rest) > len(o.oid) && bytes.HasPrefix(rest, o.oid) {
			return o.name
		}
	}
	return ""
}

// dotted writes an encoded object identifier (X.690 §8.19) as "1.3.6.1", as
// far as it is well-formed.
func (d *decoder) dotted(c *dissect.Context, oid wire.Reader) string {
	d.text = d.text[:0]
	for first := true; !oid.Empty() && len(d.text) < observation.MaxValue-10; first = false {
		var arc uint32
		if !readArc(&oid, &arc) {
			break
		}
		if first {
			// The first number holds two arcs; the first of them is at most 2.
			top := min(arc/40, 2)
			d.text = strconv.AppendUint(d.text, uint64(top), 10)
			arc -= top * 40
		}
		d.text = append(d.text, '.')
		d.text = strconv.AppendUint(d.text, uint64(arc), 10)
	}
	return c.Text(d.text)
}

// readArc eats one number in base 128.
func readArc(r *wire.Reader, out *uint32) bool {
	var v uint64
	for range 5 {
		var b uint8
		if !r.U8(&b) {
			return false
		}
		v = v<<7 | uint64(b&0x7f)
		if b&0x80 == 0 {
			*out = uint32(v)
			return v <= 1<<32-1
		}
	}
	return false
}
