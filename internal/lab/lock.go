package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
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

// beginTimeout is how long one 'lab up' or 'lab down' waits for another.
const beginTimeout = startTimeout + 10*time.Second

// begin keeps others from building the lab or clearing it away at the same
// time, until release is called or this process ends. The lock is a name among
// the kernel's sockets, so that nothing of it can be left behind.
func begin(ctx context.Context) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, beginTimeout)
	defer cancel()
	for {
		l, err := net.Listen("unix", "@cordon-lab")
		if err == nil {
			return func() { l.Close() }, nil
		}
		if !errors.Is(err, unix.EADDRINUSE) {
			return nil, fmt.Errorf("begin with the lab: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("another lab command does not end: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
