package inventory

import (
	"net/netip"
	"testing"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

// What is said of an address must be what package netip says of it.
func TestAddressClasses(t *testing.T) {
	shared := netip.MustParsePrefix("100.64.0.0/10")
	check := func(ip netip.Addr) {
		t.Helper()
		a := netid.AddrFrom(ip)
		local := ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsLoopback() || shared.Contains(ip)
		group := ip.IsMulticast() || ip == netip.MustParseAddr("255.255.255.255")
		if isLocal(a) != local || isGroup(a) != group || isLinkLocal(a) != ip.IsLinkLocalUnicast() {
			t.Errorf("%v: local %v, group %v, link-local %v; want %v, %v, %v", ip, isLocal(a), isGroup(a), isLinkLocal(a), local, group, ip.IsLinkLocalUnicast())
		}
	}
	for b := range 1 << 16 {
		high, low := byte(b>>8), byte(b)
		for _, end := range []byte{0, 1, 255} {
			check(netip.AddrFrom4([4]byte{high, low, end, end}))
			check(netip.AddrFrom16([16]byte{0: high, 1: low, 15: end}))
		}
	}
	check(netip.IPv6Unspecified())
	check(netip.IPv6Loopback())
	if none := (netid.Addr{}); isLocal(none) || isGroup(none) || isLinkLocal(none) {
		t.Error("no address is taken for one")
	}
}
