package dicom_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dicom"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/corpus"
)

const (
	ctStorage = "1.2.840.10008.5.1.4.1.1.2"
	worklist  = "1.2.840.10008.5.1.4.31"
	implicit  = "1.2.840.10008.1.2"
	explicit  = "1.2.840.10008.1.2.1"
)

func pdu(kind byte, body string) string {
	return string([]byte{kind, 0}) + string(binary.BigEndian.AppendUint32(nil, uint32(len(body)))) + body
}

func item(kind byte, value string) string {
	return string([]byte{kind, 0, byte(len(value) >> 8), byte(len(value))}) + value
}

func title(s string) string { return s + strings.Repeat(" ", 16-len(s)) }

func user(class, version string) string {
	return item(0x50, item(0x51, "\x00\x00\x40\x00")+item(0x52, class)+item(0x55, version))
}

func request(contexts string) string {
	return pdu(1, "\x00\x01\x00\x00"+title("ARCHIVE")+title("CT1")+strings.Repeat("\x00", 32)+
		item(0x10, "1.2.840.10008.3.1.1.1")+contexts+user("1.2.826.0.1.3680043.9.1", "ACME_CT_42"))
}

func accept(contexts string) string {
	return pdu(2, "\x00\x01\x00\x00"+title("ARCHIVE")+title("CT1")+strings.Repeat("\x00", 32)+
		item(0x10, "1.2.840.10008.3.1.1.1")+contexts+user("1.2.276.0.7230010.3.0.3.6.7", "OFFIS_DCMTK_367"))
}

func proposed(id byte, abstract string, transfer ...string) string {
	s := string([]byte{id, 0, 0, 0}) + item(0x30, abstract)
	for _, t := range transfer {
		s += item(0x40, t)
	}
	return item(0x20, s)
}

func taken(id, result byte, transfer string) string {
	return item(0x21, string([]byte{id, 0, result, 0})+item(0x40, transfer))
}

// element is one in implicit VR little endian.
func element(group, number uint16, value string) string {
	if len(value)%2 == 1 {
		value += " "
	}
	b := binary.LittleEndian.AppendUint16(nil, group)
	b = binary.LittleEndian.AppendUint16(b, number)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	return string(b) + value
}

func short(v uint16) string { return string(binary.LittleEndian.AppendUint16(nil, v)) }

func command(operation uint16, class string, sets bool, more ...string) string {
	dataSet := uint16(0x0101)
	if sets {
		dataSet = 1
	}
	s := element(0, 2, class) + element(0, 0x100, short(operation)) + element(0, 0x110, short(7)) + element(0, 0x800, short(dataSet)) + strings.Join(more, "")
	return element(0, 0, "\x00\x00\x00\x00") + s
}

func value(context, flags byte, data string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(data)+2))) + string([]byte{context, flags}) + data
}

func data(values ...string) string { return pdu(4, strings.Join(values, "")) }

var (
	ctRequest = request(proposed(1, ctStorage, explicit, implicit) + proposed(3, worklist, implicit))
	ctAccept  = accept(taken(1, 0, implicit) + taken(3, 3, implicit))
	ctHead    = element(8, 0x16, ctStorage) + element(8, 0x60, "CT") + element(8, 0x70, "Acme Imaging") +
		element(8, 0x1010, "CT-ROOM-2") + element(8, 0x1090, "Scanner 9000") + element(0x10, 0x10, "Doe^Jane") + element(0x10, 0x20, "MRN-0815") +
		element(0x18, 0x1000, "SN123") + element(0x18, 0x1020, "VB20A")
	pixels = strings.Repeat("\x07", 20000)
)

