package lab

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cordonhq/cordon/internal/lab/sim"
)

// habit is something that a device does again and again with a real program.
type habit struct {
	device string
	// every is the mean pause in clinic time; each one is drawn between half
	// and one and a half of it.
	every time.Duration
	// from and to are the hours of the day between which it happens; equal
	// means around the clock.
	from, to int
	act      func(l *Lab, ctx context.Context, d *Device, dice *rand.Rand) error
}

// habits are the clinic's day beside what simulators play: a study every few
// minutes, people at their computers by day, a backup at night, a vendor's
// session now and then.
var habits = []habit{
	{"ct-1", 12 * time.Minute, 7, 20, scan(0)},
	{"mr-1", 25 * time.Minute, 7, 18, scan(1)},
	{"us-1", 18 * time.Minute, 8, 18, scan(2)},
	{"reading-1", 20 * time.Minute, 7, 20, retrieve},
	{"reception-1", 4 * time.Minute, 7, 19, openRecord},
	{"nurse-pc-1", 5 * time.Minute, 0, 0, openRecord},
	{"nurse-pc-1", 11 * time.Minute, 0, 0, openDocument},
	{"reception-1", 15 * time.Minute, 7, 19, openDocument},
	{"ehr", 3 * time.Minute, 0, 0, queryDatabase},
	{"bms-1", 5 * time.Minute, 0, 0, watchPower},
	{"nurse-pc-1", 30 * time.Minute, 0, 0, watchPrinter},
	{"nursecall-1", 20 * time.Minute, 0, 0, callNurse},
	{"nurse-pc-1", 40 * time.Minute, 6, 22, signIn},
	{"files", 6 * time.Hour, 0, 5, backUp},
	{"vendor-1", 3 * time.Hour, 8, 18, serve},
	{"phone-1", 6 * time.Minute, 7, 22, lookUp},
	{"reception-1", 7 * time.Minute, 7, 19, lookUp},
	{"ct-1", 30 * time.Minute, 0, 0, askTime},
	{"monitor-1", 30 * time.Minute, 0, 0, askTime},
	{"pump-4", 45 * time.Minute, 0, 0, askTime},
}

// live keeps one habit until ctx ends.
func (l *Lab) live(ctx context.Context, h habit) error {
	d, err := Find(h.device)
	if err != nil {
		return err
	}
	dice := l.dice(d)
	// The first time comes soon, so that a lab shows itself whole.
	for pause := time.Duration(dice.Int64N(int64(min(h.every, 5*time.Minute)))); ; {
		if err := l.clockwork.Pace(ctx, pause); err != nil {
			return nil
		}
		pause = time.Duration(float64(h.every) * (0.5 + dice.Float64()))
		if hour := l.clockwork.Now().Hour(); h.from != h.to && (hour < h.from || hour >= h.to) {
			continue
		}
		if err := h.act(l, ctx, d, dice); err != nil && ctx.Err() == nil {
			l.tally.fail(fmt.Errorf("%s: %w", d.Name, err))
			l.log.Warn("an exchange did not come about", "device", d.Name, "err", err)
		}
	}
}

// actTimeout bounds one exchange.
const actTimeout = 30 * time.Second

// as runs a real program as a device and returns what it printed.
func (l *Lab) as(ctx context.Context, d *Device, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	path, err := lookPath(name)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(l.folder(d), 0o755); err != nil {
		return "", err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = l.folder(d), &out, &out
	cmd.Env = []string{"PATH=" + sbin, "HOME=" + l.folder(d), "LANG=C.UTF-8"}
	if err := d.Namespace().Start(cmd); err != nil {
		return "", err
	}
	if err := cmd.Wait(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, tail(out.String()))
	}
	return out.String(), nil
}

// tail is the end of a program's output, for a message.
func tail(s string) string {
	const most = 300
	s = strings.TrimSpace(s)
	return s[max(0, len(s)-most):]
}

func addressOf(name string) string {
	d, err := Find(name)
	if err != nil {
		panic(err) // the cast is fixed; a typing error shows at the first run
	}
	return d.IP().String()
}

// scan is one study: the scanner asks for its worklist and stores the images.
func scan(which int) func(*Lab, context.Context, *Device, *rand.Rand) error {
	return func(l *Lab, ctx context.Context, d *Device, dice *rand.Rand) error {
		m := modalities[which]
		_, err := l.as(ctx, d, "findscu", "-W", "-aet", m.AETitle, "-aec", "PACS", "-k", "0010,0010", "-k", "0010,0020",
			"-k", "(0040,0100)[0].0008,0060="+m.Modality, addressOf("pacs"), "104")
		if err != nil {
			return err
		}
		l.tally.worklists.Add(1)
		images := fmt.Sprint(2 + dice.IntN(4))
		_, err = l.as(ctx, d, "storescu", "-aet", m.AETitle, "-aec", "PACS", "--repeat", images,
			"--invent-series", images, "--invent-study", "1", addressOf("pacs"), "104", "image.dcm")
		if err != nil {
			return err
		}
		l.tally.stored.Add(1)
		return nil
	}
}

