package hl7_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/hl7"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/corpus"
)

// message joins segments with the end that the standard prescribes.
func message(segments ...string) string { return strings.Join(segments, "\r") + "\r" }

func frame(m string) string { return "\x0b" + m + "\x1c\r" }

const msh = `MSH|^~\&|PUMPSRV^00091EFFFE112233^EUI-64|WARD|EMR|HOSP|20240101||ORU^R01^ORU_R01|4711|P|2.6|||NE|AL||UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO`

var pump = message(msh,
	`PID|||MRN-0815^^^HOSP^MR||Doe^Jane`,
	`PV1||I|ICU^2^4^HOSP`,
	`OBR|1|42`,
	`OBX|1||69985^MDC_DEV_PUMP_INFUS_MDS^MDC|1.0.0.0|||||||X|||||||P100^ACME^00091EFFFE112233^EUI-64`,
	`OBX|2||69986^MDC_DEV_PUMP_INFUS_VMD^MDC|1.1.0.0`,
	`OBX|3|ST|531970^MDC_ID_MODEL_MANUFACTURER^MDC|1.0.0.1|Acme \T\ Sons||||||R`,
	`OBX|4|ST|531969^MDC_ID_MODEL_NUMBER^MDC|1.0.0.2|HV-7||||||R`,
	`OBX|5|ST|531972^MDC_ID_PROD_SPEC_SERIAL^MDC|1.0.0.3|SN1||||||R`,
	`OBX|6|NM|157784^MDC_FLOW_FLUID_PUMP^MDC|1.1.1.1|12.5|265266^MDC_DIM_MILLI_L_PER_HR^MDC|||||R`,
)

var acmePump = observation.HL7Device{
	ID: "P100", System: "ACME", EUI64: "00091EFFFE112233", Type: "MDC_DEV_PUMP_INFUS", Manufacturer: "Acme & Sons", Model: "HV-7", Serial: "SN1",
}

var pumpMessage = observation.HL7Message{
	Framed: true, SendingApplication: "PUMPSRV", SendingFacility: "WARD", SendingEUI64: "00091EFFFE112233",
	ReceivingApplication: "EMR", ReceivingFacility: "HOSP", Type: "ORU", Trigger: "R01", Structure: "ORU_R01",
	ControlID: "4711", Processing: "P", Version: "2.6", Charset: "UNICODE UTF-8", Profile: "IHE_PCD_001",
	Location: "ICU^2^4", Results: 6, Devices: []observation.HL7Device{acmePump},
}

// unkeyed leaves out what depends on the site's secret.
var unkeyed = cmpopts.IgnoreFields(observation.HL7Message{}, "Patient")

func TestPump(t *testing.T) {
	ack := frame(message(`MSH|^~\&|EMR|HOSP|PUMPSRV|WARD|20240101||ACK^R01|9|P|2.6`, `MSA|AA|4711`))
	s := Run(hl7.Dissector(), Out(frame(pump)), In(ack))
	want := []observation.Observation{pumpMessage, observation.HL7Message{
		Framed: true, SendingApplication: "EMR", SendingFacility: "HOSP", ReceivingApplication: "PUMPSRV", ReceivingFacility: "WARD",
		Type: "ACK", Trigger: "R01", ControlID: "9", Processing: "P", Version: "2.6", AckCode: "AA", AckOf: "4711",
	}}
	if d := cmp.Diff(want, s.Observations, unkeyed); d != "" {
		t.Errorf("observations, -want +got:\n%s", d)
	}
	if p := s.Observations[0].(observation.HL7Message).Patient; !strings.HasPrefix(p, "p-") {
		t.Errorf("patient %q, want a stand-in", p)
	}
	for _, f := range []string{"sender mdc-device-type=MDC_DEV_PUMP_INFUS", "sender device-model=HV-7", "sender sends-message=ORU^R01", "receiver receives-message=ORU^R01", "sender message-profile=IHE_PCD_001"} {
		if !slices.Contains(s.Facts, f) {
			t.Errorf("no fact %q in %q", f, s.Facts)
		}
	}
	for _, f := range s.Facts {
		if strings.Contains(f, "Doe") || strings.Contains(f, "0815") {
			t.Errorf("a patient leaves the parser: %s", f)
		}
	}
}

