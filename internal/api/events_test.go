package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/api"
)

// event is one server-sent event.
type event struct{ id, name, data string }

// stream is a client that follows the events.
type stream struct {
	t      testing.TB
	lines  *bufio.Scanner
	cancel context.CancelFunc
	lastID string
	closed func() error
}

// follow opens the stream after the event with lastID.
func (s *site) follow(lastID string) *stream {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/events", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Content-Encoding") != "" {
		s.t.Fatalf("stream: %s %v", resp.Status, resp.Header)
	}
	f := &stream{t: s.t, lines: bufio.NewScanner(resp.Body), cancel: cancel, closed: resp.Body.Close}
	f.lines.Buffer(nil, 1<<20)
	s.t.Cleanup(f.close)
	if e, ok := f.block(); !ok || e.name != "" || e.id == "" {
		s.t.Fatalf("the stream starts with %+v, want an id alone", e)
	}
	return f
}

func (f *stream) close() {
	f.cancel()
	_ = f.closed()
}

// block reads up to an empty line; it is false at the end of the stream.
func (f *stream) block() (event, bool) {
	var e event
	for f.lines.Scan() {
		line := f.lines.Text()
		field, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "":
			if e.id != "" {
				f.lastID = e.id
			}
			return e, true
		case field == "id":
			e.id = value
		case field == "event":
			e.name = value
		case field == "data":
			e.data = value
		}
	}
	return e, false
}

// next returns the next event and holds it to the document.
func (f *stream) next() event {
	f.t.Helper()
	for {
		e, ok := f.block()
		if !ok {
			f.t.Fatalf("the stream ended: %v", f.lines.Err())
		}
		if e.name == "" {
			continue // a comment, or an id alone
		}
		if err := api.CheckEvent(e.name, []byte(e.data)); err != nil {
			f.t.Errorf("%v in %s", err, e.data)
		}
		return e
	}
}

// want reads events with these names.
func (f *stream) want(names ...string) []event {
	f.t.Helper()
	var got []string
	var events []event
	for range names {
		e := f.next()
		got, events = append(got, e.name), append(events, e)
	}
	check(f.t, "events", got, names)
	return events
}

func TestEvents(t *testing.T) {
	s := start(t)
	f := s.follow("")
	s.hub.Device(device(1))
	s.hub.Conversation(conversation(1))
	s.hub.Finding(finding(1))
	s.hub.DeviceRemoved("dev-0002", "dev-0001")
	s.hub.DeviceRemoved("dev-0003", "")
	s.hub.Site(api.Site{Store: api.StoreStatus{Engine: "sqlite"}})
	got := f.want("device", "conversation", "finding", "device-removed", "device-removed", "site")
	check(t, "device", decode[api.DeviceSummary](t, []byte(got[0].data)).Name, "Device 1")
	check(t, "conversation", decode[cordon.Conversation](t, []byte(got[1].data)), conversation(1))
	check(t, "removed", decode[api.DeviceRemoved](t, []byte(got[3].data)), api.DeviceRemoved{ID: "dev-0002", MergedInto: "dev-0001"})
}

func TestEventsResume(t *testing.T) {
	s := start(t)
	f := s.follow("")
	s.hub.Device(device(1))
	s.hub.Device(device(2))
	first := f.want("device", "device")[0]
	f.close()
	s.hub.Device(device(3))

	f = s.follow(first.id)
	got := f.want("device", "device")
	check(t, "after the first", []string{
		string(decode[api.DeviceSummary](t, []byte(got[0].data)).ID), string(decode[api.DeviceSummary](t, []byte(got[1].data)).ID),
	}, []string{"dev-0002", "dev-0003"})
	f.close()

	f = s.follow(f.lastID)
	s.hub.Device(device(4))
	check(t, "after the last", decode[api.DeviceSummary](t, []byte(f.want("device")[0].data)).ID, cordon.DeviceID("dev-0004"))
}

// TestEventsResumeBeforeTheFirst holds that a client that was cut off before it
// got any event still misses none.
func TestEventsResumeBeforeTheFirst(t *testing.T) {
	s := start(t)
	f := s.follow("")
	id := f.lastID
	f.close()
	s.hub.Device(device(1))
	s.follow(id).want("device")
}

func TestEventsResync(t *testing.T) {
	s := start(t)
	f := s.follow("")
	id := f.lastID
	f.close()
	for i := range ringSize + 1 {
		s.hub.Device(device(i))
	}
	for name, id := range map[string]string{
		"fell out of the ring": id, "of an earlier run": "0123456789ab-1", "of the future": strings.Split(id, "-")[0] + "-99999",
		"nonsense": "x", "not a number": strings.Split(id, "-")[0] + "-x", "too big": strings.Split(id, "-")[0] + "-99999999999999999999999",
	} {
		f := s.follow(id)
		f.want("resync")
		s.hub.Device(device(7))
		check(t, name, decode[api.DeviceSummary](t, []byte(f.want("device")[0].data)).ID, cordon.DeviceID("dev-0007"))
		f.close()
	}
}

// TestSlowReader holds that a reader that does not read neither blocks the
// publisher nor gets a gap without being told.
func TestSlowReader(t *testing.T) {
	s := start(t)
	f := s.follow("")
	s.hub.Device(device(0))
	f.want("device")
	big := device(1)
	big.Model = strings.Repeat("x", 8000)
	for i := range 100 * ringSize { // 50 MB: more than sockets hold
		big.ID = cordon.DeviceID(fmt.Sprint("dev-", i))
		s.hub.Device(big)
	}
	s.hub.Finding(finding(1))
	last := ""
	for last != "resync" && last != "finding" {
		last = f.next().name
	}
	check(t, "event after the gap", last, "resync")
	s.hub.Finding(finding(2))
	for f.next().name != "finding" {
	}
}

// TestNewestWins holds that a reader gets the newest state of a thing, and the
// end of it last.
func TestNewestWins(t *testing.T) {
	s := start(t)
	id := s.follow("").lastID
	d := device(1)
	for i := range 10 {
		d.Model = fmt.Sprint(i)
		s.hub.Device(d)
	}
	s.hub.Device(device(2))
	s.hub.DeviceRemoved("dev-0002", "dev-0001")
	got := s.follow(id).want("device", "device-removed")
	check(t, "model", decode[api.DeviceSummary](t, []byte(got[0].data)).Model, "9")
}

func TestEventsEndWithTheHub(t *testing.T) {
	s := start(t)
	f := s.follow("")
	s.hub.Close()
	s.hub.Device(device(1))
	if e, ok := f.block(); ok {
		t.Errorf("the stream goes on with %+v", e)
	}
	a := s.do(http.MethodGet, "/api/v1/events", "")
	check(t, "a new stream", a.StatusCode, http.StatusServiceUnavailable)
}

func TestTooManyReaders(t *testing.T) {
	s := start(t)
	var streams []*stream
	for range 64 {
		streams = append(streams, s.follow(""))
	}
	a := s.do(http.MethodGet, "/api/v1/events", "")
	check(t, "one too many", a.StatusCode, http.StatusServiceUnavailable)
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	// A place is free again once the server notices that a client is gone: the
	// one stream that goes on is asked to say something until then.
	streams[0].close()
	for s.do(http.MethodHead, "/healthz", "").StatusCode == 200 {
		if s.hub.Readers() < 64 {
			break
		}
	}
	s.follow("")
}
