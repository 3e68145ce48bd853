package netns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// Home is a namespace whose programs also take this machine for another: by
// its name, and by some files.
type Home struct {
	Namespace
	Hostname string
	// Files maps paths to the files that programs find there instead. Paths
	// that do not exist are left alone.
	Files map[string]string
}

// Start starts cmd at home. What it sees of mounts and names is its own and
// ends with it.
func (h *Home) Start(cmd *exec.Cmd) error {
	started := make(chan error, 1)
	go onOwnThread(func() { started <- h.start(cmd) })
	return <-started
}

// onOwnThread runs f on a thread that ends with it, and that is not the first
// of this process: by that one others judge where the process is.
func onOwnThread(f func()) {
	runtime.LockOSThread() // not unlocked: the thread is changed for good
	if unix.Gettid() != unix.Getpid() {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		onOwnThread(f)
	}()
	<-done
	runtime.UnlockOSThread()
}

// start changes the calling thread, and starts cmd from it.
func (h *Home) start(cmd *exec.Cmd) error {
	there, err := os.Open(h.path())
	if err != nil {
		return fmt.Errorf("open network namespace: %w", err)
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter %s: %w", h.Name(), err)
	}
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS | unix.CLONE_NEWUTS); err != nil {
		return fmt.Errorf("leave this machine's mounts and name: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts apart: %w", err)
	}
	// A copy of the folder's mounts would keep namespaces alive that others
	// remove.
	if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("let go of %s: %w", folder, err)
	}
	if err := unix.Sethostname([]byte(h.Hostname)); err != nil {
		return fmt.Errorf("take the name %s: %w", h.Hostname, err)
	}
	for path, instead := range h.Files {
		if err := unix.Mount(instead, path, "", unix.MS_BIND, ""); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("lay %s over %s: %w", instead, path, err)
		}
	}
	return cmd.Start()
}
