// Package site wires a running site: sensors to the brain, the brain to the
// store, the store to the API and console on one TLS port. It is the only
// place that knows every part; nothing but the command line imports it.
package site

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/oklog/run"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/api"
	"github.com/cordonhq/cordon/internal/detect"
	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/inventory"
	"github.com/cordonhq/cordon/internal/store"
	"github.com/cordonhq/cordon/internal/store/sqlite"
	"github.com/cordonhq/cordon/web"
)

// Config says what a site is. The zero value of a field takes its default.
type Config struct {
	Name    string // for people; default: the host's name
	Version string
	// Data is the folder that holds all that the site remembers.
	Data string
	// Listen is the loopback address and port of API and console.
	Listen string
	// Interfaces to listen on; none means those that carry traffic. Not used
	// when Replay is set.
	Interfaces []string
	Workers    int // per interface; default: one a core
	// Replay holds captures or folders of them to play instead.
	Replay []string
	// Speed of the replay: 1 as recorded, 0 as fast as possible.
	Speed float64
	// Loop starts the replay over when it ends, with its times moved on.
	Loop bool
	// Rules is a folder of identification rules laid over the built-in ones.
	Rules string
	Log   *slog.Logger
}

// Site is one running site.
type Site struct {
	cfg      Config
	key      []byte // of pseudonyms
	store    store.Store
	listener net.Listener
	server   *http.Server
	hub      *api.Hub
	brain    *brain
	health   *health
	sources  []*source
	sensors  []sensing
	started  time.Time
}

const (
	handoffsQueued = 64   // between sensors and brain
	eventsKept     = 8192 // for readers that reconnect
	pseudonymMeta  = "pseudonym-key"
)

// New opens the data folder, takes back what was known, and opens the port.
// Nothing runs until Run.
func New(ctx context.Context, cfg Config) (_ *Site, err error) {
	if cfg.Name == "" {
		cfg.Name, _ = os.Hostname()
	}
	s := &Site{cfg: cfg, started: time.Now().UTC(), hub: api.NewHub(eventsKept), health: newHealth(cfg.Log)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	rules, err := identify.Load(cfg.Rules)
	if err != nil {
		return nil, err
	}
	if err := s.openStore(ctx); err != nil {
		return nil, err
	}
	s.brain, err = s.restore(ctx, rules)
	if err != nil {
		return nil, fmt.Errorf("take back what was known: %w", err)
	}
	cert, err := certificate(cfg.Data, time.Now())
	if err != nil {
		return nil, err
	}
	s.listener, err = listen(cfg.Listen)
	if err != nil {
		return nil, err
	}
	if err := s.openSensors(); err != nil {
		return nil, err
	}
	s.server = s.newServer(cert)
	return s, nil
}

func (s *Site) openStore(ctx context.Context) error {
	if err := os.MkdirAll(s.cfg.Data, 0o700); err != nil {
		return &HintError{fmt.Errorf("make the data folder: %w", err), "Choose a folder that you may write to with --data"}
	}
	st, err := sqlite.Open(ctx, s.cfg.Data)
	if err != nil {
		return err
	}
	s.store = st
	return s.loadKey(ctx)
}

// loadKey takes the key of pseudonyms from the store, or makes one.
func (s *Site) loadKey(ctx context.Context) error {
	text, err := s.store.Meta(ctx, pseudonymMeta)
	if err != nil {
		return fmt.Errorf("read the key of pseudonyms: %w", err)
	}
	if s.key, err = hex.DecodeString(text); err == nil && len(s.key) == 32 {
		return nil
	}
	s.key = make([]byte, 32)
	rand.Read(s.key) // never fails
	if err := s.store.SetMeta(ctx, pseudonymMeta, hex.EncodeToString(s.key)); err != nil {
		return fmt.Errorf("keep the key of pseudonyms: %w", err)
	}
	return nil
}

// restore makes the brain with what the store remembers.
func (s *Site) restore(ctx context.Context, rules *identify.Rules) (*brain, error) {
	b := &brain{
		inventory: inventory.New(rules), detector: detect.New(), store: s.store, health: s.health,
		publish: s.publish, status: func() { s.publishStatus(ctx) },
		handoffs: make(chan handoff, handoffsQueued), requests: make(chan request),
		known: map[cordon.DeviceID]*cordon.Device{}, met: map[cordon.ConversationID]struct{}{},
		overrides: map[cordon.DeviceID]cordon.Override{},
	}
	var devices []cordon.Device
	for d, err := range s.store.AllDevices(ctx) {
		if err != nil {
			return nil, err
		}
		devices = append(devices, d)
		b.known[d.ID] = &d
	}
	var conversations []cordon.Conversation
	for c, err := range s.store.AllConversations(ctx) {
		if err != nil {
			return nil, err
		}
		conversations = append(conversations, c)
		b.met[c.ID] = struct{}{}
	}
	var findings []cordon.Finding
	for f, err := range s.store.AllFindings(ctx) {
		if err != nil {
			return nil, err
		}
		findings = append(findings, f)
	}
	for o, err := range s.store.AllOverrides(ctx) {
		if err != nil {
			return nil, err
		}
		b.overrides[o.Device] = o.Override
	}
	b.inventory.Restore(devices, conversations, b.overrides)
	b.detector.Restore(findings)
	return b, nil
}

// shutdownTimeout bounds how long answers under way may take at the end.
const shutdownTimeout = 5 * time.Second

func (s *Site) newServer(cert tls.Certificate) *http.Server {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newMetrics(s))
	handler := api.New(api.Config{
		Store: s.store, Override: s.override, Status: s.status, Events: s.hub,
		Metrics: registry, Ready: s.health.Ready, Console: web.Handler(), Log: s.cfg.Log,
	})
	server := api.NewServer(handler)
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}
	server.ErrorLog = slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug)
	return server
}

// URL is where the console answers.
func (s *Site) URL() string { return "https://" + s.listener.Addr().String() + "/" }

// Run works until ctx ends or a part fails, and returns when all parts have
// ended and everything seen is stored.
func (s *Site) Run(ctx context.Context) error {
	var g run.Group
	whole, stop := context.WithCancel(ctx)
	defer stop()
	// The brain outlives the sensors, so that their last reports are stored.
	sensing, stopSensing := context.WithCancel(whole)
	thinking, stopThinking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopThinking()

	g.Add(func() error { <-whole.Done(); return nil }, func(error) { stop() })
	g.Add(func() error {
		err := s.sense(sensing)
		stopThinking()
		return err
	}, func(error) { stopSensing() })
	g.Add(func() error { return s.brain.run(thinking) }, func(error) { stopSensing() })
	g.Add(s.serve, func(error) { s.shutdown() })
	s.health.setReady()
	return g.Run()
}

func (s *Site) serve() error {
	err := s.server.ServeTLS(s.listener, "", "")
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the console: %w", err)
}

func (s *Site) shutdown() {
	s.hub.Close()
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		_ = s.server.Close() // what did not end by itself in time is cut
	}
}

// Close releases the port and the data folder.
func (s *Site) Close() error {
	var errs []error
	if s.listener != nil {
		if err := s.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}
