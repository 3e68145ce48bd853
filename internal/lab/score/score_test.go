package score_test

import (
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/attack"
	"github.com/cordonhq/cordon/internal/lab/score"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

var (
	pumpMAC   = netid.MAC{0, 3, 0xb1, 0, 0, 1}
	pumpIP    = netip.MustParseAddr("10.77.20.33")
	phoneIP   = netip.MustParseAddr("10.77.60.50")
	archiveIP = netip.MustParseAddr("10.77.30.10")
)

func truth() score.Truth {
	return score.Truth{Devices: []lab.Member{
		{Name: "pump-3", MAC: pumpMAC, IP: pumpIP, Truth: lab.Truth{Kind: cordon.InfusionPump, Vendor: "Dräger", Model: "Plum 360"}},
		{Name: "pacs", MAC: netid.MAC{1}, IP: archiveIP, Truth: lab.Truth{Kind: cordon.PACS, Software: "Orthanc"}},
	}}
}

func TestADeviceIsFoundByEitherAddress(t *testing.T) {
	s := score.Compare(truth(), score.Seen{Devices: []cordon.Device{
		{ID: "dev-1", MACs: []netid.MAC{pumpMAC}, Kind: cordon.InfusionPump, Vendor: "DRAGER Medical", Model: "Plum 360+"},
		{ID: "dev-2", IPs: []netip.Addr{archiveIP}, Kind: cordon.Server, Software: "orthanc 1.12"},
		{ID: "dev-3", Name: "stranger"},
	}})
	if s.Found != (score.Share{Right: 2, Of: 2}) || s.Kind != (score.Share{Right: 1, Of: 2}) {
		t.Errorf("found %v, kind %v", s.Found, s.Kind)
	}
	if s.Vendor != (score.Share{Right: 1, Of: 1}) || s.Model != (score.Share{Right: 1, Of: 1}) || s.Software != (score.Share{Right: 1, Of: 1}) {
		t.Errorf("vendor %v, model %v, software %v: accents, case and more words are no difference", s.Vendor, s.Model, s.Software)
	}
	if !slices.Equal(s.Others, []string{"stranger"}) {
		t.Errorf("others: %v", s.Others)
	}
	if s.Passed() {
		t.Error("half of the kinds are wrong and the bars are met")
	}
}

func TestAMissingDeviceFails(t *testing.T) {
	s := score.Compare(truth(), score.Seen{Devices: []cordon.Device{{ID: "dev-1", MACs: []netid.MAC{pumpMAC}, Kind: cordon.InfusionPump}}})
	if s.Found.Right != 1 || s.Passed() {
		t.Errorf("found %v, passed %v", s.Found, s.Passed())
	}
	var out strings.Builder
	if err := s.Print(&out); err != nil || !strings.Contains(out.String(), "Found 1 of 2 devices") {
		t.Errorf("%v:\n%s", err, out.String())
	}
}

func TestAnAttackIsNoticedByAFindingInItsTime(t *testing.T) {
	begin := time.Date(2026, 1, 5, 7, 0, 0, 0, time.UTC)
	tr := truth()
	tr.Attacks = []attack.Label{{
		Scenario: "scan", Techniques: []attack.Technique{{ID: "T0846"}}, Attacker: attack.Party{IP: phoneIP}, Victims: []attack.Party{{IP: archiveIP}},
		Begin: begin, End: begin.Add(time.Minute),
	}}
	weakness := cordon.Finding{Rule: "credential-in-clear", Technique: "T1040", Severity: cordon.SeverityMedium, Src: phoneIP, First: begin, Last: begin}
	finding := func(rule string, src, dst netip.Addr, at time.Time) cordon.Finding {
		return cordon.Finding{Rule: rule, Technique: "T0846", Severity: cordon.SeverityHigh, Src: src, Dst: dst, First: at, Last: at}
	}
	tests := []struct {
		name     string
		finding  cordon.Finding
		noticed  bool
		falseOne bool
	}{
		{"the attacker, while it went on", finding("scan-horizontal", phoneIP, netip.Addr{}, begin.Add(time.Second)), true, false},
		{"somebody to the victim", finding("scan-vertical", pumpIP, archiveIP, begin.Add(time.Second)), true, false},
		{"the attacker, an hour before", finding("scan-horizontal", phoneIP, netip.Addr{}, begin.Add(-time.Hour)), false, true},
		{"the attacker, for something else", weakness, false, false},
		{"somebody else", finding("scan-horizontal", pumpIP, netip.Addr{}, begin.Add(time.Second)), false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := score.Compare(tr, score.Seen{Findings: []cordon.Finding{tt.finding}})
			if got := s.Attacks[0].Found; got != tt.noticed {
				t.Errorf("noticed: %v, want %v", got, tt.noticed)
			}
			if got := len(s.FalseAlarms) > 0; got != tt.falseOne {
				t.Errorf("false alarm: %v, want %v", got, tt.falseOne)
			}
		})
	}
}

// The capture that the repository ships is read as it was when it was made, or
// better.
func TestTheShippedCaptureScores(t *testing.T) {
	const clinic = "../../../testdata/captures/clinic.pcap.zst"
	tr, err := score.TruthBeside(clinic)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := identify.Load("")
	if err != nil {
		t.Fatal(err)
	}
	seen, err := score.FromCapture(t.Context(), clinic, rules, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := score.Compare(tr, seen)
	if !s.Passed() || s.Vendor.Percent() < 95 || s.Model.Percent() < 95 || len(s.Others) > 0 {
		var out strings.Builder
		_ = s.Print(&out) // a Builder takes all
		t.Errorf("the inventory of the shipped capture has become worse:\n%s", out.String())
	}
}
