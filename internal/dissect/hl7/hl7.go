// Package hl7 reads HL7 version 2 messages (HL7 v2.x chapter 2) over TCP, in
// MLLP frames (HL7 Transport Specification: MLLP, release 1) or bare: who
// sends which messages to whom, and which devices results come from. Of a
// patient's identifier only a stand-in leaves the package; results, names and
// everything else about people are passed over.
package hl7

import (
	"bytes"
	"strings"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.HL7,
		Over:     dissect.OverTCP,
		Ports:    []uint16{2575, 6661},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   2 * maxSegment,
	}
}

const (
	startBlock = 0x0b
	endBlock   = 0x1c
	// terminators end a segment: CR by the standard, LF by some senders, the
	// frame's bytes where the last segment has no end of its own.
	terminators = "\r\n\x0b\x1c"
	// maxSegment is how much of a segment is read; the fields that matter
	// stand before the results and documents that make one long.
	maxSegment = 4 << 10
	// headLen is the segment's name, the field separator, at least three
	// encoding characters and the separator again.
	headLen = 8
)

// probe wants a message, batch or file header, with or without the frame.
func probe(h *dissect.Head) dissect.Verdict {
	data := h.Data
	for len(data) > 0 && strings.IndexByte(terminators, data[0]) >= 0 {
		data = data[1:]
	}
	data = bytes.TrimPrefix(data, byteOrderMark)
	switch {
	case isHeader(data):
		return dissect.Sure
	case len(data) < headLen && mayBeHeader(data), bytes.HasPrefix(byteOrderMark, data):
		return dissect.More
	}
	return probeMidway(h)
}

// probeMidway looks for the frame around the next message, for a stream that
// was picked up within one.
func probeMidway(h *dissect.Head) dissect.Verdict {
	if i := bytes.Index(h.Data, []byte("\x0bMSH")); i >= 0 && isHeader(h.Data[i+1:]) {
		return dissect.Sure
	}
	if h.Hint || h.Midway {
		return dissect.More
	}
	return dissect.NotMine
}

// byteOrderMark stands before the header where a sender reads its messages
// from files.
var byteOrderMark = []byte("\xef\xbb\xbf")

var headers = [...]string{"MSH", "FHS", "BHS"}

func mayBeHeader(b []byte) bool {
	for _, name := range headers {
		if n := min(len(b), len(name)); string(b[:n]) == name[:n] {
			return true
		}
	}
	return false
}

// isHeader reports whether b starts with a header segment: its name, the field
// separator, encoding characters that are all different, the separator.
func isHeader(b []byte) bool {
	if len(b) < headLen || !mayBeHeader(b) || !isMark(b[3]) {
		return false
	}
	end := bytes.IndexByte(b[4:min(len(b), 4+6)], b[3])
	if end < 3 {
		return false
	}
	for i, c := range b[4 : 4+end] {
		if !isMark(c) || bytes.IndexByte(b[3:4+i], c) >= 0 {
			return false
		}
	}
	return true
}

// isMark reports whether c can separate: printable, and neither letter, digit
// nor blank.
func isMark(c byte) bool {
	return c > ' ' && c < 0x7f && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

// parser reads one flow; each direction has its own messages.
type parser struct {
	sides [2]side
	first key // device that the flow named first
	many  bool
}

// side is the message that one direction is in.
type side struct {
	inFrame   bool
	inMessage bool
	passing   bool // over the rest of a long segment
	more      bool // the message holds more than what was told
	marks     marks
	message   observation.HL7Message
	keys      [maxDevices]key // of message.Devices
	lastID    []byte          // patient's identifier that standIn replaces
	standIn   string
	scratch   []byte
}

// Parse implements dissect.Parser: one segment or frame byte at a time.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	s := &p.sides[c.Dir]
	if s.passing {
		n := bytes.IndexAny(data, terminators)
		if n < 0 {
			return len(data)
		}
		s.passing = false
		if n > 0 {
			return n
		}
	}
	switch data[0] {
	case '\r', '\n':
		return 1
	case startBlock:
		p.finish(c, s)
		s.inFrame = true
		return 1
	case endBlock:
		p.finish(c, s)
		s.inFrame = false
		return 1
	}
	head := data[:min(len(data), maxSegment)]
	n := bytes.IndexAny(head, terminators)
	switch {
	case n >= 0:
		p.segment(c, s, head[:n])
		return n
	case len(head) < maxSegment:
		return 0
	}
	p.segment(c, s, head)
	s.passing = true
	return maxSegment
}

// finish tells the message that has ended.
func (p *parser) finish(c *dissect.Context, s *side) {
	if s.inMessage && s.more {
		p.tell(c, s)
	}
	s.inMessage = false
}

func (p *parser) tell(c *dissect.Context, s *side) {
	m := &s.message
	for i := range m.Devices {
		switch k := s.keys[i]; {
		case p.first == key{}:
			p.first = k
		case !p.first.same(k):
			p.many = true
		}
	}
	m.Several = p.many
	s.more = false
	c.Emit(m)
}
