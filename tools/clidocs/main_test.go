package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReferenceIsCurrent fails when a command changed and the pages did not.
func TestReferenceIsCurrent(t *testing.T) {
	fresh := t.TempDir()
	if err := write(fresh); err != nil {
		t.Fatal(err)
	}
	const checkedIn = "../../docs/cli"
	want, err := os.ReadDir(fresh)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadDir(checkedIn)
	if err != nil || len(have) != len(want) {
		t.Fatalf("%d pages are checked in (%v), the commands make %d: run make generate", len(have), err, len(want))
	}
	for _, page := range want {
		a, err := os.ReadFile(filepath.Join(fresh, page.Name()))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(checkedIn, page.Name()))
		if err != nil || string(a) != string(b) {
			t.Errorf("%s is stale (%v): run make generate", page.Name(), err)
		}
	}
}
