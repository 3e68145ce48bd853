package api_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzQuery holds that no query makes a list fail in a way that is not the
// client's fault, and that each answer is as documented.
func FuzzQuery(f *testing.F) {
	s := filled(f, 5)
	for _, q := range []string{
		"", "limit=2&sort=name&order=desc", "kind=camera,pacs&group=Office", "q=%00%ff&vendor=%F0%9F%AB%81", "cursor=AQ", "limit=%31", "a&b=&=c",
		"severity=high&device=dev-1", "protocol=hl7", "q=%25_%5C",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if len(query) > 4096 || strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r == '#' || r == 0x7f }) {
			t.Skip("not a query that a client can send")
		}
		s := s.in(t)
		for _, path := range []string{"devices", "conversations", "findings", "devices/dev-0001/timeline"} {
			if _, err := url.ParseRequestURI("/api/v1/" + path + "?" + query); err != nil {
				t.Skip(err)
			}
			a := s.do(http.MethodGet, "/api/v1/"+path+"?"+query, "")
			switch a.StatusCode {
			case 200, 400, 422:
			default:
				t.Errorf("%s?%s: status %d: %s", path, query, a.StatusCode, a.body)
			}
			if !json.Valid(a.body) {
				t.Errorf("%s?%s: %s", path, query, a.body)
			}
		}
	})
}

// FuzzPatch holds the same for what people say of a device.
func FuzzPatch(f *testing.F) {
	s := filled(f, 2)
	for _, b := range []string{
		`{}`, `{"name":"x","kind":null}`, `{"name":"\ud800"}`, `{"name":"x","name":null}`, `[[[[`, `{"in_use":"yes"}`, "\xff", `{"Name":"x"}`, `{"kind":"CAMERA"}`,
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := s.in(t)
		a := s.do(http.MethodPatch, "/api/v1/devices/dev-0001", body, "Content-Type", "application/json")
		switch a.StatusCode {
		case 200, 400, 413, 422:
		default:
			t.Errorf("%q: status %d: %s", body, a.StatusCode, a.body)
		}
	})
}
