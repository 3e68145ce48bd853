package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cordonhq/cordon/internal/lab/netns"
)

// Place is where a program runs: a namespace, or a home in one.
type Place interface {
	Start(cmd *exec.Cmd) error
	Dial(ctx context.Context, network, address string) (net.Conn, error)
}

// program is a real program that plays a part of a device.
type program struct {
	name string // of its log file
	at   Place
	path string // program to run, found by lookPath
	args []string
	dir  string // working folder; its log goes there too
	env  []string
	// uid runs it as another user; 0 is root.
	uid, gid uint32
	// answers is the numeric address that it listens on once it is ready:
	// "tcp 10.77.30.10:104"; empty if it answers nobody.
	answers string
	// spare says that the lab goes on without it.
	spare bool
}

// crew is the set of programs that a conductor has started. One that ends by
// itself is started again, as a device is switched on again; one that keeps
// ending is given up, and unless it is spare, died tells.
type crew struct {
	ended    sync.WaitGroup
	died     chan error
	over     chan struct{} // closed by stop
	restarts atomic.Uint64

	mu      sync.Mutex
	running map[*exec.Cmd]struct{}
}

func newCrew() *crew {
	return &crew{running: map[*exec.Cmd]struct{}{}, died: make(chan error, 1), over: make(chan struct{})}
}

// start starts p and keeps it running, with its output in a log file of its
// folder.
func (c *crew) start(p program) error {
	cmd, err := c.launch(p)
	if err != nil {
		return err
	}
	c.ended.Go(func() {
		if err := c.keep(cmd, p); err != nil && !p.spare {
			select {
			case c.died <- err:
			default: // one cause is enough
			}
		}
	})
	return nil
}

var errOver = errors.New("the lab is ending")

// launch starts p once.
func (c *crew) launch(p program) (*exec.Cmd, error) {
	path, err := lookPath(p.path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	log, err := os.OpenFile(p.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	defer log.Close()
	cmd := exec.Command(path, p.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	cmd.Env = append([]string{"PATH=" + sbin, "HOME=" + p.dir, "LANG=C.UTF-8"}, p.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if p.uid != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: p.uid, Gid: p.gid}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.over:
		return nil, errOver
	default:
	}
	if err := p.at.Start(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	c.running[cmd] = struct{}{}
	return cmd, nil
}

func (p *program) log() string { return filepath.Join(p.dir, p.name+".log") }

const (
	restartAfter = time.Second
	// A program that has been started again this often within longEnough is
	// given up.
	restartsAtMost = 3
	longEnough     = 30 * time.Second
)

// keep starts a program again whenever it ends, until the lab ends or it is
// given up.
func (c *crew) keep(cmd *exec.Cmd, p program) error {
	again, began := 0, time.Now()
	for {
		err := cmd.Wait()
		c.mu.Lock()
		delete(c.running, cmd)
		c.mu.Unlock()
		select {
		case <-c.over:
			return nil
		case <-time.After(restartAfter):
		}
		if time.Since(began) > longEnough {
			again, began = 0, time.Now()
		}
		if again++; again > restartsAtMost {
			return fmt.Errorf("%s keeps ending (%v); its log: %s", p.name, err, p.log())
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what its children hold is needed
		if cmd, err = c.launch(p); errors.Is(err, errOver) {
			return nil
		} else if err != nil {
			return err
		}
		c.restarts.Add(1)
	}
}

// stop ends all programs: asked first, then by force.
func (c *crew) stop(patience time.Duration) {
	c.mu.Lock()
	close(c.over)
	c.mu.Unlock()
	c.signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { c.ended.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		c.signal(syscall.SIGKILL)
		<-done
	}
}

// signal reaches each program with all of its children: each leads a session,
// and so a process group, of its own.
func (c *crew) signal(sig syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for cmd := range c.running {
		_ = syscall.Kill(-cmd.Process.Pid, sig) // it may have ended just now
	}
}

// ready waits until p answers, or a program is given up.
func (c *crew) ready(ctx context.Context, p program) error {
	if p.answers == "" {
		return nil
	}
	network, address, _ := strings.Cut(p.answers, " ")
	for {
		dial, cancel := context.WithTimeout(ctx, time.Second)
		conn, err := p.at.Dial(dial, network, address)
		cancel()
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer on %s: %w", p.name, p.answers, errors.Join(ctx.Err(), err))
		case err := <-c.died:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Home is the device as its programs see it, in a lab that is up: they have its
// name and ask the clinic's name server.
func (d *Device) Home() *netns.Home {
	h := &netns.Home{Namespace: d.Namespace(), Hostname: d.Name, Files: map[string]string{}}
	for _, name := range []string{"hosts", "resolv.conf"} {
		h.Files["/etc/"+name] = filepath.Join(Dir, d.Name, name)
	}
	return h
}

// furnish makes the folder of each device, with the files of its home.
func (l *Lab) furnish() error {
	for i := range Cast {
		d := &Cast[i]
		if err := os.MkdirAll(l.folder(d), 0o755); err != nil {
			return err
		}
		files := map[string]string{
			"hosts":       fmt.Sprintf("127.0.0.1 localhost\n%s %s.%s %s\n", d.IP(), d.Name, Domain, d.Name),
			"resolv.conf": fmt.Sprintf("search %s\nnameserver %s\n", Domain, d.Segment.Gateway()),
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(l.folder(d), name), []byte(text), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
