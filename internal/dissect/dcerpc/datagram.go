package dcerpc

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Datagram returns the row for UDP, which PROFINET uses to set up its devices.
func Datagram() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.DCERPC,
		Over:     dissect.OverUDP,
		Ports:    []uint16{135, 34964},
		First:    func(b byte) bool { return b == 4 },
		Probe:    probeDatagram,
		New:      func() dissect.Parser { return new(datagramParser) },
	}
}

// datagram is the header of a connectionless PDU (C706 §12.5.2).
type datagram struct {
	kind        uint8
	big         bool
	interfaceID []byte
	version     uint32
	operation   uint16
	length      uint16
	fragment    uint16
}

const (
	datagramLen     = 80
	maxDatagramType = 10
)

func readDatagram(b []byte) (d datagram, ok bool) {
	r := wire.Reader(b)
	var version, representation uint8
	if len(b) < datagramLen || !r.U8(&version) || !r.U8(&d.kind) || !r.Skip(2) || !r.U8(&representation) || !r.Skip(3) {
		return d, false
	}
	d.big = representation&0xf0 == dataRepBig
	ok = version == 4 && d.kind <= maxDatagramType && (representation == dataRepBig || representation == dataRepSmall) && b[5] <= 3 && b[6] == 0 &&
		r.Skip(16) && r.Bytes(&d.interfaceID, 16) && r.Skip(16+4) && num32(&r, d.big, &d.version) && r.Skip(4) &&
		num16(&r, d.big, &d.operation) && r.Skip(4) && num16(&r, d.big, &d.length) && num16(&r, d.big, &d.fragment)
	return d, ok && int(d.length) <= len(b)-datagramLen
}

// probeDatagram wants a header whose length is that of the datagram. A sender
// of short bodies may pad them.
func probeDatagram(h *dissect.Head) dissect.Verdict {
	d, ok := readDatagram(h.Data)
	switch rest := len(h.Data) - datagramLen; {
	case !ok:
		return dissect.NotMine
	case rest == int(d.length):
		return dissect.Sure
	case h.Hint && rest < int(d.length)+64:
		return dissect.Likely
	default:
		return dissect.NotMine
	}
}

// datagramParser reads one flow.
type datagramParser struct{ call observation.DCERPCCall }

// Parse implements dissect.Parser.
func (p *datagramParser) Parse(c *dissect.Context, data []byte) int {
	d, ok := readDatagram(data)
	if !ok || d.kind != typeRequest || d.fragment != 0 {
		return 0
	}
	of := observation.DCERPCInterface{UUID: c.Text(appendUUID(nil, d.interfaceID, d.big)), Major: uint16(d.version), Minor: uint16(d.version >> 16)}
	of.Name = interfaceNames[of.UUID]
	p.call = observation.DCERPCCall{Carrier: cordon.DCERPC, Interface: of, Operation: d.operation, Size: uint32(d.length)}
	c.Emit(&p.call)
	return 0
}
