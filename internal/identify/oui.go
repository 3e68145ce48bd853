package identify

import (
	"github.com/cordonhq/cordon/internal/identify/oui"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Maker returns the facts that a MAC address tells: its registered
// organization and the vendor that this is known as. Randomised and group
// addresses tell nothing, and neither do those under 00:00:00: the block is
// assigned, but who writes addresses by hand begins so.
func (r *Rules) Maker(mac netid.MAC, first int64) []Fact {
	org := oui.Organization(mac)
	if org == "" || [3]byte(mac[:3]) == [3]byte{} {
		return nil
	}
	return []Fact{
		{Source: "oui", Field: "organization", Value: org, First: first},
		{Source: "oui", Field: "vendor", Value: r.vendors.canonical(org), First: first},
	}
}
