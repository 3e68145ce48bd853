package capture

import (
	"errors"
	"fmt"
	"time"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

// LiveConfig says how to listen on an interface. Zero fields take their
// defaults.
type LiveConfig struct {
	Interface string
	// Workers is the number of rings that share the interface's traffic; 1.
	// Both directions of a conversation reach the same ring.
	Workers int
	// BlockSize and Blocks are the size of each ring: 128 KiB, rounded up to a
	// power of two of at least that, and 128. The kernel hands over a block
	// when it is full, or after BlockTimeout if a frame is in it; 1 ms, which
	// is also the kernel's granularity. A reader may therefore pause for no
	// longer than Blocks × BlockTimeout before frames are lost, however few
	// they are; many small blocks serve better than few large ones.
	BlockSize    int
	Blocks       int
	BlockTimeout time.Duration
	// Timeout is how long Next waits for a frame before it returns
	// ErrTimeout; 100 ms.
	Timeout time.Duration
	// Promiscuous also receives what is addressed to others, as a mirror port
	// delivers. It ends when the ring is closed.
	Promiscuous bool
}

const (
	minBlockSize = 128 << 10 // holds the largest segment that offloading makes
	maxBlockSize = 4 << 20   // what the kernel allocates in one piece
	maxRing      = 1 << 30
	maxWorkers   = 256
)

// withDefaults fills and bounds c.
func (c LiveConfig) withDefaults() LiveConfig {
	size := minBlockSize
	for size < c.BlockSize && size < maxBlockSize {
		size *= 2
	}
	c.BlockSize = size
	if c.Blocks <= 0 {
		c.Blocks = 128
	}
	c.Blocks = max(2, min(c.Blocks, maxRing/c.BlockSize))
	c.Workers = max(1, min(c.Workers, maxWorkers))
	if c.BlockTimeout <= 0 {
		c.BlockTimeout = time.Millisecond
	}
	if c.Timeout <= 0 {
		c.Timeout = 100 * time.Millisecond
	}
	return c
}

// ErrTimeout says that no frame came for as long as LiveConfig.Timeout. The
// source goes on: it is the caller's chance to do what time asks for.
var ErrTimeout = errors.New("no frame came in time")

// LiveError says why an interface cannot be listened on, or no longer. It
// wraps the system's error: errors.Is tells fs.ErrPermission where the right
// is missing, and syscall.ENETDOWN where the interface went down or away,
// which opening it again may mend.
type LiveError struct {
	Interface string
	// Reason says what is wrong and, where a person can mend it, how.
	Reason string
	Err    error
}

func (e *LiveError) Error() string {
	s := "interface " + e.Interface + " " + e.Reason
	if e.Err != nil {
		s += fmt.Sprintf(" (%v)", e.Err)
	}
	return s
}

// Unwrap returns the system's error, or nil.
func (e *LiveError) Unwrap() error { return e.Err }

// LiveStats counts what the kernel delivered to one ring, or had to drop
// because the ring was full, since it was opened.
type LiveStats struct{ Frames, Drops uint64 }

// Interface is a network interface as the kernel tells of it.
type Interface struct {
	Name  string
	Index int
	MAC   netid.MAC
	// Up is true if it is switched on and has a link.
	Up       bool
	Loopback bool
	// Kind is the kernel's name for the kind of a virtual interface (bridge,
	// veth, vlan, …), empty for hardware.
	Kind string
	// Master is the index of the bridge or bond that it is a port of, Parent
	// that of the interface it is stacked on; 0 for none.
	Master, Parent int
	// Frames and Bytes count both directions since the interface came to be.
	Frames, Bytes uint64
}

// Carrying returns those of list that are worth listening on: up, with
// traffic, and such that no frame is seen twice. A bridge and an interface
// stacked on another repeat what their ports or their parent carry; of a bond
// and its ports it is the bond that is kept.
func Carrying(list []Interface) []Interface {
	kinds, ports := map[int]string{}, map[int]bool{}
	for _, i := range list {
		kinds[i.Index] = i.Kind
		if i.Master != 0 && i.carries() {
			ports[i.Master] = true
		}
	}
	var out []Interface
	for _, i := range list {
		switch {
		case !i.carries() || i.Loopback:
		case i.Kind == "bridge" && ports[i.Index]:
		case kinds[i.Master] == "bond" || kinds[i.Master] == "team":
		case i.stacked():
		default:
			out = append(out, i)
		}
	}
	return out
}

func (i *Interface) carries() bool { return i.Up && i.Frames > 0 }

// stacked reports whether i shows a part of what its parent carries. (A veth
// names its peer as its parent.)
func (i *Interface) stacked() bool {
	switch i.Kind {
	case "vlan", "macvlan", "macvtap", "ipvlan", "ipvtap":
		return i.Parent != 0
	}
	return false
}
