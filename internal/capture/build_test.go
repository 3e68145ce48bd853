package capture_test

import (
	"bytes"
	"encoding/binary"
)

// The builders below write captures byte by byte, in either order.

var (
	le binary.AppendByteOrder = binary.LittleEndian
	be binary.AppendByteOrder = binary.BigEndian
)

// pcapFile is the start of a pcap of Ethernet.
func pcapFile(o binary.AppendByteOrder, magic uint32) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, 2)
	b = o.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = o.AppendUint32(b, 65535)
	return o.AppendUint32(b, 1)
}

// pcapFrame is a record of that file; extra is what the modified format has
// behind the lengths.
func pcapFrame(o binary.AppendByteOrder, seconds, fraction uint32, wire int, extra, data []byte) []byte {
	b := o.AppendUint32(nil, seconds)
	b = o.AppendUint32(b, fraction)
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, uint32(wire))
	return append(append(b, extra...), data...)
}

// ngBlock frames a body that is padded here.
func ngBlock(o binary.AppendByteOrder, kind uint32, body []byte) []byte {
	body = append(body, make([]byte, -len(body)&3)...)
	length := uint32(12 + len(body))
	b := o.AppendUint32(nil, kind)
	b = o.AppendUint32(b, length)
	return o.AppendUint32(append(b, body...), length)
}

func ngSection(o binary.AppendByteOrder) []byte {
	b := o.AppendUint32(nil, 0x1a2b3c4d)
	b = o.AppendUint16(b, 1)
	b = o.AppendUint16(b, 0)
	return ngBlock(o, 0x0a0d0d0a, o.AppendUint64(b, 1<<64-1))
}

func ngOption(o binary.AppendByteOrder, code uint16, value []byte) []byte {
	b := o.AppendUint16(nil, code)
	b = o.AppendUint16(b, uint16(len(value)))
	return append(append(b, value...), make([]byte, -len(value)&3)...)
}

func ngInterface(o binary.AppendByteOrder, link uint16, snapLen uint32, options ...[]byte) []byte {
	b := o.AppendUint16(nil, link)
	b = o.AppendUint16(b, 0)
	b = o.AppendUint32(b, snapLen)
	if len(options) > 0 {
		options = append(options, ngOption(o, 0, nil))
	}
	return ngBlock(o, 1, append(b, bytes.Join(options, nil)...))
}

func ngEnhanced(o binary.AppendByteOrder, iface uint32, ts uint64, wire int, data []byte, options ...[]byte) []byte {
	b := o.AppendUint32(nil, iface)
	b = o.AppendUint32(b, uint32(ts>>32))
	b = o.AppendUint32(b, uint32(ts))
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, uint32(wire))
	b = append(append(b, data...), make([]byte, -len(data)&3)...)
	return ngBlock(o, 6, append(b, bytes.Join(options, nil)...))
}

func ngObsolete(o binary.AppendByteOrder, iface, drops uint16, ts uint64, wire int, data []byte) []byte {
	b := o.AppendUint16(nil, iface)
	b = o.AppendUint16(b, drops)
	b = o.AppendUint32(b, uint32(ts>>32))
	b = o.AppendUint32(b, uint32(ts))
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, uint32(wire))
	return ngBlock(o, 2, append(b, data...))
}

func ngSimple(o binary.AppendByteOrder, wire int, data []byte) []byte {
	return ngBlock(o, 3, append(o.AppendUint32(nil, uint32(wire)), data...))
}