func TestGatewaySpeaksForMany(t *testing.T) {
	second := strings.NewReplacer("P100", "P200", "00091EFFFE112233", "00091EFFFE445566").Replace(pump)
	s := Run(hl7.Dissector(), Out(frame(pump)), Out(frame(pump)), Out(frame(second)))
	var several []bool
	for _, o := range s.Observations {
		several = append(several, o.(observation.HL7Message).Several)
	}
	if !slices.Equal(several, []bool{false, false, true}) || !slices.Contains(s.Facts, "sender speaks-for=MDC_DEV_PUMP_INFUS") {
		t.Errorf("several %v, facts %q", several, s.Facts)
	}
}

func TestVariants(t *testing.T) {
	header := observation.HL7Message{SendingApplication: "LAB", SendingFacility: "F", ReceivingApplication: "LIS", Type: "ORU", Trigger: "R01", ControlID: "1", Processing: "P", Version: "2.3"}
	framed, results, escaped, udi := header, header, header, header
	framed.Framed = true
	results.Framed, results.Results = true, 2
	escaped.Framed, escaped.SendingFacility = true, "A|B é"
	udi.Framed, udi.Results, udi.Devices = true, 1, []observation.HL7Device{{UDI: "(01)00643169007222(21)X1"}}
	const lab = `MSH|^~\&|LAB|F|LIS||2024||ORU^R01|1|P|2.3`
	tests := []struct {
		name, stream string
		want         []observation.Observation
	}{
		{"lines end with LF", frame(lab + "\nOBX|1|NM|a||1\nOBX|2|NM|b||2\n"), []observation.Observation{results}},
		{"lines end with CR LF", frame(lab + "\r\nOBX|1|NM|a||1\r\nOBX|2|NM|b||2\r\n"), []observation.Observation{results}},
		{"last segment without an end", "\x0b" + lab + "\x1c\r", []observation.Observation{framed}},
		{"no end block before the next start", "\x0b" + lab + "\r" + frame(lab+"\r"), []observation.Observation{framed, framed}},
		{"batch", frame(message(`FHS|^~\&|LAB`, `BHS|^~\&|LAB`, lab, lab, `BTS|2`, `FTS|1`)), []observation.Observation{framed, framed}},
		{"no frame", message(lab) + message(lab), []observation.Observation{header, header}},
		{"own separators", frame(message(`MSH$%*!;$LAB$F$LIS$$2024$$ORU%R01$1$P$2.3`)), []observation.Observation{framed}},
		{"three encoding characters", frame(message(`MSH|^~}|LAB|F|LIS||2024||ORU^R01|1|P|2.3`)), []observation.Observation{framed}},
		{"escapes", frame(message(`MSH|^~\&|LAB|A\F\B \XC3A9\\.br\|LIS||2024||ORU^R01|1|P|2.3`)), []observation.Observation{escaped}},
		{"UDI by LOINC code", frame(message(lab, `OBX|1|ST|74711-3^Unique device identifier^LN||(01)00643169007222(21)X1`)), []observation.Observation{udi}},
		{"long document", frame(message(lab, `OBX|1|ED|pdf||`+strings.Repeat("JVBERi0", 9000), `OBX|2|NM|b||2`)), []observation.Observation{results}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var pieces []Piece
			for chunk := range slices.Chunk([]byte(tt.stream), 700) {
				pieces = append(pieces, Out(chunk))
			}
			s := Run(hl7.Dissector(), pieces...)
			if d := cmp.Diff(tt.want, s.Observations, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
			if s.Stats.Overlong > 0 {
				t.Error("a stream was given up as overlong")
			}
		})
	}
}

