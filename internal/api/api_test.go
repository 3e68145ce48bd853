package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/api"
	"github.com/cordonhq/cordon/internal/platform/netid"
	"github.com/cordonhq/cordon/internal/store"
	"github.com/cordonhq/cordon/internal/store/sqlite"
)

// site is a running API over a real store.
type site struct {
	t     testing.TB
	store store.Store
	hub   *api.Hub
	url   string

	mu        sync.Mutex
	notReady  error
	overriden error // what the overrider fails with
}

const ringSize = 64

func start(t testing.TB) *site {
	t.Helper()
	s := &site{t: t, hub: api.NewHub(ringSize)}
	var err error
	if s.store, err = sqlite.Open(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cordon_test", Help: "x"}, func() float64 { return 42 }))
	server := httptest.NewUnstartedServer(nil)
	server.Config = api.NewServer(api.New(api.Config{
		Store: s.store, Override: s.override, Status: s.status, Events: s.hub, Metrics: registry, Ready: s.ready,
		Console: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "console") }),
	}))
	server.Start()
	s.url = server.URL
	t.Cleanup(func() {
		s.hub.Close()
		server.Close()
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// in returns the same site for the use of another test.
func (s *site) in(t testing.TB) *site { return &site{t: t, store: s.store, hub: s.hub, url: s.url} }

// override does what the inventory does, without believing anything.
func (s *site) override(ctx context.Context, id cordon.DeviceID, p api.OverridePatch) (cordon.Device, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.overriden != nil {
		return cordon.Device{}, s.overriden
	}
	d, err := s.store.Device(ctx, id)
	if err != nil {
		return d, err
	}
	o, err := s.store.Override(ctx, id)
	if err != nil {
		return d, err
	}
	o = p.Apply(o)
	if o.Name != nil {
		d.Name = *o.Name
	}
	return d, s.store.Save(ctx, store.Changes{Devices: []cordon.Device{d}, Overrides: map[cordon.DeviceID]cordon.Override{id: o}})
}

func (s *site) status(context.Context) (api.Site, error) {
	return api.Site{Name: "Clinic", Version: "dev", Started: noon, Store: api.StoreStatus{Engine: "sqlite", SchemaVersion: 1, Healthy: true}}, nil
}

func (s *site) ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notReady
}

func (s *site) save(c store.Changes) {
	s.t.Helper()
	if err := s.store.Save(s.t.Context(), c); err != nil {
		s.t.Fatal(err)
	}
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body []byte
}

// do sends a request and holds the response to the document.
func (s *site) do(method, path, body string, header ...string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	a := answer{Response: resp}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	if method != http.MethodHead && resp.Header.Get("Content-Encoding") == "" && resp.StatusCode != http.StatusPermanentRedirect {
		if err := api.CheckDocumented(resp, a.body); err != nil {
			s.t.Errorf("%s %s: %v\n%s", method, path, err, a.body)
		}
	}
	return a
}

// get gets a path that must answer with 200, and decodes the body.
func get[T any](s *site, path string) T {
	s.t.Helper()
	a := s.do(http.MethodGet, path, "")
	if a.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: status %d: %s", path, a.StatusCode, a.body)
	}
	return decode[T](s.t, a.body)
}

func decode[T any](t testing.TB, body []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

// all walks a list from its start to its end.
func all[T any](s *site, path string, query url.Values) []T {
	s.t.Helper()
	var out []T
	for {
		page := get[api.Page[T]](s, path+"?"+query.Encode())
		out = append(out, page.Items...)
		if page.Next == "" {
			return out
		}
		query.Set("cursor", page.Next)
	}
}

func check(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netid.MAC{})); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

var noon = time.Date(2021, 6, 5, 12, 0, 0, 123456000, time.UTC)

func device(n int) cordon.Device {
	kinds := []cordon.Kind{cordon.InfusionPump, cordon.PatientMonitor, cordon.Camera, cordon.KindUnknown}
	return cordon.Device{
		ID: cordon.DeviceID(fmt.Sprintf("dev-%04d", n)), Name: fmt.Sprintf("Device %d", n), Kind: kinds[n%4], Vendor: "Dräger",
		IPs: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)})}, MACs: []netid.MAC{{2, 0, 0, 0, byte(n >> 8), byte(n)}},
		Confidence: float64(n%5) / 4, Care: cordon.Care{Criticality: cordon.NonClinical, InUse: cordon.InUseUnknown},
		Services:  []cordon.Service{{Role: cordon.RoleServer, Transport: "tcp", Port: 104, Protocol: cordon.DICOM, FirstSeen: noon, LastSeen: noon}},
		FirstSeen: noon.Add(time.Duration(n%7) * time.Minute), LastSeen: noon.Add(time.Duration(n) * time.Second),
	}
}

func conversation(n int) cordon.Conversation {
	return cordon.Conversation{
		ID:        cordon.ConversationID(fmt.Sprintf("conv-%04d", n)),
		Client:    cordon.Peer{Device: device(n % 10).ID, IP: netip.MustParseAddr("10.0.0.1"), Name: "a"},
		Server:    cordon.Peer{IP: netip.MustParseAddr("192.0.2.1"), Name: "b"},
		Transport: "tcp", Port: 104, Protocol: []cordon.Protocol{cordon.DICOM, cordon.HL7}[n%2], BytesIn: uint64(n),
		FirstSeen: noon, LastSeen: noon.Add(time.Duration(n) * time.Second),
	}
}

func finding(n int) cordon.Finding {
	return cordon.Finding{
		ID: cordon.FindingID(fmt.Sprintf("find-%04d", n)), Rule: "x", Severity: []cordon.Severity{cordon.SeverityLow, cordon.SeverityHigh}[n%2],
		Title: "t", SrcDevice: device(n % 10).ID, First: noon, Last: noon.Add(time.Duration(n) * time.Second),
	}
}

func entry(n int) cordon.TimelineEntry {
	return cordon.TimelineEntry{Device: device(1).ID, Time: noon.Add(time.Duration(n) * time.Second), Event: cordon.TimelineAddress, Text: fmt.Sprint(n)}
}

// filled starts a site with n of everything.
func filled(t testing.TB, n int) *site {
	s := start(t)
	var c store.Changes
	for i := range n {
		c.Devices = append(c.Devices, device(i))
		c.Conversations = append(c.Conversations, conversation(i))
		c.Findings = append(c.Findings, finding(i))
		c.Timeline = append(c.Timeline, entry(i))
	}
	s.save(c)
	return s
}