func TestAssociation(t *testing.T) {
	s := Run(dicom.Dissector(), Out(ctRequest), In(ctAccept), Out(pdu(5, "\x00\x00\x00\x00")), In(pdu(6, "\x00\x00\x00\x00")))
	want := []observation.Observation{
		observation.DICOMAssociate{
			CalledAE: "ARCHIVE", CallingAE: "CT1", ApplicationContext: "1.2.840.10008.3.1.1.1", MaxPDU: 16384,
			Contexts:            []observation.DICOMContext{{ID: 1, AbstractSyntax: ctStorage, TransferSyntaxes: []string{explicit, implicit}}, {ID: 3, AbstractSyntax: worklist, TransferSyntaxes: []string{implicit}}},
			ImplementationClass: "1.2.826.0.1.3680043.9.1", ImplementationVersion: "ACME_CT_42",
		},
		observation.DICOMAssociate{
			Accepted: true, CalledAE: "ARCHIVE", CallingAE: "CT1", ApplicationContext: "1.2.840.10008.3.1.1.1", MaxPDU: 16384,
			Contexts:            []observation.DICOMContext{{ID: 1, AbstractSyntax: ctStorage, TransferSyntaxes: []string{implicit}}, {ID: 3, AbstractSyntax: worklist, TransferSyntaxes: []string{implicit}, Result: 3}},
			ImplementationClass: "1.2.276.0.7230010.3.0.3.6.7", ImplementationVersion: "OFFIS_DCMTK_367",
		},
		observation.DICOMEnd{},
	}
	if d := cmp.Diff(want, s.Observations); d != "" {
		t.Errorf("observations, -want +got:\n%s", d)
	}
	facts := []string{
		"sender implementation-class-uid=1.2.826.0.1.3680043.9.1", "sender implementation-version=ACME_CT_42",
		"sender calling-ae-title=CT1", "receiver called-ae-title=ARCHIVE",
		"sender proposed-sop-class=CT Image Storage", "sender proposed-sop-class=Modality Worklist - FIND",
		"sender implementation-class-uid=1.2.276.0.7230010.3.0.3.6.7", "sender implementation-version=OFFIS_DCMTK_367",
		"sender called-ae-title=ARCHIVE", "sender accepted-sop-class=CT Image Storage",
	}
	if d := cmp.Diff(facts, s.Facts); d != "" {
		t.Errorf("facts, -want +got:\n%s", d)
	}
}

func TestRejectAndAbort(t *testing.T) {
	s := Run(dicom.Dissector(), Out(ctRequest), In(pdu(3, "\x00\x01\x01\x07")), Out(pdu(7, "\x00\x00\x02\x06")))
	want := []observation.Observation{
		observation.DICOMReject{Result: 1, Source: 1, Reason: 7},
		observation.DICOMEnd{Abort: true, Source: 2, Reason: 6},
	}
	if d := cmp.Diff(want, s.Observations[1:]); d != "" {
		t.Errorf("observations, -want +got:\n%s", d)
	}
}

// equipment returns what was told of the sending machine.
func equipment(s *Seen) []observation.DICOMEquipment {
	var all []observation.DICOMEquipment
	for _, o := range s.Observations {
		if e, ok := o.(observation.DICOMEquipment); ok {
			e.Patient = strings.Repeat("p", min(1, len(e.Patient)))
			all = append(all, e)
		}
	}
	return all
}

