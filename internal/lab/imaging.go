package lab

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/cordonhq/cordon/internal/lab/sim"
)

// modality is how a scanner is set up.
type modality struct {
	Device, AETitle, Modality, SOPClass, Vendor, Model, Software string

	Number  int
	Patient sim.Patient
}

// modalities are the scanners that store studies, as dcmtk plays them.
var modalities = []modality{
	{Device: "ct-1", AETitle: "CT1", Modality: "CT", SOPClass: "CTImageStorage", Vendor: "Siemens Healthineers", Model: "SOMATOM go.Up", Software: "syngo CT VB10A"},
	{Device: "mr-1", AETitle: "MR1", Modality: "MR", SOPClass: "MRImageStorage", Vendor: "Philips Medical Systems", Model: "Ingenia", Software: "5.7.1"},
	{Device: "us-1", AETitle: "US1", Modality: "US", SOPClass: "UltrasoundImageStorage", Vendor: "GE Healthcare Ultrasound", Model: "LOGIQ E10", Software: "R3.1.9"},
}

// imageBytes is the size of an image's pixels: 256 × 256, two bytes each.
const imageBytes = 256 * 256 * 2

// prepareImaging makes an image for each scanner to store, and worklist entries
// for it to find.
func (l *Lab) prepareImaging() error {
	archive, err := Find("pacs")
	if err != nil {
		return err
	}
	for i, m := range modalities {
		d, err := Find(m.Device)
		if err != nil {
			return err
		}
		m.Number, m.Patient = i+1, sim.Patients[i%len(sim.Patients)]
		if err := os.MkdirAll(l.folder(d), 0o755); err != nil {
			return err
		}
		pixels := make([]byte, imageBytes)
		noise := rand.NewChaCha8([32]byte{byte(i)})
		_, _ = noise.Read(pixels) // never fails
		if err := os.WriteFile(filepath.Join(l.folder(d), "pixels.raw"), pixels, 0o644); err != nil {
			return err
		}
		if err := dicomFile("image.dump", m, filepath.Join(l.folder(d), "image.dcm")); err != nil {
			return fmt.Errorf("make an image for %s: %w", d.Name, err)
		}
		if err := dicomFile("worklist.dump", m, filepath.Join(l.folder(archive), "worklists", m.Device+".wl")); err != nil {
			return fmt.Errorf("make a worklist for %s: %w", d.Name, err)
		}
	}
	return nil
}

// dicomFile turns a dump template into a DICOM file. Files that the dump refers
// to are beside it.
func dicomFile(name string, m modality, path string) error {
	t, err := template.ParseFS(configs, "config/"+name)
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := t.Execute(&b, m); err != nil {
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
