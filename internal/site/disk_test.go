package site_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cordonhq/cordon/internal/api"
)

// TestFullDiskLosesNothing: while the disk is full nothing new is shown and the
// site says why; once there is space again, all that was seen is stored and
// shown.
func TestFullDiskLosesNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a small disk of its own takes root")
	}
	disk := t.TempDir()
	if err := syscall.Mount("cordon-test", disk, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("no small disk can be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	const workstations = 500 // four seconds of traffic
	cfg := config(t)
	cfg.Data, cfg.Replay, cfg.Speed = filepath.Join(disk, "data"), []string{hello(t, workstations)}, 1
	r := start(t, cfg)
	await(t, "some devices are shown", func() bool { return len(r.devices()) > 5 })

	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	var s api.Site
	await(t, "the site says that the disk is full", func() bool {
		r.do("GET", "/api/v1/site", "", &s)
		return !s.Store.Healthy
	})
	if !strings.Contains(s.Store.Message, "full") {
		t.Errorf("the message is %q", s.Store.Message)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	await(t, "all devices are shown", func() bool { return r.replayed() && len(r.devices()) == workstations+1 })
	r.do("GET", "/api/v1/site", "", &s)
	if !s.Store.Healthy || s.Store.Message != "" {
		t.Errorf("afterwards the store is %+v", s.Store)
	}
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{64 << 10, 512} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}
