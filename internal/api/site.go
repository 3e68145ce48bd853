package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordonhq/cordon"
)

// Site is how a site is at this moment.
type Site struct {
	Name      string    `json:"name" doc:"Name of the site, for people"`
	Version   string    `json:"version" doc:"Version of Cordon"`
	Started   time.Time `json:"started"`
	Listening string    `json:"listening" doc:"To whom the API answers, for people: loopback only until sign-in exists"`

	Counts SiteCounts  `json:"counts"`
	Sensor SiteSensor  `json:"sensor"`
	Store  StoreStatus `json:"store"`

	// DataAge is the time since what the API answers with was last brought up
	// to date.
	DataAge float64 `json:"data_age_seconds" doc:"Seconds since what the API answers with was last brought up to date"`
}

// SiteCounts is how much the site knows.
type SiteCounts struct {
	Devices            int            `json:"devices"`
	DevicesByKind      map[string]int `json:"devices_by_kind" doc:"By kind; kinds without a device are absent"`
	Conversations      int            `json:"conversations"`
	Findings           int            `json:"findings"`
	FindingsBySeverity map[string]int `json:"findings_by_severity" doc:"By severity; severities without a finding are absent"`
}

// SiteSensor is what listens to the network.
type SiteSensor struct {
	Sources []Source `json:"sources"`
}

// SourceKind tells live traffic from recordings.
type SourceKind string

// The kinds of source.
const (
	SourceLive   SourceKind = "live"
	SourceReplay SourceKind = "replay"
)

// SourceState is what a source is doing.
type SourceState string

// The states of a source.
const (
	SourceStarting SourceState = "starting"
	SourceRunning  SourceState = "running"
	SourceWaiting  SourceState = "waiting" // its interface is gone; it will be tried again
	SourceDone     SourceState = "done"    // the recording is at its end
	SourceFailed   SourceState = "failed"
	SourceStopped  SourceState = "stopped"
)

// Source is one interface or one recording that packets come from. Counters
// count from the start of Cordon.
type Source struct {
	Name             string      `json:"name" doc:"Interface, file or directory"`
	Kind             SourceKind  `json:"kind" enum:"live,replay"`
	State            SourceState `json:"state" enum:"starting,running,waiting,done,failed,stopped"`
	Packets          uint64      `json:"packets"`
	Bytes            uint64      `json:"bytes" doc:"On the wire, link headers included"`
	KernelDrops      uint64      `json:"kernel_drops" doc:"Packets that the kernel dropped because Cordon was too slow"`
	Malformed        uint64      `json:"malformed" doc:"Packets that could not be decoded"`
	Shed             uint64      `json:"shed" doc:"Payload inspections skipped under load; flows were still counted"`
	FlowsLive        uint64      `json:"flows_live" doc:"Flows that are open now"`
	PacketsPerSecond float64     `json:"packets_per_second" doc:"Over the last seconds"`
	LastPacket       *time.Time  `json:"last_packet,omitempty" doc:"Time of the newest packet, from the packet itself"`
	Progress         *float64    `json:"progress,omitempty" doc:"Part of the recording that was read, 0 to 1; only for replay"`
	Error            string      `json:"error,omitempty" doc:"What is wrong and what to do, when failed or waiting"`
}

// StoreStatus is how the memory of the site is.
type StoreStatus struct {
	Engine        string `json:"engine" enum:"sqlite,postgresql"`
	SchemaVersion int64  `json:"schema_version"`
	Healthy       bool   `json:"healthy" doc:"False while what is seen cannot be saved"`
	Message       string `json:"message" doc:"What is wrong and what to do; empty while healthy"`
}

// KindList is every kind of device.
type KindList struct {
	Items []cordon.KindInfo `json:"items" doc:"In the order of the groups"`
}

type siteOutput struct{ Body Site }

type kindsOutput struct{ Body KindList }

func (s *server) registerSite() {
	huma.Register(s.api, huma.Operation{
		OperationID: "get-site", Method: http.MethodGet, Path: "/api/v1/site", Tags: []string{"site"},
		Summary:     "How the site is",
		Description: "What it counts, what it listens to, and whether what it sees is being saved.",
	}, s.getSite)
	huma.Register(s.api, huma.Operation{
		OperationID: "list-kinds", Method: http.MethodGet, Path: "/api/v1/kinds", Tags: []string{"devices"},
		Summary:     "Every kind of device",
		Description: "With its title, its group, and the defaults that hold until a person says otherwise.",
	}, func(context.Context, *struct{}) (*kindsOutput, error) {
		return &kindsOutput{Body: KindList{Items: cordon.Kinds}}, nil
	})
}

func (s *server) getSite(ctx context.Context, _ *struct{}) (*siteOutput, error) {
	site, err := s.Status(ctx)
	if err != nil {
		return nil, s.problem(ctx, "read the status of the site", err)
	}
	return &siteOutput{Body: site.complete()}, nil
}

// complete makes empty what is nil, because clients are promised lists.
func (s Site) complete() Site {
	if s.Sensor.Sources == nil {
		s.Sensor.Sources = []Source{}
	}
	if s.Counts.DevicesByKind == nil {
		s.Counts.DevicesByKind = map[string]int{}
	}
	if s.Counts.FindingsBySeverity == nil {
		s.Counts.FindingsBySeverity = map[string]int{}
	}
	return s
}
