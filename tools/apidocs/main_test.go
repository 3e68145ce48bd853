package main

import (
	"os"
	"testing"

	"github.com/cordonhq/cordon/internal/api"
)

// TestReferenceIsCurrent fails when a route changed and the page did not.
func TestReferenceIsCurrent(t *testing.T) {
	want, err := render(api.Document())
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("../../docs/api.md")
	if err != nil || string(have) != string(want) {
		t.Errorf("docs/api.md is stale (%v): run make generate", err)
	}
}