func TestStore(t *testing.T) {
	store := command(1, ctStorage, true)
	other := strings.ReplaceAll(ctHead, "SN123 ", "SN999 ")
	acme := observation.DICOMEquipment{
		Operation: observation.DICOMStore, Own: true, Modality: "CT", Manufacturer: "Acme Imaging", Station: "CT-ROOM-2",
		Model: "Scanner 9000", SerialNumber: "SN123", Software: "VB20A", Patient: "p",
	}
	foreign, second := acme, acme
	foreign.Own, second.Own, second.SerialNumber = false, false, "SN999"
	tests := []struct {
		name string
		sent []string
		want []observation.DICOMEquipment
	}{
		{"command and data set in one PDU", []string{data(value(1, 3, store), value(1, 2, ctHead+pixels))}, []observation.DICOMEquipment{acme}},
		{"a PDU each, the second image tells nothing new",
			[]string{data(value(1, 3, store)), data(value(1, 0, ctHead+pixels)), data(value(1, 2, pixels)), data(value(1, 3, store)), data(value(1, 2, ctHead))},
			[]observation.DICOMEquipment{acme}},
		{"command in fragments", []string{data(value(1, 1, store[:30])), data(value(1, 3, store[30:]), value(1, 2, ctHead))}, []observation.DICOMEquipment{acme}},
		{"an archive forwards", []string{data(value(1, 3, store), value(1, 2, ctHead)), data(value(1, 3, store), value(1, 2, other))},
			[]observation.DICOMEquipment{acme, second}},
		{"on behalf of a C-MOVE", []string{data(value(1, 3, command(1, ctStorage, true, element(0, 0x1030, "VIEWER"))), value(1, 2, ctHead))},
			[]observation.DICOMEquipment{foreign}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pieces := []Piece{Out(ctRequest), In(ctAccept)}
			for _, sent := range tt.sent {
				for chunk := range slices.Chunk([]byte(sent), 1460) {
					pieces = append(pieces, Out(chunk))
				}
			}
			s := Run(dicom.Dissector(), pieces...)
			if d := cmp.Diff(tt.want, equipment(s)); d != "" {
				t.Errorf("equipment, -want +got:\n%s", d)
			}
			for _, f := range s.Facts {
				if strings.Contains(f, "Doe") || strings.Contains(f, "0815") {
					t.Errorf("a patient leaves the parser: %s", f)
				}
			}
			if s.Stats.Overlong+s.Stats.Panics > 0 {
				t.Errorf("stats %+v", s.Stats)
			}
		})
	}
}

