package sim

import (
	"fmt"
	"strings"
	"time"
)

// Identity is how a device names itself in messages.
type Identity struct {
	Application string // MSH-3 and OBX-18
	EUI64       string // its IEEE identity, sixteen hexadecimal digits
	Facility    string
	Serial      string
	// What the device says of itself now and then.
	Manufacturer, Model, Software string
}

// Metric is one reading, in the terms of ISO/IEEE 11073-10101.
type Metric struct {
	Code  string // "150456^MDC_PULS_OXIM_SAT_O2^MDC"
	Path  string // containment within the device: "1.1.1.1"
	Value string
	Unit  string // "262688^MDC_DIM_PERCENT^MDC"
	Text  bool   // the value is a word, not a number
}

// communicate is an IHE PCD-01 message, Communicate PCD Data: ORU^R01^ORU_R01
// of HL7 v2.6 (IHE DEV TF-2 §3.1).
func communicate(id Identity, control uint64, p Patient, device string, metrics []Metric, now time.Time) string {
	segments := []string{
		fmt.Sprintf("MSH|^~\\&|%s^%s^EUI-64|%s|||%s||ORU^R01^ORU_R01|%s%d|P|2.6|||AL|NE||UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO",
			id.Application, id.EUI64, id.Facility, stamp(now), id.Serial, control),
		patient(p), visit(p),
		fmt.Sprintf("OBR|1|%d^%s^%s^EUI-64|%d^%s^%s^EUI-64|%s|||%s", control, id.Application, id.EUI64, control, id.Application, id.EUI64, device, stamp(now)),
	}
	segments = append(segments, results(id, device, metrics, now)...)
	if control%introduceEvery == 1 {
		segments = append(segments, introduction(id, len(metrics)+2)...)
	}
	return join(segments...)
}

// introduceEvery is how many messages pass between two in which a device says
// who made it and what it runs.
const introduceEvery = 60

// introduction are the attributes of the device itself (ISO/IEEE 11073-10101,
// production specification), as OBX segments from the given number on.
func introduction(id Identity, first int) []string {
	attributes := []struct{ code, value string }{
		{"531970^MDC_ID_MODEL_MANUFACTURER^MDC", id.Manufacturer}, {"531969^MDC_ID_MODEL_NUMBER^MDC", id.Model},
		{"531972^MDC_ID_PROD_SPEC_SERIAL^MDC", id.Serial}, {"531975^MDC_ID_PROD_SPEC_SW^MDC", id.Software},
	}
	var out []string
	for i, a := range attributes {
		out = append(out, fmt.Sprintf("OBX|%d|ST|%s|1.0.0.%d|%s||||||R|||||||%s^^%s^EUI-64", first+i, a.code, i+1, a.value, id.Serial, id.EUI64))
	}
	return out
}

// alert is an IHE PCD-04 message, Report Alert: ORU^R40^ORU_R40 (IHE DEV TF-2
// §3.4).
func alert(id Identity, control uint64, p Patient, device, event, text, priority, phase string, now time.Time) string {
	return join(
		fmt.Sprintf("MSH|^~\\&|%s^%s^EUI-64|%s|||%s||ORU^R40^ORU_R40|%s%d|P|2.6|||AL|NE||UNICODE UTF-8|||IHE_PCD_004^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO",
			id.Application, id.EUI64, id.Facility, stamp(now), id.Serial, control),
		patient(p), visit(p),
		fmt.Sprintf("OBR|1|%d^%s^%s^EUI-64|%d^%s^%s^EUI-64|196616^MDC_EVT_ALARM^MDC|||%s", control, id.Application, id.EUI64, control, id.Application, id.EUI64, stamp(now)),
		fmt.Sprintf("OBX|1|ST|%s|1.0.0.0.1|%s||||||F|||%s||||%s^^%s^EUI-64", event, text, stamp(now), id.Serial, id.EUI64),
		fmt.Sprintf("OBX|2|ST|68480^MDC_ATTR_ALERT_SOURCE^MDC|1.0.0.0.2|%s||||||F", strings.Split(device, "^")[1]),
		fmt.Sprintf("OBX|3|ST|68481^MDC_ATTR_EVENT_PHASE^MDC|1.0.0.0.3|%s||||||F", phase),
		fmt.Sprintf("OBX|4|ST|68484^MDC_ATTR_ALARM_PRIORITY^MDC|1.0.0.0.4|%s||||||F", priority),
	)
}

func patient(p Patient) string {
	return fmt.Sprintf("PID|||%s^^^CLINIC^MR||%s^%s^^^^^L", p.MRN, p.Family, p.Given)
}

func visit(p Patient) string {
	return fmt.Sprintf("PV1||I|WARD^ROOM%d^BED%d^CLINIC", (p.Bed+1)/2, p.Bed)
}

// results are the OBX segments: the device itself, then its readings.
func results(id Identity, device string, metrics []Metric, now time.Time) []string {
	out := []string{fmt.Sprintf("OBX|1||%s|1.0.0.0|||||||X|||%s||||%s^^%s^EUI-64", device, stamp(now), id.Serial, id.EUI64)}
	for i, m := range metrics {
		kind := "NM"
		if m.Text {
			kind = "ST"
		}
		out = append(out, fmt.Sprintf("OBX|%d|%s|%s|%s|%s|%s|||||R|||%s||||%s^^%s^EUI-64", i+2, kind, m.Code, m.Path, m.Value, m.Unit, stamp(now), id.Serial, id.EUI64))
	}
	return out
}
