package site_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/api"
	"github.com/cordonhq/cordon/internal/capture/capturetest"
	"github.com/cordonhq/cordon/internal/site"
	"github.com/cordonhq/cordon/internal/store"
)

// hello is the path of a capture in which n workstations browse.
func hello(t testing.TB, n int) string {
	t.Helper()
	var frames [][]byte
	for i := range n {
		frames = append(frames, capturetest.Browse(capturetest.Workstation(i), capturetest.WebServer)...)
	}
	data, err := capturetest.Pcap(frames)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "hello.pcap")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func config(t testing.TB) site.Config {
	t.Helper()
	return site.Config{Name: "Test clinic", Version: "test", Data: t.TempDir(), Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)}
}

// running is a site under test with a client that trusts it.
type running struct {
	t    testing.TB
	site *site.Site
	stop func() error
	http http.Client
}

func start(t testing.TB, cfg site.Config) *running {
	t.Helper()
	s, err := site.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(s.Run(ctx), s.Close()) }()
	r := &running{t: t, site: s, http: http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}}
	stopped := false
	r.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		r.http.CloseIdleConnections()
		return <-ended
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return r
}

func (r *running) do(method, path, body string, into any) int {
	r.t.Helper()
	req, err := http.NewRequest(method, strings.TrimSuffix(r.site.URL(), "/")+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := r.http.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(data, into); err != nil {
			r.t.Fatalf("%s %s: %v: %s", method, path, err, data)
		}
	}
	return res.StatusCode
}

func (r *running) devices() []cordon.Device {
	var page struct{ Items []cordon.Device }
	r.do("GET", "/api/v1/devices?limit=1000", "", &page)
	return page.Items
}

// await polls until done, within a bound that only a broken site reaches.
func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited in vain until %s", what)
}

func (r *running) replayed() bool {
	var s api.Site
	r.do("GET", "/api/v1/site", "", &s)
	return len(s.Sensor.Sources) == 1 && s.Sensor.Sources[0].State == api.SourceDone
}

func TestReplayBecomesInventory(t *testing.T) {
	cfg := config(t)
	cfg.Replay = []string{hello(t, 30)}
	r := start(t, cfg)
	if code := r.do("GET", "/healthz", "", nil); code != http.StatusOK {
		t.Errorf("/healthz answers %d", code)
	}
	await(t, "the recording is at its end", r.replayed)
	await(t, "31 devices are known", func() bool { return len(r.devices()) == 31 })
	var conversations struct{ Items []cordon.Conversation }
	r.do("GET", "/api/v1/conversations", "", &conversations)
	if n := len(conversations.Items); n != 30 {
		t.Errorf("%d conversations, want 30", n)
	}
	for _, c := range conversations.Items {
		if c.Protocol != cordon.HTTP || c.Flows != 1 || c.PacketsOut != 5 || c.PacketsIn != 3 {
			t.Errorf("conversation %+v, want one HTTP flow of 5 and 3 packets", c)
		}
	}
}

func TestRestartShowsWhatWasKnown(t *testing.T) {
	cfg := config(t)
	cfg.Replay = []string{hello(t, 5)}
	r := start(t, cfg)
	await(t, "6 devices are known", func() bool { return r.replayed() && len(r.devices()) == 6 })
	id := r.devices()[0].ID
	var patched cordon.Device
	if code := r.do("PATCH", "/api/v1/devices/"+string(id), `{"name":"Front desk","criticality":"care-critical"}`, &patched); code != http.StatusOK {
		t.Fatalf("override answers %d", code)
	}
	if patched.Name != "Front desk" || patched.Care.Criticality != cordon.CareCritical {
		t.Errorf("after the override: %q, %q", patched.Name, patched.Care.Criticality)
	}
	before := r.devices()
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	// The same traffic again: nothing doubles, and the override stays.
	again := start(t, cfg)
	await(t, "the recording is at its end again", again.replayed)
	after := again.devices()
	if len(after) != len(before) {
		t.Fatalf("%d devices before, %d after a restart", len(before), len(after))
	}
	for i := range after {
		if after[i].ID != before[i].ID || after[i].Name != before[i].Name {
			t.Errorf("device %d was %s %q, is %s %q", i, before[i].ID, before[i].Name, after[i].ID, after[i].Name)
		}
	}
}

func TestEventsTellLiveChanges(t *testing.T) {
	cfg := config(t)
	cfg.Replay, cfg.Speed, cfg.Loop = []string{hello(t, 20)}, 1, true
	r := start(t, cfg)
	req, err := http.NewRequestWithContext(t.Context(), "GET", r.site.URL()+"api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	seen := map[string]bool{}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && !(seen["conversation"] && seen["site"]) {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			seen[name] = true
		}
	}
	if !seen["conversation"] || !seen["site"] {
		t.Errorf("the stream ended after %v: %v", seen, lines.Err())
	}
}

func TestWhatCannotStartSaysWhatToDo(t *testing.T) {
	capture := hello(t, 1)
	for _, tc := range []struct {
		name   string
		change func(t *testing.T, c *site.Config)
		want   string
		is     error
	}{
		{"port in use", func(t *testing.T, c *site.Config) {
			other := config(t)
			other.Replay = []string{capture}
			c.Listen = strings.TrimSuffix(strings.TrimPrefix(start(t, other).site.URL(), "https://"), "/")
		}, "another program is using this port", nil},
		{"not loopback", func(_ *testing.T, c *site.Config) { c.Listen = "192.0.2.1:8443" }, "this machine only", nil},
		{"data in use", func(t *testing.T, c *site.Config) {
			other := config(t)
			other.Replay = []string{capture}
			start(t, other)
			c.Data = other.Data
		}, "another Cordon", store.ErrLocked},
		{"no such capture", func(_ *testing.T, c *site.Config) { c.Replay = []string{"missing.pcap"} }, "missing.pcap", os.ErrNotExist},
		{"no capture", func(t *testing.T, c *site.Config) {
			path := filepath.Join(t.TempDir(), "notes.txt")
			if err := os.WriteFile(path, []byte("this is no capture at all"), 0o600); err != nil {
				t.Fatal(err)
			}
			c.Replay = []string{path}
		}, "notes.txt", nil},
		{"no such interface", func(_ *testing.T, c *site.Config) { c.Replay, c.Interfaces = nil, []string{"nosuch0"} }, "nosuch0", nil},
		{"data folder is a file", func(t *testing.T, c *site.Config) {
			c.Data = filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(c.Data, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "data folder", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := config(t)
			cfg.Replay = []string{capture}
			tc.change(t, &cfg)
			s, err := site.New(t.Context(), cfg)
			if err == nil {
				s.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), tc.want) || tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("error %q, want %q in it", err, tc.want)
			}
		})
	}
}

func BenchmarkReplay(b *testing.B) {
	path := hello(b, 200)
	for i := 0; b.Loop(); i++ {
		cfg := config(b)
		cfg.Replay, cfg.Data = []string{path}, filepath.Join(b.TempDir(), fmt.Sprint(i))
		r := start(b, cfg)
		await(b, "all devices are known", func() bool { return len(r.devices()) == 201 })
		if err := r.stop(); err != nil {
			b.Fatal(err)
		}
	}
}
