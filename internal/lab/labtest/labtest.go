// Package labtest brings labs up for tests, with the program that users run.
// Tests that use it need root and the lab's packages: they skip without, and
// fail in continuous integration. They take turns, for a machine has one lab.
package labtest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
)

// Need skips the test, or fails it if $CI is "true", where a lab cannot run.
func Need(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("a lab takes a while")
	}
	if err := lab.Check(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the lab is needed in CI: %v", err)
		}
		t.Skipf("no lab: %v", err)
	}
}

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cordon-labtest")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "cordon")
	cmd := exec.Command("go", "build", "-o", path, "github.com/cordonhq/cordon/cmd/cordon")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		os.Stderr.Write(out)
		return "", err
	}
	return path, nil
})

// Main runs the tests and removes the program that was built for them. Call it
// from TestMain.
func Main(m *testing.M) {
	status := m.Run()
	if path, err := build(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // a temporary folder
	}
	os.Exit(status)
}

// Binary is the program, built once.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatalf("build cordon: %v", err)
	}
	return path
}

// Turn waits until nobody else has a lab up, and makes sure that none is, now
// and at the end of the test.
func Turn(t testing.TB) {
	t.Helper()
	release, err := lab.Alone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Down(context.Background()); err != nil {
			t.Errorf("lab down: %v", err)
		}
		release()
	})
	if err := lab.Down(t.Context()); err != nil {
		t.Fatalf("lab down: %v", err)
	}
}

// Up brings a lab up until the end of the test.
func Up(t testing.TB, args ...string) {
	t.Helper()
	Need(t)
	Binary(t)
	Turn(t)
	began := time.Now()
	Cordon(t, append([]string{"lab", "up"}, args...)...)
	t.Logf("all services answered %.1f s after 'lab up'", time.Since(began).Seconds())
}

// Run runs the program and returns what it printed, and its error.
func Run(t testing.TB, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), Binary(t), args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// Cordon is Run, and fails the test if the program does.
func Cordon(t testing.TB, args ...string) string {
	t.Helper()
	out, err := Run(t, args...)
	if err != nil {
		t.Fatalf("cordon %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// Exec runs a command as a device and returns what it printed.
func Exec(t testing.TB, device string, command ...string) (string, error) {
	t.Helper()
	return Run(t, append([]string{"lab", "exec", device, "--"}, command...)...)
}

// Status is what the lab says of itself.
func Status(t testing.TB) lab.Description {
	t.Helper()
	var d lab.Description
	if err := json.Unmarshal([]byte(Cordon(t, "lab", "status", "--json")), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Eventually asks again until something is so, and fails the test if it is not
// within a time that a busy machine keeps too. why says what is still missing.
func Eventually(t testing.TB, within time.Duration, so func() (ok bool, why string)) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		ok, why := so()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, why)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
