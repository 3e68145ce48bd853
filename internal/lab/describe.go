package lab

import (
	"net/netip"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// MaxSpeed is the most that a day can be compressed: one day in 30 seconds.
const MaxSpeed = 2880

// Description is a running lab with its cast, as 'lab status --json' prints it.
type Description struct {
	State
	// Running is false if the lab's conductor was killed: what it played may
	// go on, but nobody conducts it.
	Running bool     `json:"running"`
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

// Members lists the cast, and the gateway between its segments.
func Members() []Member {
	var out []Member
	for i := range Cast {
		d := &Cast[i]
		out = append(out, Member{d.Name, d.Title, d.Segment, d.MAC, d.IP(), d.Truth})
	}
	gateway := Truth{Kind: cordon.Router, Vendor: "Cisco"}
	return append(out, Member{"gateway", "Router between the segments", Servers, RouterMAC, Servers.Gateway(), gateway})
}

// Describe adds the cast to a state.
func Describe(s State) Description {
	return Description{State: s, Running: alive(s.Conductor), Devices: Members()}
}
