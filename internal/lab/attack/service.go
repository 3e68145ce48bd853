package attack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/netns"
)

// startWithin bounds how long a server may take until it answers.
const startWithin = 8 * time.Second

// serve runs a real server somewhere in the lab until the run ends, and waits
// until it answers on address, a numeric one of TCP.
func (s *stage) serve(ctx context.Context, at lab.Place, address, name string, args ...string) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	cmd, err := s.command(life, name, args...)
	if err != nil {
		end()
		return err
	}
	var out head
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := at.Start(cmd); err != nil {
		end()
		return fmt.Errorf("start %s: %w", name, err)
	}
	s.afterwards(func() error {
		end()
		_ = cmd.Wait() // it was told to end
		return nil
	})
	if err := answers(ctx, at, address); err != nil {
		return fmt.Errorf("%s does not answer: %w: %s", name, err, lastLine(out.String()))
	}
	return nil
}

// answers waits until somebody listens.
func answers(ctx context.Context, at lab.Place, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for {
		c, err := at.Dial(ctx, "tcp", address)
		if err == nil {
			return c.Close()
		}
		if ctx.Err() != nil {
			return err
		}
		pause(ctx, 20*time.Millisecond)
	}
}

// beside runs a part of ours beside the attack until the run ends.
func (s *stage) beside(ctx context.Context, part func(ctx context.Context) error) {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	var wait sync.WaitGroup
	var err error
	wait.Go(func() { err = part(life) })
	s.afterwards(func() error {
		end()
		wait.Wait()
		return err
	})
}

// file writes a file of the run and returns its path.
func (s *stage) file(name string, lines ...string) (string, error) {
	path := filepath.Join(s.dir, name)
	return path, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}

// setting changes a kernel setting in a namespace until the run ends; name is
// its path below /proc/sys.
func (s *stage) setting(at netns.Namespace, name, value string) error {
	path := filepath.Join("/proc/sys", name)
	var before []byte
	err := at.Do(func() (err error) {
		if before, err = os.ReadFile(path); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(value), 0o644)
	})
	if err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	s.afterwards(func() error {
		return at.Do(func() error { return os.WriteFile(path, before, 0o644) })
	})
	return nil
}

// gone reports whether an error only says that the other side hung up.
func gone(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
