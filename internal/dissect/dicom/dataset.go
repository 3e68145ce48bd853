package dicom

import (
	"bytes"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// encoding is how the elements of a data set are written (PS3.5 §A).
type encoding uint8

const (
	unknownEncoding encoding = iota // association not seen: tell by the first element
	implicitVR
	explicitVR
	otherEncoding // big endian or deflated: not read
)

// encodingOf returns what a transfer syntax prescribes. All that compress
// images write the elements in explicit VR.
func encodingOf(syntax string) encoding {
	switch syntax {
	case implicitLittle:
		return implicitVR
	case explicitBig, deflatedLittle:
		return otherEncoding
	}
	return explicitVR
}

// tag is group and element.
type tag uint32

const (
	tagModality      tag = 0x0008_0060
	tagManufacturer  tag = 0x0008_0070
	tagInstitution   tag = 0x0008_0080
	tagStation       tag = 0x0008_1010
	tagDepartment    tag = 0x0008_1040
	tagModel         tag = 0x0008_1090
	tagPatientID     tag = 0x0010_0020
	tagSerial        tag = 0x0018_1000
	tagSoftware      tag = 0x0018_1020
	tagScheduledAE   tag = 0x0040_0001
	tagScheduledStep tag = 0x0040_0100
	tagPerformedAE   tag = 0x0040_0241
	tagItem          tag = 0xfffe_e000
	tagItemEnd       tag = 0xfffe_e00d
	tagSequenceEnd   tag = 0xfffe_e0dd
)

const (
	undefinedLength = 0xffffffff
	// maxDepth bounds how deep sequences are followed.
	maxDepth = 8
)

// equipment remembers what was told, to tell it again only when it changes.
type equipment struct {
	now, told observation.DICOMEquipment
	several   bool   // the association showed more than one machine
	raw       []byte // patient's identifier that now.Patient stands for
	stands    string
}

// readHead reads the start of a data set and tells what is new in it.
func (p *parser) readHead(c *dissect.Context, s *side, context uint8, data []byte) {
	r := wire.Reader(data)
	enc := p.syntax[context/2]
	if enc == unknownEncoding {
		enc = guess(data)
	}
	if enc == otherEncoding {
		return
	}
	e := &p.equipment
	e.now = observation.DICOMEquipment{Operation: s.expected}
	w := walker{c: c, equipment: e, explicit: enc == explicitVR, worklist: s.worklist}
	w.elements(&r, 0)
	if e.now == (observation.DICOMEquipment{Operation: s.expected}) {
		return
	}
	if e.told.Operation == s.expected && (e.told.SerialNumber != e.now.SerialNumber || e.told.Station != e.now.Station || e.told.Model != e.now.Model) {
		e.several = true
	}
	e.now.Own = !s.moved && !e.several
	if e.now != e.told {
		e.told = e.now
		c.Emit(&e.now)
	}
}

// guess tells explicit from implicit VR by the two capitals behind the first
// tag.
func guess(data []byte) encoding {
	if len(data) < 8 {
		return otherEncoding
	}
	if isVR(data[4:6]) {
		return explicitVR
	}
	return implicitVR
}

func isVR(b []byte) bool {
	return b[0] >= 'A' && b[0] <= 'Z' && b[1] >= 'A' && b[1] <= 'Z'
}

// walker visits the elements of a data set in order.
type walker struct {
	c         *dissect.Context
	equipment *equipment
	explicit  bool
	worklist  bool
}

// header eats an element's tag, VR and length.
func (w *walker) header(r *wire.Reader, t *tag, length *uint32) bool {
	var (
		group, element, short uint16
		vr                    []byte
	)
	if !r.LE16(&group) || !r.LE16(&element) {
		return false
	}
	*t = tag(group)<<16 | tag(element)
	if !w.explicit || group == 0xfffe {
		return r.LE32(length)
	}
	if !r.Bytes(&vr, 2) || !isVR(vr) {
		return false
	}
	switch string(vr) {
	case "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV":
		return r.Skip(2) && r.LE32(length)
	}
	ok := r.LE16(&short)
	*length = uint32(short)
	return ok
}

// elements visits elements until the data ends, an item ends, or nothing of
// interest can follow. It reports whether the walk may go on behind them.
func (w *walker) elements(r *wire.Reader, depth int) bool {
	var (
		t      tag
		length uint32
		value  wire.Reader
	)
	for w.header(r, &t, &length) {
		switch {
		case t == tagItemEnd || t == tagSequenceEnd:
			return true
		case depth == 0 && t > tagPerformedAE:
			return false
		case length == undefinedLength || w.worklist && t == tagScheduledStep:
			if depth == maxDepth || !w.sequence(r, t, length, depth) {
				return false
			}
		case int64(length) > int64(r.Len()):
			return false
		default:
			r.Sub(&value, int(length))
			if depth == 0 || w.worklist {
				w.element(t, value)
			}
		}
	}
	return r.Empty()
}

// sequence visits the items of a sequence (PS3.5 §7.5).
func (w *walker) sequence(r *wire.Reader, t tag, length uint32, depth int) bool {
	in := r
	var bounded wire.Reader
	if length != undefinedLength {
		if int64(length) > int64(r.Len()) || !r.Sub(&bounded, int(length)) {
			return false
		}
		in = &bounded
	}
	var (
		it   tag
		size uint32
		body wire.Reader
		deep = *w
	)
	deep.worklist = w.worklist && t == tagScheduledStep
	for deep.header(in, &it, &size) {
		switch {
		case it == tagSequenceEnd:
			return true
		case it != tagItem:
			return false
		case size == undefinedLength:
			if !deep.elements(in, depth+1) {
				return false
			}
		case int64(size) > int64(in.Len()):
			return false
		default:
			in.Sub(&body, int(size))
			deep.elements(&body, depth+1)
		}
	}
	return in.Empty() && length != undefinedLength
}

// element takes over what identifies equipment.
func (w *walker) element(t tag, value []byte) {
	e := &w.equipment.now
	switch t {
	case tagModality:
		e.Modality = padded(w.c, value)
	case tagManufacturer:
		e.Manufacturer = padded(w.c, value)
	case tagInstitution:
		e.Institution = padded(w.c, value)
	case tagStation, tagScheduledAE, tagPerformedAE:
		if e.Station == "" {
			e.Station = padded(w.c, value)
		}
	case tagDepartment:
		e.Department = padded(w.c, value)
	case tagModel:
		e.Model = padded(w.c, value)
	case tagSerial:
		e.SerialNumber = padded(w.c, value)
	case tagSoftware:
		e.Software = padded(w.c, value)
	case tagPatientID:
		e.Patient = w.equipment.patient(w.c, bytes.Trim(value, " \x00"))
	}
}

// patient returns the stand-in for an identifier; that of the last one is
// remembered, since a study's images all carry the same.
func (e *equipment) patient(c *dissect.Context, id []byte) string {
	if len(id) == 0 {
		return ""
	}
	if !bytes.Equal(id, e.raw) {
		e.raw = append(e.raw[:0], id...)
		e.stands = c.Pseudonym(id)
	}
	return e.stands
}
