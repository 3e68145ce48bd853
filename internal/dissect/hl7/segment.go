package hl7

import (
	"bytes"
	"encoding/hex"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/observation"
)

// marks are the delimiters that a header segment defines (§2.5.4).
type marks struct {
	field, component, repetition, escape, subcomponent byte
}

// maxFields is how many fields of a segment are looked at.
const maxFields = 24

// fields splits a segment; field 0 is its name. The result is filled up with
// nil, so that a short segment has empty fields.
func (m marks) fields(segment []byte) (f [maxFields][]byte) {
	for i := range f {
		n := bytes.IndexByte(segment, m.field)
		if n < 0 {
			f[i] = segment
			break
		}
		f[i], segment = segment[:n], segment[n+1:]
	}
	return f
}

// part returns component n, from 1, of a field's first repetition.
func (m marks) part(field []byte, n int) []byte {
	if i := bytes.IndexByte(field, m.repetition); i >= 0 {
		field = field[:i]
	}
	for ; n > 1; n-- {
		i := bytes.IndexByte(field, m.component)
		if i < 0 {
			return nil
		}
		field = field[i+1:]
	}
	if i := bytes.IndexByte(field, m.component); i >= 0 {
		field = field[:i]
	}
	return field
}

// text returns a component without its escape sequences (§2.7).
func (s *side) text(c *dissect.Context, b []byte) string {
	if string(b) == `""` { // explicitly deleted
		return ""
	}
	e := s.marks.escape
	if e == 0 || bytes.IndexByte(b, e) < 0 {
		return c.Text(b)
	}
	out := s.scratch[:0]
	for len(b) > 0 && len(out) < observation.MaxValue {
		if b[0] != e {
			out, b = append(out, b[0]), b[1:]
			continue
		}
		end := bytes.IndexByte(b[1:], e)
		if end < 0 {
			out = append(out, b...)
			break
		}
		out = s.marks.unescape(out, b[1:1+end])
		b = b[end+2:]
	}
	s.scratch = out
	return c.Text(out)
}

// unescape appends what the escape sequence with that body stands for;
// formatting and unknown ones stand for nothing.
func (m marks) unescape(out, body []byte) []byte {
	switch string(body) {
	case "F":
		return append(out, m.field)
	case "S":
		return append(out, m.component)
	case "T":
		return append(out, m.subcomponent)
	case "R":
		return append(out, m.repetition)
	case "E":
		return append(out, m.escape)
	}
	if len(body) > 1 && body[0] == 'X' && len(body) <= 2*observation.MaxValue {
		if data, err := hex.AppendDecode(out, body[1:]); err == nil {
			return data
		}
	}
	return out
}

// named returns the first component of a hierarchic designator (HD), or the
// universal id if that is empty.
func (s *side) named(c *dissect.Context, field []byte) string {
	if v := s.text(c, s.marks.part(field, 1)); v != "" {
		return v
	}
	return s.text(c, s.marks.part(field, 2))
}

// segment reads one segment.
func (p *parser) segment(c *dissect.Context, s *side, data []byte) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	if len(data) < 4 {
		return
	}
	name := string(data[:3])
	if name == "MSH" && isHeader(data) {
		p.finish(c, s)
		p.header(c, s, data)
		return
	}
	if !s.inMessage || data[3] != s.marks.field {
		return
	}
	m := &s.message
	switch name {
	case "MSA":
		f := s.marks.fields(data)
		m.AckCode, m.AckOf = s.text(c, f[1]), s.text(c, f[2])
	case "PID":
		f := s.marks.fields(data)
		m.Patient = s.patient(c, patientID(s.marks.part(f[3], 1), s.marks.part(f[2], 1)))
	case "PV1":
		s.location(c, data)
	case "SFT":
		if f := s.marks.fields(data); m.SoftwareProduct == "" {
			m.SoftwareVendor, m.SoftwareVersion, m.SoftwareProduct = s.named(c, f[1]), s.text(c, f[2]), s.text(c, f[3])
		}
	case "OBX":
		m.Results++
		s.result(c, data)
	case "PRT":
		s.participation(c, data)
	case "EQU":
		f := s.marks.fields(data)
		s.entity(c, f[1], "")
	default:
		return
	}
	s.more = true
}

// patientID is PID-3, or PID-2 where old senders put it.
func patientID(id, external []byte) []byte {
	if id = bytes.TrimSpace(id); len(id) > 0 {
		return id
	}
	return bytes.TrimSpace(external)
}

// patient returns the stand-in for an identifier; that of the last one is
// remembered, since a device sends many messages on one patient.
func (s *side) patient(c *dissect.Context, id []byte) string {
	if !bytes.Equal(id, s.lastID) {
		s.lastID = append(s.lastID[:0], id...)
		s.standIn = c.Pseudonym(id)
	}
	return s.standIn
}

// header reads MSH (§2.14.9), whose first field is the separator itself.
func (p *parser) header(c *dissect.Context, s *side, data []byte) {
	s.marks = marks{field: data[3], component: data[4], repetition: data[5], escape: data[6]}
	if data[7] != data[3] {
		s.marks.subcomponent = data[7]
	} else if data[6] != '\\' { // three characters: the escape is the one left out
		s.marks.escape, s.marks.subcomponent = 0, data[6]
	}
	f := s.marks.fields(data)
	m := &s.message
	*m = observation.HL7Message{
		Framed:               s.inFrame,
		SendingApplication:   s.named(c, f[2]),
		SendingFacility:      s.named(c, f[3]),
		ReceivingApplication: s.named(c, f[4]),
		ReceivingFacility:    s.named(c, f[5]),
		SendingEUI64:         s.eui64(c, f[2], 2),
		Type:                 s.text(c, s.marks.part(f[8], 1)),
		Trigger:              s.text(c, s.marks.part(f[8], 2)),
		Structure:            s.text(c, s.marks.part(f[8], 3)),
		ControlID:            s.text(c, f[9]),
		Processing:           s.text(c, s.marks.part(f[10], 1)),
		Version:              s.text(c, s.marks.part(f[11], 1)),
		Charset:              s.text(c, s.marks.part(f[17], 1)),
		Profile:              s.text(c, s.marks.part(f[20], 1)),
		Devices:              m.Devices[:0],
	}
	s.inMessage, s.more = true, true
	if !s.inFrame {
		p.tell(c, s)
	}
}

// location keeps PV1-3 up to the bed, in the standard's own component mark.
func (s *side) location(c *dissect.Context, data []byte) {
	f := s.marks.fields(data)
	out := s.scratch[:0]
	for i := range 3 {
		if i > 0 {
			out = append(out, '^')
		}
		part := s.marks.part(f[3], i+1)
		out = append(out, part[:min(len(part), observation.MaxValue/3)]...)
	}
	s.scratch = out
	s.message.Location = c.Text(bytes.TrimRight(out, "^"))
}
