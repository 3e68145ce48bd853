package dns_test

import (
	"slices"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/dns"
)

var table = dissect.Table{Flows: []dissect.Dissector{dns.Dissector(), dns.LinkLocal(), dns.Multicast()}}

// TestCaptures: real captures, odd ones among them, are recognised whole.
func TestCaptures(t *testing.T) {
	for name, want := range map[string]cordon.Protocol{
		"dns-tunnel-iodine.pcap":               cordon.DNS,
		"dns_long_domainname.pcap":             cordon.DNS,
		"dns-invalid-chars.pcap":               cordon.DNS,
		"dns-exf.pcap":                         cordon.DNS,
		"malformed_dns.pcap":                   cordon.DNS,
		"dns_ambiguous_names.pcap":             cordon.DNS,
		"bad-dns-traffic.pcap":                 cordon.DNS,
		"mullvad_dns.pcap":                     cordon.DNS,
		"googledns_android10.pcap":             cordon.Unknown, // TLS, but for its queries
		"dnscrypt_skype_false_positive.pcapng": cordon.Unknown,
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range dissecttest.Replay(t, table, "ndpi", name) {
				service := s.Flow.DstPort == 53 || s.Flow.SrcPort == 53
				if service && want != cordon.Unknown && s.Flow.Protocol != want || !service && s.Flow.Protocol != cordon.Unknown {
					t.Errorf("%s → %s is %s", s.Flow.SrcAddrPort(), s.Flow.DstAddrPort(), s.Flow.Protocol)
				}
			}
		})
	}
}

// TestAnnouncement: what a computer says of itself on its link.
func TestAnnouncement(t *testing.T) {
	var facts []string
	for _, s := range dissecttest.Replay(t, table, "ndpi", "tls_certificate_too_long.pcap") {
		facts = append(facts, s.Facts...)
	}
	for _, want := range []string{
		"sender hostname=MBPro", "sender instance=MBPro", "sender service=_companion-link._tcp",
		"sender txt-model=MacBookPro14,1", "sender txt-osxvers=20",
	} {
		if !slices.Contains(facts, want) {
			t.Errorf("no fact %q", want)
		}
	}
}
