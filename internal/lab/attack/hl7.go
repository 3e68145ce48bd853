package attack

import (
	"fmt"
	"strings"
	"time"

	"github.com/cordonhq/cordon/internal/lab/sim"
)

func segments(lines ...string) string { return strings.Join(lines, "\r") + "\r" }

func hl7Time(t time.Time) string { return t.Format("20060102150405-0700") }

func patientOf(n int) sim.Patient { return sim.Patients[n%len(sim.Patients)] }

func pid(p sim.Patient) string {
	return fmt.Sprintf("PID|1||%s^^^CLINIC^MR||%s^%s^^^^^L||19600101|U", p.MRN, p.Family, p.Given)
}

// admission is an ADT^A01 of HL7 v2.6 (§3.3.1).
func admission(n int, now time.Time) string {
	p := patientOf(n)
	return segments(
		fmt.Sprintf("MSH|^~\\&|EXPORT|WARD|ARCHIVE|REMOTE|%s||ADT^A01^ADT_A01|X%d|P|2.6", hl7Time(now), n),
		fmt.Sprintf("EVN||%s", hl7Time(now)),
		pid(p),
		fmt.Sprintf("PV1|1|I|WARD^ROOM%d^BED%d^CLINIC", (p.Bed+1)/2, p.Bed),
	)
}

// reading is an ORU^R01 with a patient's pulse and oxygen saturation (HL7 v2.6
// §7.3.1), in the terms of ISO/IEEE 11073-10101.
func reading(n int, now time.Time) string {
	p := patientOf(n)
	return segments(
		fmt.Sprintf("MSH|^~\\&|EXPORT|WARD|ARCHIVE|REMOTE|%s||ORU^R01^ORU_R01|X%d|P|2.6", hl7Time(now), n),
		pid(p),
		fmt.Sprintf("OBR|1|%d|%d|182777000^monitoring of patient^SCT|||%s", n, n, hl7Time(now)),
		fmt.Sprintf("OBX|1|NM|149514^MDC_PULS_RATE^MDC|1.1.1.1|%d|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||F", 60+n%40),
		fmt.Sprintf("OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.2|%d|262688^MDC_DIM_PERCENT^MDC|||||F", 92+n%8),
	)
}

// infusionOrder is an IHE PCD-03 message, Communicate Infusion Order:
// RGV^O15^RGV_O15 of HL7 v2.6 (IHE DEV TF-2 §3.3). It tells a pump what to give
// at which rate.
func infusionOrder(n int, p sim.Patient, pump string, rate float64, now time.Time) string {
	return segments(
		fmt.Sprintf("MSH|^~\\&|BCMA^0003B1FFFE000001^EUI-64|WARD|PUMPGW|CLINIC|%s||RGV^O15^RGV_O15|ORD%d|P|2.6|||AL|NE||UNICODE UTF-8|||IHE_PCD_003^IHE PCD^1.3.6.1.4.1.19376.1.6.1.3.1^ISO", hl7Time(now), n),
		pid(p),
		fmt.Sprintf("PV1|1|I|WARD^ROOM%d^BED%d^CLINIC", (p.Bed+1)/2, p.Bed),
		fmt.Sprintf("ORC|RE|%d^BCMA^0003B1FFFE000001^EUI-64|%d^BCMA^0003B1FFFE000001^EUI-64||||||%s||||||||%s", 7700+n, 7700+n, hl7Time(now), hl7Time(now)),
		fmt.Sprintf("RXG|1||^^^%s|NOREPI^Norepinephrine^CLINIC|50||263762^MDC_DIM_MILLI_L^MDC||||||||%.1f|265266^MDC_DIM_MILLI_L_PER_HR^MDC", hl7Time(now), rate),
		"RXR|IV^Intravenous^HL70162",
		fmt.Sprintf("OBX|1||69986^MDC_DEV_PUMP_INFUS_VMD^MDC||||||||X|||||||%s", pump),
	)
}
