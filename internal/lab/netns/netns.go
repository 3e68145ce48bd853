// Package netns makes, finds and removes the network namespaces of a lab, and
// runs code and programs inside of them. A namespace that it made carries a
// marker inside the kernel, an alias on its loopback interface, so that a later
// run knows it after a crash; it touches no namespace without the marker.
package netns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	marker = "cordon-netns"
	// folder is where iproute2 keeps named namespaces (ip-netns(8)).
	folder = "/run/netns"
)

// Family is a set of namespaces that belong together; their names begin with
// it.
type Family string

// Namespace is one network namespace, by the name under which iproute2 knows
// it.
type Namespace string

// Namespace returns the family's namespace with that short name.
func (f Family) Namespace(short string) Namespace { return Namespace(string(f) + "-" + short) }

// Name is the name under which iproute2 knows it.
func (n Namespace) Name() string { return string(n) }

func (n Namespace) path() string { return filepath.Join(folder, n.Name()) }

// Create makes the namespace, with its loopback up and marked.
func Create(n Namespace) error {
	if err := ip("netns", "add", n.Name()); err != nil {
		return err
	}
	return ip("-n", n.Name(), "link", "set", "lo", "up", "alias", marker)
}

// All returns the namespaces of the family that were made by this package, in
// this process or an earlier one.
func (f Family) All() ([]Namespace, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list network namespaces: %w", err)
	}
	var out []Namespace
	for _, e := range entries {
		if n := Namespace(e.Name()); strings.HasPrefix(e.Name(), string(f)+"-") && marked(n) {
			out = append(out, n)
		}
	}
	return out, nil
}

// marked reports whether the namespace carries the marker. A name that is left
// of one whose making was cut short has no kernel object behind it, or no
// marker yet; the prefix is then enough, since nothing is in it.
func marked(n Namespace) bool {
	out, err := exec.Command(iproute2(), "-n", n.Name(), "link", "show", "dev", "lo").Output()
	if err != nil {
		return true
	}
	if bytes.Contains(out, []byte("alias "+marker)) {
		return true
	}
	links, err := exec.Command(iproute2(), "-n", n.Name(), "-o", "link", "show").Output()
	pids, pidErr := n.Processes()
	return err == nil && pidErr == nil && bytes.Count(links, []byte("\n")) <= 1 && len(pids) == 0
}

// Remove ends the namespace: its links go with it. Processes in it must have
// ended.
func Remove(n Namespace) error { return ip("netns", "del", n.Name()) }

// Processes returns the ids of the processes whose network is n.
func (n Namespace) Processes() ([]int, error) {
	out, err := exec.Command(iproute2(), "netns", "pids", n.Name()).Output()
	if err != nil {
		return nil, fmt.Errorf("list processes of %s: %w", n.Name(), err)
	}
	var pids []int
	for field := range strings.FieldsSeq(string(out)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("list processes of %s: %w", n.Name(), err)
		}
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	return pids, nil
}

// Do runs f with the calling thread inside of n: sockets that f opens and
// processes that it starts belong to n, also after Do. f must not start
// goroutines that open sockets.
func (n Namespace) Do(f func() error) error {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("find own network namespace: %w", err)
	}
	defer home.Close()
	there, err := os.Open(n.path())
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("open network namespace: %w", err)
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter %s: %w", n.Name(), err)
	}
	err = f()
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
		// The thread stays locked and so ends with its goroutine: nobody else
		// may run in the wrong namespace.
		return errors.Join(err, fmt.Errorf("leave %s: %w", n.Name(), back))
	}
	runtime.UnlockOSThread()
	return err
}

// Dial connects from inside of n. address is a numeric IP and port.
func (n Namespace) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return nil, fmt.Errorf("dial from %s: %w", n, err)
	}
	var c net.Conn
	err := n.Do(func() (err error) {
		c, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return err
	})
	return c, err
}

// Listen opens a stream listener inside of n.
func (n Namespace) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	var l net.Listener
	err := n.Do(func() (err error) {
		l, err = (&net.ListenConfig{}).Listen(ctx, network, address)
		return err
	})
	return l, err
}

// ListenPacket opens a datagram socket inside of n.
func (n Namespace) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	var c net.PacketConn
	err := n.Do(func() (err error) {
		c, err = (&net.ListenConfig{}).ListenPacket(ctx, network, address)
		return err
	})
	return c, err
}

// Sysctl sets a kernel parameter of n: the path below /proc/sys.
func (n Namespace) Sysctl(name, value string) error {
	return n.Do(func() error {
		return os.WriteFile(filepath.Join("/proc/sys", name), []byte(value+"\n"), 0o644)
	})
}

// Start starts cmd inside of n.
func (n Namespace) Start(cmd *exec.Cmd) error { return n.Do(cmd.Start) }

// iproute2 is the path of ip, which is not on everybody's PATH.
var iproute2 = sync.OnceValue(func() string {
	for _, path := range []string{"ip", "/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	return "ip" // its absence is told when it is run
})

// ip runs iproute2 with arguments.
func ip(args ...string) error { return run(exec.Command(iproute2(), args...)) }

// Batch runs iproute2 commands, one a line, in this process's namespace.
func Batch(lines []string) error {
	cmd := exec.Command(iproute2(), "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	return run(cmd)
}

// Batch runs iproute2 commands, one a line, inside of n.
func (n Namespace) Batch(lines []string) error {
	cmd := exec.Command(iproute2(), "-n", n.Name(), "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	return run(cmd)
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// Contains reports whether this process is in n.
func (n Namespace) Contains() (bool, error) {
	here, err := os.Stat("/proc/self/ns/net")
	if err != nil {
		return false, fmt.Errorf("find own network namespace: %w", err)
	}
	there, err := os.Stat(n.path())
	if err != nil {
		return false, fmt.Errorf("find network namespace: %w", err)
	}
	return os.SameFile(here, there), nil
}
