package sim

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Library serves drug libraries to pumps over HTTP, as a pump gateway does. A
// new one is released each day.
type Library struct {
	Env
	Port int

	// Fetched counts the libraries that pumps have taken.
	Fetched atomic.Uint64
}

const (
	versionPath = "/druglibrary/version"
	libraryPath = "/druglibrary/library.xml"
)

// catalog is a drug library.
type catalog struct {
	XMLName xml.Name `xml:"druglibrary"`
	Version string   `xml:"version,attr"`
	Drugs   []drug
}

func (s *Library) version() string { return s.Clock.Now().Format("2006.01.02") }

// Run serves until ctx ends.
func (s *Library) Run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+versionPath, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, s.version())
	})
	mux.HandleFunc("GET "+libraryPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		if xml.NewEncoder(w).Encode(catalog{Version: s.version(), Drugs: drugs}) == nil {
			s.Fetched.Add(1)
		}
	})
	named := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "ICU Medical MedNet")
		mux.ServeHTTP(w, r)
	})
	return s.serve(ctx, s.Port, named)
}

// serve answers HTTP on a port of the device until ctx ends.
func (e *Env) serve(ctx context.Context, port int, h http.Handler) error {
	l, err := e.At.Listen(ctx, "tcp", net.JoinHostPort(e.IP, fmt.Sprint(port)))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// get fetches a resource as the device, at most a megabyte.
func (e *Env) get(ctx context.Context, agent, address, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("User-Agent", agent)
	transport := http.Transport{DialContext: e.At.Dial, DisableKeepAlives: true, DisableCompression: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	const most = 1 << 20
	body, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", address, response.Status)
	}
	return string(body), err
}

// update has the pump look for a newer drug library and take it.
func (p *Pump) update(ctx context.Context) error {
	const agent = "ICUMedical-Plum360/15.11.00"
	version, err := p.get(ctx, agent, p.Library, versionPath)
	if err != nil {
		return err
	}
	if version = strings.TrimSpace(version); version == p.version {
		return nil
	}
	body, err := p.get(ctx, agent, p.Library, libraryPath)
	if err != nil {
		return err
	}
	var c catalog
	if err := xml.Unmarshal([]byte(body), &c); err != nil {
		return fmt.Errorf("read drug library: %w", err)
	}
	p.version = c.Version
	return nil
}
