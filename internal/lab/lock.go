package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Alone waits until nobody else on this machine works with the lab, and keeps
// others waiting until release is called. There is one lab on a machine, so
// tests and scripts that bring it up and down take turns by it; the lock is
// the flock(1) of the file "lab.lock" in the folder for temporary files.
func Alone(ctx context.Context) (release func(), err error) {
	f, err := os.OpenFile(filepath.Join(os.TempDir(), "lab.lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("take the lab's turn: %w", err)
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if err != unix.EWOULDBLOCK && err != unix.EINTR {
			f.Close()
			return nil, fmt.Errorf("take the lab's turn: %w", err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("wait for the lab's turn: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
