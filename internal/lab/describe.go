package lab

import (
	"net/netip"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

// MaxSpeed is the most that a day can be compressed: one day in 30 seconds.
const MaxSpeed = 2880

// Description is a running lab with its cast, as 'lab status --json' prints it.
type Description struct {
	State
	Devices []Member `json:"devices"`
}

// Member is one device of the cast as it is in this lab, with the truth.
type Member struct {
	Name    string     `json:"name"`
	Title   string     `json:"title"`
	Segment Segment    `json:"segment"`
	MAC     netid.MAC  `json:"mac"`
	IP      netip.Addr `json:"ip"`
	Truth   Truth      `json:"truth"`
}

// Describe adds the cast to a state.
func Describe(s State) Description {
	out := Description{State: s}
	for i := range Cast {
		d := &Cast[i]
		out.Devices = append(out.Devices, Member{d.Name, d.Title, d.Segment, d.MAC, d.IP(), d.Truth})
	}
	return out
}
