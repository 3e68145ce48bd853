package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cordonhq/cordon/internal/lab/netns"
	"github.com/cordonhq/cordon/internal/lab/sim"
	"github.com/cordonhq/cordon/internal/platform/atomicfile"
)

// Dir is where a lab keeps its files while it is up.
const Dir = "/run/cordon-lab"

// Options say which lab to run.
type Options struct {
	Mode Mode `json:"mode"`
	// Seed decides the schedule: the same seed gives the same day.
	Seed uint64 `json:"seed"`
	// Speed is how many seconds of the clinic's day pass in one second.
	Speed float64 `json:"speed"`
	// Record is a folder for captures of all that passes, from the first frame
	// on; empty for none.
	Record string `json:"record,omitempty"`
	// Console is the loopback address of this machine at which Cordon, put at
	// the gateway, shows its console; empty for a lab without Cordon.
	Console string `json:"console,omitempty"`
}

// State is what a running lab says of itself, in state.json of its Dir.
type State struct {
	Options
	Conductor int       `json:"conductor"` // process id
	Started   time.Time `json:"started"`
	// Ready is true once every service answers.
	Ready bool `json:"ready"`
	// Clinic is the time of the clinic's day, and Counts what has reached its
	// receiver; both are at most about a second old.
	Clinic time.Time `json:"clinic"`
	Counts Counts    `json:"counts"`
	// Restarts is how often a program that ended by itself was started again.
	Restarts uint64 `json:"restarts"`
	// Problem is why the lab ended or cannot go on.
	Problem string `json:"problem,omitempty"`
}

// Lab is a lab that is being conducted, by one process.
type Lab struct {
	opt       Options
	dir       string
	log       *slog.Logger
	crew      *crew
	state     State
	clockwork *sim.Clock
	tally     tallies
	relayed   *os.File // the listener of the console, or nil
}

// Conduct plays the lab until ctx ends: it gives the devices their addresses,
// starts their programs, and runs the day. The network must have been built.
func Conduct(ctx context.Context, opt Options, log *slog.Logger) error {
	l := &Lab{opt: opt, dir: Dir, log: log, crew: newCrew(), state: State{Options: opt, Conductor: os.Getpid(), Started: time.Now().UTC()}}
	defer l.crew.stop(3 * time.Second)
	err := l.conduct(ctx)
	if err != nil && ctx.Err() == nil {
		l.state.Problem = err.Error()
		return errors.Join(err, l.saveState())
	}
	return nil
}

func (l *Lab) conduct(ctx context.Context) error {
	if err := l.saveState(); err != nil {
		return err
	}
	if l.opt.Record != "" {
		stop, err := l.record()
		if err != nil {
			return err
		}
		defer stop()
	}
	if err := l.watchers(ctx); err != nil {
		return err
	}
	if err := l.furnish(); err != nil {
		return fmt.Errorf("make the devices' folders: %w", err)
	}
	dns, err := l.dnsmasq()
	if err != nil {
		return err
	}
	if err := l.startAll(ctx, []program{dns}); err != nil {
		return err
	}
	if err := l.lease(ctx); err != nil {
		return err
	}
	servers, err := l.serverPrograms()
	if err != nil {
		return err
	}
	if err := l.startAll(ctx, servers); err != nil {
		return err
	}
	return l.play(ctx)
}

// record begins to record; stop ends it and waits for the last frame.
func (l *Lab) record() (stop func(), err error) {
	r, err := NewRecorder(l.opt.Record, nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			l.log.Error("the recording is not whole", "err", err)
		}
	})
	return func() { cancel(); running.Wait() }, nil
}

// watchers puts Cordon at the gateway if it is wanted, before the first device
// shows itself.
func (l *Lab) watchers(ctx context.Context) error {
	if l.opt.Console == "" {
		return nil
	}
	const passedOn = 3 // the first file descriptor after standard error
	listener := os.NewFile(passedOn, "console")
	cordon, err := l.cordon()
	if err != nil {
		return err
	}
	l.relayed = listener
	return l.startAll(ctx, []program{cordon})
}

