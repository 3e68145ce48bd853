package identify

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "renew builtin.json from rules/*.yaml")

// The files are what people read and change, builtin.json is what is built in.
// That the files can be read without an error is all that Load relies on.
func TestBuiltinIsWhatTheFilesSay(t *testing.T) {
	loadFiles(t)
	files, err := filepath.Glob("rules/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	all := checkedRules{Literals: map[string]string{}}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parse(content)
		if err != nil {
			t.Fatal(err)
		}
		all.Rules = append(all.Rules, f.Rules...)
		all.Vendors = append(all.Vendors, f.Vendors...)
	}
	for i := range all.Rules {
		noteLiterals(t, all.Literals, &all.Rules[i])
	}
	packed, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	// One line each, so that a change can be read.
	want := append(bytes.ReplaceAll(packed, []byte(`},{"`), []byte("},\n{\"")), '\n')
	if *update {
		if err := os.WriteFile("builtin.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(want, builtin) {
		t.Error("builtin.json is not what rules/*.yaml say: run go generate ./internal/identify")
	}
}

// loadFiles makes rules of the files as they are read, with their examples.
func loadFiles(t *testing.T) *Rules {
	t.Helper()
	set := newRuleSet()
	if err := set.addAll(os.DirFS("rules"), ".", "rules/"); err != nil {
		t.Fatal(err)
	}
	return set.build()
}

func noteLiterals(t *testing.T, literals map[string]string, r *ruleSpec) {
	t.Helper()
	expressions := []string{r.Match}
	if r.When != nil {
		for _, list := range [][]factSpec{r.When.All, r.When.Any, r.When.None} {
			for _, f := range list {
				expressions = append(expressions, f.Match)
			}
		}
	}
	for _, e := range expressions {
		literal, err := requiredLiteral(e)
		if err != nil {
			t.Fatal(err)
		}
		if e != "" {
			literals[e] = literal
		}
	}
}
