package site

import (
	"context"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/api"
	"github.com/cordonhq/cordon/internal/store"
)

// override implements api.Overrider through the brain.
func (s *Site) override(ctx context.Context, id cordon.DeviceID, p api.OverridePatch) (cordon.Device, error) {
	if _, err := s.store.Device(ctx, id); err != nil {
		return cordon.Device{}, err
	}
	reply := make(chan answer, 1)
	select {
	case s.brain.requests <- request{device: id, change: p.Apply, answer: reply}:
	case <-ctx.Done():
		return cordon.Device{}, ctx.Err()
	}
	select {
	case a := <-reply:
		return a.device, a.err
	case <-ctx.Done():
		return cordon.Device{}, ctx.Err()
	}
}

// publish tells live readers what was stored.
func (s *Site) publish(c store.Changes) {
	for id, into := range c.Removed {
		s.hub.DeviceRemoved(id, into)
	}
	for i := range c.Devices {
		s.hub.Device(c.Devices[i])
	}
	for i := range c.Conversations {
		s.hub.Conversation(c.Conversations[i])
	}
	for i := range c.Findings {
		s.hub.Finding(c.Findings[i])
	}
}

func (s *Site) publishStatus(ctx context.Context) {
	if st, err := s.status(ctx); err == nil {
		s.hub.Site(st)
	}
}

// status says how the site is.
func (s *Site) status(ctx context.Context) (api.Site, error) {
	counts, err := s.store.Counts(ctx)
	if err != nil {
		return api.Site{}, err
	}
	info, err := s.store.Info(ctx)
	if err != nil {
		return api.Site{}, err
	}
	problem, age := s.health.state()
	out := api.Site{
		Name: s.cfg.Name, Version: s.cfg.Version, Started: s.started,
		Listening: "This machine only (" + s.listener.Addr().String() + "), because there is no sign-in yet",
		Counts: api.SiteCounts{
			Devices: counts.Devices, DevicesByKind: text(counts.DevicesByKind),
			Conversations: counts.Conversations, Findings: counts.Findings, FindingsBySeverity: text(counts.FindingsBySeverity),
		},
		Store:   api.StoreStatus{Engine: info.Engine, SchemaVersion: info.SchemaVersion, Healthy: problem == "", Message: problem},
		DataAge: age.Seconds(),
	}
	now := time.Now()
	for _, src := range s.sources {
		out.Sensor.Sources = append(out.Sensor.Sources, src.status(now))
	}
	return out, nil
}

func text[K ~string](m map[K]int) map[string]int {
	out := make(map[string]int, len(m))
	for k, n := range m {
		out[string(k)] = n
	}
	return out
}
