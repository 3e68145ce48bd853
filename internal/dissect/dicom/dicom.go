// Package dicom reads the DICOM upper layer over TCP (PS3.8) and the DIMSE
// commands in it (PS3.7): who calls whom by which AE title, with which
// software and for which services, and what the heads of stored data sets say
// of the equipment that made them. Images are passed over unread, and of a
// patient's identifier only a stand-in leaves the package.
package dicom

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.DICOM,
		Over:     dissect.OverTCP,
		Ports:    []uint16{104, 11112, 4242},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   window,
	}
}

// PDU types (PS3.8 §9.3.1).
const (
	pduAssociateRQ = 1
	pduAssociateAC = 2
	pduAssociateRJ = 3
	pduData        = 4
	pduReleaseRQ   = 5
	pduReleaseRP   = 6
	pduAbort       = 7
)

const (
	// window holds the longest association PDU that is read: 128 contexts of
	// a dozen transfer syntaxes stay well below it.
	window    = 48 << 10
	headerLen = 6
	// fixedLen is what stands before the items of an association PDU's body.
	fixedLen = 68
	// maxControl is the longest body of the PDUs that only control.
	maxControl = 64
)

func probe(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	var (
		kind, reserved uint8
		length         uint32
		body           wire.Reader
	)
	r.U8(&kind)
	switch kind {
	case pduAssociateRQ, pduAssociateAC:
	case pduData:
		return probeData(r, h)
	default:
		return dissect.NotMine
	}
	if !r.U8(&reserved) || !r.U32(&length) {
		return dissect.More
	}
	if reserved != 0 || length < fixedLen+4 || length > 1<<20 {
		return dissect.NotMine
	}
	body = r
	return probeAssociate(body)
}

// probeAssociate wants version 1, two AE titles and a first item that names
// DICOM's application context.
func probeAssociate(r wire.Reader) dissect.Verdict {
	var (
		version        uint16
		called, caller []byte
		kind           uint8
		name           wire.Reader
	)
	if !r.U16(&version) {
		return dissect.More
	}
	if version&1 == 0 {
		return dissect.NotMine
	}
	if !r.Skip(2) || !r.Bytes(&called, 16) || !r.Bytes(&caller, 16) {
		return dissect.More
	}
	if !isTitle(called) || !isTitle(caller) {
		return dissect.NotMine
	}
	if !r.Skip(32) || !r.U8(&kind) || !r.Skip(1) || !r.SubU16(&name) {
		return dissect.More
	}
	if kind != itemApplicationContext || len(name) == 0 || len(name) > maxUID {
		return dissect.NotMine
	}
	for _, b := range name {
		if b != '.' && (b < '0' || b > '9') && b != 0 {
			return dissect.NotMine
		}
	}
	return dissect.Sure
}

// isTitle reports whether b can be an AE title: the default character
// repertoire without control characters, not blank (PS3.5 §6.2), but for NUL
// padding, which some send.
func isTitle(b []byte) bool {
	blank := true
	for _, c := range b {
		if c >= 0x7f || c < ' ' && c != 0 || c == '\\' {
			return false
		}
		blank = blank && (c == ' ' || c == 0)
	}
	return !blank
}

// probeData judges an association picked up midway, by the shape of its first
// P-DATA-TF: a presentation data value within the PDU, an odd context, two
// flags, and for a command the group length that begins each.
func probeData(r wire.Reader, h *dissect.Head) dissect.Verdict {
	var (
		reserved, context, flags uint8
		pdu, pdv                 uint32
		group                    []byte
	)
	if !r.U8(&reserved) || !r.U32(&pdu) || !r.U32(&pdv) || !r.U8(&context) || !r.U8(&flags) {
		return dissect.More
	}
	if reserved != 0 || pdv < 2 || pdu < 6 || pdv > pdu-4 || context&1 == 0 || flags > 3 {
		return dissect.NotMine
	}
	if flags&pdvCommand != 0 {
		if !r.Bytes(&group, 8) {
			return dissect.More
		}
		if string(group) == "\x00\x00\x00\x00\x04\x00\x00\x00" {
			return dissect.Sure
		}
		return dissect.NotMine
	}
	if h.Hint && pdv == pdu-4 {
		return dissect.Likely
	}
	return dissect.NotMine
}

// parser reads one TCP connection, which is one association.
type parser struct {
	sides [2]side
	// abstract and syntax are known per presentation context, whose
	// identifiers are odd.
	abstract [128]string
	syntax   [128]encoding
	called   string
	calling  string

	associate observation.DICOMAssociate
	reject    observation.DICOMReject
	end       observation.DICOMEnd
	command   observation.DICOMCommand
	equipment equipment
}

// side is where one direction stands.
type side struct {
	left     uint32 // bytes of the current P-DATA-TF not read yet
	command  []byte // fragments of an unfinished command set
	expected observation.DICOMOperation
	worklist bool // expected is a worklist query
	moved    bool // expected is a store on behalf of a C-MOVE
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	s := &p.sides[c.Dir]
	if s.left > 0 {
		return p.value(c, s, data)
	}
	var (
		r      = wire.Reader(data)
		kind   uint8
		length uint32
		body   wire.Reader
	)
	if !r.U8(&kind) || !r.Skip(1) || !r.U32(&length) {
		return 0
	}
	switch kind {
	case pduData:
		s.left = length
		return headerLen
	case pduAssociateRQ, pduAssociateAC:
		if length > window-headerLen-1 {
			return headerLen + int(length)
		}
	case pduAssociateRJ, pduReleaseRQ, pduReleaseRP, pduAbort:
		if length > maxControl {
			return dissect.Stop
		}
	default:
		return dissect.Stop
	}
	if !r.Sub(&body, int(length)) {
		return 0
	}
	p.control(c, kind, body)
	return headerLen + int(length)
}

// control reads the body of any PDU but P-DATA-TF.
func (p *parser) control(c *dissect.Context, kind uint8, r wire.Reader) {
	switch kind {
	case pduAssociateRQ, pduAssociateAC:
		p.readAssociate(c, kind == pduAssociateAC, r)
	case pduAssociateRJ:
		if q := &p.reject; r.Skip(1) && r.U8(&q.Result) && r.U8(&q.Source) && r.U8(&q.Reason) {
			c.Emit(q)
		}
	case pduReleaseRQ:
		p.end = observation.DICOMEnd{}
		c.Emit(&p.end)
	case pduAbort:
		p.end = observation.DICOMEnd{Abort: true}
		if r.Skip(2) && r.U8(&p.end.Source) && r.U8(&p.end.Reason) {
			c.Emit(&p.end)
		}
	}
}
