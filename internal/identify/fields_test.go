package identify

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Rules may only ask for details that something shows: the fields are strings
// in package observation and in the table of SNMP's objects, or come from the
// inventory.
func TestRulesAskForFieldsThatExist(t *testing.T) {
	shown := map[string]bool{"name": true}
	files, err := filepath.Glob("../observation/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range append(files, "../dissect/snmp/oid.go") {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, _ := strconv.Unquote(lit.Value)
				shown[s] = true
			}
			return true
		})
	}
	for _, r := range load(t).rules {
		any := false
		for _, source := range r.sources {
			if source == "role" || source == "oui" || source == "stack" {
				any = true
			}
		}
		for _, field := range r.fields {
			if shown[field] || strings.HasPrefix(field, "txt-") && shown[txtKey(field, shown)] {
				any = true
			}
		}
		if !any {
			t.Errorf("rule %s asks for %v %v, which nothing shows", r.id, r.sources, r.fields)
		}
	}
}

// txtKey returns the key of a TXT record behind a field, which writes hyphens
// for its underscores.
func txtKey(field string, shown map[string]bool) string {
	key := strings.TrimPrefix(field, "txt-")
	if shown[key] {
		return key
	}
	return strings.ReplaceAll(key, "-", "_")
}
