package lab

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

// configs are the configuration files of the real programs, as templates over
// configData.
//
//go:embed config
var configs embed.FS

// configData is what a configuration may refer to.
type configData struct {
	Dir    string            // the device's folder
	IP     string            // the device's address
	Domain string            // the clinic's
	Host   map[string]string // every device's address by name
	Subnet string            // all of the lab
}

// LabSubnet holds every segment.
const LabSubnet = "10.77.0.0/16"

// folder is where a device keeps its files.
func (l *Lab) folder(d *Device) string { return filepath.Join(l.dir, d.Name) }

// write renders a configuration into the device's folder and returns its path.
func (l *Lab) write(d *Device, name string) (string, error) {
	data := configData{Dir: l.folder(d), IP: d.IP().String(), Domain: Domain, Host: map[string]string{}, Subnet: LabSubnet}
	for i := range Cast {
		data.Host[strings.ReplaceAll(Cast[i].Name, "-", "_")] = Cast[i].IP().String()
	}
	t, err := template.ParseFS(configs, "config/"+name)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(data.Dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(data.Dir, name)
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if err := t.Execute(f, data); err != nil {
		f.Close()
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return path, f.Close()
}

// server makes the programs of one device.
type server struct {
	device string
	make   func(l *Lab, d *Device) ([]program, error)
}

// servers are the real programs that answer, by device.
var servers = []server{
	{"pacs", orthanc},
	{"broker", mosquitto},
	{"files", samba},
	{"ehr", webFrontEnd},
	{"ehr-db", postgres},
	{"radius", radius},
	{"printer-1", snmpAgent},
	{"ups-1", snmpAgent},
	{"reading-1", imageReceiver},
	{"nurse-pc-1", callReceiver},
}

// serverPrograms makes the programs of all servers and the router's clock.
func (l *Lab) serverPrograms() ([]program, error) {
	clock, err := l.clock()
	if err != nil {
		return nil, err
	}
	all := []program{clock}
	for _, s := range servers {
		d := member(s.device)
		programs, err := s.make(l, d)
		if err != nil {
			return nil, fmt.Errorf("prepare %s: %w", d.Name, err)
		}
		all = append(all, programs...)
	}
	if err := l.prepareImaging(); err != nil {
		return nil, err
	}
	return all, l.prepareVendor()
}

func (l *Lab) program(d *Device, name string, args ...string) program {
	return program{name: filepath.Base(name), at: d.Home(), path: name, args: args, dir: l.folder(d)}
}

// clock is the clinic's time server. It serves this machine's time and never
// sets it.
func (l *Lab) clock() (program, error) {
	path := filepath.Join(l.dir, "chrony.conf")
	text := "local stratum 5\nallow " + LabSubnet + "\ncmdport 0\npidfile " + filepath.Join(l.dir, "chronyd.pid") + "\nbindcmdaddress /\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return program{}, err
	}
	return program{name: "chronyd", at: routerOf(l.opt.Mode), path: "chronyd", args: []string{"-x", "-d", "-u", "root", "-f", path}, dir: l.dir}, nil
}

// orthanc is the picture archive, with a worklist for the modalities.
func orthanc(l *Lab, d *Device) ([]program, error) {
	path, err := l.write(d, "orthanc.json")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(l.folder(d), "worklists"), 0o755); err != nil {
		return nil, err
	}
	p := l.program(d, "Orthanc", path)
	p.answers = "tcp " + d.IP().String() + ":104"
	return []program{p}, nil
}

func mosquitto(l *Lab, d *Device) ([]program, error) {
	path, err := l.write(d, "mosquitto.conf")
	if err != nil {
		return nil, err
	}
	p := l.program(d, "mosquitto", "-c", path)
	p.answers = "tcp " + d.IP().String() + ":1883"
	return []program{p}, nil
}

// imageReceiver takes the studies that a reading workstation asks for, and
// keeps none of them.
func imageReceiver(l *Lab, d *Device) ([]program, error) {
	p := l.program(d, "storescp", "-dhl", "--ignore", "-aet", "READING1", "11112")
	p.answers = "tcp " + d.IP().String() + ":11112"
	return []program{p}, nil
}

// callReceiver answers nurse calls.
func callReceiver(l *Lab, d *Device) ([]program, error) {
	return []program{l.program(d, "sipp", "-sn", "uas", "-nostdin", "-i", d.IP().String(), "-p", "5060")}, nil
}

// prepareVendor gives the vendor's laptop a key that the health record knows.
func (l *Lab) prepareVendor() error {
	vendor := member("vendor-1")
	record := member("ehr")
	if err := os.MkdirAll(l.folder(vendor), 0o755); err != nil {
		return err
	}
	key := filepath.Join(l.folder(vendor), "id_ed25519")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		return fmt.Errorf("make the vendor's key: %w: %s", err, out)
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.folder(record), "authorized_keys"), public, 0o600)
}

// samba is the file share. It leads a session of its own, because it signals
// its whole process group when it ends.
func samba(l *Lab, d *Device) ([]program, error) {
	path, err := l.write(d, "smb.conf")
	if err != nil {
		return nil, err
	}
	for _, sub := range []string{"private", "state", "cache", "lock", "run", "ncalrpc"} {
		if err := os.MkdirAll(filepath.Join(l.folder(d), sub), 0o755); err != nil {
			return nil, err
		}
	}
	if err := writeDocuments(filepath.Join(l.folder(d), "clinical")); err != nil {
		return nil, err
	}
	p := l.program(d, "smbd", "--foreground", "--no-process-group", "--configfile="+path, "--debug-stdout")
	p.answers = "tcp " + d.IP().String() + ":445"
	return []program{p}, nil
}

