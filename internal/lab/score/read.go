package score

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/analyze"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/attack"
)

// TruthBeside reads the truth that was recorded beside a capture. A capture
// without one has the truth of every lab: its cast, and no attacks.
func TruthBeside(capture string) (Truth, error) {
	dir := filepath.Dir(capture)
	r, err := lab.ReadRecording(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Truth{Devices: lab.Members()}, nil
	}
	if err != nil {
		return Truth{}, err
	}
	labels, err := attack.ReadLabels(filepath.Join(dir, "labels.jsonl"))
	return Truth{r.Devices, labels}, err
}

// TruthOfRunning is that of the lab that is up.
func TruthOfRunning() (Truth, error) {
	if _, err := lab.Current(); err != nil {
		return Truth{}, err
	}
	labels, err := attack.ReadLabels(attack.LabelsPath())
	return Truth{lab.Members(), labels}, err
}

// FromCapture has Cordon analyse a capture.
func FromCapture(ctx context.Context, path string, rules *identify.Rules, log *slog.Logger) (Seen, error) {
	var s Seen
	cfg := analyze.Config{Paths: []string{path}, Rules: rules, PseudonymKey: make([]byte, 32), Log: log}
	err := analyze.Run(ctx, cfg, &s)
	return s, err
}

// Flow implements analyze.Report.
func (s *Seen) Flow(string, *flow.Flow) error { return nil }

// Device implements analyze.Report.
func (s *Seen) Device(d *cordon.Device) error {
	s.Devices = append(s.Devices, *d)
	return nil
}

// Conversation implements analyze.Report.
func (s *Seen) Conversation(*cordon.Conversation) error { return nil }

// Finding implements analyze.Report.
func (s *Seen) Finding(f *cordon.Finding) error {
	s.Findings = append(s.Findings, *f)
	return nil
}

// Summary implements analyze.Report.
func (s *Seen) Summary(*analyze.Summary) error { return nil }

// FromSite asks a running site on this machine. Its certificate is its own, so
// only a loopback address is asked.
func FromSite(ctx context.Context, site string) (Seen, error) {
	u, err := url.Parse(site)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !loopback(u.Hostname()) {
		return Seen{}, fmt.Errorf("%q: give the address of a site on this machine, such as https://127.0.0.1:8443", site)
	}
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	base := strings.TrimSuffix(site, "/") + "/api/v1/"
	var s Seen
	if s.Devices, err = list[cordon.Device](ctx, client, base+"devices"); err != nil {
		return Seen{}, err
	}
	s.Findings, err = list[cordon.Finding](ctx, client, base+"findings")
	return s, err
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// list reads all pages of a list.
func list[T any](ctx context.Context, client *http.Client, address string) ([]T, error) {
	var all []T
	for cursor := ""; ; {
		query := url.Values{"limit": {"1000"}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if err := fetch(ctx, client, address+"?"+query.Encode(), &page); err != nil {
			return nil, fmt.Errorf("ask the site: %w", err)
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all, nil
		}
	}
}

func fetch(ctx context.Context, client *http.Client, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, response.Status)
	}
	const most = 64 << 20
	return json.NewDecoder(io.LimitReader(response.Body, most)).Decode(into)
}
