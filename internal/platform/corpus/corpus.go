// Package corpus finds the folder of captures and data sets made by others
// that tests measure against. The folder is not part of the repository: a test
// that needs it skips where it is absent, and fails in continuous integration.
package corpus

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Dir returns the corpus folder: $CORDON_CORPUS, else shared/corpus beside the
// repository. Without one the test is skipped, or fails if $CI is "true".
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CORDON_CORPUS")
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		root := filepath.Join(filepath.Dir(file), "..", "..", "..")
		dir = filepath.Join(root, "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the corpus is needed in CI: %v", err)
		}
		t.Skipf("no corpus: set CORDON_CORPUS to its folder (%v)", err)
	}
	return dir
}
