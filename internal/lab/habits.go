package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"

// openRecord reads the health record, two times in three over TLS.
func openRecord(ctx context.Context, l *Lab, d *Device, o occasion) error {
	pages := []string{"/", "/fhir/metadata", "/fhir/Patient?_count=20", "/fhir/Observation?patient=mrn100001", "/fhir/Device"}
	scheme := "https"
	if o.dice.IntN(3) == 0 {
		scheme = "http"
	}
	_, err := l.as(ctx, d, "curl", "-sSfk", "-o", "/dev/null", "-A", browser, scheme+"://"+nameOf("ehr")+pages[o.dice.IntN(len(pages))])
	return counted(&l.tally.records, err)
}

// viewArchive opens the archive's own pages, as a reading room does when its
// viewer is in doubt.
func viewArchive(ctx context.Context, l *Lab, d *Device, _ occasion) error {
	archive := "http://" + nameOf("pacs") + ":8042"
	_, err := l.as(ctx, d, "curl", "-sSf", "-o", "/dev/null", "-A", browser, "-u", "radiology:radiology", archive+"/app/explorer.html", archive+"/system")
	return counted(&l.tally.pages, err)
}

func viewBuilding(ctx context.Context, l *Lab, d *Device, _ occasion) error {
	_, err := l.as(ctx, d, "curl", "-sSf", "-o", "/dev/null", "-A", browser, "http://"+nameOf("bms-1")+"/")
	return counted(&l.tally.pages, err)
}

