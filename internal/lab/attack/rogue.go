package attack

import (
	"context"
	"errors"
	"fmt"

	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// The rogue device: a small computer that somebody plugs into the ward.
const (
	rogueName = "rogue"
	rogueHost = 222
)

var rogueMAC = netid.MAC{0xb8, 0x27, 0xeb, 0x77, 0x00, 0xde}

// plugInRogue plugs an unknown device into the ward, which asks for an address,
// takes one, and looks around.
func plugInRogue(ctx context.Context, s *stage) error {
	n := lab.Extra(rogueName)
	err := s.visit(n, lab.GatewayNamespace, rogueName, fmt.Sprintf("link set %s master %s up", rogueName, lab.BridgeOf(lab.Ward)))
	if err != nil {
		return err
	}
	s.at, s.home = n, n
	s.label.Attacker = Party{Device: rogueName, IP: lab.Ward.Address(rogueHost), MAC: rogueMAC, Segment: lab.Ward}
	all := []Selector{{SrcMAC: rogueMAC}, {DstMAC: rogueMAC}}

	err = s.step(ctx, "plug in and ask for an address", all, func(ctx context.Context) (string, error) {
		if err := n.Batch([]string{fmt.Sprintf("link set eth0 address %s gso_max_segs 1 up", rogueMAC)}); err != nil {
			return "", err
		}
		_, err := s.tool(ctx, "udhcpc", "-i", "eth0", "-s", "/bin/true", "-f", "-q", "-n", "-t", "2", "-T", "1", "-A", "1", "-x", "hostname:raspberrypi")
		return "", err
	})
	if err != nil {
		return err
	}
	err = n.Batch([]string{
		fmt.Sprintf("addr add %s/24 dev eth0", lab.Ward.Address(rogueHost)),
		fmt.Sprintf("route add default via %s", lab.Ward.Gateway()),
	})
	if err != nil {
		return err
	}
	err = s.step(ctx, "look who is in the ward", all, func(ctx context.Context) (string, error) {
		ctx, cancel := s.bounded(ctx)
		defer cancel()
		out, err := s.nmap(ctx, "-sn", "--max-retries", "1", partOf(lab.Ward, 26).String())
		up := len(hostUp.FindAllString(out, -1))
		if err == nil && up == 0 {
			err = errors.New("nobody answers")
		}
		return fmt.Sprintf("%d hosts up", up), err
	})
	if err != nil {
		return err
	}
	return s.step(ctx, "scan a few ports", all, func(ctx context.Context) (string, error) {
		ctx, cancel := s.bounded(ctx)
		defer cancel()
		return foundPorts(s.nmap(ctx, "-Pn", "-sS", "--max-rate", "200", "--max-retries", "1", "-p", "22,23,80,443,502,2575,6661,8080", ipOf("central-1"), ipOf("pump-3"), ipOf("vent-1")))
	})
}