func TestDevices(t *testing.T) {
	tests := []struct {
		name    string
		segment string
		want    observation.HL7Device
	}{
		{"name in OBX-18", `OBX|1|NM|x||1|||||||||||||Plum A+`, observation.HL7Device{ID: "Plum A+"}},
		{"UDI in OBX-18", `OBX|1|NM|x||1|||||||||||||(01)00643169007222(21)X1`, observation.HL7Device{UDI: "(01)00643169007222(21)X1"}},
		{"universal id in OBX-18", `OBX|1|NM|x||1|||||||||||||A7^^1.2.3^ISO`, observation.HL7Device{ID: "A7", System: "1.2.3"}},
		{"participation", `PRT|1|AD||EQUIP^Equipment^HL70912||||||M7^ACME||||||(01)00643169007222||||SN5`, observation.HL7Device{ID: "M7", System: "ACME", UDI: "(01)00643169007222", Serial: "SN5"}},
		{"laboratory equipment", `EQU|AU5800^BECKMAN|20240101|OP`, observation.HL7Device{ID: "AU5800", System: "BECKMAN"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(hl7.Dissector(), Out(frame(message(msh, tt.segment))))
			if len(s.Observations) != 1 {
				t.Fatalf("%d observations", len(s.Observations))
			}
			if d := cmp.Diff([]observation.HL7Device{tt.want}, s.Observations[0].(observation.HL7Message).Devices); d != "" {
				t.Errorf("devices, -want +got:\n%s", d)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name string
		head dissect.Head
		want dissect.Verdict
	}{
		{"frame", dissect.Head{Data: []byte(frame(pump))}, dissect.Sure},
		{"bare", dissect.Head{Data: []byte(pump)}, dissect.Sure},
		{"batch", dissect.Head{Data: []byte("\x0bFHS|^~\\&|LAB\r")}, dissect.Sure},
		{"start block alone", dissect.Head{Data: []byte("\x0b")}, dissect.More},
		{"midway", dissect.Head{Data: []byte("NM|x||1\r\x1c\r" + frame(pump)), Midway: true}, dissect.Sure},
		{"text", dissect.Head{Data: []byte("MSHello world")}, dissect.NotMine},
		{"one mark twice", dissect.Head{Data: []byte("MSH|^^\\&|A|B")}, dissect.NotMine},
		{"binary", dissect.Head{Data: []byte("\x0b\x00\x00\x01")}, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := hl7.Dissector().Probe(&tt.head); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpusCaptures(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{hl7.Dissector()}}
	tests := []struct{ file, fact string }{
		{"HL7-ADT-UDI-OBX.pcap", "sender device-identifier=Hospira Plum A+"},
		{"HL7-ADT.pcap", "sender sends-message=ADT^A01"},
		{"HL7-ORU.pcap", "receiver receives-message=ORU^R01"},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			for _, s := range Replay(t, table, "medical", "tapirx", tt.file) {
				if s.Flow.Protocol != cordon.HL7 || len(s.Observations) != 2 || !slices.Contains(s.Facts, tt.fact) {
					t.Errorf("%v with %d observations and facts %q, want a message with %q and its answer", s.Flow.Protocol, len(s.Observations), s.Facts, tt.fact)
				}
			}
		})
	}
}

// TestCorpusFiles sends each message of the corpus in a frame.
func TestCorpusFiles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus.Dir(t), "hl7", "fhir-converter", "*.hl7"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := Run(hl7.Dissector(), Out(frame(string(raw))))
			if s.Flow.Protocol != cordon.HL7 || len(s.Observations) != 1 {
				t.Fatalf("%v with %d observations", s.Flow.Protocol, len(s.Observations))
			}
			if m := s.Observations[0].(observation.HL7Message); m.Type == "" || m.Version == "" {
				t.Errorf("no type or version in %+v", m)
			}
		})
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	if n := Allocs(hl7.Dissector(), Out(frame(pump)), In(frame(message(`MSH|^~\&|EMR|HOSP|PUMPSRV|WARD|20240101||ACK^R01|9|P|2.6`, `MSA|AA|4711`)))); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, hl7.Dissector(),
		[]Piece{Out(frame(pump)), In(frame(message(`MSH|^~\&|EMR|HOSP|PUMPSRV|WARD|20240101||ACK^R01|9|P|2.6`, `MSA|AA|4711`)))},
		[]Piece{Out(message(msh, `PRT|1|AD||EQUIP||||||M7^ACME||||||(01)00643169007222||||SN5`, `EQU|AU5800`, `SFT|Acme|1.0|Engine`) + message(msh))},
		[]Piece{Out(frame(message(`MSH$%*!;$LAB$A!F!!X41!$LIS$$2024$$ORU%R01$1$P$2.3`, `OBX$1$ST$74711-3$$x`)))},
	)
}
