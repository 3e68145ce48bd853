package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestHostIsThisMachine(t *testing.T) {
	s := start(t)
	port := s.url[strings.LastIndex(s.url, ":"):]
	for host, want := range map[string]int{
		"localhost": 200, "localhost" + port: 200, "LOCALHOST:1": 200, "127.0.0.1": 200, "127.8.9.1:8443": 200, "[::1]": 200, "[::1]" + port: 200,
		"[::ffff:127.0.0.1]:1": 200,
		"evil.example":         421, "evil.example" + port: 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421, "192.168.1.1": 421, "0.0.0.0": 421,
		"[::]": 421, "cordon": 421, "localhost.": 421, "2130706433": 421, "0x7f.1": 421, "127.1": 421,
	} {
		for _, path := range []string{"/api/v1/site", "/healthz", "/metrics", "/openapi.json", "/"} {
			a := s.do(http.MethodGet, path, "", "Host", host)
			// net/http itself answers 400 to what is no host at all.
			if a.StatusCode != want && !(want == 421 && a.StatusCode == 400) {
				t.Errorf("Host %q, %s: status %d, want %d", host, path, a.StatusCode, want)
			}
		}
	}
}

func TestWritesComeFromHere(t *testing.T) {
	s := filled(t, 2)
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		header []string
		want   int
	}{
		{"a program", nil, 200},
		{"the console", []string{"Origin", s.url}, 200},
		{"the console in a current browser", []string{"Origin", s.url, "Sec-Fetch-Site", "same-origin"}, 200},
		{"another page", []string{"Origin", "https://evil.example"}, 403},
		{"another page on this machine", []string{"Origin", "http://localhost:1"}, 403},
		{"another page in a current browser", []string{"Origin", s.url, "Sec-Fetch-Site", "cross-site"}, 403},
		{"a sandboxed page", []string{"Origin", "null"}, 403},
		{"a page behind a name of its own", []string{"Host", "evil.example:" + u.Port(), "Origin", "http://evil.example:" + u.Port()}, 421},
	} {
		a := s.do(http.MethodPatch, "/api/v1/devices/dev-0001", `{"name":"x"}`, c.header...)
		check(t, c.name, a.StatusCode, c.want)
		check(t, c.name+", reading", s.do(http.MethodGet, "/api/v1/site", "", "Origin", "https://evil.example").Header.Get("Access-Control-Allow-Origin"), "")
	}
}

func TestSecurityHeaders(t *testing.T) {
	s := start(t)
	for _, path := range []string{"/", "/api/v1/site", "/api/v1/nothing", "/healthz"} {
		h := s.do(http.MethodGet, path, "").Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			check(t, path+" "+name, h.Get(name), want)
		}
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the content security policy lacks %s", path, want)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: content security policy %q", path, csp)
		}
	}
	check(t, "cache", s.do(http.MethodGet, "/api/v1/site", "").Header.Get("Cache-Control"), "no-store")
}
