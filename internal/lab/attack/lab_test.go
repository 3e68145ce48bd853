package attack_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/attack"
	"github.com/cordonhq/cordon/internal/lab/labtest"
	"github.com/cordonhq/cordon/internal/packet"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// sniffer reads the lab's mirror port and counts packets by label and phase.
type sniffer struct {
	fd   int
	done sync.WaitGroup

	mu      sync.Mutex
	packets []packet.Packet // without their bytes
}

func listen(t *testing.T) *sniffer {
	t.Helper()
	s := &sniffer{}
	err := lab.GatewayNamespace.Do(func() (err error) {
		card, err := net.InterfaceByName(lab.MirrorPort)
		if err != nil {
			return err
		}
		everything := uint16(unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8)
		s.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(everything))
		if err != nil {
			return err
		}
		return errors.Join(
			unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 32<<20),
			unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
			unix.SetsockoptTimeval(s.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 200_000}),
			unix.Bind(s.fd, &unix.SockaddrLinklayer{Protocol: everything, Ifindex: card.Index}))
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.done.Go(func() { s.read(ctx) })
	t.Cleanup(func() { cancel(); s.done.Wait(); unix.Close(s.fd) })
	return s
}

func (s *sniffer) read(ctx context.Context) {
	var d packet.Decoder
	b, control := make([]byte, 64<<10), make([]byte, 128)
	for ctx.Err() == nil {
		n, m, _, _, err := unix.Recvmsg(s.fd, b, control, 0)
		if err != nil {
			continue // the time is over, or the link is going
		}
		var p packet.Packet
		p.Time = arrival(control[:m])
		d.Decode(&p, packet.LinkEthernet, b[:n], uint32(n))
		p.LinkPayload, p.Payload, p.FragmentData, p.TCPOptions = nil, nil, nil, nil
		s.mu.Lock()
		s.packets = append(s.packets, p)
		s.mu.Unlock()
	}
}

// arrival is when the kernel received a frame, in nanoseconds since the epoch.
func arrival(control []byte) int64 {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(messages) == 0 || messages[0].Header.Type != unix.SO_TIMESTAMPNS {
		return 0
	}
	var at unix.Timespec
	if _, err := binary.Decode(messages[0].Data, binary.NativeEndian, &at); err != nil {
		return 0
	}
	return at.Nano()
}

// until waits until it has heard all that was sent before: the clinic is never
// silent for long.
func (s *sniffer) until(t *testing.T, at time.Time) {
	t.Helper()
	labtest.Eventually(t, 30*time.Second, func() (bool, string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.packets) > 0 && s.packets[len(s.packets)-1].Time > at.UnixNano(), "a packet after the attack"
	})
}

// take returns what was heard since the last call.
func (s *sniffer) take() []packet.Packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.packets
	s.packets = nil
	return out
}

// fails are the steps that do not succeed in a lab without Cordon, by scenario.
var fails = map[string]string{
	"cred-ssh":     "sign in",
	"cred-ftp":     "sign in",
	"pump-command": "order a rate from pump-4",
	"rogue-device": "plug in and ask for an address",
}

// durations are shorter than a scenario's own, so that all of them take three
// minutes.
var durations = map[string]time.Duration{
	"recon-discovery": 10 * time.Second, "recon-service": time.Minute, "cred-telnet": 4 * time.Second,
	"ransomware-smb": 6 * time.Second, "exfil-dicom": 8 * time.Second, "cred-dicom": 6 * time.Second,
}

func TestEveryAttackIsPlayed(t *testing.T) {
	labtest.Up(t, "--mode", "router", "--speed", "20")
	ears := listen(t)
	var labels []attack.Label
	var heard []packet.Packet
	for i := range attack.Scenarios {
		c := &attack.Scenarios[i]
		t.Run(c.Name, func(t *testing.T) {
			if err := lab.CheckPrograms(c.Programs); err != nil {
				t.Skip(err)
			}
			ears.take()
			d := durations[c.Name]
			if d == 0 {
				d = 3 * time.Second
			}
			result, err := attack.Run(t.Context(), c.Name, attack.Options{Duration: d})
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range result.Steps {
				if want := fails[c.Name] != step.Name; !step.Attempted || step.Succeeded != want {
					t.Errorf("%s: attempted %t, succeeded %t, want %t: %s", step.Name, step.Attempted, step.Succeeded, want, step.Detail)
				}
			}
			label, packets := checkTruth(t, c, result, ears)
			labels, heard = append(labels, label), append(heard, packets...)
		})
	}
	t.Run("the day is not labelled", func(t *testing.T) { checkDay(t, labels, heard) })
}

