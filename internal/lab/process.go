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

// crew is the set of programs that a conductor has started.
type crew struct {
	ended sync.WaitGroup
	died  chan error

	mu       sync.Mutex
	running  map[*exec.Cmd]struct{}
	stopping bool
}

func newCrew() *crew { return &crew{running: map[*exec.Cmd]struct{}{}, died: make(chan error, 64)} }

// start starts p with its output in a log file of its folder.
func (c *crew) start(p program) error {
	path, err := lookPath(p.path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	log, err := os.OpenFile(filepath.Join(p.dir, p.name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	defer log.Close()
	cmd := exec.Command(path, p.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	cmd.Env = append([]string{"PATH=" + sbin, "HOME=" + p.dir, "LANG=C.UTF-8"}, p.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if p.uid != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: p.uid, Gid: p.gid}
	}
	if err := p.at.Start(cmd); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	c.mu.Lock()
	c.running[cmd] = struct{}{}
	c.mu.Unlock()
	c.ended.Go(func() { c.wait(cmd, p) })
	return nil
}

// wait notes the end of a program; one that nobody asked to end is an error.
func (c *crew) wait(cmd *exec.Cmd, p program) {
	err := cmd.Wait()
	c.mu.Lock()
	delete(c.running, cmd)
	stopping := c.stopping
	c.mu.Unlock()
	if !stopping && !p.spare {
		select {
		case c.died <- fmt.Errorf("%s ended by itself (%v); its log: %s", p.name, err, filepath.Join(p.dir, p.name+".log")):
		default: // one cause is enough
		}
	}
}

// stop ends all programs: asked first, then by force.
func (c *crew) stop(patience time.Duration) {
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
	c.stopping = true
	for cmd := range c.running {
		_ = syscall.Kill(-cmd.Process.Pid, sig) // it may have ended just now
	}
}

// ready waits until p answers.
func ready(ctx context.Context, p program) error {
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
