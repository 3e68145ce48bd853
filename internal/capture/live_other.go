//go:build !linux

package capture

import "errors"

// Live does not exist on this system.
type Live struct{ Source }

var errNotLinux = errors.New("listening needs Linux")

// OpenLive fails: live capture exists on Linux only.
func OpenLive(c LiveConfig) ([]*Live, error) {
	return nil, &LiveError{c.Interface, "cannot be listened on from this system; analyse a capture file instead", errNotLinux}
}

// Interfaces returns none.
func Interfaces() ([]Interface, error) { return nil, errNotLinux }

// Stats returns zeros.
func (l *Live) Stats() LiveStats { return LiveStats{} }
