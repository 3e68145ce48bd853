package attack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/netns"
)

// stage is where one run of a scenario is played.
type stage struct {
	scenario *Scenario
	state    lab.State
	// attacker is the taken-over device, nil for a host of its own; at is
	// where the attack comes from in both cases, and home the same as its
	// programs see it.
	attacker *lab.Device
	at       netns.Namespace
	home     lab.Place
	duration time.Duration
	// dice are the same for the same seed and scenario.
	dice     *rand.Rand
	dir      string // for files of this run
	progress func(Step)
	undo     []func() error

	result Result
	label  Label
}

func newStage(c *Scenario, from *lab.Device, state lab.State, opt Options) (*stage, error) {
	s := &stage{scenario: c, state: state, attacker: from, duration: opt.Duration, progress: opt.Progress, dir: filepath.Join(lab.Dir, "attack", c.Name)}
	seed := uint64(0)
	for _, b := range []byte(c.Name) {
		seed = seed*131 + uint64(b)
	}
	s.dice = rand.New(rand.NewPCG(state.Seed, seed))
	s.label = Label{Scenario: c.Name, Title: c.Title, Techniques: c.TechniquesOf(), Services: c.Services}
	if from != nil {
		s.at, s.home, s.label.Attacker = from.Namespace(), from.Home(), partyOf(from)
	}
	for _, v := range c.VictimsFrom(s.label.Attacker.Device) {
		s.label.Victims = append(s.label.Victims, partyOf(device(v)))
	}
	if c.Outside {
		s.label.Outside = &Party{Device: "internet", IP: outsideIP, MAC: outsideMAC}
	}
	if err := os.RemoveAll(s.dir); err != nil {
		return nil, err
	}
	return s, os.MkdirAll(s.dir, 0o755)
}

// device returns one of the cast, whose names the scenarios know.
func device(name string) *lab.Device {
	d, err := lab.Find(name)
	if err != nil {
		panic(err) // a typing error, which the test of the table finds
	}
	return d
}

// run plays the scenario, puts back what it changed, and writes down the truth
// even if it could not be played to its end.
func (s *stage) run(ctx context.Context) (*Result, error) {
	began := time.Now().UTC()
	err := s.scenario.play(ctx, s)
	for i := len(s.undo) - 1; i >= 0; i-- {
		err = errors.Join(err, s.undo[i]())
	}
	s.label.Begin, s.label.End = began, time.Now().UTC()
	if n := len(s.label.Phases); n > 0 { // preparations are not part of it
		s.label.Begin, s.label.End = s.label.Phases[0].Begin, s.label.Phases[n-1].End
		err = errors.Join(err, appendLabel(&s.label))
	}
	err = errors.Join(err, os.RemoveAll(s.dir))
	s.result.Scenario, s.result.Attacker, s.result.Victims = s.label.Scenario, s.label.Attacker, s.label.Victims
	s.result.Begin, s.result.End, s.result.Labels = s.label.Begin, s.label.End, LabelsPath()
	return &s.result, err
}

// afterwards puts something back when the run ends, last first.
func (s *stage) afterwards(f func() error) { s.undo = append(s.undo, f) }

// errSkipped says that a step was not attempted, because what it builds on did
// not come about.
var errSkipped = errors.New("there is nothing to build on")

// step is one phase of the attack. play says what it saw; its error means that
// the step did not succeed. What step returns means that the attack cannot go
// on: a program is missing, or the run was interrupted.
func (s *stage) step(ctx context.Context, name string, packets []Selector, play func(ctx context.Context) (string, error)) error {
	begin := time.Now().UTC()
	detail, err := play(ctx)
	end := time.Now().UTC()
	if errors.Is(err, exec.ErrNotFound) {
		return err
	}
	if err != nil {
		detail = strings.Join(strings.Fields(detail+": "+err.Error()), " ")
		detail = strings.TrimPrefix(detail, ": ")
	}
	step := Step{name, !errors.Is(err, errSkipped), err == nil, detail}
	s.result.Steps = append(s.result.Steps, step)
	if step.Attempted {
		s.label.Phases = append(s.label.Phases, Phase{name, step.Succeeded, begin, end, during(packets, begin, end)})
	}
	if s.progress != nil {
		s.progress(step)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %s: %w", s.scenario.Name, name, ctx.Err())
	}
	return nil
}

// during completes selectors with their time and their filter text.
func during(packets []Selector, begin, end time.Time) []Selector {
	out := make([]Selector, len(packets))
	for i, p := range packets {
		p.Begin, p.End, p.Filter = begin, end.Add(max(answersWithin, p.late)), p.filter()
		out[i] = p
	}
	return out
}

// to selects the attacker's conversation with a service of a device. Port 0 is
// all of them.
func (s *stage) to(victim, transport string, port uint16) Selector {
	return s.toNet(host(device(victim).IP()), transport, port)
}

func (s *stage) toNet(nets netip.Prefix, transport string, port uint16) Selector {
	return Selector{Src: host(s.label.Attacker.IP), Dst: nets, Transport: transport, Port: port}
}

// arp selects the ARP frames that the attacker sends.
func (s *stage) arp() Selector { return Selector{SrcMAC: s.label.Attacker.MAC, Transport: "arp"} }

func host(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// most is how much of a tool's output is kept.
const most = 1 << 20

// head keeps the first bytes of a tool's output.
type head struct{ bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	if room := most - h.Len(); room > 0 {
		h.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// command prepares a program. It ends with ctx, and in time also without us.
func (s *stage) command(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	path, err := lab.Program(name)
	if err != nil {
		return nil, err
	}
	limit, err := lab.Program("timeout")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, limit, append([]string{"-k", "20", fmt.Sprintf("%.0f", (s.duration + grace).Seconds()), path}, args...)...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + lab.SearchPath, "HOME=" + s.dir, "LANG=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 3 * time.Second
	return cmd, nil
}

// tool runs a program as the attacker and returns what it printed.
func (s *stage) tool(ctx context.Context, name string, args ...string) (string, error) {
	return s.toolAt(ctx, s.home, "", name, args...)
}

// toolAt runs a program somewhere in the lab, with that input.
func (s *stage) toolAt(ctx context.Context, at lab.Place, input, name string, args ...string) (string, error) {
	cmd, err := s.command(ctx, name, args...)
	if err != nil {
		return "", err
	}
	var out head
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &out
	if err := at.Start(cmd); err != nil {
		return "", fmt.Errorf("start %s: %w", name, err)
	}
	err = cmd.Wait()
	switch {
	case err != nil && ctx.Err() != nil:
		return out.String(), fmt.Errorf("%s: no time left: %w", name, ctx.Err())
	case err != nil:
		return out.String(), fmt.Errorf("%s: %w: %s", name, err, lastLine(out.String()))
	}
	return out.String(), nil
}

// lastLine is the end of a tool's output, for a message.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	const longest = 200
	last := lines[len(lines)-1]
	return last[:min(len(last), longest)]
}

// seconds is the duration in whole seconds, at least one.
func (s *stage) seconds() int { return max(1, int(s.duration/time.Second)) }

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// jitter is d, give or take three tenths.
func (s *stage) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.7 + 0.6*s.dice.Float64()))
}
