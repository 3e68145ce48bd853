package lab

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/cordonhq/cordon/internal/lab/sim"
)

// modality is how a scanner is set up.
type modality struct {
	Device, AETitle, Modality, SOPClass, Vendor, Model, Software string

	Number int // of the scanner
}

// modalities are the scanners that store studies, as dcmtk plays them.
var modalities = []modality{
	{Device: "ct-1", AETitle: "CT1", Modality: "CT", SOPClass: "CTImageStorage", Vendor: "Siemens Healthineers", Model: "SOMATOM go.Up", Software: "syngo CT VB10A", Number: 1},
	{Device: "mr-1", AETitle: "MR1", Modality: "MR", SOPClass: "MRImageStorage", Vendor: "Philips Medical Systems", Model: "Ingenia", Software: "5.7.1", Number: 2},
	{Device: "us-1", AETitle: "US1", Modality: "US", SOPClass: "UltrasoundImageStorage", Vendor: "GE Healthcare Ultrasound", Model: "LOGIQ E10", Software: "R3.1.9", Number: 3},
}

// study is what is known of one examination; image.dump and worklist.dump are
// templates over it.
type study struct {
	modality
	Patient sim.Patient
	At      time.Time // of the clinic
	Study   int       // of this scanner, from 1
	Image   int       // of the study, from 1; 0 in a worklist
}

// Date and Time are DICOM's (PS3.5 §6.2, DA and TM).
func (s study) Date() string { return s.At.Format("20060102") }

// Time is the time of day.
func (s study) Time() string { return s.At.Format("150405") }

// imageSide is the height and width of an image in pixels of two bytes.
const imageSide = 256

// prepareImaging makes the pixels that scanners store, and worklist entries for
// them to find.
func (l *Lab) prepareImaging() error {
	archive := member("pacs")
	for _, m := range modalities {
		d := member(m.Device)
		if err := os.MkdirAll(l.folder(d), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(l.folder(d), "pixels.raw"), phantom(m.Number), 0o644); err != nil {
			return err
		}
		for i, p := range sim.Patients {
			s := study{modality: m, Patient: p, At: dayBegins, Study: i + 1}
			path := filepath.Join(l.folder(archive), "worklists", fmt.Sprintf("%s-%d.wl", m.Device, i+1))
			if err := dicomFile("worklist.dump", s, path); err != nil {
				return fmt.Errorf("make a worklist for %s: %w", d.Name, err)
			}
		}
	}
	return nil
}

// phantom is an image of 12 bits a pixel: a body with two organs, as
// physicists' test objects have them. number shifts the organs.
func phantom(number int) []byte {
	b := make([]byte, 0, 2*imageSide*imageSide)
	inside := func(x, y, cx, cy, rx, ry float64) bool { return math.Hypot((x-cx)/rx, (y-cy)/ry) < 1 }
	shift := 0.1 * float64(number)
	for row := range imageSide {
		for column := range imageSide {
			x, y := 2*float64(column)/imageSide-1, 2*float64(row)/imageSide-1
			value := uint16(0)
			switch {
			case inside(x, y, -0.35, shift-0.2, 0.2, 0.35), inside(x, y, 0.35, shift-0.2, 0.2, 0.35):
				value = 300
			case inside(x, y, 0, 0, 0.8, 0.9):
				value = 1000 + uint16(200*(1-y*y))
			}
			b = binary.LittleEndian.AppendUint16(b, value)
		}
	}
	return b
}

// dicomFile turns a dump template into a DICOM file. Files that the dump refers
// to are beside it.
func dicomFile(name string, s study, path string) error {
	t, err := template.ParseFS(configs, "config/"+name)
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := t.Execute(&b, s); err != nil {
		return err
	}
	dump := strings.TrimSuffix(path, filepath.Ext(path)) + ".dump"
	if err := os.MkdirAll(filepath.Dir(dump), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(dump, []byte(b.String()), 0o644); err != nil {
		return err
	}
	cmd := exec.Command("dump2dcm", dump, path)
	cmd.Dir = filepath.Dir(path)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("dump2dcm: %w: %s", err, out)
	}
	return os.Remove(dump)
}

// scan is one study: the scanner asks for its worklist and stores the images.
func scan(device string) action {
	var m modality
	for _, o := range modalities {
		if o.Device == device {
			m = o
		}
	}
	return func(ctx context.Context, l *Lab, d *Device, o occasion) error {
		_, err := l.as(ctx, d, "findscu", "-W", "-aet", m.AETitle, "-aec", "PACS", "-k", "0010,0010", "-k", "0010,0020",
			"-k", "(0040,0100)[0].0008,0060="+m.Modality, nameOf("pacs"), "104")
		if counted(&l.tally.worklists, err) != nil {
			return err
		}
		args := []string{"-aet", m.AETitle, "-aec", "PACS", nameOf("pacs"), "104"}
		s := study{modality: m, Patient: sim.Patients[o.dice.IntN(len(sim.Patients))], At: o.at, Study: o.number + 1}
		for image := range 2 + o.dice.IntN(4) {
			s.Image = image + 1
			name := fmt.Sprintf("image-%d.dcm", s.Image)
			if err := dicomFile("image.dump", s, filepath.Join(l.folder(d), name)); err != nil {
				return err
			}
			args = append(args, name)
		}
		_, err = l.as(ctx, d, "storescu", args...)
		return counted(&l.tally.stored, err)
	}
}

// echo checks that the archive answers.
func echo(aeTitle string) action {
	return func(ctx context.Context, l *Lab, d *Device, _ occasion) error {
		_, err := l.as(ctx, d, "echoscu", "-aet", aeTitle, "-aec", "PACS", nameOf("pacs"), "104")
		return err
	}
}

// retrieve has a doctor open a study: find those of a patient, move one here.
func retrieve(ctx context.Context, l *Lab, d *Device, o occasion) error {
	patient := sim.Patients[o.dice.IntN(len(sim.Patients))]
	folder := filepath.Join(l.folder(d), "found")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	_, err := l.as(ctx, d, "findscu", "-S", "-aet", "READING1", "-aec", "PACS", "-X", "-od", folder,
		"-k", "0008,0052=STUDY", "-k", "0010,0020="+patient.MRN, "-k", "0020,000d", nameOf("pacs"), "104")
	if err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(folder, "rsp*.dcm"))
	if err != nil || len(found) == 0 {
		return err // nothing is stored of that patient yet
	}
	text, err := l.as(ctx, d, "dcmdump", "+P", "0020,000d", found[o.dice.IntN(len(found))])
	if err != nil {
		return err
	}
	_, after, _ := strings.Cut(text, "[")
	uid, _, ok := strings.Cut(after, "]")
	if !ok {
		return fmt.Errorf("no study in %q", tail(text))
	}
	_, err = l.as(ctx, d, "movescu", "-S", "-aet", "READING1", "-aem", "READING1", "-aec", "PACS",
		"-k", "0008,0052=STUDY", "-k", "0020,000d="+uid, nameOf("pacs"), "104")
	return counted(&l.tally.retrieved, err)
}
