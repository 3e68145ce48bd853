package site

import (
	"context"
)

// sense runs the sensors until ctx ends. A recording that has ended keeps the
// site running: people look at what it showed.
func (s *Site) sense(ctx context.Context) error {
	if err := s.replay.run(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
