package netid_test

import (
	"net/netip"
	"testing"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

func TestParseMAC(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"00:1b:21:0a:0b:0c", "00:1b:21:0a:0b:0c"},
		{"00-1B-21-0A-0B-0C", "00:1b:21:0a:0b:0c"},
		{"ff:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:ff"},
	} {
		m, err := netid.ParseMAC(tc.in)
		if err != nil || m.String() != tc.want {
			t.Errorf("ParseMAC(%q) = %v, %v; want %s", tc.in, m, err, tc.want)
		}
	}
	for _, bad := range []string{"", "00:1b:21:0a:0b", "00:1b:21:0a:0b:0g", "001b.210a.0b0c", "00 1b 21 0a 0b 0c", "00:1b:21:0a:0b:0c:"} {
		if m, err := netid.ParseMAC(bad); err == nil {
			t.Errorf("ParseMAC(%q) = %v, want an error", bad, m)
		}
	}
}

func TestMACText(t *testing.T) {
	var m netid.MAC
	if err := m.UnmarshalText([]byte("02:00:5e:10:00:01")); err != nil {
		t.Fatal(err)
	}
	if !m.IsLocal() || m.IsGroup() || m.IsZero() {
		t.Errorf("%v: local %v, group %v, zero %v; want local only", m, m.IsLocal(), m.IsGroup(), m.IsZero())
	}
	if err := m.UnmarshalText(nil); err != nil || !m.IsZero() || m.String() != "" {
		t.Errorf("empty text gives %v, %v; want the zero address", m, err)
	}
	if err := m.UnmarshalText([]byte("nonsense")); err == nil {
		t.Error("nonsense was read as an address")
	}
}

func TestAddr(t *testing.T) {
	for _, s := range []string{"10.0.0.1", "255.255.255.255", "fe80::1", "2001:db8::42", "0.0.0.0"} {
		want := netip.MustParseAddr(s)
		a := netid.AddrFrom(want)
		if got := a.Netip(); got != want {
			t.Errorf("%s comes back as %s", s, got)
		}
		if a.Is4() != want.Is4() || a.String() != s {
			t.Errorf("%s: Is4 %v, String %q", s, a.Is4(), a.String())
		}
	}
	if a := netid.AddrFrom(netip.MustParseAddr("fe80::1%eth0")); a.String() != "fe80::1" {
		t.Errorf("the zone stayed: %s", a)
	}
	if a := netid.AddrFrom(netip.Addr{}); !a.IsZero() || a.Netip().IsValid() || a.String() != "" {
		t.Errorf("no address became %q", a)
	}
	if netid.AddrFrom4([4]byte{10, 0, 0, 1}) != netid.AddrFrom(netip.MustParseAddr("10.0.0.1")) {
		t.Error("the two ways to make 10.0.0.1 differ")
	}
}

func BenchmarkAddrNetip(b *testing.B) {
	a := netid.AddrFrom(netip.MustParseAddr("192.168.10.20"))
	b.ReportAllocs()
	for b.Loop() {
		if !a.Netip().Is4() {
			b.Fatal("lost the family")
		}
	}
}
