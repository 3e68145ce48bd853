package api_test

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/api"
	"github.com/cordonhq/cordon/internal/store"
)

func TestSite(t *testing.T) {
	s := start(t)
	got := get[api.Site](s, "/api/v1/site")
	check(t, "name", got.Name, "Clinic")
	kinds := get[api.KindList](s, "/api/v1/kinds")
	check(t, "kinds", kinds.Items, cordon.Kinds)
}

func TestDeviceListShowsEachDeviceOnce(t *testing.T) {
	const n = 57
	s := filled(t, n)
	for sort, compare := range map[string]func(a, b cordon.Device) int{
		"name":       func(a, b cordon.Device) int { return cmp.Compare(store.SortKey(a.Name), store.SortKey(b.Name)) },
		"kind":       func(a, b cordon.Device) int { return cmp.Compare(a.Kind, b.Kind) },
		"vendor":     func(a, b cordon.Device) int { return cmp.Compare(a.Vendor, b.Vendor) },
		"last_seen":  func(a, b cordon.Device) int { return a.LastSeen.Compare(b.LastSeen) },
		"first_seen": func(a, b cordon.Device) int { return a.FirstSeen.Compare(b.FirstSeen) },
		"confidence": func(a, b cordon.Device) int { return cmp.Compare(a.Confidence, b.Confidence) },
	} {
		var want []cordon.Device
		for i := range n {
			want = append(want, device(i))
		}
		slices.SortFunc(want, func(a, b cordon.Device) int { return cmp.Or(compare(a, b), cmp.Compare(a.ID, b.ID)) })
		for _, order := range []string{"asc", "desc"} {
			for _, limit := range []string{"1", "7", "57", "1000"} {
				got := all[api.DeviceSummary](s, "/api/v1/devices", url.Values{"sort": {sort}, "order": {order}, "limit": {limit}})
				var gotIDs, wantIDs []cordon.DeviceID
				for i, d := range want {
					wantIDs = append(wantIDs, d.ID)
					gotIDs = append(gotIDs, got[min(i, len(got)-1)].ID)
				}
				check(t, "number by "+sort, len(got), n)
				check(t, fmt.Sprintf("by %s, %s, %s a page", sort, order, limit), gotIDs, wantIDs)
			}
			slices.Reverse(want)
		}
	}
}

func TestDeviceFilters(t *testing.T) {
	s := filled(t, 40)
	for query, want := range map[string]int{
		"": 40, "q=10.0.0.7": 1, "q=device+10.0.0.7": 1, "q=DEVICE": 40, "q=nothing": 0, "q=%25": 0, "kind=camera": 10, "kind=camera,infusion-pump": 20,
		"vendor=DR%C3%84GER": 40, "vendor=x": 0, "group=Life+support+and+monitoring": 20, "group=Life+support+and+monitoring&kind=infusion-pump": 10,
		"group=Office&kind=infusion-pump": 0, "group=Office": 0, "kind=&q=&group=": 40,
	} {
		got := get[api.Page[api.DeviceSummary]](s, "/api/v1/devices?limit=1000&"+query)
		if len(got.Items) != want {
			t.Errorf("%q: %d devices, want %d", query, len(got.Items), want)
		}
	}
}

func TestDeviceForms(t *testing.T) {
	s := filled(t, 2)
	for fields, want := range map[string]bool{"": false, "fields=summary": false, "fields=full": true} {
		item := get[api.Page[map[string]any]](s, "/api/v1/devices?"+fields).Items[0]
		for _, f := range []string{"claims", "evidence", "services"} {
			if _, got := item[f]; got != want {
				t.Errorf("%q: %s is there: %v, want %v", fields, f, got, want)
			}
		}
	}
	got := get[map[string]any](s, "/api/v1/devices/dev-0001")
	for _, f := range []string{"macs", "hostnames", "claims", "evidence", "services"} {
		if _, ok := got[f].([]any); !ok {
			t.Errorf("%s of a device is %v, want a list", f, got[f])
		}
	}
}

