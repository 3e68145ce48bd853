package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cordonhq/cordon/internal/lab/netns"
)

// program is a real program that plays a part of a device.
type program struct {
	name string // of its log file
	at   netns.Namespace
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
