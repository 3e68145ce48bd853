// Package detect raises findings from what sensors see: scans, address
// spoofing, credentials in the clear. A Watcher per sensor worker reduces
// flows and observations to signals; one Detector adds them up in packet time
// and bounded memory, one file per family of rules. Repeats of a finding fold
// into one.
package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"github.com/cordonhq/cordon"
)

// Detector adds signals up to findings. It belongs to one goroutine.
type Detector struct {
	findings map[cordon.FindingID]*cordon.Finding
	changed  map[cordon.FindingID]bool
	scans    scans
	claims   claims
}

// maxFindings bounds how many distinct findings are kept in memory; repeats of
// known ones always fold.
const maxFindings = 10000

// New makes a Detector.
func New() *Detector {
	return &Detector{
		findings: map[cordon.FindingID]*cordon.Finding{},
		changed:  map[cordon.FindingID]bool{},
		scans:    newScans(),
		claims:   claims{},
	}
}

// Restore takes back findings of an earlier run, so that repeats fold into
// them.
func (d *Detector) Restore(findings []cordon.Finding) {
	for i := range findings {
		f := findings[i]
		d.findings[f.ID] = &f
	}
}

// Apply adds the signals of one source, a capture file or an interface, in the
// order in which they were seen.
func (d *Detector) Apply(source string, signals []Signal) {
	for i := range signals {
		s := &signals[i]
		switch s.Kind {
		case Attempt:
			d.attempt(source, s)
		case Claim:
			d.claim(source, s)
		case Exposed:
			d.expose(source, s)
		}
	}
}

// Findings returns all findings, in order of first sight, then id.
func (d *Detector) Findings() []cordon.Finding {
	all := make([]cordon.Finding, 0, len(d.findings))
	for _, f := range d.findings {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b cordon.Finding) int {
		return cmp.Or(a.First.Compare(b.First), strings.Compare(string(a.ID), string(b.ID)))
	})
	return all
}

// Changes returns the findings that are new or were seen again since the last
// call.
func (d *Detector) Changes() []cordon.Finding {
	if len(d.changed) == 0 {
		return nil
	}
	var out []cordon.Finding
	for id := range d.changed {
		out = append(out, *d.findings[id])
	}
	clear(d.changed)
	slices.SortFunc(out, func(a, b cordon.Finding) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

// maxPackets bounds the packets that a finding points at: the first ones.
const maxPackets = 16

// raise adds a finding or folds it into the one with the same key.
func (d *Detector) raise(f cordon.Finding, source string, s *Signal, key ...string) {
	f.ID = findingID(f.Rule, key)
	at := time.Unix(0, s.Time).UTC()
	have := d.findings[f.ID]
	if have == nil {
		if len(d.findings) >= maxFindings {
			return
		}
		f.First, f.Last = at, at
		f.Packets = []cordon.PacketRef{}
		have = &f
		d.findings[f.ID] = have
	}
	have.Count++
	have.Evidence = f.Evidence
	have.First, have.Last = earliest(have.First, at), latest(have.Last, at)
	if s.Number != 0 && len(have.Packets) < maxPackets {
		have.Packets = append(slices.Clip(have.Packets), cordon.PacketRef{File: source, Number: s.Number})
	}
	d.changed[f.ID] = true
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// findingID is stable over runs, so that the same thing found twice is one
// finding.
func findingID(rule string, key []string) cordon.FindingID {
	sum := sha256.Sum256([]byte(rule + "\x00" + strings.Join(key, "\x00")))
	return cordon.FindingID("fnd-" + strings.ToLower(base32.HexEncoding.EncodeToString(sum[:10])))
}
