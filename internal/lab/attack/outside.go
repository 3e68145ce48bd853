package attack

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/netns"
	"github.com/cordonhq/cordon/internal/lab/sim"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// The attacker's host outside of the clinic. Its network (RFC 5737, TEST-NET-3)
// exists only while an attack needs it, as one more namespace behind the
// router.
const (
	outsideGateway = "203.0.113.1"
	outsideHost    = "203.0.113.66"
	outsideLink    = "internet" // the router's card towards it
)

var (
	outsideIP  = netip.MustParseAddr(outsideHost)
	outsideMAC = netid.MAC{0x00, 0x1c, 0x73, 0x77, 0x00, 0x66}
)

// visit makes a namespace for somebody who comes to the lab and goes again: its
// card eth0 is wired to the port, an interface of the namespace switchAt, which
// more sets up. Both are gone when the run ends.
func (s *stage) visit(n, switchAt netns.Namespace, port string, more ...string) error {
	leave := func() error {
		// The link goes first: the kernel takes its time with those of a
		// namespace.
		_ = switchAt.Batch([]string{"link del " + port}) // there may be none
		return lab.RemoveExtra(n)
	}
	if err := leave(); err != nil { // of a run that was killed
		return err
	}
	if err := netns.Create(n); err != nil {
		return err
	}
	s.afterwards(leave)
	err := switchAt.Batch(append([]string{fmt.Sprintf("link add %s type veth peer name eth0 netns %s", port, n.Name())}, more...))
	if err != nil {
		return err
	}
	return n.ChecksumInSoftware("eth0")
}

// outside makes the attacker's host until the run ends.
func (s *stage) outside() (netns.Namespace, error) {
	n := lab.Extra(outsideLink)
	err := s.visit(n, lab.RouterNamespace(s.state.Mode), outsideLink,
		fmt.Sprintf("addr add %s/24 dev %s", outsideGateway, outsideLink),
		fmt.Sprintf("link set %s gso_max_segs 1 up", outsideLink))
	if err != nil {
		return n, fmt.Errorf("make the outside: %w", err)
	}
	err = n.Batch([]string{
		"link set eth0 address " + outsideMAC.String() + " gso_max_segs 1 up",
		"addr add " + outsideHost + "/24 dev eth0",
		"addr add " + lab.TunnelServer + "/24 dev eth0",
		"route add default via " + outsideGateway,
	})
	if err != nil {
		return n, fmt.Errorf("make the outside: %w", err)
	}
	return n, nil
}

// toOutside selects the attacker's conversation with the outside host.
func (s *stage) toOutside(transport string, port uint16) Selector {
	return s.toNet(host(outsideIP), transport, port)
}

// env lets a simulator's parts speak from a namespace.
func (s *stage) env(at netns.Namespace, ip netip.Addr) sim.Env {
	return sim.Env{At: at, IP: ip.String(), Clock: sim.NewClock(time.Now(), 1), Rand: s.dice, Log: slog.New(slog.DiscardHandler)}
}

// bounded is ctx for the attack's duration.
func (s *stage) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.duration)
}
