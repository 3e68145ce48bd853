package api

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cordonhq/cordon"
)

// recorder notes when something was flushed to the client.
type recorder struct {
	http.ResponseWriter
	start   time.Time
	pending strings.Builder
	flushed []string
	at      []time.Duration
	err     error
}

func (r *recorder) Write(b []byte) (int, error) { return r.pending.Write(b) }

func (r *recorder) FlushError() error {
	r.flushed, r.at = append(r.flushed, r.pending.String()), append(r.at, time.Since(r.start))
	r.pending.Reset()
	return r.err
}

// streaming runs one stream in the bubble and returns how to end it.
func streaming(t *testing.T, h *Hub, rec *recorder) (end func() error) {
	t.Helper()
	r, err := h.subscribe("")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		defer r.close()
		done <- stream(ctx, rec, r)
	}()
	return func() error {
		cancel()
		return <-done
	}
}

func TestQuietStreamBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(8)
		rec := &recorder{ResponseWriter: httptest.NewRecorder(), start: time.Now()}
		end := streaming(t, h, rec)
		time.Sleep(time.Minute + time.Second)
		if err := end(); !errors.Is(err, context.Canceled) {
			t.Errorf("the stream ended with %v", err)
		}
		if len(rec.flushed) != 5 {
			t.Fatalf("%d deliveries in a quiet minute, want the first and four beats: %q", len(rec.flushed), rec.flushed)
		}
		for i, s := range rec.flushed[1:] {
			if s != ": still here\n\n" || rec.at[i+1] != time.Duration(i+1)*heartbeat {
				t.Errorf("beat %d at %v: %q", i, rec.at[i+1], s)
			}
		}
		if h.Readers() != 0 {
			t.Error("the reader stayed")
		}
	})
}

func TestStreamGathersUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(1000)
		rec := &recorder{ResponseWriter: httptest.NewRecorder(), start: time.Now()}
		end := streaming(t, h, rec)
		synctest.Wait()
		for range 1000 { // one change of the same device a millisecond
			h.Device(cordon.Device{ID: "dev-1"})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(streamPace)
		synctest.Wait()
		if err := end(); !errors.Is(err, context.Canceled) {
			t.Errorf("the stream ended with %v", err)
		}
		if n := len(rec.flushed) - 1; n < 9 || n > 12 {
			t.Errorf("%d deliveries in a second, want about ten", n)
		}
		for _, s := range rec.flushed[1:] {
			if n := strings.Count(s, "event: device\n"); n != 1 {
				t.Errorf("a delivery has the device %d times", n)
			}
		}
		if rec.at[1] > time.Millisecond {
			t.Errorf("the first event came after %v, want at once", rec.at[1])
		}
	})
}

func TestStreamEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken pipe")
		rec := &recorder{ResponseWriter: httptest.NewRecorder(), start: time.Now(), err: broken}
		end := streaming(t, NewHub(8), rec)
		synctest.Wait()
		if err := end(); !errors.Is(err, broken) {
			t.Errorf("the stream ended with %v, want %v", err, broken)
		}
	})
}

func TestValueWithoutJSONIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(8)
		rec := &recorder{ResponseWriter: httptest.NewRecorder(), start: time.Now()}
		end := streaming(t, h, rec)
		synctest.Wait()
		h.Device(cordon.Device{ID: "dev-1", Confidence: math.NaN()})
		h.Device(cordon.Device{ID: "dev-2"})
		synctest.Wait()
		if err := end(); !errors.Is(err, context.Canceled) {
			t.Errorf("the stream ended with %v", err)
		}
		if all := strings.Join(rec.flushed, ""); strings.Contains(all, "dev-1") || !strings.Contains(all, "dev-2") {
			t.Errorf("delivered %q", all)
		}
	})
}

// TestStreamOutlivesTheTimeouts holds that the server's bounds on a request do
// not end a stream, in either version of HTTP.
func TestStreamOutlivesTheTimeouts(t *testing.T) {
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h := NewHub(64)
			server := httptest.NewUnstartedServer(nil)
			server.Config = NewServer(New(Config{Events: h}))
			server.Config.ReadTimeout, server.Config.WriteTimeout = 10*streamPace, 10*streamPace
			server.EnableHTTP2 = version == "HTTP/2.0"
			server.StartTLS()
			defer server.Close()
			defer h.Close()
			resp, err := server.Client().Get(server.URL + eventsPath)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.Proto != version {
				t.Fatalf("spoke %s", resp.Proto)
			}
			// Deliveries are streamPace apart, so a dozen take longer than any bound.
			b := make([]byte, 4096)
			for got := 0; got < 12; {
				h.Device(cordon.Device{ID: "dev-1"})
				n, err := resp.Body.Read(b)
				if err != nil {
					t.Fatalf("after %d deliveries: %v", got, err)
				}
				got += strings.Count(string(b[:n]), "event: device")
			}
		})
	}
}

func TestHeadOfStreamReturns(t *testing.T) {
	h := NewHub(8)
	w := httptest.NewRecorder()
	New(Config{Events: h}).ServeHTTP(w, httptest.NewRequest(http.MethodHead, "http://localhost"+eventsPath, nil))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/event-stream" || h.Readers() != 0 {
		t.Errorf("status %d, %v, %d readers left", w.Code, w.Header(), h.Readers())
	}
}

func TestPanicIsAnswered(t *testing.T) {
	s := &server{Config: Config{Log: slog.New(slog.DiscardHandler)}}
	s.register()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		aborts  bool
	}{
		"before the answer": {func(http.ResponseWriter, *http.Request) { panic("x") }, false},
		"within the answer": {func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("half")); panic("x") }, true},
		"on purpose":        {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			aborted := func() (p any) {
				defer func() { p = recover() }()
				s.recoverPanics(c.handler).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
				return nil
			}()
			if (aborted == http.ErrAbortHandler) != c.aborts {
				t.Errorf("ended with %v", aborted)
			}
			if !c.aborts && (w.Code != http.StatusInternalServerError || w.Header().Get("Content-Type") != problemType) {
				t.Errorf("status %d, %v", w.Code, w.Header())
			}
		})
	}
}
