package lab_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// settled is how long a busy machine may take for what a quiet one does in
// seconds.
const settled = 90 * time.Second

func TestExchangesOfARouter(t *testing.T) {
	dir := t.TempDir()
	labtest.Up(t, "--mode", "router", "--speed", "60", "--record", dir)
	everythingArrives(t)
	fromOutside(t)
	labtest.Cordon(t, "lab", "down")
	t.Logf("score of the recording:\n%s", labtest.Cordon(t, "lab", "score", "--capture", filepath.Join(dir, "clinic.pcap")))
	recorded(t, dir)
}

func TestExchangesOfABridge(t *testing.T) {
	console := freeAddress(t)
	labtest.Up(t, "--mode", "bridge", "--speed", "60", "--with-cordon", "--console", console)
	everythingArrives(t)
	fromOutside(t)
	labtest.Eventually(t, settled, func() (bool, string) {
		out, err := labtest.Run(t, "lab", "score")
		if err == nil {
			t.Logf("score of Cordon at the gateway:\n%s", out)
		}
		return err == nil, out
	})
	downEndsACapture(t)
}

// downEndsACapture starts a capture without an end, and ends the lab.
func downEndsACapture(t *testing.T) {
	dir := t.TempDir()
	capture := exec.Command(labtest.Binary(t), "lab", "capture", "--segment", "ward", "--out", dir)
	if err := capture.Start(); err != nil {
		t.Fatal(err)
	}
	labtest.Eventually(t, settled, func() (bool, string) {
		pids, err := lab.GatewayNamespace.Processes()
		_, opened := os.Stat(filepath.Join(dir, "ward.pcap"))
		return err == nil && opened == nil && slices.Contains(pids, capture.Process.Pid), "the capture is not in the gateway"
	})
	labtest.Cordon(t, "lab", "down")
	if err := capture.Wait(); err != nil {
		t.Errorf("the capture ended with %v", err)
	}
	if r, err := lab.ReadRecording(dir); err != nil || len(r.Tracks) != 1 || r.ClinicBegin.IsZero() {
		t.Errorf("truth of the capture: %+v, %v", r.Tracks, err)
	}
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// everythingArrives waits until each kind of exchange has come about, by the
// receivers' own counts.
func everythingArrives(t *testing.T) {
	rare := map[string]bool{"pumps' alerts there": true, "exchanges that did not come about": true}
	labtest.Eventually(t, settled, func() (bool, string) {
		d := labtest.Status(t)
		var missing []string
		for _, c := range d.Counts.Lines() {
			if c.Times == 0 && !rare[c.What] {
				missing = append(missing, c.What)
			}
		}
		return len(missing) == 0, fmt.Sprintf("still missing: %s; last problem: %s", strings.Join(missing, ", "), d.Counts.LastActionProblem)
	})
}

// hl7 is a message in its frame, as a shell's printf takes it.
const hl7 = `\013MSH|^~\\\\&|TEST|WARD|CENTRAL|WARD|20260105070000||ORU^R01^ORU_R01|T1|P|2.6\r\034\r`

// fromOutside repeats each kind of exchange with a program of our own, and
// looks at what comes back.
func fromOutside(t *testing.T) {
	image := filepath.Join(t.TempDir(), "outside.dcm")
	original, err := os.ReadFile(filepath.Join(lab.Dir, "ct-1", "image-1.dcm"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(image, original, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		device  string
		command []string
		want    string // a regular expression
	}{
		{"a study is made", "ct-1", []string{"dcmodify", "-nb", "-gst", "-gse", "-gin", "-m", "0010,0020=OUTSIDE", image}, ``},
		{"the study is stored", "ct-1", []string{"storescu", "-v", "-aet", "CT1", "-aec", "PACS", "pacs.clinic.lan", "104", image}, `Received Store Response \(Success\)`},
		{"the study is found in the archive", "reading-1", []string{"findscu", "-S", "-aet", "READING1", "-aec", "PACS", "-k", "0008,0052=STUDY", "-k", "0010,0020=OUTSIDE", "-k", "0020,000d", "pacs.clinic.lan", "104"}, `\(0020,000d\) UI \[`},
		{"the archive's pages list it", "reading-1", []string{"curl", "-sSf", "-u", "radiology:radiology", "http://pacs.clinic.lan:8042/patients?expand"}, `"PatientID" : "OUTSIDE"`},
		{"a worklist has the ward's patients", "mr-1", []string{"findscu", "-W", "-aet", "MR1", "-aec", "PACS", "-k", "0010,0020", "-k", "(0040,0100)[0].0008,0060=MR", "pacs.clinic.lan", "104"}, `MRN100003`},
		{"vital signs are acknowledged by the central station", "monitor-2", []string{"bash", "-c", `exec 3<>/dev/tcp/10.77.20.20/6661; printf '` + hl7 + `' >&3; timeout 5 head -c 60 <&3`}, `BENEVISION_CMS`},
		{"wearables publish through the broker", "central-1", []string{"mosquitto_sub", "-h", "broker.clinic.lan", "-t", "home/+/vitals", "-C", "1", "-W", "20"}, `"heart_rate":\d+`},
		{"a document opens from the share", "nurse-pc-1", []string{"smbclient", "-s", filepath.Join(lab.Dir, "nurse-pc-1", "smbclient.conf"), "//files.clinic.lan/clinical", "-N", "-c", `get case-003\letter-2.txt -`}, `Discharge letter 2 of case 3`},
		{"the record answers over TLS", "reception-1", []string{"curl", "-sSfk", "https://ehr.clinic.lan/fhir/Patient"}, `"total":4`},
		{"the database has visits", "ehr", []string{"psql", "-h", "ehr-db.clinic.lan", "-U", "ehr", "-d", "postgres", "-Atc", "select count(*) > 0 from visits"}, `^t$`},
		{"the printer says what it is", "nurse-pc-1", []string{"snmpget", "-v2c", "-c", "public", "10.77.40.30", "1.3.6.1.2.1.1.1.0"}, `Lexmark MX722`},
		{"the drug library is served", "pump-3", []string{"curl", "-sSf", "http://pump-gateway.clinic.lan:8088/druglibrary/library.xml"}, `<drug name="Heparin">`},
		{"the name server knows the clinic", "phone-1", []string{"dig", "+short", "+tries=1", "@10.77.60.1", "files.clinic.lan"}, `^10\.77\.30\.13$`},
		{"a scan sees the archive's services", "vendor-1", []string{"nmap", "-n", "-Pn", "-sT", "-p", "22,104,8042", "10.77.30.10"}, `(?s)22/tcp +closed.*104/tcp +open.*8042/tcp +open`},
		{"a scan sees the ward's devices", "vent-1", []string{"nmap", "-n", "-sn", "10.77.20.0/26"}, `\((8|9) hosts up\)`},
	}
	for _, tt := range tests {
		out, err := labtest.Exec(t, tt.device, tt.command...)
		if err != nil || !regexp.MustCompile(`(?m)`+tt.want).MatchString(out) {
			t.Errorf("%s: %v; want /%s/ in:\n%s", tt.name, err, tt.want, out)
		}
	}
}

// recorded holds a recording to its promises.
func recorded(t *testing.T, dir string) {
	r, err := lab.ReadRecording(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Tracks) != len(lab.Segments)+1 {
		t.Fatalf("%d captures, want one for each segment and one of the whole clinic", len(r.Tracks))
	}
	for _, c := range r.Tracks {
		info, err := os.Stat(filepath.Join(dir, c.File))
		if err != nil || c.Frames == 0 || info.Size() < int64(c.Bytes) {
			t.Errorf("%s: %d frames, %d bytes, file %v, %v", c.Name, c.Frames, c.Bytes, info, err)
		}
		if c.Drops > 0 {
			t.Logf("%s: %d frames were lost", c.Name, c.Drops)
		}
	}
}
