package site

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// sensing is one interface or recording that the site takes packets from.
type sensing interface {
	// run works until ctx ends. A recording also ends by itself.
	run(ctx context.Context) error
}

// openSensors opens the recordings or interfaces that the site was told to
// read.
func (s *Site) openSensors() error {
	if len(s.cfg.Replay) > 0 {
		r, err := newReplay(s)
		if err != nil {
			return err
		}
		s.sensors, s.sources = append(s.sensors, r), append(s.sources, r.source)
		return nil
	}
	names, err := chooseInterfaces(s.cfg.Interfaces)
	if err != nil {
		return err
	}
	for _, name := range names {
		l, err := newListener(s, name)
		if err != nil {
			return err
		}
		s.sensors, s.sources = append(s.sensors, l), append(s.sources, l.source)
	}
	return nil
}

// sense runs the sensors until ctx ends. A recording that has ended keeps the
// site running: people look at what it showed.
func (s *Site) sense(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, sensor := range s.sensors {
		g.Go(func() error { return sensor.run(ctx) })
	}
	g.Go(func() error { <-ctx.Done(); return nil })
	return g.Wait()
}
