// Package score holds what Cordon says of a lab against the lab's truth: which
// devices it found, what it takes them for, and which attacks it noticed. It
// judges by what people would see, and knows no rule of Cordon's.
package score

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/attack"
)

// Seen is what Cordon says.
type Seen struct {
	Devices  []cordon.Device
	Findings []cordon.Finding
}

// Truth is what the lab says.
type Truth struct {
	Devices []lab.Member
	Attacks []attack.Label
}

// Judgement is one attribute of one device.
type Judgement struct {
	Want  string `json:"want"` // empty where the truth does not say
	Got   string `json:"got"`
	Right bool   `json:"right"` // true where the truth does not say
}

// Row is one device.
type Row struct {
	Name     string          `json:"name"`
	Title    string          `json:"title"`
	Found    bool            `json:"found"`
	Device   cordon.DeviceID `json:"device,omitempty"`
	Kind     Judgement       `json:"kind"`
	Vendor   Judgement       `json:"vendor"`
	Model    Judgement       `json:"model"`
	Software Judgement       `json:"software"`
}

// AttackRow is one attack that was played.
type AttackRow struct {
	Scenario string    `json:"scenario"`
	Begin    time.Time `json:"begin"`
	// Found is true if a finding that is new in the attack's time names a side
	// of it and one of its techniques. Rules are those of such findings.
	Found bool     `json:"found"`
	Rules []string `json:"rules"`
	// Otherwise are the rules of new findings that name the attacker for
	// something else.
	Otherwise []string `json:"otherwise"`
}

// Share is how many of those whose truth is known are right.
type Share struct {
	Right int `json:"right"`
	Of    int `json:"of"`
}

// Percent is the share in hundredths; 100 if there is nothing to be right about.
func (s Share) Percent() float64 {
	if s.Of == 0 {
		return 100
	}
	return 100 * float64(s.Right) / float64(s.Of)
}

func (s *Share) add(j Judgement) {
	if j.Want == "" {
		return
	}
	s.Of++
	if j.Right {
		s.Right++
	}
}

// Score is the whole comparison.
type Score struct {
	Devices  []Row       `json:"devices"`
	Attacks  []AttackRow `json:"attacks"`
	Found    Share       `json:"found"`
	Kind     Share       `json:"kind"`
	Vendor   Share       `json:"vendor"`
	Model    Share       `json:"model"`
	Software Share       `json:"software"`
	Detected Share       `json:"detected"` // attacks
	// Others are devices that Cordon saw and the lab does not have.
	Others []string `json:"others"`
	// FalseAlarms are the rules of findings that belong to no attack, worse
	// than informational. What is weak in the lab is among them.
	FalseAlarms []string `json:"false_alarms"`
}

// KindBar is the share of kinds that must be right, in percent.
const KindBar = 95

// Passed reports whether every device was found and kinds meet the bar.
func (s *Score) Passed() bool {
	return s.Found.Right == s.Found.Of && s.Kind.Percent() >= KindBar
}

// Compare holds what was seen against the truth.
func Compare(truth Truth, seen Seen) *Score {
	s := &Score{}
	known := map[cordon.DeviceID]bool{}
	for _, m := range truth.Devices {
		row := Row{Name: m.Name, Title: m.Title}
		got := find(seen.Devices, m)
		if got == nil {
			got = &cordon.Device{}
		}
		row.Found, row.Device = got.ID != "", got.ID
		known[got.ID] = true
		row.Kind = Judgement{string(m.Truth.Kind), string(got.Kind), got.Kind == m.Truth.Kind}
		row.Vendor = judge(m.Truth.Vendor, got.Vendor, sameMaker)
		row.Model = judge(m.Truth.Model, got.Model, contains)
		row.Software = judge(m.Truth.Software, got.Software, contains)
		s.Found.add(Judgement{Want: m.Name, Right: row.Found})
		s.Kind.add(row.Kind)
		s.Vendor.add(row.Vendor)
		s.Model.add(row.Model)
		s.Software.add(row.Software)
		s.Devices = append(s.Devices, row)
	}
	for i := range seen.Devices {
		if d := &seen.Devices[i]; !known[d.ID] && !attacks(truth.Attacks, d) {
			s.Others = append(s.Others, d.Name)
		}
	}
	s.compareFindings(truth.Attacks, seen.Findings)
	return s
}

// find returns the device that a member was seen as: by its hardware address,
// else by its IP address; nil if it was not seen.
func find(devices []cordon.Device, m lab.Member) *cordon.Device {
	for i := range devices {
		if slices.Contains(devices[i].MACs, m.MAC) {
			return &devices[i]
		}
	}
	for i := range devices {
		if slices.Contains(devices[i].IPs, m.IP) {
			return &devices[i]
		}
	}
	return nil
}

func attacks(labels []attack.Label, d *cordon.Device) bool {
	return slices.ContainsFunc(labels, func(l attack.Label) bool {
		return slices.Contains(d.MACs, l.Attacker.MAC) || slices.Contains(d.IPs, l.Attacker.IP)
	})
}

// late is how long after an attack its finding may come, and early how long
// before: clocks of capture and attacker differ by little.
const (
	late  = 30 * time.Second
	early = time.Second
)

// compareFindings asks of each attack whether anybody noticed it while it went
// on, and of each finding whether it belongs to an attack.
func (s *Score) compareFindings(labels []attack.Label, findings []cordon.Finding) {
	explained := make([]bool, len(findings))
	for i := range labels {
		l := &labels[i]
		row := AttackRow{Scenario: l.Scenario, Begin: l.Begin, Rules: []string{}, Otherwise: []string{}}
		for j := range findings {
			f := &findings[j]
			if f.First.Before(l.Begin.Add(-early)) || f.First.After(l.End.Add(late)) || !involves(l, f) {
				continue
			}
			switch {
			case names(l, f.Technique):
				row.Found, explained[j] = true, true
				row.Rules = add(row.Rules, f.Rule)
			case f.Src == l.Attacker.IP:
				explained[j] = true
				row.Otherwise = add(row.Otherwise, f.Rule)
			}
		}
		s.Detected.add(Judgement{Want: l.Scenario, Right: row.Found})
		s.Attacks = append(s.Attacks, row)
	}
	for j := range findings {
		if f := &findings[j]; !explained[j] && f.Severity != cordon.SeverityInfo {
			s.FalseAlarms = append(s.FalseAlarms, f.Rule)
		}
	}
}

func add(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// names reports whether a technique is one of the attack's, or a part of one,
// or what one of them is a part of.
func names(l *attack.Label, technique string) bool {
	whole, _, _ := strings.Cut(technique, ".")
	return slices.ContainsFunc(l.Techniques, func(t attack.Technique) bool {
		of, _, _ := strings.Cut(t.ID, ".")
		return whole != "" && whole == of
	})
}

// involves reports whether a finding is about a side of the attack. An attacker
// that lies about its address shows as its victim.
func involves(l *attack.Label, f *cordon.Finding) bool {
	return f.Src == l.Attacker.IP || f.Dst == l.Attacker.IP || victim(l, f.Src) || victim(l, f.Dst)
}

func victim(l *attack.Label, a netip.Addr) bool {
	return a.IsValid() && slices.ContainsFunc(l.Victims, func(v attack.Party) bool { return v.IP == a })
}
