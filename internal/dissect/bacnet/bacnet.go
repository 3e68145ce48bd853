// Package bacnet reads BACnet/IP (ASHRAE 135 annex J) over UDP: announcements
// of devices, what device objects say of themselves, which services are asked
// for and which are refused. Values of points are not kept.
package bacnet

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.BACnet,
		Over:     dissect.OverUDP,
		Ports:    []uint16{47808, 47809, 47810, 47811, 47812},
		First:    func(b byte) bool { return b == bvlcType },
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
	}
}

// BVLC functions (§J.2).
const (
	bvlcResult          = 0x00
	bvlcWriteTable      = 0x01
	bvlcReadTable       = 0x02
	bvlcForwarded       = 0x04
	bvlcRegisterForeign = 0x05
	bvlcReadForeign     = 0x06
	bvlcDeleteForeign   = 0x08
	bvlcDistribute      = 0x09
	bvlcUnicast         = 0x0a
	bvlcBroadcast       = 0x0b
	bvlcSecure          = 0x0c
)

const (
	bvlcType    = 0x81 // BACnet/IP
	npduVersion = 1
	// npduReserved are the bits of NPCI's control octet that must be 0 (§6.2.2).
	npduReserved = 0x50
)

// frame is a BVLC message.
type frame struct {
	function uint8
	body     wire.Reader
	complete bool // all that the length states is there
}

func readFrame(data []byte) (f frame, ok bool) {
	var (
		kind   uint8
		length uint16
	)
	r := wire.Reader(data)
	if !r.U8(&kind) || kind != bvlcType || !r.U8(&f.function) || f.function > bvlcSecure || !r.U16(&length) || length < 4 {
		return f, false
	}
	f.complete = r.Sub(&f.body, int(length)-4)
	if !f.complete {
		f.body = r
	}
	return f, true
}

// probe wants the BVLC header with the datagram's length, and behind it what
// the function prescribes.
func probe(h *dissect.Head) dissect.Verdict {
	f, ok := readFrame(h.Data)
	if !ok || len(h.Data) < 4 || !f.complete && !h.Hint {
		return dissect.NotMine
	}
	exact := f.complete && len(f.body) == len(h.Data)-4
	if !exact && !h.Hint {
		return dissect.NotMine
	}
	fits := false
	body := f.body
	switch f.function {
	case bvlcUnicast, bvlcBroadcast, bvlcDistribute:
		fits = isNPDU(body)
	case bvlcForwarded:
		fits = body.Skip(6) && isNPDU(body)
	case bvlcResult, bvlcRegisterForeign:
		fits = body.Len() == 2
	case bvlcReadTable, bvlcReadForeign:
		fits = body.Empty()
	case bvlcDeleteForeign:
		fits = body.Len() == 6
	default: // tables, of ten octets an entry
		fits = body.Len()%10 == 0
	}
	switch {
	case !fits && h.Hint && exact: // a broken datagram does not speak for the whole flow
		return dissect.More
	case !fits:
		return dissect.NotMine
	case h.Hint && exact, f.function >= bvlcDistribute && exact:
		return dissect.Sure
	}
	return dissect.Likely
}

func isNPDU(b []byte) bool {
	return len(b) >= 3 && b[0] == npduVersion && b[1]&npduReserved == 0
}

type parser struct {
	iam     observation.BACnetIAm
	device  observation.BACnetDevice
	request observation.BACnetRequest
	refusal observation.BACnetRefusal
	link    observation.BACnetLink
	scratch []byte
}

// Parse implements dissect.Parser: one datagram.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	f, ok := readFrame(data)
	if !ok {
		return len(data)
	}
	var origin observation.BACnetOrigin
	switch f.function {
	case bvlcForwarded:
		var address []byte
		if !f.body.Bytes(&address, 4) || !f.body.Skip(2) {
			return len(data)
		}
		origin.Forwarded = netid.AddrFrom4([4]byte(address))
		fallthrough
	case bvlcUnicast, bvlcBroadcast, bvlcDistribute:
		p.network(c, origin, f.body)
	case bvlcRegisterForeign, bvlcWriteTable, bvlcReadTable, bvlcReadForeign, bvlcDeleteForeign:
		p.link = observation.BACnetLink{Function: f.function}
		if f.function == bvlcRegisterForeign {
			f.body.U16(&p.link.Seconds)
		}
		c.Emit(&p.link)
	}
	return len(data)
}

// Bits of NPCI's control octet.
const (
	networkMessage = 0x80
	hasDestination = 0x20
	hasSource      = 0x08
)

