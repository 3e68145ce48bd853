package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

const (
	eventsPath = "/api/v1/events"
	// requestPatience bounds how long a request may be worked on; event
	// streams are exempt.
	requestPatience = 30 * time.Second
	// bodyTimeout bounds how long a client may take to send a body.
	bodyTimeout = 5 * time.Second
	// maxBody bounds a body, whatever the route.
	maxBody = 64 << 10
)

// contentSecurityPolicy lets the console load what this origin serves, and
// nothing else run or frame it.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// NewServer returns a server for h with the bounds on time and size that the
// API counts on. Whoever runs it closes the hub before Shutdown, because
// Shutdown waits for open streams.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * requestPatience, // streams move their own deadline
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
}

// guard puts what protects every route in front of next, the outermost first.
func (s *server) guard(next http.Handler) http.Handler {
	h := s.compress(next)
	h = boundTime(h)
	h = strictQuery(h)
	return s.recoverPanics(setHeaders(checkHost(s.checkOrigin(h))))
}

func (s *server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watched := &begunWriter{ResponseWriter: w}
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this as well
				panic(p)
			}
			s.Log.ErrorContext(r.Context(), "request panicked", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if watched.begun {
				panic(http.ErrAbortHandler) // the client must not take half an answer for a whole one
			}
			writeProblem(w, http.StatusInternalServerError, "Cordon met a mistake of its own. Its log says where; please report it.")
		}()
		next.ServeHTTP(watched, r)
	})
}

// begunWriter knows whether an answer has begun.
type begunWriter struct {
	http.ResponseWriter
	begun bool
}

func (w *begunWriter) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *begunWriter) Write(b []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *begunWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func setHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// checkHost refuses requests for a name that is not this machine's own: a web
// page that makes its name resolve to a loopback address reaches the API with
// that name in Host.
func checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopbackHost(r.Host) {
			writeProblem(w, http.StatusMisdirectedRequest,
				"Until people can sign in, Cordon answers only on this machine: use https://localhost or a loopback address, for example through an SSH tunnel.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopbackHost reports whether hostport is localhost or a loopback address,
// with or without a port.
func isLoopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Zone() == "" && a.Unmap().IsLoopback()
}

// checkOrigin refuses writes that a page of another origin makes a browser
// send.
func (s *server) checkOrigin(next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusForbidden, "Changes are taken from Cordon's own console and from programs, not from other web pages.")
	}))
	return p.Handler(next)
}

// strictQuery refuses what huma would pass over: malformed queries, and
// parameters given twice.
func strictQuery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			if wrong := wrongQuery(r.URL.RawQuery); wrong != "" {
				writeProblem(w, http.StatusBadRequest, wrong)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// wrongQuery says what is wrong with a query and what to do; "" if nothing is.
func wrongQuery(raw string) string {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "The query of the URL is malformed (" + err.Error() + "): encode each value for URLs."
	}
	for name, v := range values {
		if len(v) > 1 {
			return "The query parameter " + quote(name) + " is given more than once: give it once, with commas between several values."
		}
	}
	return ""
}

func boundTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if r.URL.Path != eventsPath {
			ctx, cancel := context.WithTimeout(r.Context(), requestPatience)
			defer cancel()
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

// compress packs JSON and text for clients that want it. Streams stay as they
// are, because packing would hold events back.
func (s *server) compress(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.ContentTypes([]string{
		"application/json", problemType, "text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml",
	}))
	if err != nil {
		panic(fmt.Sprintf("api: set up compression: %v", err)) // the options are constant
	}
	packed := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == eventsPath || r.URL.Path == "/metrics" {
			next.ServeHTTP(w, r)
			return
		}
		packed.ServeHTTP(w, r)
	})
}
