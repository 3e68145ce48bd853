// Package attack plays attacks in a running lab with the tools that attackers
// use, and writes down the truth about each: who, whom, when, by which
// technique, and which packets. Every attack is bounded in time and number,
// touches only what belongs to the lab, and puts back what it changed. An attack
// that is fended off has been played all the same; its steps say how far it
// came.
package attack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cordonhq/cordon/internal/lab"
)

// Scenario is one attack that can be played.
type Scenario struct {
	Name  string
	Title string
	About string // what it does, for people
	// Techniques are ids of ATT&CK, those for ICS first.
	Techniques []string
	From       string   // the device that is taken over; empty: a host of its own
	Victims    []string // devices; none: the device that is taken over
	Outside    bool     // a host outside of the clinic takes part
	Services   []Service
	Duration   time.Duration // unless told otherwise
	// Near is the segment that the attacker must be in; empty: any.
	Near lab.Segment
	// Programs maps what it runs, beyond what each lab needs, to packages.
	Programs map[string]string

	play func(ctx context.Context, s *stage) error
}

// TechniquesOf are the scenario's techniques with their names.
func (c *Scenario) TechniquesOf() []Technique {
	out := make([]Technique, len(c.Techniques))
	for i, id := range c.Techniques {
		out[i] = technique(id)
	}
	return out
}

// VictimsFrom are the victims' names when the attack comes from that device.
func (c *Scenario) VictimsFrom(from string) []string {
	if len(c.Victims) == 0 {
		return []string{from}
	}
	return c.Victims
}

// The bounds of a run.
const (
	MinDuration = time.Second
	MaxDuration = 15 * time.Minute
	// grace is what a run may take beyond its duration, for what comes before
	// and after, and for tools that wait for answers that do not come.
	grace = 40 * time.Second
)

// Options say how to play a scenario.
type Options struct {
	From     string        // device, instead of the scenario's own
	Duration time.Duration // 0: the scenario's own
	// Progress is called at the end of each step, if not nil.
	Progress func(Step)
}

// Result is what came of a run.
type Result struct {
	Scenario string    `json:"scenario"`
	Attacker Party     `json:"attacker"`
	Victims  []Party   `json:"victims"`
	Begin    time.Time `json:"begin"`
	End      time.Time `json:"end"`
	Steps    []Step    `json:"steps"`
	Labels   string    `json:"labels"` // path of the labels file
}

// Step is one part of the attack. It did not succeed if the victim, the network
// or Cordon stopped it, and was not attempted if a step before it gave it
// nothing to build on; Detail says what was seen.
type Step struct {
	Name      string `json:"name"`
	Attempted bool   `json:"attempted"`
	Succeeded bool   `json:"succeeded"`
	Detail    string `json:"detail,omitempty"`
}

// UseError says that a scenario cannot be played as it was asked for.
type UseError struct{ error }

func wrongUse(format string, args ...any) error { return UseError{fmt.Errorf(format, args...)} }

// FindScenario returns the scenario with that name.
func FindScenario(name string) (*Scenario, error) {
	for i := range Scenarios {
		if Scenarios[i].Name == name {
			return &Scenarios[i], nil
		}
	}
	return nil, wrongUse("there is no attack %q: 'cordon lab attack --list' shows them", name)
}

// Run plays one scenario in the lab that is up, and adds its truth to the
// labels file. The error says that it could not be run; an attack that was
// blocked is no error.
func Run(ctx context.Context, name string, opt Options) (*Result, error) {
	c, err := FindScenario(name)
	if err != nil {
		return nil, err
	}
	from, err := c.attacker(opt.From)
	if err != nil {
		return nil, err
	}
	if opt.Duration == 0 {
		opt.Duration = c.Duration
	}
	if opt.Duration < MinDuration || opt.Duration > MaxDuration {
		return nil, wrongUse("duration %s: give %s to %s", opt.Duration, MinDuration, MaxDuration)
	}
	if err := lab.Check(); err != nil {
		return nil, err
	}
	if err := lab.CheckPrograms(c.Programs); err != nil {
		return nil, err
	}
	state, err := lab.Current()
	if err != nil {
		return nil, err
	}
	if !state.Ready {
		return nil, errors.New("the lab is not ready yet")
	}
	release, err := oneAtATime()
	if err != nil {
		return nil, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, opt.Duration+grace)
	defer cancel()
	s, err := newStage(c, from, state, opt)
	if err != nil {
		return nil, err
	}
	return s.run(ctx)
}

// attacker is the device that the attack comes from; nil if the scenario brings
// a host of its own.
func (c *Scenario) attacker(name string) (*lab.Device, error) {
	switch {
	case c.From == "" && name != "":
		return nil, wrongUse("%s brings a device of its own and does not come from %s", c.Name, name)
	case c.From == "":
		return nil, nil
	case name == "":
		name = c.From
	}
	d, err := lab.Find(name)
	if err != nil {
		return nil, UseError{err}
	}
	if c.Near != "" && d.Segment != c.Near {
		return nil, wrongUse("%s reaches its victims only from the segment %s, and %s is in %s", c.Name, c.Near, d.Name, d.Segment)
	}
	for _, v := range c.Victims {
		if v == d.Name {
			return nil, wrongUse("%s attacks %s and cannot come from it", c.Name, d.Name)
		}
	}
	return d, nil
}

// oneAtATime makes sure that the truth about one attack does not hold packets
// of another.
func oneAtATime() (release func(), err error) {
	f, err := os.OpenFile(filepath.Join(lab.Dir, "attack.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("begin attack: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, &lab.HintError{Err: errors.New("an attack is going on already"), What: "Wait for its end, or end it first"}
		}
		return nil, fmt.Errorf("begin attack: %w", err)
	}
	return func() { f.Close() }, nil
}
