package dicom

import (
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Flags of a presentation data value's message control header (PS3.8 §E.2).
const (
	pdvCommand = 1
	pdvLast    = 2
)

const (
	// maxCommand bounds a command set; the longest hold a few UIDs and titles.
	maxCommand = 2 << 10
	// maxHead is how much of a data set is read: the equipment's attributes
	// stand in its first groups.
	maxHead = 4 << 10
	// pdvHeaderLen is length, context and flags.
	pdvHeaderLen = 6
)

// value reads one presentation data value of the current P-DATA-TF.
func (p *parser) value(c *dissect.Context, s *side, data []byte) int {
	var (
		r              = wire.Reader(data)
		length         uint32
		context, flags uint8
		fragment       []byte
	)
	if !r.U32(&length) || !r.U8(&context) || !r.U8(&flags) {
		return 0
	}
	if length < 2 || s.left < 4 || length > s.left-4 {
		return dissect.Stop
	}
	size := int(length) - 2
	switch {
	case flags&pdvCommand != 0:
		if size > maxCommand || len(s.command)+size > maxCommand {
			return dissect.Stop
		}
		if !r.Bytes(&fragment, size) {
			return 0
		}
		p.readFragment(c, s, context, flags, fragment)
	case s.expected != 0:
		if !r.Bytes(&fragment, min(size, maxHead)) {
			return 0
		}
		p.readHead(c, s, context, fragment)
		s.expected = 0
	}
	s.left -= length + 4
	return pdvHeaderLen + size
}

// readFragment puts command sets together, which nearly always come whole.
func (p *parser) readFragment(c *dissect.Context, s *side, context, flags uint8, fragment []byte) {
	switch {
	case flags&pdvLast == 0:
		s.command = append(s.command, fragment...)
	case len(s.command) > 0:
		s.command = append(s.command, fragment...)
		p.readCommand(c, s, context, s.command)
		s.command = s.command[:0]
	default:
		p.readCommand(c, s, context, fragment)
	}
}

// Elements of group 0000 (PS3.7 §E.1).
const (
	affectedClass     = 0x0002
	requestedClass    = 0x0003
	commandField      = 0x0100
	messageID         = 0x0110
	messageIDAnswered = 0x0120
	moveDestination   = 0x0600
	priority          = 0x0700
	dataSetType       = 0x0800
	status            = 0x0900
	affectedInstance  = 0x1000
	requestedInstance = 0x1001
	moveOriginator    = 0x1030

	noDataSet = 0x0101
)

// readCommand reads a command set, which is always implicit VR little endian.
func (p *parser) readCommand(c *dissect.Context, s *side, context uint8, data []byte) {
	var (
		r              = wire.Reader(data)
		group, element uint16
		length         uint32
		value          wire.Reader
		q              = &p.command
		sets           = uint16(noDataSet)
		known          bool
	)
	*q = observation.DICOMCommand{Context: context}
	for r.LE16(&group) && r.LE16(&element) && r.LE32(&length) && length <= maxCommand && r.Sub(&value, int(length)) {
		if group != 0 {
			break
		}
		switch element {
		case affectedClass, requestedClass:
			q.SOPClass = uid(c, value)
		case commandField:
			known = value.LE16((*uint16)(&q.Operation))
		case messageID:
			value.LE16(&q.MessageID)
		case messageIDAnswered:
			value.LE16(&q.RespondedTo)
		case moveDestination:
			q.MoveDestination = padded(c, value)
		case priority:
			value.LE16(&q.Priority)
		case dataSetType:
			value.LE16(&sets)
		case status:
			value.LE16(&q.Status)
		case affectedInstance, requestedInstance:
			q.SOPInstance = uid(c, value)
		case moveOriginator:
			q.MoveOriginator = padded(c, value)
		}
	}
	if !known {
		return
	}
	q.HasDataSet = sets != noDataSet
	p.expect(s)
	if !pending(q) {
		c.Emit(q)
	}
}

// pending reports whether q only says that more answers follow (PS3.7 §C.3).
func pending(q *observation.DICOMCommand) bool {
	return q.Operation.Response() && (q.Status == 0xff00 || q.Status == 0xff01)
}

// expect notes whether the head of the data set that follows is worth reading.
func (p *parser) expect(s *side) {
	q := &p.command
	s.expected, s.worklist, s.moved = 0, false, q.MoveOriginator != ""
	if !q.HasDataSet {
		return
	}
	switch q.Operation {
	case observation.DICOMStore, observation.DICOMNCreate:
		s.expected = q.Operation
	case observation.DICOMFind:
		if q.SOPClass == observation.DICOMWorklist {
			s.expected, s.worklist = q.Operation, true
		}
	}
}
