package mqtt

import "github.com/cordonhq/cordon/internal/dissect/wire"

// Properties that are read (MQTT 5.0 §2.2.2.2).
const (
	propAssignedClientID = 0x12
	propAuthMethod       = 0x15
)

// form is how a property's value is written.
type form uint8

const (
	unknownForm form = iota
	oneByte
	twoBytes
	fourBytes
	variable
	text // or binary data: a length of two bytes and the value
	pair // of texts
)

var forms = [0x2b]form{
	0x01: oneByte, 0x02: fourBytes, 0x03: text, 0x08: text, 0x09: text, 0x0b: variable,
	0x11: fourBytes, 0x12: text, 0x13: twoBytes, 0x15: text, 0x16: text, 0x17: oneByte, 0x18: fourBytes, 0x19: oneByte,
	0x1a: text, 0x1c: text, 0x1f: text, 0x21: twoBytes, 0x22: twoBytes, 0x23: twoBytes, 0x24: oneByte, 0x25: oneByte,
	0x26: pair, 0x27: fourBytes, 0x28: oneByte, 0x29: oneByte, 0x2a: oneByte,
}

// properties eats a list of properties and calls visit, if it is not nil, for
// those that are texts. It reports false if the list does not end where it
// says.
func properties(r *wire.Reader, visit func(id uint32, value []byte)) bool {
	n, ok, _ := varint(r)
	var list wire.Reader
	if !ok || !r.Sub(&list, int(n)) {
		return false
	}
	for !list.Empty() {
		id, ok, _ := varint(&list)
		if !ok || !property(&list, id, visit) {
			return false
		}
	}
	return true
}

func property(list *wire.Reader, id uint32, visit func(uint32, []byte)) bool {
	if id >= uint32(len(forms)) {
		return false
	}
	var value, second wire.Reader
	switch forms[id] {
	case oneByte:
		return list.Skip(1)
	case twoBytes:
		return list.Skip(2)
	case fourBytes:
		return list.Skip(4)
	case variable:
		_, ok, _ := varint(list)
		return ok
	case pair:
		return list.SubU16(&value) && list.SubU16(&second)
	case text:
		if !list.SubU16(&value) {
			return false
		}
		if visit != nil {
			visit(id, value)
		}
		return true
	}
	return false
}
