package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/store"
	"github.com/cordonhq/cordon/internal/store/sqlite"
)

// smallDisk mounts a file system of that many bytes.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("mounting is needed in CI: %v", err)
		}
		t.Skipf("a small disk needs the right to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// devices returns n devices of about a kilobyte with these numbers.
func devices(from, n int) store.Changes {
	var c store.Changes
	for i := range n {
		c.Devices = append(c.Devices, cordon.Device{
			ID: cordon.DeviceID(fmt.Sprintf("dev-%06d", from+i)), Software: strings.Repeat("x", 1000),
		})
	}
	return c
}

func count(t *testing.T, s store.Store) int {
	t.Helper()
	c, err := s.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.Devices
}

func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, 4<<20)
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(disk, "data")
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	const batch = 50
	saved := 0
	for ; err == nil && saved < 100_000; saved += batch {
		if err = s.Save(t.Context(), devices(saved, batch)); err != nil {
			break
		}
	}
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("after %d devices: error %v, want %v", saved, err, store.ErrFull)
	}
	if got := count(t, s); got != saved {
		t.Errorf("%d devices while the disk is full, want the %d that were saved", got, saved)
	}
	for range 3 {
		if err := s.Save(t.Context(), devices(saved, batch)); !errors.Is(err, store.ErrFull) {
			t.Fatalf("a second try: error %v, want %v", err, store.ErrFull)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), devices(saved, batch)); err != nil {
		t.Fatalf("with space again: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := count(t, s); got != saved+batch {
		t.Errorf("%d devices after opening again, want %d", got, saved+batch)
	}
}

func TestOpenOnFullDisk(t *testing.T) {
	disk := smallDisk(t, 1<<20)
	f, err := os.Create(filepath.Join(disk, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), filepath.Join(disk, "data"))
	if err == nil {
		s.Close()
	}
	if !errors.Is(err, store.ErrFull) {
		t.Errorf("error %v, want %v", err, store.ErrFull)
	}
	if err := os.Remove(f.Name()); err != nil {
		t.Fatal(err)
	}
	s, err = sqlite.Open(t.Context(), filepath.Join(disk, "data"))
	if err != nil {
		t.Fatalf("with space again: %v", err)
	}
	defer s.Close()
	if err := s.Save(t.Context(), devices(0, 1)); err != nil {
		t.Error(err)
	}
}

func TestDamagedFile(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"not a database": func(b []byte) []byte { return bytes.Repeat([]byte("garbage "), len(b)/8) },
		"torn header":    func(b []byte) []byte { copy(b[16:], make([]byte, 84)); return b },
		"lost pages": func(b []byte) []byte {
			for i := 4096; i < len(b); i++ {
				b[i] = 0xa5
			}
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := sqlite.Open(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(s.Save(t.Context(), devices(0, 50)), s.Close()); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, sqlite.FileName)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(raw), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err = sqlite.Open(t.Context(), dir)
			if err == nil {
				_, err = s.Devices(t.Context(), store.DeviceQuery{})
				s.Close()
			}
			if !errors.Is(err, store.ErrDamaged) {
				t.Errorf("error %v, want %v", err, store.ErrDamaged)
			}
		})
	}
}

func TestPlaceThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), "/proc/cordon"} {
		if s, err := sqlite.Open(t.Context(), dir); err == nil {
			s.Close()
			t.Errorf("Open(%q) succeeded", dir)
		}
	}
}

func TestOnlyTheOwnerReads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Save(t.Context(), devices(0, 1)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		"": 0o700, sqlite.FileName: 0o600, sqlite.FileName + "-wal": 0o600, sqlite.FileName + "-shm": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o, want %o", name, got, want)
		}
	}
}