func TestOperations(t *testing.T) {
	keys := element(8, 5, "ISO_IR 100") + element(0x40, 0x100, "\xfe\xff\x00\xe0\xff\xff\xff\xff"+element(8, 0x60, "US")+element(0x40, 1, "US-3")+"\xfe\xff\x0d\xe0\x00\x00\x00\x00")
	s := Run(dicom.Dissector(),
		Out(request(proposed(3, worklist, implicit))), In(accept(taken(3, 0, implicit))),
		Out(data(value(3, 3, command(0x20, worklist, true)), value(3, 2, keys))),
		In(data(value(3, 3, command(0x8020, worklist, true, element(0, 0x900, short(0xff00)))), value(3, 2, ctHead))),
		In(data(value(3, 3, command(0x8020, worklist, false, element(0, 0x120, short(7)))))),
	)
	want := []observation.Observation{
		observation.DICOMCommand{Operation: observation.DICOMFind, Context: 3, MessageID: 7, SOPClass: worklist, HasDataSet: true},
		observation.DICOMEquipment{Operation: observation.DICOMFind, Own: true, Modality: "US", Station: "US-3"},
		observation.DICOMCommand{Operation: observation.DICOMFind | 0x8000, Context: 3, MessageID: 7, RespondedTo: 7, SOPClass: worklist},
	}
	if d := cmp.Diff(want, s.Observations[2:]); d != "" {
		t.Errorf("observations, -want +got:\n%s", d)
	}
	for _, f := range []string{"sender scu-of=Modality Worklist - FIND", "receiver scp-of=Modality Worklist - FIND", "sender modality=US"} {
		if !slices.Contains(s.Facts, f) {
			t.Errorf("no fact %q in %q", f, s.Facts)
		}
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name string
		head dissect.Head
		want dissect.Verdict
	}{
		{"request", dissect.Head{Data: []byte(ctRequest)}, dissect.Sure},
		{"acceptance", dissect.Head{Data: []byte(ctAccept)}, dissect.Sure},
		{"start of a request", dissect.Head{Data: []byte(ctRequest[:40])}, dissect.More},
		{"command midway", dissect.Head{Data: []byte(data(value(1, 3, command(0x30, "1.2.840.10008.1.1", false)))), Midway: true}, dissect.Sure},
		{"other application context", dissect.Head{Data: []byte(strings.Replace(ctRequest, "1.2.840.10008.3", "http://example", 1))}, dissect.NotMine},
		{"titles of bytes", dissect.Head{Data: []byte(strings.Replace(ctRequest, "ARCHIVE", "\x01\x02\x03\x04\x05\x06\x07", 1))}, dissect.NotMine},
		{"text", dissect.Head{Data: []byte("\x01hello")}, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := dicom.Dissector().Probe(&tt.head); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpusCaptures(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{dicom.Dissector()}}
	files, err := filepath.Glob(filepath.Join(corpus.Dir(t), "pcap", "medical", "*", "dicom*.pcap"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, file := range files {
		dir, base := filepath.Split(file)
		t.Run(base, func(t *testing.T) {
			for _, s := range Replay(t, table, "medical", filepath.Base(dir), base) {
				if s.Flow.Protocol != cordon.DICOM || !slices.ContainsFunc(s.Facts, func(f string) bool { return strings.HasPrefix(f, "sender implementation-version=") }) {
					t.Errorf("flow %v to %v is %v with %d observations", s.Flow.SrcAddrPort(), s.Flow.DstAddrPort(), s.Flow.Protocol, len(s.Observations))
				}
			}
		})
	}
}

// TestCorpusFiles stores files of the corpus over an association made here.
func TestCorpusFiles(t *testing.T) {
	tests := []struct {
		file, syntax        string
		manufacturer, model string
	}{
		{"CT_small.dcm", explicit, "GE MEDICAL SYSTEMS", "RHAPSODE"},
		{"MR_small.dcm", explicit, "TOSHIBA_MEC", "MRT50H1"},
		{"MR_small_implicit.dcm", implicit, "TOSHIBA_MEC", "MRT50H1"},
		{"rtplan.dcm", implicit, "Manufacturer name here", "Treatment Planning System name here"},
		{"nested_priv_SQ.dcm", explicit, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(corpus.Dir(t), "dicom", "pydicom", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			// Preamble, magic, then group 0002, whose length stands in its first element.
			raw = raw[132:]
			set := raw[12+binary.LittleEndian.Uint32(raw[8:]):]
			set = set[:min(len(set), 16000)]
			s := Run(dicom.Dissector(), Out(request(proposed(1, ctStorage, tt.syntax))), In(accept(taken(1, 0, tt.syntax))),
				Out(data(value(1, 3, command(1, ctStorage, true)))), Out(data(value(1, 2, string(bytes.Clone(set))))))
			got := equipment(s)
			if tt.model == "" {
				return
			}
			if len(got) != 1 || got[0].Manufacturer != tt.manufacturer || got[0].Model != tt.model {
				t.Errorf("equipment %+v, want %s %s", got, tt.manufacturer, tt.model)
			}
		})
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	if n := Allocs(dicom.Dissector(), Out(ctRequest), In(ctAccept), Out(data(value(1, 3, command(1, ctStorage, true)), value(1, 2, ctHead+pixels)))); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, dicom.Dissector(),
		[]Piece{Out(ctRequest), In(ctAccept), Out(data(value(1, 3, command(1, ctStorage, true)), value(1, 2, ctHead+pixels[:100])))},
		[]Piece{Out(request(proposed(3, worklist, implicit))), In(pdu(3, "\x00\x01\x01\x07")), Out(pdu(7, "\x00\x00\x02\x06"))},
		[]Piece{Out(data(value(3, 1, command(0x20, worklist, true)[:20])) + data(value(3, 3, command(0x20, worklist, true)[20:]), value(3, 2, element(0x40, 0x100, "\xfe\xff\x00\xe0\xff\xff\xff\xff"+element(8, 0x60, "US")))))},
	)
}
