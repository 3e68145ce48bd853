package api

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestDocumentIsCheckedIn(t *testing.T) {
	got, err := os.ReadFile("../../api/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, Document()) {
		t.Error("api/v1/openapi.json is stale: run go generate ./internal/api")
	}
}

func TestDocumentListsEveryRoute(t *testing.T) {
	var s server
	s.register()
	var doc struct {
		OpenAPI string                                `json:"openapi"`
		Paths   map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(s.document, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("OpenAPI version %q, want 3.1.0", doc.OpenAPI)
	}
	var documented []string
	for path, item := range doc.Paths {
		for method := range item {
			documented = append(documented, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(documented)
	slices.Sort(s.routes)
	if !slices.Equal(documented, s.routes) {
		t.Errorf("the document has\n%q\nthe mux has\n%q", documented, s.routes)
	}
}

func TestDocumentRefersOnlyToItself(t *testing.T) {
	var doc struct {
		Components struct {
			Schemas map[string]json.RawMessage `json:"schemas"`
		} `json:"components"`
	}
	raw := Document()
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(raw), `"$ref": "`)[1:] {
		ref, _, _ := strings.Cut(part, `"`)
		if _, ok := doc.Components.Schemas[strings.TrimPrefix(ref, schemaPrefix)]; !ok {
			t.Errorf("%s is referred to and not defined", ref)
		}
	}
}