func TestOtherLists(t *testing.T) {
	const n = 30
	s := filled(t, n)
	for _, limit := range []string{"1", "7", "1000"} {
		conversations := all[cordon.Conversation](s, "/api/v1/conversations", url.Values{"limit": {limit}})
		check(t, "conversations", len(conversations), n)
		check(t, "the latest first", conversations[0].ID, conversation(n-1).ID)
		check(t, "of a device", len(all[cordon.Conversation](s, "/api/v1/devices/dev-0003/conversations", url.Values{"limit": {limit}})), 3)
		check(t, "of a device", len(all[cordon.Conversation](s, "/api/v1/conversations", url.Values{"limit": {limit}, "device": {"dev-0003"}})), 3)
		check(t, "by protocol", len(all[cordon.Conversation](s, "/api/v1/conversations", url.Values{"limit": {limit}, "protocol": {"hl7"}})), n/2)
		check(t, "by bytes", all[cordon.Conversation](s, "/api/v1/conversations", url.Values{"limit": {limit}, "sort": {"bytes"}, "order": {"asc"}})[0].ID, conversation(0).ID)
		check(t, "findings", len(all[cordon.Finding](s, "/api/v1/findings", url.Values{"limit": {limit}})), n)
		check(t, "by severity", len(all[cordon.Finding](s, "/api/v1/findings", url.Values{"limit": {limit}, "severity": {"high,critical"}})), n/2)
		check(t, "of a device", len(all[cordon.Finding](s, "/api/v1/findings", url.Values{"limit": {limit}, "device": {"dev-0003"}})), 3)
		check(t, "gravest", all[cordon.Finding](s, "/api/v1/findings", url.Values{"limit": {limit}, "sort": {"severity"}})[0].Severity, cordon.SeverityHigh)
		timeline := all[cordon.TimelineEntry](s, "/api/v1/devices/dev-0001/timeline", url.Values{"limit": {limit}})
		check(t, "timeline", len(timeline), n)
		check(t, "newest first", timeline[0], entry(n-1))
		check(t, "no timeline", len(all[cordon.TimelineEntry](s, "/api/v1/devices/dev-0002/timeline", url.Values{"limit": {limit}})), 0)
	}
}

func TestOverride(t *testing.T) {
	s := filled(t, 3)
	const path = "/api/v1/devices/dev-0001"
	for _, step := range []struct {
		patch string
		want  cordon.Override
	}{
		{`{"name":"  Pump  bed 4 ","kind":"ventilator"}`, cordon.Override{Name: ptr("Pump  bed 4"), Kind: ptr(cordon.Ventilator)}},
		{`{}`, cordon.Override{Name: ptr("Pump  bed 4"), Kind: ptr(cordon.Ventilator)}},
		{`{"name":null,"location":"","in_use":"yes"}`, cordon.Override{Kind: ptr(cordon.Ventilator), Location: ptr(""), InUse: ptr(cordon.InUseYes)}},
		{`{"kind":null,"location":null,"in_use":null,"model":null}`, cordon.Override{}},
		{`{"criticality":"life-sustaining","function":"Beatmung 🫁","vendor":"v","model":"m"}`, cordon.Override{
			Criticality: ptr(cordon.LifeSustaining), Function: ptr("Beatmung 🫁"), Vendor: ptr("v"), Model: ptr("m"),
		}},
	} {
		for _, contentType := range []string{"application/json", "application/merge-patch+json", "application/json; charset=utf-8"} {
			a := s.do(http.MethodPatch, path, step.patch, "Content-Type", contentType)
			if a.StatusCode != http.StatusOK {
				t.Fatalf("%s: status %d: %s", step.patch, a.StatusCode, a.body)
			}
		}
		got, err := s.store.Override(t.Context(), "dev-0001")
		if err != nil {
			t.Fatal(err)
		}
		check(t, step.patch, got, step.want)
	}
	got := decode[cordon.Device](t, s.do(http.MethodPatch, path, `{"name":"New"}`).body)
	check(t, "answer", got.Name, "New")
}

func ptr[T any](v T) *T { return &v }

func TestMergedDeviceRedirects(t *testing.T) {
	s := filled(t, 3)
	s.save(store.Changes{Removed: map[cordon.DeviceID]cordon.DeviceID{"dev-0001": "dev-0002"}})
	for path, want := range map[string]string{
		"/api/v1/devices/dev-0001": "/api/v1/devices/dev-0002", "/api/v1/devices/dev-0001/timeline": "/api/v1/devices/dev-0002/timeline",
		"/api/v1/devices/dev-0001/conversations": "/api/v1/devices/dev-0002/conversations",
	} {
		a := s.do(http.MethodGet, path, "")
		if a.StatusCode != http.StatusPermanentRedirect || a.Header.Get("Location") != want {
			t.Errorf("%s: status %d to %q, want 308 to %q", path, a.StatusCode, a.Header.Get("Location"), want)
		}
	}
	a := s.do(http.MethodPatch, "/api/v1/devices/dev-0001", `{"name":"x"}`)
	check(t, "patch", a.StatusCode, http.StatusPermanentRedirect)
}

