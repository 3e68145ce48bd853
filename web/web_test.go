package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

var built = fstest.MapFS{
	"index.html":             {Data: []byte("<title>console</title>")},
	"theme.js":               {Data: []byte("theme")},
	"assets/index-AbC123.js": {Data: []byte("script")},
	".gitkeep":               {},
}

func TestHandler(t *testing.T) {
	tests := []struct {
		name, method, path string
		status             int
		body, cache        string
	}{
		{"index", "GET", "/", 200, "<title>console</title>", "no-cache"},
		{"index by name", "GET", "/index.html", 200, "<title>console</title>", "no-cache"},
		{"a route of the console", "GET", "/devices/dev-abc", 200, "<title>console</title>", "no-cache"},
		{"a route with a dot", "GET", "/devices/pump.example", 200, "<title>console</title>", "no-cache"},
		{"a climb out", "GET", "/../web.go", 200, "<title>console</title>", "no-cache"},
		{"hashed asset", "GET", "/assets/index-AbC123.js", 200, "script", "public, max-age=31536000, immutable"},
		{"asset of another version", "GET", "/assets/index-Zzz.js", 404, "404 page not found\n", ""},
		{"folder", "GET", "/assets", 200, "<title>console</title>", "no-cache"},
		{"unhashed file", "GET", "/theme.js", 200, "theme", "no-cache"},
		{"placeholder", "GET", "/.gitkeep", 200, "<title>console</title>", "no-cache"},
		{"api never falls back", "GET", "/api/v1/nothing", 404, "404 page not found\n", ""},
		{"api itself", "GET", "/api", 404, "404 page not found\n", ""},
		{"head", "HEAD", "/", 200, "", "no-cache"},
		{"post", "POST", "/", 405, "the console only answers GET\n", ""},
	}
	h := serve(built, "index.html", http.StatusOK)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, "/", nil)
			r.URL.Path = test.path
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != test.status || w.Body.String() != test.body {
				t.Errorf("%s %s = %d %q, want %d %q", test.method, test.path, w.Code, w.Body, test.status, test.body)
			}
			if got := w.Header().Get("Cache-Control"); test.cache != "" && got != test.cache {
				t.Errorf("Cache-Control = %q, want %q", got, test.cache)
			}
			if csp := w.Header().Get("Content-Security-Policy"); test.cache != "" && csp != Policy {
				t.Errorf("Content-Security-Policy = %q", csp)
			}
		})
	}
}

// The page for a binary without a console says what to do, and is itself
// within the policy.
func TestUnbuilt(t *testing.T) {
	body, err := unbuilt.ReadFile("unbuilt/index.html")
	if err != nil {
		t.Fatal(err)
	}
	page := string(body)
	if !strings.Contains(page, "make build") {
		t.Error("the page does not say how to build the console")
	}
	for _, inline := range []string{"<style", "style=", "<script", "https:", "http:"} {
		if strings.Contains(page, inline) {
			t.Errorf("the page holds %q, which the policy refuses", inline)
		}
	}
}

func TestHandlerServesAPage(t *testing.T) {
	s := httptest.NewServer(Handler())
	defer s.Close()
	resp, err := s.Client().Get(s.URL + "/devices")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), "Cordon") {
		t.Errorf("the page at /devices is %q", body)
	}
}