// documents is how many files the share holds: enough that an encryptor shows.
const documents = 120

// writeDocuments fills a folder with letters of invented patients.
func writeDocuments(dir string) error {
	for i := range documents {
		sub := filepath.Join(dir, fmt.Sprintf("case-%03d", i/4))
		if err := os.MkdirAll(sub, 0o777); err != nil {
			return err
		}
		if err := os.Chmod(sub, 0o777); err != nil {
			return err
		}
		path := filepath.Join(sub, fmt.Sprintf("letter-%d.txt", i%4+1))
		text := strings.Repeat(fmt.Sprintf("Discharge letter %d of case %d. The patient of this letter is invented.\n", i%4+1, i/4), 60)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			return err
		}
		if err := os.Chmod(path, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// webFrontEnd is the health record's face and the way in for administrators.
func webFrontEnd(l *Lab, d *Device) ([]program, error) {
	path, err := l.write(d, "nginx.conf")
	if err != nil {
		return nil, err
	}
	if _, err := l.write(d, "index.html"); err != nil {
		return nil, err
	}
	if err := l.certify(d); err != nil {
		return nil, err
	}
	web := l.program(d, "nginx", "-c", path, "-p", l.folder(d), "-g", "daemon off;")
	web.answers = "tcp " + d.IP().String() + ":80"
	shell, err := l.sshd(d)
	return []program{web, shell}, err
}

// sshd lets administrators in.
func (l *Lab) sshd(d *Device) (program, error) {
	path, err := l.write(d, "sshd_config")
	if err != nil {
		return program{}, err
	}
	key := filepath.Join(l.folder(d), "ssh_host_ed25519_key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		return program{}, fmt.Errorf("make host key: %w: %s", err, out)
	}
	if err := l.makeEmptyFolder(); err != nil {
		return program{}, err
	}
	p := l.program(d, "sshd", "-D", "-e", "-f", path)
	p.path, err = lookPath("sshd") // it wants its whole path to start itself again
	p.name, p.answers = "sshd", "tcp "+d.IP().String()+":22"
	return p, err
}

// emptyFolder is where sshd locks itself in before anybody has signed in;
// Debian makes it when the machine's own sshd starts.
const emptyFolder = "/run/sshd"

// madeFolder is a file that says that the lab has made emptyFolder.
func madeFolder() string { return filepath.Join(Dir, "made-run-sshd") }

func (l *Lab) makeEmptyFolder() error {
	if _, err := os.Stat(emptyFolder); err == nil {
		return nil
	}
	if err := os.WriteFile(madeFolder(), nil, 0o644); err != nil {
		return err
	}
	return os.Mkdir(emptyFolder, 0o755)
}

// removeEmptyFolder removes what makeEmptyFolder made.
func removeEmptyFolder() error {
	if _, err := os.Stat(madeFolder()); err != nil {
		return nil
	}
	if err := os.Remove(emptyFolder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// postgres is the record database. It refuses to run as root.
func postgres(l *Lab, d *Device) ([]program, error) {
	owner, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(owner.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(owner.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(l.folder(d), "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	if err := chown(l.folder(d), int(uid), int(gid)); err != nil {
		return nil, err
	}
	bin := postgresFolder()
	initdb := exec.Command("setpriv", "--reuid", owner.Uid, "--regid", owner.Gid, "--clear-groups",
		filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "ehr", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make database: %w: %s", err, out)
	}
	hba := "local all all trust\nhost all all " + LabSubnet + " trust\n"
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(hba), 0o600); err != nil {
		return nil, err
	}
	if err := chown(data, int(uid), int(gid)); err != nil {
		return nil, err
	}
	p := l.program(d, filepath.Join(bin, "postgres"), "-D", data, "-k", data, "-h", d.IP().String(), "-F",
		"-c", "shared_buffers=16MB", "-c", "log_min_messages=warning")
	p.uid, p.gid = uint32(uid), uint32(gid)
	p.answers = "tcp " + d.IP().String() + ":5432"
	return []program{p}, nil
}

// postgresFolder is where Debian puts the server's programs.
func postgresFolder() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

func chown(root string, uid, gid int) error {
	return filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}

// radius checks the clinic's people and devices.
func radius(l *Lab, d *Device) ([]program, error) {
	for _, name := range []string{"radiusd.conf", "users"} {
		if _, err := l.write(d, name); err != nil {
			return nil, err
		}
	}
	p := l.program(d, "freeradius", "-f", "-l", "stdout", "-d", l.folder(d), "-n", "radiusd")
	return []program{p}, nil
}

// snmpAgent makes a printer or a power supply known to those who manage it.
func snmpAgent(l *Lab, d *Device) ([]program, error) {
	path, err := l.write(d, d.Name+".snmpd.conf")
	if err != nil {
		return nil, err
	}
	p := l.program(d, "snmpd", "-f", "-Lo", "-C", "-c", path, "-I", "-smux", "-p", filepath.Join(l.folder(d), "snmpd.pid"), "udp:"+d.IP().String()+":161")
	p.env = []string{"SNMP_PERSISTENT_DIR=" + l.folder(d)}
	return []program{p}, nil
}
