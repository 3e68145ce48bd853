package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// registerPlain adds the routes that are not REST.
func (s *server) registerPlain() {
	s.plain("/healthz", "get-health", "Whether the site answers for real", "text/plain", s.health)
	s.plain("/metrics", "get-metrics", "Counters for Prometheus", "text/plain", s.metrics())
	s.plain("/openapi.json", "get-openapi", "This document", "application/json", s.serveDocument)
}

// plain adds a GET route that huma does not serve, and documents it.
func (s *server) plain(path, id, summary, contentType string, h http.HandlerFunc) {
	recordingMux{s}.HandleFunc(http.MethodGet+" "+path, h)
	op := &huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{"operation"}, Summary: summary,
		Responses: map[string]*huma.Response{
			"200":     {Description: "OK", Content: map[string]*huma.MediaType{contentType: {}}},
			"default": problemResponse(),
		},
	}
	if path == "/healthz" {
		op.Responses["503"] = &huma.Response{Description: "Not yet; the body says why", Content: map[string]*huma.MediaType{contentType: {}}}
	}
	s.api.OpenAPI().AddOperation(op)
}

func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if err := s.Ready(); err != nil {
		h.Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(err.Error() + "\n"))
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

func (s *server) metrics() http.HandlerFunc {
	if s.Metrics == nil { // only when the document is made
		return s.noSuchRoute
	}
	return promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4}).ServeHTTP
}

func (s *server) serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(s.document)
}

// noSuchRoute answers what no route does: with 405 if the path exists under
// another method, else with 404. Nothing under /api falls through to the
// console.
func (s *server) noSuchRoute(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPatch} {
		probe := &http.Request{Method: m, Host: r.Host, URL: r.URL}
		if _, pattern := s.mux.Handler(probe); strings.HasPrefix(pattern, m+" ") {
			allowed = append(allowed, m)
		}
	}
	if len(allowed) > 0 {
		if slices.Contains(allowed, http.MethodGet) {
			allowed = append(allowed, http.MethodHead)
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		writeProblem(w, http.StatusMethodNotAllowed, "This path answers to "+strings.Join(allowed, ", ")+" only.")
		return
	}
	writeProblem(w, http.StatusNotFound, "There is nothing at "+quote(r.URL.Path)+": /openapi.json lists what there is.")
}
