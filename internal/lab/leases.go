package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// dhcpScript is what udhcpc runs on its events: it configures the card inside
// of its namespace and nothing else of the machine.
const dhcpScript = `#!/bin/sh
case "$1" in
deconfig) ip addr flush dev "$interface" scope global ;;
bound|renew)
  ip addr replace "$ip/$mask" dev "$interface"
  for r in $router; do ip route replace default via "$r" dev "$interface"; done ;;
esac
`

// dnsmasq is the clinic's DHCP and DNS server, at every gateway address.
func (l *Lab) dnsmasq() (program, error) {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("keep-in-foreground\nuser=root\nno-hosts\nno-resolv\nno-poll\nbind-interfaces\nlocal-service")
	line("domain=%s\nlocal=/%s/\ndhcp-authoritative\nlog-facility=-", Domain, Domain)
	line("server=/%s/%s", TunnelDomain, TunnelServer)
	line("dhcp-leasefile=%s\npid-file=", filepath.Join(l.dir, "dnsmasq.leases"))
	for _, s := range Segments {
		name := string(s)
		if l.opt.Mode == Router {
			name = BridgeOf(s)
		}
		line("interface=%s", name)
		line("dhcp-range=set:%s,%s,static,255.255.255.0,12h", s, s.Prefix().Addr())
		line("dhcp-option=tag:%s,option:router,%s", s, s.Gateway())
		line("dhcp-option=tag:%s,option:dns-server,%s", s, s.Gateway())
		line("dhcp-option=tag:%s,option:ntp-server,%s", s, s.Gateway())
	}
	for i := range Cast {
		d := &Cast[i]
		line("dhcp-host=%s,%s,%s", d.MAC, d.IP(), d.Name)
		line("host-record=%s.%s,%s", d.Name, Domain, d.IP())
	}
	path := filepath.Join(l.dir, "dnsmasq.conf")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		return program{}, fmt.Errorf("configure dnsmasq: %w", err)
	}
	return program{
		name: "dnsmasq", at: routerOf(l.opt.Mode), path: "dnsmasq", args: []string{"--conf-file=" + path}, dir: l.dir,
		answers: "tcp " + Servers.Gateway().String() + ":53",
	}, nil
}

// Domain is the clinic's own.
const Domain = "clinic.lan"

// leasesAtOnce bounds how many devices ask for an address at the same time.
const leasesAtOnce = 8

// lease has every device ask for its address, each in its own way.
func (l *Lab) lease(ctx context.Context) error {
	script := filepath.Join(l.dir, "udhcpc.sh")
	if err := os.WriteFile(script, []byte(dhcpScript), 0o755); err != nil {
		return fmt.Errorf("write DHCP script: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(leasesAtOnce)
	for i := range Cast {
		g.Go(func() error { return Cast[i].lease(ctx, script) })
	}
	return g.Wait()
}

// lease runs one DHCP exchange. udhcpc would add the options that it likes
// itself; -o leaves only those of the device.
func (d *Device) lease(ctx context.Context, script string) error {
	args := []string{"-i", "eth0", "-s", script, "-f", "-q", "-n", "-t", "8", "-T", "1", "-A", "1", "-o", "-x", "hostname:" + d.Name}
	if d.DHCP.VendorClass != "" {
		args = append(args, "-V", d.DHCP.VendorClass)
	} else {
		args = append(args, "-V", "")
	}
	for _, p := range d.DHCP.Params {
		args = append(args, "-O", strconv.Itoa(p))
	}
	path, err := lookPath("udhcpc")
	if err != nil {
		return err
	}
	var out strings.Builder
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = []string{"PATH=" + sbin}
	if err := d.Namespace().Start(cmd); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s gets no address by DHCP: %w: %s", d.Name, err, out.String())
	}
	return nil
}
