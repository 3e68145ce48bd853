package oui_test

import (
	"testing"

	"github.com/cordonhq/cordon/internal/identify/oui"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

func TestOrganization(t *testing.T) {
	for _, c := range []struct{ name, mac, want string }{
		{"24 bits", "00:1b:21:00:00:01", "Intel Corporate"},
		{"a maker's block", "00:09:fb:00:00:01", "Philips Patient Monitoring"},
		{"28 bits", "74:1a:e0:20:00:01", "NURA HOLDINGS PTY LTD"},
		{"36 bits", "70:b3:d5:f2:f0:01", "TELEPLATFORMS"},
		{"old block of 36 bits", "00:50:c2:7d:50:01", "DEUTA-WERKE GmbH"},
		{"last octet does not matter", "00:1b:21:ff:ff:ff", "Intel Corporate"},
		{"not assigned", "00:00:00:00:00:00", ""},
		{"locally administered", "02:1b:21:00:00:01", ""},
		{"group", "01:00:5e:00:00:01", ""},
		{"broadcast", "ff:ff:ff:ff:ff:ff", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			mac, err := netid.ParseMAC(c.mac)
			if err != nil {
				t.Fatal(err)
			}
			if got := oui.Organization(mac); got != c.want {
				t.Errorf("%s: %q, want %q", c.mac, got, c.want)
			}
		})
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	mac := netid.MAC{0x00, 0x1b, 0x21}
	if n := testing.AllocsPerRun(100, func() { oui.Organization(mac) }); n != 0 {
		t.Errorf("%v allocations a lookup", n)
	}
}

func BenchmarkOrganization(b *testing.B) {
	mac := netid.MAC{0x00, 0x1b, 0x21}
	for b.Loop() {
		oui.Organization(mac)
	}
}
