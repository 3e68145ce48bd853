package detect

import (
	"fmt"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// An address that changes hands once has a new owner: a lease ran out, a card
// was swapped. One that goes back and forth within a minute has two devices
// that both say it is theirs: a conflict or a man in the middle.
const (
	claimWindow = 60e9 // nanoseconds of packet time
	maxClaims   = 65536
)

// claims remembers who last said that an address is its own, and who did
// before.
type claims map[netid.Addr]*claimed

type claimed struct {
	owner, before netid.MAC
	changed       int64 // when owner took over from before
}

func (d *Detector) claim(source string, s *Signal) {
	c := d.claims[s.Src]
	if c == nil {
		if len(d.claims) >= maxClaims {
			clear(d.claims)
		}
		d.claims[s.Src] = &claimed{owner: s.MAC, changed: s.Time}
		return
	}
	if c.owner == s.MAC {
		return
	}
	back := c.before == s.MAC && s.Time-c.changed < claimWindow
	previous := c.owner
	c.owner, c.before, c.changed = s.MAC, c.owner, s.Time
	if !back {
		return
	}
	ip := s.Src.Netip()
	d.raise(cordon.Finding{
		Rule: "address-conflict", Severity: cordon.SeverityHigh, Confidence: 0.8, Technique: "T0830",
		Src: ip, Dst: ip, Title: fmt.Sprintf("Two network cards both say that %s is their address", ip),
		Evidence: map[string]any{"ip": ip.String(), "mac": s.MAC.String(), "other_mac": previous.String()},
	}, source, s, ip.String())
}