// TestWrongRequests holds that each wrong request gets the status that fits
// and a problem that says what to do.
func TestWrongRequests(t *testing.T) {
	s := filled(t, 3)
	cursor := get[api.Page[api.DeviceSummary]](s, "/api/v1/devices?limit=1").Next
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/api/v1/devices?limit=0", "", 422, "query.limit"},
		{"GET", "/api/v1/devices?limit=1001", "", 422, "1000"},
		{"GET", "/api/v1/devices?limit=-1", "", 422, "query.limit"},
		{"GET", "/api/v1/devices?limit=9999999999999999999999", "", 422, "query.limit"},
		{"GET", "/api/v1/devices?limit=ten", "", 422, "integer"},
		{"GET", "/api/v1/devices?colour=red", "", 422, "query.colour: unknown query parameter"},
		{"GET", "/api/v1/site?x=1", "", 422, "query.x"},
		{"GET", "/api/v1/devices?sort=size", "", 422, "query.sort"},
		{"GET", "/api/v1/devices?order=up", "", 422, "query.order"},
		{"GET", "/api/v1/devices?fields=all", "", 422, "query.fields"},
		{"GET", "/api/v1/devices?kind=toaster", "", 422, "query.kind"},
		{"GET", "/api/v1/devices?kind=camera,", "", 422, "query.kind"},
		{"GET", "/api/v1/devices?group=Kitchen", "", 422, "/api/v1/kinds"},
		{"GET", "/api/v1/devices?q=" + long, "", 422, "query.q"},
		{"GET", "/api/v1/devices?limit=1&limit=2", "", 400, "more than once"},
		{"GET", "/api/v1/devices?q=%zz", "", 400, "malformed"},
		{"GET", "/api/v1/devices?q=a;b", "", 400, "malformed"},
		{"GET", "/api/v1/devices?cursor=nonsense", "", 422, "start again"},
		{"GET", "/api/v1/devices?cursor=" + cursor[:len(cursor)-12] + "!", "", 422, "start again"},
		{"GET", "/api/v1/devices?sort=kind&cursor=" + cursor, "", 422, "start again"},
		{"GET", "/api/v1/devices?q=x&cursor=" + cursor, "", 422, "start again"},
		{"GET", "/api/v1/findings?cursor=" + cursor, "", 422, "start again"},
		{"GET", "/api/v1/devices?cursor=" + strings.Repeat("A", 2000), "", 422, "query.cursor"},
		{"GET", "/api/v1/conversations?protocol=gopher", "", 422, "query.protocol"},
		{"GET", "/api/v1/findings?severity=terrible", "", 422, "query.severity"},
		{"GET", "/api/v1/devices/dev-none", "", 404, "/api/v1/devices"},
		{"GET", "/api/v1/devices/%00", "", 404, "/api/v1/devices"},
		{"GET", "/api/v1/devices/a%2Fb", "", 404, "/api/v1/devices"},
		{"GET", "/api/v1/devices/" + long, "", 422, "path.id"},
		{"GET", "/api/v1/devices/dev-none/timeline", "", 404, "/api/v1/devices"},
		{"GET", "/api/v1/devices/dev-none/conversations", "", 404, "/api/v1/devices"},
		{"GET", "/api/v1/nothing", "", 404, "/openapi.json"},
		{"GET", "/api/", "", 404, "/openapi.json"},
		{"GET", "/api/v1/devices/", "", 404, "/openapi.json"},
		{"POST", "/api/v1/devices", "{}", 405, "GET, HEAD"},
		{"DELETE", "/api/v1/devices/dev-0001", "", 405, "GET, PATCH, HEAD"},
		{"OPTIONS", "/api/v1/site", "", 405, "GET, HEAD"},
		{"PATCH", "/api/v1/devices/dev-none", `{"name":"x"}`, 404, "/api/v1/devices"},
		{"PATCH", "/api/v1/devices/dev-0001", ``, 400, "body"},
		{"PATCH", "/api/v1/devices/dev-0001", `{`, 400, "body"},
		{"PATCH", "/api/v1/devices/dev-0001", `null`, 422, "body"},
		{"PATCH", "/api/v1/devices/dev-0001", `[]`, 422, "body"},
		{"PATCH", "/api/v1/devices/dev-0001", `{"colour":"red"}`, 422, "body.colour"},
		{"PATCH", "/api/v1/devices/dev-0001", `{"kind":"toaster"}`, 422, "body.kind"},
		{"PATCH", "/api/v1/devices/dev-0001", `{"kind":7}`, 422, "body.kind"},
		{"PATCH", "/api/v1/devices/dev-0001", `{"in_use":true}`, 422, "body.in_use"},
		{"PATCH", "/api/v1/devices/dev-0001", `{"name":""}`, 422, "body.name"},
		{"PATCH", "/api/v1/devices/dev-0001", `{"name":"  "}`, 422, "null"},
		{"PATCH", "/api/v1/devices/dev-0001", `{"name":"a\u0000b"}`, 422, "control"},
		{"PATCH", "/api/v1/devices/dev-0001", `{"location":"` + long + `"}`, 422, "body.location"},
		{"PATCH", "/api/v1/devices/dev-0001", `{"name":"` + strings.Repeat("x", 20<<10) + `"}`, 413, "too large"},
		{"PATCH", "/api/v1/devices/dev-0001", strings.Repeat("[", 15<<10), 400, "body"},
		{"PATCH", "/api/v1/devices/dev-0001?force=1", `{"name":"x"}`, 422, "query.force"},
	} {
		a := s.do(c.method, c.path, c.body)
		name := fmt.Sprintf("%s %.60s %.40s", c.method, c.path, c.body)
		var p struct {
			Title, Detail string
			Status        int
		}
		if err := json.Unmarshal(a.body, &p); err != nil {
			t.Errorf("%s: %v in %.200s", name, err, a.body)
			continue
		}
		if a.StatusCode != c.status || p.Status != c.status || p.Title == "" {
			t.Errorf("%s: status %d, in the problem %d, want %d: %s", name, a.StatusCode, p.Status, c.status, p.Detail)
		}
		if !strings.Contains(p.Detail, c.says) {
			t.Errorf("%s: detail %q, want something of %q", name, p.Detail, c.says)
		}
		if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: content type %q", name, got)
		}
		if c.status == 405 && a.Header.Get("Allow") != c.says {
			t.Errorf("%s: Allow %q, want %q", name, a.Header.Get("Allow"), c.says)
		}
		if len(a.body) > 40<<10 {
			t.Errorf("%s: a problem of %d bytes", name, len(a.body))
		}
	}
	a := s.do("PATCH", "/api/v1/devices/dev-0001", "name=x", "Content-Type", "application/x-www-form-urlencoded")
	check(t, "a form", a.StatusCode, http.StatusUnsupportedMediaType)
	for id, d := range map[int]string{0: "Device 0", 1: "Device 1"} {
		check(t, "what wrong requests changed", get[cordon.Device](s, fmt.Sprintf("/api/v1/devices/dev-%04d", id)).Name, d)
	}
}