// network reads the network layer (§6.2).
func (p *parser) network(c *dissect.Context, origin observation.BACnetOrigin, r wire.Reader) {
	var (
		version, control uint8
		destination      uint16
		address          wire.Reader
	)
	if !r.U8(&version) || version != npduVersion || !r.U8(&control) {
		return
	}
	if control&hasDestination != 0 && (!r.U16(&destination) || !r.SubU8(&address)) {
		return
	}
	if control&hasSource != 0 && (!r.U16(&origin.Network) || !r.SubU8(&address)) {
		return
	}
	if control&hasDestination != 0 && !r.Skip(1) { // hop count
		return
	}
	if control&networkMessage == 0 {
		p.application(c, origin, r)
	}
}

// APDU types (§20.1.2).
const (
	apduConfirmed   = 0
	apduUnconfirmed = 1
	apduComplexAck  = 3
	apduError       = 5
	apduReject      = 6
	apduAbort       = 7

	segmented = 0x08 // flag of confirmed requests and complex acknowledgements
)

// Service choices that are read further.
const (
	serviceIAm          = 0
	serviceWhoIs        = 8
	serviceReadProperty = 12
	serviceReadMultiple = 14
)

// application reads the application layer.
func (p *parser) application(c *dissect.Context, origin observation.BACnetOrigin, r wire.Reader) {
	var first, service uint8
	if !r.U8(&first) {
		return
	}
	switch first >> 4 {
	case apduConfirmed:
		// Sizes, invoke id, and for a segment its number and the window.
		if r.Skip(2) && skipSegment(first, &r) && r.U8(&service) {
			p.confirmed(c, origin, service, r)
		}
	case apduUnconfirmed:
		if r.U8(&service) {
			p.unconfirmed(c, origin, service, r)
		}
	case apduComplexAck:
		if r.Skip(1) && skipSegment(first, &r) && r.U8(&service) {
			p.answer(c, origin, service, r)
		}
	case apduError:
		p.refusal = observation.BACnetRefusal{Kind: apduError}
		if r.Skip(1) && r.U8(&p.refusal.Service) {
			_ = enumerated(&r, &p.refusal.Class) && enumerated(&r, &p.refusal.Code)
			c.Emit(&p.refusal)
		}
	case apduReject, apduAbort:
		p.refusal = observation.BACnetRefusal{Kind: first >> 4}
		if r.Skip(1) && r.U8(&p.refusal.Code) {
			c.Emit(&p.refusal)
		}
	}
}

// skipSegment passes over sequence number and window. Of a segmented message
// only the first segment starts with something that can be read alone, but
// those that follow fail to parse and do no harm.
func skipSegment(first uint8, r *wire.Reader) bool {
	return first&segmented == 0 || r.Skip(2)
}

func enumerated(r *wire.Reader, out *uint8) bool {
	t, ok := readTag(r)
	if !ok || t.context || t.number != tagEnumerated {
		return false
	}
	*out = uint8(t.unsigned())
	return true
}

func (p *parser) confirmed(c *dissect.Context, origin observation.BACnetOrigin, service uint8, r wire.Reader) {
	q := &p.request
	*q = observation.BACnetRequest{Origin: origin, Confirmed: true, Service: service}
	if t, ok := readTag(&r); ok && t.is(0) && len(t.value) == 4 {
		q.Object = t.object()
		t, ok = readTag(&r)
		if ok && t.opening { // a list of properties
			t, ok = readTag(&r)
		}
		if ok && t.context && !t.opening {
			q.Property = t.unsigned()
		}
	}
	c.Emit(q)
}

func (p *parser) unconfirmed(c *dissect.Context, origin observation.BACnetOrigin, service uint8, r wire.Reader) {
	if service == serviceIAm {
		if p.readIAm(origin, r) {
			c.Emit(&p.iam)
		}
		return
	}
	q := &p.request
	*q = observation.BACnetRequest{Origin: origin, Service: service}
	if service == serviceWhoIs {
		q.High = maxInstance
		if low, ok := readTag(&r); ok && low.is(0) {
			if high, ok := readTag(&r); ok && high.is(1) {
				q.Low, q.High = low.unsigned(), high.unsigned()
			}
		}
	}
	c.Emit(q)
}

func (p *parser) readIAm(origin observation.BACnetOrigin, r wire.Reader) bool {
	id, ok1 := readTag(&r)
	size, ok2 := readTag(&r)
	_, ok3 := readTag(&r) // segmentation
	vendor, ok4 := readTag(&r)
	if !ok1 || !ok2 || !ok3 || !ok4 || id.number != tagObject || id.context || len(id.value) != 4 || id.object().Type != objectDevice {
		return false
	}
	p.iam = observation.BACnetIAm{Origin: origin, Instance: id.object().Instance, MaxAPDU: size.unsigned(), VendorID: vendor.unsigned()}
	return true
}
