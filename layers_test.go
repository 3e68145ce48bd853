package cordon_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/cordonhq/cordon"

// layers lists the packages in the direction in which data flows. A package
// may import those in the lines above its own, those in its own line, and
// the platform; never a line below. The pattern p/... stands for p and what
// lies in it.
var layers = []struct {
	pattern string
	why     string
}{
	{"internal/platform/...", "one small thing each, of use anywhere"},
	{".", "the shared nouns"},
	{"internal/capture/...", "bytes with their packet time"},
	{"internal/packet", "link to transport headers"},
	{"internal/flow", "conversations of one 5-tuple"},
	{"internal/observation", "what dissectors saw, as values"},
	{"internal/dissect/...", "one protocol each"},
	{"internal/sensor", "capture to observations, in one pass"},
	{"internal/identify/...", "evidence to identity"},
	{"internal/inventory", "devices, services, conversations"},
	{"internal/detect/...", "findings"},
	{"internal/store/...", "records and schema"},
	{"internal/api/...", "thin handlers"},
	{"web", "the console's build"},
	{"internal/analyze", "captures to an answer"},
	{"internal/site", "the only wiring of a running site"},
	{"internal/lab/...", "a clinic in a box"},
	{"internal/cli", "flags, output, exit status"},
	{"cmd/cordon", "main"},
	{"tools/...", "programs that build and measure the project"},
	{"test/...", "whole-program tests"},
}

// foreign lists imports that only some packages may have, each with its reason.
var foreign = []struct {
	imported string
	allowed  []string
	why      string
}{
	{"database/sql", []string{"internal/store"}, "SQL lives behind the store's contract"},
	{"net/http", []string{"internal/api", "web", "internal/site", "internal/lab", "internal/cli", "test", "tools"}, "the packet path and the domain speak no HTTP"},
	{"github.com/spf13/cobra", []string{"internal/cli"}, "only the command line parses flags"},
}

func TestImportsGoOneWay(t *testing.T) {
	for dir, imports := range packages(t) {
		mine, ok := layerOf(dir)
		if !ok {
			t.Errorf("package %s has no place in the order of layers: add it to the table", dir)
			continue
		}
		for _, imported := range imports {
			if rel, ours := relative(imported); ours {
				if theirs, _ := layerOf(rel); theirs > mine {
					t.Errorf("%s imports %s, which stands above it (%s)", dir, rel, layers[theirs].why)
				}
			}
			for _, f := range foreign {
				if imported == f.imported && !within(dir, f.allowed) {
					t.Errorf("%s imports %s: %s", dir, imported, f.why)
				}
			}
		}
	}
}

func TestPlatformImportsOnlyTheStandardLibrary(t *testing.T) {
	for dir, imports := range packages(t) {
		if !strings.HasPrefix(dir, "internal/platform/") {
			continue
		}
		for _, imported := range imports {
			first, _, _ := strings.Cut(imported, "/")
			if strings.Contains(first, ".") {
				t.Errorf("%s imports %s: a platform package stands on the standard library alone", dir, imported)
			}
		}
	}
}

func TestEveryPackageHasOneDoc(t *testing.T) {
	docs := map[string]int{}
	walk(t, func(dir, file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		docs[dir] += 0
		if f.Doc != nil {
			docs[dir]++
		}
	})
	for dir, n := range docs {
		if n != 1 {
			t.Errorf("package %s has %d files with a package comment, want exactly one", dir, n)
		}
	}
}

func layerOf(dir string) (int, bool) {
	for i, l := range layers {
		base, tree := strings.CutSuffix(l.pattern, "/...")
		if dir == base || tree && strings.HasPrefix(dir, base+"/") {
			return i, true
		}
	}
	return 0, false
}

func within(dir string, folders []string) bool {
	for _, f := range folders {
		if dir == f || strings.HasPrefix(dir, f+"/") {
			return true
		}
	}
	return false
}

func relative(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// packages returns the imports of each package by its folder.
func packages(t *testing.T) map[string][]string {
	all := map[string][]string{}
	walk(t, func(dir, file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			all[dir] = append(all[dir], p)
		}
	})
	if len(all) < 5 {
		t.Fatalf("found %d packages; the walk is broken", len(all))
	}
	return all
}

func walk(t *testing.T, visit func(dir, file string)) {
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "node_modules" || name == "testdata" || name == "dist" || name == "bin" || p != "." && strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(name, ".go") {
			visit(path.Clean(filepath.ToSlash(filepath.Dir(p))), p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