// checkDay looks in the day for packets that would be labelled if the attack
// had gone on while they passed: conversations of the clinic that an attack's
// selectors cannot tell from its own.
func checkDay(t *testing.T, labels []attack.Label, heard []packet.Packet) {
	for i := range labels {
		always := labels[i]
		always.Phases = slices.Clone(always.Phases)
		for j := range always.Phases {
			p := &always.Phases[j]
			p.Packets = slices.Clone(p.Packets)
			for k := range p.Packets {
				p.Packets[k].Begin, p.Packets[k].End = time.Time{}, time.Unix(1<<40, 0)
			}
		}
		mistaken := map[string]int{}
		for k := range heard {
			p := &heard[k]
			if attacked, _ := attack.Find(labels, p); attacked != nil || p.EtherType == packet.EtherTypeARP {
				continue // everybody asks for addresses
			}
			if _, phase := attack.Find([]attack.Label{always}, p); phase != nil {
				mistaken[fmt.Sprintf("%s:%d > %s:%d, protocol %d", p.SrcAddr(), p.SrcPort, p.DstAddr(), p.DstPort, p.Proto)]++
			}
		}
		if len(mistaken) > 0 {
			t.Errorf("%s cannot be told from: %v", always.Scenario, mistaken)
		}
	}
}

// checkTruth compares the label of the run that has just ended with what was on
// the wire, and returns both.
func checkTruth(t *testing.T, c *attack.Scenario, result *attack.Result, ears *sniffer) (attack.Label, []packet.Packet) {
	t.Helper()
	labels, err := attack.ReadLabels(result.Labels)
	if err != nil || len(labels) == 0 {
		t.Fatalf("%d labels, %v", len(labels), err)
	}
	l := labels[len(labels)-1]
	if l.Scenario != c.Name || len(l.Techniques) != len(c.Techniques) || l.Attacker != result.Attacker || len(l.Victims) == 0 || len(l.Phases) != len(result.Steps) {
		t.Errorf("the label does not tell of the run: %+v", l)
	}
	if !l.Begin.Before(l.End) || l.Begin.Before(l.Phases[0].Begin) || l.End.Before(l.Phases[len(l.Phases)-1].End) {
		t.Errorf("from %s to %s, phases from %s", l.Begin, l.End, l.Phases[0].Begin)
	}
	ears.until(t, l.End)
	heard, found := ears.take(), map[string]int{}
	for i := range heard {
		if _, phase := attack.Find([]attack.Label{l}, &heard[i]); phase != nil {
			found[phase.Name]++
		}
	}
	for _, p := range l.Phases {
		if len(p.Packets) > 0 && found[p.Name] == 0 {
			t.Errorf("no packet of phase %q was on the wire", p.Name)
		}
	}
	t.Logf("%d of %d packets are of the attack", sum(found), len(heard))
	return l, heard
}

func sum(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

// An attack that is cut off has been attempted, does not succeed, ends in time,
// and is no error.
func TestABlockedAttackIsNoError(t *testing.T) {
	labtest.Up(t, "--mode", "bridge", "--speed", "20")
	wearable, err := lab.Find("wearable-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.GatewayNamespace.Batch([]string{"link set " + lab.PortOf(wearable) + " down"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lateral-wearable-db", "exfil-dns", "flood-mqtt", "cred-mqtt"} {
		result, err := attack.Run(t.Context(), name, attack.Options{From: wearable.Name, Duration: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range result.Steps {
			if step.Succeeded {
				t.Errorf("%s: %s succeeded without a network: %s", name, step.Name, step.Detail)
			}
		}
	}
	// In bridge mode the way out begins elsewhere.
	result, err := attack.Run(t.Context(), "exfil-hl7", attack.Options{Duration: 2 * time.Second})
	if err != nil || !result.Steps[0].Succeeded {
		t.Errorf("messages do not get out: %+v, %v", result, err)
	}
}

func TestWrongUseIsRefused(t *testing.T) {
	for name, opt := range map[string]attack.Options{
		"no-such-attack": {},
		"rogue-device":   {From: "phone-1"},
		"arp-spoof":      {From: "phone-1"},
		"cred-ssh":       {From: "ehr"},
		"recon-slow":     {Duration: time.Hour},
		"c2-beacon":      {From: "nobody"},
	} {
		_, err := attack.Run(t.Context(), name, opt)
		var use attack.UseError
		if !errors.As(err, &use) {
			t.Errorf("%s with %+v: %v", name, opt, err)
		}
	}
}

// What the filters of selectors mean is up to tcpdump.
func TestFiltersAreUnderstood(t *testing.T) {
	path, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("tcpdump is not installed")
	}
	for _, f := range attack.FiltersForTest() {
		cmd := exec.Command(path, "-d", "-y", "EN10MB", f)
		cmd.Stdout = io.Discard
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil {
			t.Errorf("filter %q: %v: %s", f, err, said.String())
		}
	}
}
