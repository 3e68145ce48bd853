package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// HintError is an error that says what to do about it.
type HintError struct {
	Err  error
	What string
}

func (e *HintError) Error() string { return e.Err.Error() }
func (e *HintError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *HintError) Hint() string { return e.What }

// needed maps the programs that a lab runs to the Debian packages that have
// them.
var needed = map[string]string{
	"ip": "iproute2", "nft": "nftables", "dnsmasq": "dnsmasq-base", "udhcpc": "udhcpc",
	"Orthanc": "orthanc", "storescu": "dcmtk", "findscu": "dcmtk", "dump2dcm": "dcmtk", "wlmscpfs": "dcmtk",
	"mosquitto": "mosquitto", "mosquitto_pub": "mosquitto-clients", "dig": "dnsutils",
	"smbd": "samba", "smbclient": "smbclient", "nginx": "nginx-light", "curl": "curl",
	"snmpd": "snmpd", "snmpget": "snmp", "sshd": "openssh-server", "ssh": "openssh-client",
	"chronyd": "chrony", "freeradius": "freeradius", "radclient": "freeradius-utils", "sipp": "sip-tester",
	"/usr/lib/postgresql/15/bin/postgres": "postgresql", "psql": "postgresql-client",
}

// neededByAttacks maps the programs of the attack scenarios to packages.
var neededByAttacks = map[string]string{
	"nmap": "nmap", "hydra": "hydra", "arpspoof": "dsniff", "hping3": "hping3", "dig": "dnsutils",
}

// sbin is where Debian puts servers; it is not on everybody's path.
const sbin = "/usr/sbin:/sbin:/usr/bin:/bin"

var errNotRoot = &HintError{
	errors.New("a lab makes network namespaces, which takes root"),
	"Run it with sudo. It touches only what it makes, and no packet leaves the machine",
}

// Check says what this machine lacks to run a lab: root, or packages.
func Check() error {
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	missing := missingPackages(needed, neededByAttacks)
	if len(missing) == 0 {
		return nil
	}
	return &HintError{
		fmt.Errorf("a lab runs real programs, and %d packages are missing", len(missing)),
		"Run: apt-get install --no-install-recommends " + strings.Join(missing, " "),
	}
}

func missingPackages(tables ...map[string]string) []string {
	var missing []string
	for _, table := range tables {
		for program, pkg := range table {
			if _, err := lookPath(program); err != nil && !slices.Contains(missing, pkg) {
				missing = append(missing, pkg)
			}
		}
	}
	slices.Sort(missing)
	return missing
}

// lookPath finds a program also where only root looks.
func lookPath(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	for dir := range strings.SplitSeq(sbin, ":") {
		if path, err := exec.LookPath(dir + "/" + program); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("find %s: %w", program, exec.ErrNotFound)
}

// findProgram also finds what belongs to the database server, which Debian
// keeps in a folder of its own.
func findProgram(name string) (string, error) {
	if path, err := lookPath(name); err == nil {
		return path, nil
	}
	path, err := lookPath(filepath.Join(postgresFolder(), name))
	if err != nil {
		return "", fmt.Errorf("find %s: %w", name, exec.ErrNotFound)
	}
	return path, nil
}
