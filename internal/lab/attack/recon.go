package attack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
)

// nmap runs one scan and returns what it found, as its greppable output.
func (s *stage) nmap(ctx context.Context, args ...string) (string, error) {
	return s.tool(ctx, "nmap", append([]string{"-n", "-oG", "-", "--noninteractive"}, args...)...)
}

var (
	hostUp   = regexp.MustCompile(`(?m)^Host: \S+ \(\S*\)\tStatus: Up`)
	openPort = regexp.MustCompile(`\b(\d+)/open/`)
)

// openPorts lists the open ports in nmap's greppable output.
func openPorts(out string) []string {
	var ports []string
	for _, m := range openPort.FindAllStringSubmatch(out, -1) {
		ports = append(ports, m[1])
	}
	return ports
}

// foundPorts is what a scan of ports has to show for itself.
func foundPorts(out string, err error) (string, error) {
	ports := openPorts(out)
	if len(ports) == 0 {
		return "no open port", cmp.Or(err, errors.New("none was seen"))
	}
	return fmt.Sprintf("%d open ports: %s", len(ports), strings.Join(ports, " ")), err
}

// discover looks for who is there: by ARP in the attacker's own segment, by
// ICMP and TCP pings in others.
func discover(ctx context.Context, s *stage) error {
	own := s.attacker.Segment.Prefix()
	sweeps := []struct {
		name string
		nets netip.Prefix
		sel  Selector
	}{
		{"ARP sweep of its own segment", own, s.arp()},
		{"ping sweep of the ward", partOf(lab.Ward, 26), s.toNet(partOf(lab.Ward, 26), "", 0)},
		{"ping sweep of the servers", partOf(lab.Servers, 27), s.toNet(partOf(lab.Servers, 27), "", 0)},
	}
	for _, w := range sweeps {
		packets := []Selector{w.sel}
		if w.nets == own {
			// Answers are ARP frames of the others.
			packets = append(packets, Selector{DstMAC: s.attacker.MAC, Transport: "arp"})
		} else {
			// The router tells who cannot be reached, once it has asked for
			// them in vain for three seconds.
			told := s.toNet(host(s.attacker.Segment.Gateway()), "icmp", 0)
			told.late = 4 * time.Second
			packets = append(packets, told)
		}
		err := s.step(ctx, w.name, packets, func(ctx context.Context) (string, error) {
			ctx, cancel := s.bounded(ctx)
			defer cancel()
			out, err := s.nmap(ctx, "-sn", "-T4", "--max-retries", "1", w.nets.String())
			up := len(hostUp.FindAllString(out, -1))
			if err == nil && up == 0 {
				err = errors.New("nobody answers")
			}
			return fmt.Sprintf("%d hosts up", up), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// partOf is the lower part of a segment, where its devices are.
func partOf(seg lab.Segment, bits int) netip.Prefix {
	return netip.PrefixFrom(seg.Prefix().Addr(), bits)
}

// portsPerSecond bounds the vertical scan.
const portsPerSecond = 2000

// scanVertically tries the ports of one host from 1 up, as many as the duration
// allows.
func scanVertically(ctx context.Context, s *stage) error {
	last := min(65535, portsPerSecond*s.seconds())
	victim := s.scenario.Victims[0]
	return s.step(ctx, "SYN scan of one host", []Selector{s.to(victim, "tcp", 0)}, func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, s.duration+10*time.Second)
		defer cancel()
		return foundPorts(s.nmap(ctx, "-Pn", "-sS", "--max-rate", strconv.Itoa(portsPerSecond), "--max-retries", "1", "-p", fmt.Sprintf("1-%d", last), ipOf(victim)))
	})
}

func ipOf(name string) string { return device(name).IP().String() }

// scanServices asks the clinic's known services who they are.
func scanServices(ctx context.Context, s *stage) error {
	for _, victim := range s.scenario.Victims {
		err := s.step(ctx, "service scan of "+victim, []Selector{s.to(victim, "tcp", 0)}, func(ctx context.Context) (string, error) {
			ctx, cancel := context.WithTimeout(ctx, s.duration/time.Duration(len(s.scenario.Victims)))
			defer cancel()
			return foundPorts(s.nmap(ctx, "-Pn", "-sV", "--version-intensity", "3", "-p", "22,80,139,445,1883,5432,6661,8080", ipOf(victim)))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// slowPorts are the ones worth a patient look in a clinic, in no order.
var slowPorts = []int{22, 6661, 104, 80, 443, 445, 3389, 11112, 2575, 1883, 502, 47808, 23, 21, 5900, 8080, 8042, 5432, 161, 3306}

// scanSlowly sends one probe at a time with long pauses, to stay under what
// counts per minute.
func scanSlowly(ctx context.Context, s *stage) error {
	delay := max(s.duration/time.Duration(len(slowPorts)), 100*time.Millisecond)
	victim := s.scenario.Victims[0]
	list := make([]string, len(slowPorts))
	for i, p := range slowPorts {
		list[i] = strconv.Itoa(p)
	}
	return s.step(ctx, "slow scan", []Selector{s.to(victim, "tcp", 0)}, func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, s.duration+15*time.Second)
		defer cancel()
		ms := fmt.Sprintf("%dms", delay.Milliseconds())
		detail, err := foundPorts(s.nmap(ctx, "-Pn", "-sS", "--max-retries", "0", "--scan-delay", ms, "--max-scan-delay", ms, "-p", strings.Join(list, ","), ipOf(victim)))
		return fmt.Sprintf("%d probes, one each %s; %s", len(list), delay, detail), err
	})
}
