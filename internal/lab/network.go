package lab

import (
	"fmt"

	"github.com/cordonhq/cordon/internal/lab/netns"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Mode is how the gateway joins the segments.
type Mode string

// The modes.
const (
	// Router: the gateway holds the addresses and routes between segments.
	Router Mode = "router"
	// Bridge: a router of its own does that; the gateway passes frames through,
	// unseen.
	Bridge Mode = "bridge"
)

// family names the lab's namespaces; there is one lab on a machine.
const family = netns.Family("cordon-lab")

var (
	// GatewayNamespace is where all traffic passes and Cordon sits: one bridge
	// a segment, one port a device.
	GatewayNamespace = family.Namespace("gateway")
	// routerNamespace routes in bridge mode.
	routerNamespace = family.Namespace("router")
	// conductorNamespace is where the lab's own process lives, cut off, so that
	// it is found like all others.
	conductorNamespace = family.Namespace("conductor")
)

// RouterMAC is the router's hardware address, the same in each segment, as on a
// switch that routes.
var RouterMAC = netid.MAC{0x00, 0x00, 0x0c, 0x77, 0x00, 0x01}

// BridgeOf is the interface that joins a segment's ports in GatewayNamespace.
func BridgeOf(s Segment) string { return "br-" + string(s) }

// PortOf is the device's port in GatewayNamespace. What enters it comes from
// the device.
func PortOf(d *Device) string { return d.Name }

// uplinkOf is the port towards the router in bridge mode.
func uplinkOf(s Segment) string { return "up-" + string(s) }

// buildNetwork makes the namespaces and joins them.
func buildNetwork(mode Mode) error {
	all := []netns.Namespace{conductorNamespace, GatewayNamespace}
	if mode == Bridge {
		all = append(all, routerNamespace)
	}
	for i := range Cast {
		all = append(all, Cast[i].Namespace())
	}
	for _, n := range all {
		if err := netns.Create(n); err != nil {
			return err
		}
	}
	if err := buildBridges(); err != nil {
		return fmt.Errorf("make bridges: %w", err)
	}
	if err := buildRouter(mode); err != nil {
		return fmt.Errorf("make router: %w", err)
	}
	if err := buildMirror(); err != nil {
		return fmt.Errorf("make mirror port: %w", err)
	}
	for i := range Cast {
		if err := plugIn(&Cast[i]); err != nil {
			return fmt.Errorf("plug in %s: %w", Cast[i].Name, err)
		}
	}
	return nil
}

// buildBridges makes one bridge a segment and one port a device. Snooping is
// off, so that multicast reaches all ports as in a plain switch; the bridges
// are promiscuous, so that what passes between two ports is seen on them too.
// The gateway itself speaks no IPv6: it would be heard on each port.
func buildBridges() error {
	if err := GatewayNamespace.Sysctl("net/ipv6/conf/default/disable_ipv6", "1"); err != nil {
		return err
	}
	var lines []string
	for _, s := range Segments {
		lines = append(lines,
			fmt.Sprintf("link add %s type bridge stp_state 0 mcast_snooping 0", BridgeOf(s)),
			fmt.Sprintf("link set %s promisc on up", BridgeOf(s)))
	}
	for i := range Cast {
		d := &Cast[i]
		lines = append(lines,
			fmt.Sprintf("link add %s type veth peer name eth0 netns %s", PortOf(d), d.Namespace().Name()),
			fmt.Sprintf("link set %s master %s up", PortOf(d), BridgeOf(d.Segment)))
	}
	return GatewayNamespace.Batch(lines)
}

// buildRouter gives the segments their gateway addresses: on the bridges
// themselves, or in a namespace behind them.
func buildRouter(mode Mode) error {
	if mode == Router {
		var lines []string
		for _, s := range Segments {
			lines = append(lines,
				fmt.Sprintf("link set %s address %s", BridgeOf(s), RouterMAC),
				fmt.Sprintf("addr add %s/%d dev %s", s.Gateway(), s.Prefix().Bits(), BridgeOf(s)))
		}
		if err := GatewayNamespace.Batch(lines); err != nil {
			return err
		}
		return forward(GatewayNamespace, BridgeOf)
	}
	if err := routerNamespace.Sysctl("net/ipv6/conf/default/disable_ipv6", "1"); err != nil {
		return err
	}
	var ports, addresses []string
	for _, s := range Segments {
		ports = append(ports,
			fmt.Sprintf("link add %s type veth peer name %s netns %s", uplinkOf(s), s, routerNamespace.Name()),
			fmt.Sprintf("link set %s master %s up", uplinkOf(s), BridgeOf(s)))
		addresses = append(addresses,
			fmt.Sprintf("link set %s address %s gso_max_segs 1 up", s, RouterMAC),
			fmt.Sprintf("addr add %s/%d dev %s", s.Gateway(), s.Prefix().Bits(), s))
	}
	if err := GatewayNamespace.Batch(ports); err != nil {
		return err
	}
	if err := routerNamespace.Batch(addresses); err != nil {
		return err
	}
	return forward(routerNamespace, func(s Segment) string { return string(s) })
}

// plugIn brings a device's card up. It sends frames no larger than a real card
// would, with checksums of their own: without that a virtual link carries
// segments of 64 KiB whose checksums are left to hardware that is not there.
func plugIn(d *Device) error {
	if err := d.Namespace().Batch([]string{fmt.Sprintf("link set eth0 address %s gso_max_segs 1 up", d.MAC)}); err != nil {
		return err
	}
	return d.Namespace().ChecksumInSoftware("eth0")
}

// forward switches routing on.
func forward(n netns.Namespace, name func(Segment) string) error {
	for _, s := range Segments {
		if err := n.ChecksumInSoftware(name(s)); err != nil {
			return err
		}
	}
	return n.Sysctl("net/ipv4/ip_forward", "1")
}

// routerOf is where the segments' gateway addresses are.
func routerOf(mode Mode) netns.Namespace {
	if mode == Bridge {
		return routerNamespace
	}
	return GatewayNamespace
}
