package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
	"github.com/cordonhq/cordon/internal/store"
)

// DeviceSummary is a device as lists and events show it: without claims,
// evidence and services unless they were asked for.
type DeviceSummary struct {
	ID         cordon.DeviceID `json:"id"`
	Name       string          `json:"name" doc:"The best name for people"`
	MACs       []netid.MAC     `json:"macs"`
	IPs        []netip.Addr    `json:"ips"`
	Hostnames  []string        `json:"hostnames"`
	VLAN       uint16          `json:"vlan,omitempty" doc:"802.1Q identifier of the latest frames, absent when untagged"`
	RandomMAC  bool            `json:"random_mac" doc:"Every MAC is locally administered: it tells no maker and may change tomorrow"`
	Vendor     string          `json:"vendor"`
	Kind       cordon.Kind     `json:"kind"`
	Model      string          `json:"model"`
	OS         string          `json:"os"`
	Software   string          `json:"software"`
	Confidence float64         `json:"confidence" doc:"0 to 1"`
	Care       cordon.Care     `json:"care"`
	FirstSeen  time.Time       `json:"first_seen"`
	LastSeen   time.Time       `json:"last_seen"`

	Claims   []cordon.Claim    `json:"claims,omitzero" doc:"Only with fields=full"`
	Evidence []cordon.Evidence `json:"evidence,omitzero" doc:"Only with fields=full"`
	Services []cordon.Service  `json:"services,omitzero" doc:"Only with fields=full"`
}

// summarise shares its slices with d.
func summarise(d cordon.Device, full bool) DeviceSummary {
	d = complete(d)
	out := DeviceSummary{
		ID: d.ID, Name: d.Name, MACs: d.MACs, IPs: d.IPs, Hostnames: d.Hostnames, VLAN: d.VLAN, RandomMAC: d.RandomMAC,
		Vendor: d.Vendor, Kind: d.Kind, Model: d.Model, OS: d.OS, Software: d.Software, Confidence: d.Confidence,
		Care: d.Care, FirstSeen: d.FirstSeen, LastSeen: d.LastSeen,
	}
	if full {
		out.Claims, out.Evidence, out.Services = d.Claims, d.Evidence, d.Services
	}
	return out
}

