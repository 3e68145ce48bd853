package site

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// HintError is an error that says what to do about it.
type HintError struct {
	Err  error
	What string
}

func (e *HintError) Error() string { return e.Err.Error() }
func (e *HintError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *HintError) Hint() string { return e.What }

// listen opens the site's one port. There is no sign-in yet, so whoever
// reaches it may do everything: it opens on loopback only.
func listen(address string) (net.Listener, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, &HintError{fmt.Errorf("listen on %q: not an IP address with a port", address), "Try --listen 127.0.0.1:8443"}
	}
	if !at.Addr().IsLoopback() {
		return nil, &HintError{
			fmt.Errorf("listen on %s: Cordon has no sign-in yet, so it listens on this machine only", at),
			"Choose a loopback address, such as --listen 127.0.0.1:8443; reach it from elsewhere through an SSH tunnel",
		}
	}
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &HintError{
			fmt.Errorf("listen on %s: another program is using this port", at),
			"Stop it, or choose another port with --listen 127.0.0.1:PORT (port 0 takes any free one)",
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", at, err)
	}
	return l, nil
}
