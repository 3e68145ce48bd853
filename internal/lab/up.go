package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// startTimeout bounds how long a lab may take until every service answers.
const startTimeout = 60 * time.Second

// Up builds the network, leaves a conductor running in the background, and
// returns when every service answers. What an earlier lab left behind is
// removed first; a lab that is up is not touched.
func Up(ctx context.Context, opt Options) (err error) {
	if err := Check(); err != nil {
		return err
	}
	release, err := begin(ctx)
	if err != nil {
		return err
	}
	defer release()
	if s, err := Current(); err == nil && alive(s.Conductor) {
		return &HintError{errors.New("a lab is up already"), "End it first: cordon lab down"}
	}
	var console *os.File
	if opt.Console != "" {
		if console, err = listenConsole(opt.Console); err != nil {
			return err
		}
		defer console.Close()
	}
	if err := clearAway(); err != nil {
		return fmt.Errorf("clear away what an earlier lab left: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, clearAway())
		}
	}()
	if err := buildNetwork(opt.Mode); err != nil {
		return err
	}
	if err := os.MkdirAll(Dir, 0o755); err != nil {
		return fmt.Errorf("make the lab's folder: %w", err)
	}
	conductor, err := startConductor(opt, console)
	if err != nil {
		return fmt.Errorf("start the conductor: %w", err)
	}
	return waitReady(ctx, conductor)
}

// alive reports whether a conductor with that process id lives in the lab.
func alive(pid int) bool {
	pids, err := conductorNamespace.Processes()
	if err != nil {
		return false
	}
	for _, p := range pids {
		if p == pid {
			return true
		}
	}
	return false
}

// startConductor runs this program once more, as a process of its own session
// that outlives us.
func startConductor(opt Options, console *os.File) (<-chan error, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(conductorLog(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(self, "lab", "conduct", "--mode", string(opt.Mode),
		"--seed", strconv.FormatUint(opt.Seed, 10), "--speed", strconv.FormatFloat(opt.Speed, 'g', -1, 64))
	if opt.Record != "" {
		cmd.Args = append(cmd.Args, "--record", opt.Record)
	}
	if console != nil {
		cmd.Args = append(cmd.Args, "--with-cordon", "--console", opt.Console)
		cmd.ExtraFiles = []*os.File{console}
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := conductorNamespace.Start(cmd); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return ended, nil
}

func conductorLog() string { return filepath.Join(Dir, "conductor.log") }

func waitReady(ctx context.Context, conductor <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		s, err := Current()
		switch {
		case err == nil && s.Ready:
			return nil
		case err == nil && s.Problem != "":
			return fmt.Errorf("the lab could not start: %s", s.Problem)
		}
		select {
		case err := <-conductor:
			text, _ := os.ReadFile(conductorLog())
			return fmt.Errorf("the conductor ended (%v): %s", err, text)
		case <-ctx.Done():
			return fmt.Errorf("the lab is not ready: %w; its logs were in %s", ctx.Err(), Dir)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
