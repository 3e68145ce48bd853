package http

import (
	"cmp"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/observation"
)

// maxDepth bounds how deep resources are nested for us to follow.
const maxDepth = 12

// fhirScan looks through the head of a FHIR resource, in JSON or XML, for a
// CapabilityStatement or Devices, alone or in a Bundle. The head may end
// anywhere.
type fhirScan struct {
	capability observation.FHIRCapability
	device     observation.FHIRDevice

	c       *dissect.Context
	request bool
	// keys are the names on the way to the current value; kind is the
	// innermost resource that is of interest and base its depth.
	keys    [maxDepth][]byte
	depth   int
	kind    resource
	base    int
	scratch []byte
}

type resource uint8

const (
	otherResource resource = iota
	capabilityStatement
	deviceResource
)

// read scans data and tells what it finds.
func (f *fhirScan) read(c *dissect.Context, data []byte, request bool) {
	f.c, f.request, f.depth, f.kind = c, request, 0, otherResource
	for len(data) > 0 && (data[0] <= ' ' || data[0] >= 0x80) { // white space, byte order mark
		data = data[1:]
	}
	switch {
	case len(data) == 0:
	case data[0] == '{':
		f.json(data)
	case data[0] == '<':
		f.xml(data)
	}
	f.flush()
	f.c = nil
}

// enter goes into a resource of that type at the current depth.
func (f *fhirScan) enter(kind []byte) {
	f.flush()
	f.base = f.depth
	switch string(kind) {
	case "CapabilityStatement", "Conformance":
		f.kind = capabilityStatement
	case "Device":
		f.kind = deviceResource
	}
}

// leave is called when the object at the current depth ends.
func (f *fhirScan) leave() {
	if f.kind != otherResource && f.depth == f.base {
		f.flush()
	}
}

// flush tells what was gathered of a resource.
func (f *fhirScan) flush() {
	switch f.kind {
	case capabilityStatement:
		if f.capability != (observation.FHIRCapability{}) {
			f.c.Emit(&f.capability)
		}
	case deviceResource:
		if f.device != (observation.FHIRDevice{}) {
			f.device.Request = f.request
			f.c.Emit(&f.device)
		}
	}
	f.kind = otherResource
	f.capability, f.device = observation.FHIRCapability{}, observation.FHIRDevice{}
}

// value takes one value; keys[base:depth] lead to it.
func (f *fhirScan) value(v []byte) {
	if f.kind == otherResource {
		return
	}
	path := f.scratch[:0]
	for i, k := range f.keys[f.base:f.depth] {
		if i > 0 {
			path = append(path, '.')
		}
		path = append(path, k...)
	}
	f.scratch = path
	if to := f.place(path); to != nil {
		*to = cmp.Or(*to, f.c.Text(v))
	}
}

// place returns where the value with that path within its resource belongs.
func (f *fhirScan) place(path []byte) *string {
	s, d := &f.capability, &f.device
	if f.kind == capabilityStatement {
		switch string(path) {
		case "software.name":
			return &s.SoftwareName
		case "software.version":
			return &s.SoftwareVersion
		case "publisher":
			return &s.Publisher
		case "fhirVersion":
			return &s.FHIRVersion
		case "implementation.description":
			return &s.Implementation
		}
		return nil
	}
	switch string(path) {
	case "manufacturer":
		return &d.Manufacturer
	case "modelNumber", "model": // STU3 has model
		return &d.Model
	case "deviceName.name", "displayName", "deviceName.value":
		return &d.Name
	case "serialNumber":
		return &d.Serial
	case "version.value", "version":
		return &d.Version
	case "type.coding.display", "type.text":
		return &d.Type
	case "specialization.systemType.coding.display", "specialization.systemType.text":
		return &d.Specialization
	case "udiCarrier.carrierHRF", "udiCarrier.deviceIdentifier", "udi.carrierHRF":
		return &d.UDI
	}
	return nil
}