// play runs the simulators and the habits until ctx ends or a part fails.
func (l *Lab) play(ctx context.Context) error {
	l.clockwork = sim.NewClock(dayBegins, l.opt.Speed)
	parts := l.parts()
	g, ctx := errgroup.WithContext(ctx)
	for _, p := range parts {
		g.Go(func() error {
			if err := p.run(ctx); err != nil {
				return fmt.Errorf("play %s: %w", p.name, err)
			}
			return nil
		})
	}
	for i := range habits {
		g.Go(func() error { return l.live(ctx, &habits[i]) })
	}
	g.Go(func() error { return l.comeUp(ctx) })
	if l.relayed != nil {
		g.Go(func() error { return relay(ctx, l.relayed) })
	}
	return g.Wait()
}

// comeUp waits until simulators answer too, says that the lab is ready, and
// watches it.
func (l *Lab) comeUp(ctx context.Context) error {
	for _, p := range answering() {
		if err := l.crew.ready(ctx, p); err != nil {
			return err
		}
	}
	l.state.Ready = true
	return l.watch(ctx)
}

// countsEvery is how often the counts are written for others to read.
const countsEvery = time.Second

// watch writes the counts for others to read, and ends the lab when a program
// ends by itself.
func (l *Lab) watch(ctx context.Context) error {
	tick := time.NewTicker(countsEvery)
	defer tick.Stop()
	for {
		l.state.Clinic, l.state.Counts, l.state.Restarts = l.clockwork.Now(), l.tally.counts(), l.crew.restarts.Load()
		if err := l.saveState(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-l.crew.died:
			return err
		case <-tick.C:
		}
	}
}

// startAll starts programs and waits until each answers.
func (l *Lab) startAll(ctx context.Context, programs []program) error {
	for _, p := range programs {
		if err := l.crew.start(p); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 45*time.Second)
	defer cancel()
	for _, p := range programs {
		if err := l.crew.ready(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) saveState() error {
	b, err := json.MarshalIndent(l.state, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(l.dir, "state.json"), b, 0o644)
}

// ErrDown says that no lab is up.
var ErrDown = errors.New("no lab is up: start one with 'cordon lab up'")

// Current returns what the running lab says of itself.
func Current() (State, error) {
	b, err := os.ReadFile(filepath.Join(Dir, "state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, ErrDown
	}
	if err != nil {
		return State{}, fmt.Errorf("read the lab's state: %w", err)
	}
	var s State
	if err := json.Unmarshal(b, &s); err != nil {
		return State{}, fmt.Errorf("read the lab's state: %w; 'cordon lab down' clears it away", err)
	}
	return s, nil
}

// Down ends the lab and removes all of it, also after a crash: processes first,
// by the namespaces that they live in, then the namespaces and their links,
// then the files. It is no error if there is nothing.
func Down(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	release, err := begin(ctx)
	if err != nil {
		return err
	}
	defer release()
	return clearAway()
}

// clearAway is Down for who has begun already.
func clearAway() error {
	all, err := family.All()
	if err != nil {
		return err
	}
	if err := endProcesses(all); err != nil {
		return err
	}
	var errs []error
	for _, n := range all {
		errs = append(errs, netns.Remove(n))
	}
	return errors.Join(append(errs, removeEmptyFolder(), os.RemoveAll(Dir))...)
}

// patience is how long processes may take to end when asked.
const patience = 3 * time.Second

// endProcesses asks all processes of the namespaces to end, then forces them.
// New ones may appear while old ones go, so it looks again until there are
// none.
func endProcesses(all []netns.Namespace) error {
	began := time.Now()
	for {
		sig, left := syscall.SIGTERM, 0
		if time.Since(began) > patience {
			sig = syscall.SIGKILL
		}
		for _, n := range all {
			pids, err := n.Processes()
			if err != nil {
				return err
			}
			left += len(pids)
			for _, pid := range pids {
				if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
					return fmt.Errorf("end process %d of %s: %w", pid, n, err)
				}
			}
		}
		if left == 0 {
			return nil
		}
		if time.Since(began) > 2*patience {
			return fmt.Errorf("%d processes of the lab do not end", left)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
