package hl7

import (
	"bytes"
	"cmp"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/observation"
)

// maxDevices bounds the devices of one message that are kept.
const maxDevices = 8

// key tells the devices of a flow apart: by the identifier that they carry,
// else by their branch in the containment tree of IHE PCD-01 (OBX-4).
type key struct{ id, branch string }

func (k key) same(other key) bool {
	if k.id != "" && other.id != "" {
		return k.id == other.id
	}
	return k.branch != "" && k.branch == other.branch
}

// device finds or adds the device with that key; nil if there is no room.
func (s *side) device(k key) *observation.HL7Device {
	m := &s.message
	for i := range m.Devices {
		if have := &s.keys[i]; have.same(k) {
			have.id, have.branch = cmp.Or(have.id, k.id), cmp.Or(have.branch, k.branch)
			return &m.Devices[i]
		}
	}
	if len(m.Devices) == maxDevices {
		return nil
	}
	s.keys[len(m.Devices)] = k
	m.Devices = append(m.Devices, observation.HL7Device{})
	return &m.Devices[len(m.Devices)-1]
}

// eui64 returns component n of a field if the next one says that it is one.
func (s *side) eui64(c *dissect.Context, field []byte, n int) string {
	if bytes.EqualFold(s.marks.part(field, n+1), []byte("EUI-64")) {
		return s.text(c, s.marks.part(field, n))
	}
	return ""
}

// entity adds the device that an entity identifier (EI) names: entity,
// namespace, universal id and its type. branch may be empty.
func (s *side) entity(c *dissect.Context, field []byte, branch string) *observation.HL7Device {
	var (
		id        = s.text(c, s.marks.part(field, 1))
		eui       = s.eui64(c, field, 3)
		namespace = s.text(c, s.marks.part(field, 2))
	)
	k := key{cmp.Or(id, eui), branch}
	if k.id == "" {
		return nil
	}
	d := s.device(k)
	if d == nil {
		return nil
	}
	if isUDI(id) {
		d.UDI = id
	} else {
		d.ID = id
	}
	d.System, d.EUI64 = namespace, eui
	if namespace == "" && eui == "" {
		d.System = s.text(c, s.marks.part(field, 3))
	}
	return d
}

// isUDI reports whether an identifier is a unique device identifier in the
// syntax of one of the accredited agencies: GS1 starts with the application
// identifier (01), HIBCC with a plus, ICCBBA with = and a slash or percent.
func isUDI(id string) bool {
	switch {
	case len(id) >= 18 && (id[:4] == "(01)" || id[:2] == "01" && allDigits(id[2:16])):
		return true
	case len(id) >= 8 && id[0] == '+' && id[1] >= 'A' && id[1] <= 'Z':
		return true
	case len(id) >= 10 && (id[:2] == "=/" || id[:2] == "=%"):
		return true
	}
	return false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// attributes are what a result can state of a device, by the code or the
// reference id in OBX-3.
var attributes = map[string]func(*observation.HL7Device) *string{
	"MDC_ID_MODEL_MANUFACTURER": func(d *observation.HL7Device) *string { return &d.Manufacturer },
	"MDC_ID_MODEL_NUMBER":       func(d *observation.HL7Device) *string { return &d.Model },
	"MDC_ID_PROD_SPEC_SERIAL":   func(d *observation.HL7Device) *string { return &d.Serial },
	"MDC_ID_PROD_SPEC_SW":       func(d *observation.HL7Device) *string { return &d.Software },
	"MDC_ID_PROD_SPEC_FW":       func(d *observation.HL7Device) *string { return &d.Software },
	"MDC_ATTR_UDI":              func(d *observation.HL7Device) *string { return &d.UDI },
	"74711-3":                   func(d *observation.HL7Device) *string { return &d.UDI }, // LOINC: unique device identifier
	"UDI":                       func(d *observation.HL7Device) *string { return &d.UDI },
}

var deviceCode = []byte("MDC_DEV_")

// result reads OBX (§7.4.2): the device that observed (OBX-18), and what
// device rows of IHE PCD-01 say of it by codes of ISO/IEEE 11073-10101.
func (s *side) result(c *dissect.Context, data []byte) {
	f := s.marks.fields(data)
	branch := ""
	if first, _, dotted := bytes.Cut(f[4], []byte{'.'}); dotted {
		branch = c.Text(first)
	}
	d := s.entity(c, f[18], branch)
	code, label := s.marks.part(f[3], 1), s.marks.part(f[3], 2)
	attribute := attributes[string(label)]
	if attribute == nil {
		attribute = attributes[string(code)]
	}
	if attribute == nil && !bytes.HasPrefix(label, deviceCode) {
		return
	}
	if d == nil {
		d = s.device(key{branch: cmp.Or(branch, "0")})
	}
	switch {
	case d == nil:
	case attribute == nil:
		s.deviceType(c, d, label)
	case *attribute(d) == "":
		*attribute(d) = s.text(c, s.marks.part(f[5], 1))
	}
}

// deviceType takes a MDC_DEV_ code. That of the whole system (…_MDS) outranks
// that of a part (…_VMD), and channels say nothing of the whole.
func (s *side) deviceType(c *dissect.Context, d *observation.HL7Device, label []byte) {
	kind, level := label, ""
	if i := bytes.LastIndexByte(label, '_'); i > len(deviceCode) {
		switch level = string(label[i+1:]); level {
		case "MDS", "VMD":
			kind = label[:i]
		case "CHAN":
			return
		}
	}
	if d.Type == "" || level == "MDS" {
		d.Type = s.text(c, kind)
	}
}

// participation reads PRT (§7.4.4): the device of PRT-10 with its UDI (PRT-16)
// and serial number (PRT-20).
func (s *side) participation(c *dissect.Context, data []byte) {
	f := s.marks.fields(data)
	d := s.entity(c, f[10], "")
	udi := s.text(c, s.marks.part(f[16], 1))
	if d == nil && udi != "" {
		d = s.device(key{id: udi})
	}
	if d == nil {
		return
	}
	if udi != "" {
		d.UDI = udi
	}
	d.Serial = cmp.Or(d.Serial, s.text(c, f[20]))
	d.Model = cmp.Or(d.Model, s.text(c, s.marks.part(f[22], 2)))
}