func TestStoreTrouble(t *testing.T) {
	s := filled(t, 2)
	for err, want := range map[error]int{
		store.ErrFull: http.StatusInsufficientStorage, errors.New("secret path /var/x"): http.StatusInternalServerError,
	} {
		s.mu.Lock()
		s.overriden = fmt.Errorf("save: %w", err)
		s.mu.Unlock()
		a := s.do(http.MethodPatch, "/api/v1/devices/dev-0001", `{"name":"x"}`)
		check(t, err.Error(), a.StatusCode, want)
		if strings.Contains(string(a.body), "secret") {
			t.Errorf("the problem tells %s", a.body)
		}
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"devices", "devices/x", "conversations", "findings", "devices/x/timeline", "devices/x/conversations"} {
		check(t, path, s.do(http.MethodGet, "/api/v1/"+path, "").StatusCode, http.StatusInternalServerError)
	}
}

func TestPlainRoutes(t *testing.T) {
	s := start(t)
	a := s.do(http.MethodGet, "/healthz", "")
	check(t, "ready", []any{a.StatusCode, string(a.body)}, []any{200, "ready\n"})
	s.mu.Lock()
	s.notReady = errors.New("reading the inventory")
	s.mu.Unlock()
	a = s.do(http.MethodGet, "/healthz", "")
	check(t, "not ready", []any{a.StatusCode, string(a.body)}, []any{503, "reading the inventory\n"})
	if a = s.do(http.MethodGet, "/metrics", ""); !strings.Contains(string(a.body), "cordon_test 42") {
		t.Errorf("metrics: %s", a.body)
	}
	a = s.do(http.MethodGet, "/openapi.json", "")
	check(t, "document", string(a.body) == string(api.Document()), true)
	for _, path := range []string{"/", "/devices/dev-1", "/assets/x.js"} {
		check(t, path, string(s.do(http.MethodGet, path, "").body), "console")
	}
	check(t, "HEAD", s.do(http.MethodHead, "/api/v1/site", "").StatusCode, 200)
}

func TestCompression(t *testing.T) {
	s := filled(t, 200)
	a := s.do(http.MethodGet, "/api/v1/devices", "", "Accept-Encoding", "gzip")
	check(t, "encoding", a.Header.Get("Content-Encoding"), "gzip")
	zr, err := gzip.NewReader(strings.NewReader(string(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.body)*4 > len(plain) {
		t.Errorf("%d bytes of %d", len(a.body), len(plain))
	}
	check(t, "items", len(decode[api.Page[api.DeviceSummary]](t, plain).Items), 100)
	for _, accept := range []string{"identity", "gzip;q=0", ""} {
		a = s.do(http.MethodGet, "/api/v1/devices", "", "Accept-Encoding", accept)
		check(t, accept, a.Header.Get("Content-Encoding"), "")
	}
}
