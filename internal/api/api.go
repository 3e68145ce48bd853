// Package api is the HTTP face of a site: REST under /api/v1 with an OpenAPI
// 3.1 document that is produced from this code, server-sent events for live
// changes, the readiness and metrics endpoints, and the guard in front of all
// of them. Handlers are thin: they decode, ask the store or the inventory, and
// encode. What it needs from the rest of Cordon stands in Config.
//
// Until people can sign in, the API answers only to this machine: the guard
// refuses requests whose Host is not a loopback name or address, which also
// ends DNS rebinding, and refuses writes that come from another origin.
package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/store"
)

//go:generate go run ./openapigen ../../api/v1/openapi.json

// Reader answers the questions of the API; store.Store does.
type Reader interface {
	Device(ctx context.Context, id cordon.DeviceID) (cordon.Device, error)
	Devices(ctx context.Context, q store.DeviceQuery) (store.Page[cordon.Device], error)
	Conversations(ctx context.Context, q store.ConversationQuery) (store.Page[cordon.Conversation], error)
	Findings(ctx context.Context, q store.FindingQuery) (store.Page[cordon.Finding], error)
	Timeline(ctx context.Context, q store.TimelineQuery) (store.Page[cordon.TimelineEntry], error)
}

// Overrider applies what a person said of a device: it reads the device's
// override, changes it with p.Apply, makes that durable and returns the device
// as it is believed to be from then on. Its errors are those of the store.
type Overrider func(ctx context.Context, id cordon.DeviceID, p OverridePatch) (cordon.Device, error)

// Config is what the API is joined to. All fields but Console and Log are
// needed.
type Config struct {
	Store    Reader
	Override Overrider
	// Status says how the site is; it must answer at once.
	Status func(ctx context.Context) (Site, error)
	// Events carries live changes. Whoever publishes into it owns it; closing
	// it ends the streams of all readers.
	Events *Hub
	// Metrics is what /metrics shows.
	Metrics prometheus.Gatherer
	// Ready returns nil once the site answers for real, and until then an
	// error that says what it waits for.
	Ready func() error
	// Console answers everything that is not the API.
	Console http.Handler
	Log     *slog.Logger
}

// New returns the handler of a site.
func New(cfg Config) http.Handler {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &server{Config: cfg}
	s.register()
	return s.guard(s.mux)
}

// server is one API with its routes and its document.
type server struct {
	Config
	mux      *http.ServeMux
	api      huma.API
	document []byte
	routes   []string // "METHOD /path" as given to the mux, documented ones only
}

// recordingMux notes the routes that huma adds.
type recordingMux struct{ *server }

func (m recordingMux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.routes = append(m.routes, pattern)
	m.mux.HandleFunc(pattern, h)
}

func (m recordingMux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.mux.ServeHTTP(w, r) }

func (s *server) register() {
	s.mux = http.NewServeMux()
	s.api = humago.New(recordingMux{s}, humaConfig())
	s.registerSite()
	s.registerDevices()
	s.registerLists()
	s.registerEvents()
	s.registerPlain()
	s.document = renderDocument(s.api.OpenAPI())

	s.mux.HandleFunc("/api/", s.noSuchRoute)
	if s.Console != nil {
		s.mux.Handle("/", s.Console)
	} else {
		s.mux.HandleFunc("/", s.noSuchRoute)
	}
}

// Document returns the OpenAPI document of the API, as it is checked in and
// served under /openapi.json.
func Document() []byte {
	var s server
	s.register()
	return s.document
}

// humaConfig is huma's without its own pages, without links to schemas in
// bodies, and with unknown query parameters as errors.
func humaConfig() huma.Config {
	c := huma.DefaultConfig("Cordon site", "1")
	c.Info.Description = "What a site of Cordon sees and does. Times are RFC 3339 in UTC with up to six " +
		"digits of a second. Lists come in pages: pass `next` of one page as `cursor` of the next, with the same filters and order. " +
		"Errors are problem details (RFC 9457) whose `detail` says what to do."
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.Servers = []*huma.Server{{URL: "/", Description: "This site"}}
	c.Tags = []*huma.Tag{
		{Name: "site", Description: "How the site is"},
		{Name: "devices", Description: "What is on the network"},
		{Name: "conversations", Description: "Who talks to whom"},
		{Name: "findings", Description: "What devices do wrong, or what is done to them"},
		{Name: "events", Description: "Live changes"},
		{Name: "operation", Description: "For those who run Cordon"},
	}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil
	c.NoFormatFallback = false
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{explainProblem}
	registerNouns(c.Components.Schemas)
	return c
}