// complete makes empty what is nil, because clients are promised lists.
func complete(d cordon.Device) cordon.Device {
	d.MACs, d.IPs, d.Hostnames = list(d.MACs), list(d.IPs), list(d.Hostnames)
	d.Claims, d.Evidence, d.Services = list(d.Claims), list(d.Evidence), list(d.Services)
	d.Care.Overridden = list(d.Care.Overridden)
	return d
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

type devicesInput struct {
	PageParams
	Q      string        `query:"q" maxLength:"200" doc:"Words that must each occur in the name, a host name, an address, the vendor, the kind, the model, the software or the location, in any case"`
	Kind   []cordon.Kind `query:"kind" maxItems:"50" doc:"Only these kinds, separated by commas"`
	Group  string        `query:"group" maxLength:"100" doc:"Only kinds of this group, as /api/v1/kinds names it"`
	Vendor string        `query:"vendor" maxLength:"200" doc:"Only this vendor, in any case"`
	Sort   string        `query:"sort" enum:"name,kind,vendor,last_seen,first_seen,confidence" default:"name"`
	Order  string        `query:"order" enum:"asc,desc" default:"asc"`
	Fields string        `query:"fields" enum:"summary,full" default:"summary" doc:"summary leaves claims, evidence and services out"`
}

type devicesOutput struct{ Body Page[DeviceSummary] }

// DeviceParam is the device that a path names.
type DeviceParam struct {
	ID string `path:"id" maxLength:"100" doc:"Id of the device" example:"dev-4n2xq7ab"`
}

type deviceOutput struct{ Body cordon.Device }

type patchDeviceInput struct {
	DeviceParam
	Body OverridePatch
}

func (s *server) registerDevices() {
	huma.Register(s.api, huma.Operation{
		OperationID: "list-devices", Method: http.MethodGet, Path: "/api/v1/devices", Tags: []string{"devices"},
		Summary: "Devices, a page at a time",
	}, s.listDevices)
	huma.Register(s.api, huma.Operation{
		OperationID: "get-device", Method: http.MethodGet, Path: "/api/v1/devices/{id}", Tags: []string{"devices"},
		Summary:     "One device with everything that is known of it",
		Description: "If the device turned out to be one with another, the answer redirects there.",
		Responses:   mergedResponses(),
	}, s.getDevice)
	huma.Register(s.api, huma.Operation{
		OperationID: "override-device", Method: http.MethodPatch, Path: "/api/v1/devices/{id}", Tags: []string{"devices"},
		Summary: "Say what a device is",
		Description: "A JSON merge patch (RFC 7396) of what people said: a value outranks all evidence and survives rediscovery, " +
			"null takes it back, what is absent stays. Answers with the device as it is believed to be from then on.",
		MaxBodyBytes:    16 << 10,
		BodyReadTimeout: bodyTimeout,
		Responses:       mergedResponses(),
	}, s.overrideDevice)
}

func (s *server) listDevices(ctx context.Context, in *devicesInput) (*devicesOutput, error) {
	q := store.DeviceQuery{
		Paging: store.Paging{Limit: in.Limit, Desc: in.Order == "desc"},
		Sort:   store.DeviceSort(in.Sort), Search: in.Q, Kinds: in.Kind, Vendor: in.Vendor,
	}
	if in.Group != "" {
		var err error
		if q.Kinds, err = kindsOfGroup(in.Group, in.Kind); err != nil {
			return nil, err
		}
		if len(q.Kinds) == 0 { // no kind is in both filters
			return &devicesOutput{Body: Page[DeviceSummary]{Items: []DeviceSummary{}}}, nil
		}
	}
	scope := scopeOf("devices", in.Sort, in.Order, in.Q, in.Kind, in.Group, in.Vendor)
	page, err := paged(in.PageParams, scope, func(after *store.Position) (store.Page[cordon.Device], error) {
		q.After = after
		return s.Store.Devices(ctx, q)
	}, func(d cordon.Device) DeviceSummary { return summarise(d, in.Fields == "full") })
	if err != nil {
		return nil, s.problem(ctx, "list devices", err)
	}
	return &devicesOutput{Body: page}, nil
}

// kindsOfGroup returns the kinds of the group, of those in among if there are
// any.
func kindsOfGroup(group string, among []cordon.Kind) ([]cordon.Kind, error) {
	wanted := map[cordon.Kind]bool{}
	for _, k := range among {
		wanted[k] = true
	}
	known := false
	var out []cordon.Kind
	for _, k := range cordon.Kinds {
		if k.Group == group {
			known = true
			if len(among) == 0 || wanted[k.Kind] {
				out = append(out, k.Kind)
			}
		}
	}
	if !known {
		return nil, unprocessable("query.group", group, "there is no such group of kinds: use one that /api/v1/kinds lists")
	}
	return out, nil
}

func (s *server) getDevice(ctx context.Context, in *DeviceParam) (*deviceOutput, error) {
	d, err := s.Store.Device(ctx, cordon.DeviceID(in.ID))
	if err != nil {
		return nil, s.deviceProblem(ctx, "read the device", in.ID, "", err)
	}
	return &deviceOutput{Body: complete(d)}, nil
}

func (s *server) overrideDevice(ctx context.Context, in *patchDeviceInput) (*deviceOutput, error) {
	d, err := s.Override(ctx, cordon.DeviceID(in.ID), in.Body)
	if err != nil {
		return nil, s.deviceProblem(ctx, "override the device", in.ID, "", err)
	}
	return &deviceOutput{Body: complete(d)}, nil
}

// deviceProblem is problem for paths below a device: it sends clients on to
// the device that a merged one went into. rest is the path below the device.
func (s *server) deviceProblem(ctx context.Context, what, id, rest string, err error) error {
	var merged *store.MergedError
	if errors.As(err, &merged) {
		return huma.ErrorWithHeaders(
			huma.NewError(http.StatusPermanentRedirect, "This device turned out to be one with "+string(merged.Into)+": use that id from now on."),
			http.Header{"Location": {"/api/v1/devices/" + url.PathEscape(string(merged.Into)) + rest}})
	}
	if errors.Is(err, store.ErrNotFound) {
		return huma.NewError(http.StatusNotFound, "There is no device with the id "+quote(id)+": look it up under /api/v1/devices.")
	}
	return s.problem(ctx, what, err)
}

// mergedResponses documents the redirect that deviceProblem makes.
func mergedResponses() map[string]*huma.Response {
	return map[string]*huma.Response{
		"200": {Description: "OK"},
		"308": {
			Description: "The device was merged into the one that Location names",
			Headers:     map[string]*huma.Header{"Location": {Schema: &huma.Schema{Type: huma.TypeString}}},
		},
		"default": problemResponse(),
	}
}