// retrieve has a doctor open a study: find one of a patient, move it here.
func retrieve(l *Lab, ctx context.Context, d *Device, dice *rand.Rand) error {
	mrn := sim.Patients[dice.IntN(len(modalities))].MRN
	folder := filepath.Join(l.folder(d), "found")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	_, err := l.as(ctx, d, "findscu", "-S", "-aet", "READING1", "-aec", "PACS", "-X", "-Xlo", "1", "-od", folder,
		"-k", "0008,0052=STUDY", "-k", "0010,0020="+mrn, "-k", "0020,000d", addressOf("pacs"), "104")
	if err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(folder, "rsp*.dcm"))
	if err != nil || len(found) == 0 {
		return err // nothing is stored of that patient yet
	}
	text, err := l.as(ctx, d, "dcmdump", "+P", "0020,000d", found[0])
	if err != nil {
		return err
	}
	_, after, _ := strings.Cut(text, "[")
	uid, _, ok := strings.Cut(after, "]")
	if !ok {
		return fmt.Errorf("no study in %q", tail(text))
	}
	_, err = l.as(ctx, d, "movescu", "-S", "-aet", "READING1", "-aem", "READING1", "-aec", "PACS",
		"-k", "0008,0052=STUDY", "-k", "0020,000d="+uid, addressOf("pacs"), "104")
	if err != nil {
		return err
	}
	l.tally.retrieved.Add(1)
	return nil
}

func openRecord(l *Lab, ctx context.Context, d *Device, dice *rand.Rand) error {
	pages := []string{"/", "/fhir/metadata", "/fhir/Patient?_count=20", "/fhir/Observation?patient=mrn100001", "/fhir/Device"}
	_, err := l.as(ctx, d, "curl", "-sSf", "-o", "/dev/null", "-A", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
		"-H", "Host: ehr."+Domain, "http://"+addressOf("ehr")+pages[dice.IntN(len(pages))])
	return counted(&l.tally.records, err)
}

func openDocument(l *Lab, ctx context.Context, d *Device, dice *rand.Rand) error {
	name := fmt.Sprintf(`case-%03d\letter-%d.txt`, dice.IntN(documents/4), 1+dice.IntN(4))
	_, err := l.as(ctx, d, "smbclient", "//"+addressOf("files")+"/clinical", "-N", "-c", "get "+name+" letter.txt")
	return counted(&l.tally.documents, err)
}

func queryDatabase(l *Lab, ctx context.Context, d *Device, _ *rand.Rand) error {
	_, err := l.as(ctx, d, "psql", "-h", addressOf("ehr-db"), "-U", "ehr", "-d", "postgres", "-qAtc",
		"create table if not exists visits(at timestamptz, bed int); insert into visits select now(), 1+(random()*3)::int; select bed, count(*) from visits group by bed")
	return err
}

func watchPower(l *Lab, ctx context.Context, d *Device, _ *rand.Rand) error {
	_, err := l.as(ctx, d, "snmpget", "-v2c", "-c", "public", addressOf("ups-1"), "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.3.0")
	return err
}

func watchPrinter(l *Lab, ctx context.Context, d *Device, _ *rand.Rand) error {
	_, err := l.as(ctx, d, "snmpwalk", "-v2c", "-c", "public", addressOf("printer-1"), "1.3.6.1.2.1.1")
	return err
}

// callNurse rings the ward's computer over SIP.
func callNurse(l *Lab, ctx context.Context, d *Device, _ *rand.Rand) error {
	_, err := l.as(ctx, d, "sipp", "-sn", "uac", "-m", "1", "-d", "800", "-nostdin", "-i", d.IP().String(), addressOf("nurse-pc-1")+":5060")
	return counted(&l.tally.calls, err)
}

// signIn has the RADIUS server check a nurse, for a wireless tablet.
func signIn(l *Lab, ctx context.Context, d *Device, _ *rand.Rand) error {
	file := filepath.Join(l.folder(d), "sign-in")
	if err := os.WriteFile(file, []byte("User-Name = nurse\nUser-Password = lab-nurse\nMessage-Authenticator = 0x00\n"), 0o600); err != nil {
		return err
	}
	_, err := l.as(ctx, d, "radclient", "-f", file, addressOf("radius")+":1812", "auth", "clinic-lab")
	return err
}

// backUp copies the night's database to the share.
func backUp(l *Lab, ctx context.Context, d *Device, _ *rand.Rand) error {
	dump, err := findProgram("pg_dump")
	if err != nil {
		return err
	}
	_, err = l.as(ctx, d, dump, "-h", addressOf("ehr-db"), "-U", "ehr", "-d", "postgres", "-f", "night.sql")
	return err
}

func findProgram(name string) (string, error) {
	if path, err := lookPath(name); err == nil {
		return path, nil
	}
	return lookPath(filepath.Join(postgresFolder(), name))
}

// serve is a vendor's remote session on the health record.
func serve(l *Lab, ctx context.Context, d *Device, _ *rand.Rand) error {
	_, err := l.as(ctx, d, "ssh", "-i", "id_ed25519", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
		"root@"+addressOf("ehr"), "uptime; df -h; sleep 1")
	return err
}

func lookUp(l *Lab, ctx context.Context, d *Device, dice *rand.Rand) error {
	names := []string{"ehr." + Domain, "pacs." + Domain, "files." + Domain, "www.example.org", "time.example.net"}
	_, err := l.as(ctx, d, "dig", "+tries=1", "@"+d.Segment.Gateway().String(), names[dice.IntN(len(names))])
	return err
}

// askTime asks the gateway for the time and does not set it.
func askTime(l *Lab, ctx context.Context, d *Device, _ *rand.Rand) error {
	_, err := l.as(ctx, d, "chronyd", "-Q", "-t", "8", "-u", "root", "-f", "/dev/null", "server "+d.Segment.Gateway().String()+" iburst maxsamples 1")
	return err
}

func counted(n *atomic.Uint64, err error) error {
	if err == nil {
		n.Add(1)
	}
	return err
}
