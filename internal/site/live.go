package site

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/cordonhq/cordon/internal/api"
	"github.com/cordonhq/cordon/internal/capture"
)

// chooseInterfaces returns the interfaces to listen on: those asked for, else
// those that carry traffic.
func chooseInterfaces(asked []string) ([]string, error) {
	if len(asked) > 0 {
		return asked, nil
	}
	all, err := capture.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	var names []string
	for _, i := range capture.Carrying(all) {
		names = append(names, i.Name)
	}
	if len(names) == 0 {
		return nil, &HintError{
			errors.New("no network interface carries traffic"),
			"Name one with --interface, or play a recording with --replay FILE",
		}
	}
	return names, nil
}

// listener listens on one interface, and again when it comes back.
type listener struct {
	site   *Site
	name   string
	source *source
	rings  []*capture.Live
}

// newListener opens the interface, so that a missing permission or a wrong
// name is told at once.
func newListener(s *Site, name string) (*listener, error) {
	l := &listener{site: s, name: name, source: newSource(name, api.SourceLive)}
	if err := l.open(); err != nil {
		return nil, explainLive(err)
	}
	return l, nil
}

func explainLive(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return &HintError{err, "Run it as root, or allow it once: setcap cap_net_raw,cap_net_admin+ep bin/cordon"}
	}
	var live *capture.LiveError
	if errors.As(err, &live) {
		all, _ := capture.Interfaces()
		var names []string
		for _, i := range all {
			names = append(names, i.Name)
		}
		return &HintError{err, "Interfaces of this machine: " + strings.Join(names, ", ")}
	}
	return err
}

func (l *listener) open() (err error) {
	workers := l.site.cfg.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	l.rings, err = capture.OpenLive(capture.LiveConfig{Interface: l.name, Workers: workers, Promiscuous: true})
	return err
}

// reopenEvery is how often an interface that went away is looked for.
const reopenEvery = 2 * time.Second

// run listens until ctx ends.
func (l *listener) run(ctx context.Context) error {
	taps := make([]*tap, len(l.rings))
	for i := range taps {
		taps[i] = newTap(l.source, i, l.site.key, l.site.brain.handoffs)
	}
	for {
		l.source.set(api.SourceRunning, "")
		err := l.listen(ctx, taps)
		l.close()
		if ctx.Err() != nil {
			break
		}
		l.source.set(api.SourceWaiting, fmt.Sprintf("%v; Cordon listens again when it comes back", err))
		l.site.cfg.Log.Warn("an interface went away", "interface", l.name, "err", err)
		if !l.reopen(ctx) {
			break
		}
		l.site.cfg.Log.Info("the interface is back", "interface", l.name)
	}
	for _, t := range taps {
		t.worker.Flush()
		t.report(ctx, true)
	}
	l.source.set(api.SourceStopped, "")
	return nil
}

// reopen tries until the interface is back or ctx ends.
func (l *listener) reopen(ctx context.Context) bool {
	tick := time.NewTicker(reopenEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
			if l.open() == nil {
				return true
			}
		}
	}
}

// listen reads all rings until ctx ends or the interface goes away, and
// returns why.
func (l *listener) listen(ctx context.Context, taps []*tap) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for i, ring := range l.rings {
		wg.Go(func() { cancel(taps[i].read(ctx, ring)) })
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (l *listener) close() {
	for _, r := range l.rings {
		_ = r.Close() // the interface may be gone already
	}
	l.rings = nil
}

// clockEvery is how many frames pass between looks at the clock.
const clockEvery = 64

// read takes frames from one ring until ctx ends or the interface fails.
func (t *tap) read(ctx context.Context, ring *capture.Live) error {
	var frame capture.Frame
	due, before := time.Now().Add(reportEvery), t.dropped
	for n := 1; ; n++ {
		err := ring.Next(&frame)
		switch {
		case err == nil:
			t.last = frame.Time
			t.worker.Frame(&frame)
			if n%clockEvery != 0 {
				continue
			}
		case !errors.Is(err, capture.ErrTimeout):
			return err
		default:
			t.worker.Advance(time.Now().UnixNano())
		}
		if now := time.Now(); !now.Before(due) {
			due = now.Add(reportEvery)
			t.dropped = before + ring.Stats().Drops
			t.shed()
			t.report(ctx, false)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// shed stops looking into payloads while the kernel has to drop frames, and
// takes it up again when it no longer does.
func (t *tap) shed() {
	t.worker.Shed(t.dropped > t.droppedBefore)
	t.droppedBefore = t.dropped
}