// viewAsVendor looks at the health record from a laptop that runs Linux.
func viewAsVendor(ctx context.Context, l *Lab, d *Device, _ occasion) error {
	_, err := l.as(ctx, d, "curl", "-sSf", "-o", "/dev/null", "-A", "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "http://"+nameOf("ehr")+"/")
	return counted(&l.tally.pages, err)
}

func openDocument(ctx context.Context, l *Lab, d *Device, o occasion) error {
	name := fmt.Sprintf(`case-%03d\letter-%d.txt`, o.dice.IntN(documents/4), 1+o.dice.IntN(4))
	err := l.share(ctx, d, "get "+name+" letter.txt")
	return counted(&l.tally.documents, err)
}

// handOver is the change of a shift: a sign-in, the ward's patients, a letter
// that the next shift finds on the share.
func handOver(ctx context.Context, l *Lab, d *Device, o occasion) error {
	if err := signIn(ctx, l, d, o); err != nil {
		return err
	}
	for range 3 {
		if err := openRecord(ctx, l, d, o); err != nil {
			return err
		}
	}
	file := filepath.Join(l.folder(d), "handover.txt")
	if err := os.WriteFile(file, fmt.Appendf(nil, "Handover of %s: four beds, nothing to report.\n", o.at.Format("15:04")), 0o600); err != nil {
		return err
	}
	return l.share(ctx, d, "put handover.txt")
}

// share has a device work on the file share.
func (l *Lab) share(ctx context.Context, d *Device, commands string) error {
	config, err := l.write(d, "smbclient.conf") // its caches stay in the lab's folder
	if err != nil {
		return err
	}
	_, err = l.as(ctx, d, "smbclient", "-s", config, "//"+nameOf("files")+"/clinical", "-N", "-c", commands)
	return err
}

func queryDatabase(ctx context.Context, l *Lab, d *Device, _ occasion) error {
	_, err := l.as(ctx, d, "psql", "-h", nameOf("ehr-db"), "-U", "ehr", "-d", "postgres", "-qAtc",
		"create table if not exists visits(at timestamptz, bed int); insert into visits select now(), 1+(random()*3)::int; select bed, count(*) from visits group by bed")
	return counted(&l.tally.queries, err)
}

func watchPower(ctx context.Context, l *Lab, d *Device, _ occasion) error {
	_, err := l.as(ctx, d, "snmpget", "-v2c", "-c", "public", addressOf("ups-1"), "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.3.0")
	return counted(&l.tally.watched, err)
}

func watchPrinter(ctx context.Context, l *Lab, d *Device, _ occasion) error {
	_, err := l.as(ctx, d, "snmpwalk", "-v2c", "-c", "public", addressOf("printer-1"), "1.3.6.1.2.1.1")
	return counted(&l.tally.watched, err)
}

// callNurse rings the ward's computer over SIP.
func callNurse(ctx context.Context, l *Lab, d *Device, o occasion) error {
	scenario, err := l.write(d, "nurse-call.xml")
	if err != nil {
		return err
	}
	_, err = l.as(ctx, d, "sipp", "-sf", scenario, "-s", "ward", "-m", "1", "-d", "800", "-nostdin", "-trace_err",
		"-i", d.IP().String(), "-p", "5060", "-key", "bed", fmt.Sprint(1+o.dice.IntN(4)), addressOf("nurse-pc-1")+":5060")
	return counted(&l.tally.calls, err)
}

// signIn has the RADIUS server check a nurse, for a wireless tablet.
func signIn(ctx context.Context, l *Lab, d *Device, _ occasion) error {
	file := filepath.Join(l.folder(d), "sign-in")
	if err := os.WriteFile(file, []byte("User-Name = nurse\nUser-Password = lab-nurse\nMessage-Authenticator = 0x00\n"), 0o600); err != nil {
		return err
	}
	_, err := l.as(ctx, d, "radclient", "-f", file, nameOf("radius")+":1812", "auth", "clinic-lab")
	return counted(&l.tally.signIns, err)
}

// backUp copies the database to the file share's own disk.
func backUp(ctx context.Context, l *Lab, d *Device, _ occasion) error {
	_, err := l.as(ctx, d, "pg_dump", "-h", nameOf("ehr-db"), "-U", "ehr", "-d", "postgres", "-f", "night.sql")
	return counted(&l.tally.backups, err)
}

// serve is a vendor's remote session on the health record.
func serve(ctx context.Context, l *Lab, d *Device, _ occasion) error {
	_, err := l.as(ctx, d, "ssh", "-i", "id_ed25519", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
		"root@"+nameOf("ehr"), "uptime; df -h; sleep 1")
	return counted(&l.tally.sessions, err)
}

func lookUp(ctx context.Context, l *Lab, d *Device, o occasion) error {
	names := []string{"ehr." + Domain, "pacs." + Domain, "files." + Domain, "www.example.org", "time.example.net"}
	_, err := l.as(ctx, d, "dig", "+tries=1", "@"+d.Segment.Gateway().String(), names[o.dice.IntN(len(names))])
	return counted(&l.tally.lookups, err)
}

// askTime asks the gateway for the time and does not set it.
func askTime(ctx context.Context, l *Lab, d *Device, _ occasion) error {
	_, err := l.as(ctx, d, "chronyd", "-Q", "-t", "8", "-u", "root", "-f", "/dev/null", "server "+d.Segment.Gateway().String()+" iburst maxsamples 1")
	return counted(&l.tally.clocks, err)
}

// alarmLoneWorker has somebody who works alone fall and not get up.
func alarmLoneWorker(ctx context.Context, l *Lab, d *Device, o occasion) error {
	return l.publish(ctx, d, "home/"+d.Name+"/alarm", alarm{Device: d.Name, Time: o.at, Event: "no movement after a fall", State: "start"})
}

// alarm is what monitors and wearables tell the broker.
type alarm struct {
	Device string    `json:"device"`
	Time   time.Time `json:"time"`
	Event  string    `json:"event"`
	State  string    `json:"state"` // start or end
}

// publish sends one message to the broker, at least once.
func (l *Lab) publish(ctx context.Context, d *Device, topic string, message any) error {
	b, err := json.Marshal(message)
	if err != nil {
		return err
	}
	_, err = l.as(ctx, d, "mosquitto_pub", "-h", nameOf("broker"), "-i", d.Name+"-alarm", "-q", "1", "-t", topic, "-m", string(b))
	return err
}
