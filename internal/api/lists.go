package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/store"
)

// protocolToken is a query parameter that huma must not take for a number.
type protocolToken string

func (protocolToken) Schema(r huma.Registry) *huma.Schema { return protocolNoun{}.Schema(r) }

// ConversationFilter is what conversations are listed by.
type ConversationFilter struct {
	PageParams
	Protocol protocolToken `query:"protocol" doc:"Only this protocol"`
	Sort     string        `query:"sort" enum:"last_seen,first_seen,bytes,protocol" default:"last_seen"`
	Order    string        `query:"order" enum:"asc,desc" default:"desc"`
}

type conversationsInput struct {
	ConversationFilter
	Device string `query:"device" maxLength:"100" doc:"Only those with this device on either side"`
}

type deviceConversationsInput struct {
	DeviceParam
	ConversationFilter
}

type conversationsOutput struct {
	Body Page[cordon.Conversation]
}

type findingsInput struct {
	PageParams
	Severity []cordon.Severity `query:"severity" maxItems:"5" doc:"Only these severities, separated by commas"`
	Device   string            `query:"device" maxLength:"100" doc:"Only those with this device on either side"`
	Sort     string            `query:"sort" enum:"last,severity" default:"last"`
	Order    string            `query:"order" enum:"asc,desc" default:"desc"`
}

type findingsOutput struct{ Body Page[cordon.Finding] }

type timelineInput struct {
	DeviceParam
	PageParams
}

type timelineOutput struct {
	Body Page[cordon.TimelineEntry]
}

func (s *server) registerLists() {
	huma.Register(s.api, huma.Operation{
		OperationID: "list-conversations", Method: http.MethodGet, Path: "/api/v1/conversations", Tags: []string{"conversations"},
		Summary: "Conversations, a page at a time, the latest first",
	}, s.listConversations)
	huma.Register(s.api, huma.Operation{
		OperationID: "list-device-conversations", Method: http.MethodGet, Path: "/api/v1/devices/{id}/conversations", Tags: []string{"devices", "conversations"},
		Summary:   "What one device talks to, the latest first",
		Responses: mergedResponses(),
	}, s.listDeviceConversations)
	huma.Register(s.api, huma.Operation{
		OperationID: "list-device-timeline", Method: http.MethodGet, Path: "/api/v1/devices/{id}/timeline", Tags: []string{"devices"},
		Summary:   "What happened to one device, newest first",
		Responses: mergedResponses(),
	}, s.listDeviceTimeline)
	huma.Register(s.api, huma.Operation{
		OperationID: "list-findings", Method: http.MethodGet, Path: "/api/v1/findings", Tags: []string{"findings"},
		Summary: "Findings, a page at a time, the latest first",
	}, s.listFindings)
}

func (s *server) listConversations(ctx context.Context, in *conversationsInput) (*conversationsOutput, error) {
	page, err := s.conversations(ctx, in.ConversationFilter, cordon.DeviceID(in.Device))
	if err != nil {
		return nil, s.problem(ctx, "list conversations", err)
	}
	return &conversationsOutput{Body: page}, nil
}

func (s *server) listDeviceConversations(ctx context.Context, in *deviceConversationsInput) (*conversationsOutput, error) {
	id := cordon.DeviceID(in.ID)
	_, err := s.Store.Device(ctx, id)
	if err != nil {
		return nil, s.deviceProblem(ctx, "list the device's conversations", in.ID, "/conversations", err)
	}
	page, err := s.conversations(ctx, in.ConversationFilter, id)
	if err != nil {
		return nil, s.problem(ctx, "list the device's conversations", err)
	}
	return &conversationsOutput{Body: page}, nil
}

func (s *server) conversations(ctx context.Context, in ConversationFilter, device cordon.DeviceID) (Page[cordon.Conversation], error) {
	q := store.ConversationQuery{
		Paging: store.Paging{Limit: in.Limit, Desc: in.Order == "desc"},
		Sort:   store.ConversationSort(in.Sort), Device: device,
	}
	if in.Protocol != "" {
		p, err := cordon.ParseProtocol(string(in.Protocol))
		if err != nil {
			return Page[cordon.Conversation]{}, unprocessable("query.protocol", in.Protocol, err.Error())
		}
		q.Protocol = &p
	}
	scope := scopeOf("conversations", in.Sort, in.Order, device, in.Protocol)
	return paged(in.PageParams, scope, func(after *store.Position) (store.Page[cordon.Conversation], error) {
		q.After = after
		return s.Store.Conversations(ctx, q)
	}, same)
}

func (s *server) listFindings(ctx context.Context, in *findingsInput) (*findingsOutput, error) {
	q := store.FindingQuery{
		Paging: store.Paging{Limit: in.Limit, Desc: in.Order == "desc"},
		Sort:   store.FindingSort(in.Sort), Severities: in.Severity, Device: cordon.DeviceID(in.Device),
	}
	scope := scopeOf("findings", in.Sort, in.Order, in.Device, in.Severity)
	page, err := paged(in.PageParams, scope, func(after *store.Position) (store.Page[cordon.Finding], error) {
		q.After = after
		return s.Store.Findings(ctx, q)
	}, completeFinding)
	if err != nil {
		return nil, s.problem(ctx, "list findings", err)
	}
	return &findingsOutput{Body: page}, nil
}

func (s *server) listDeviceTimeline(ctx context.Context, in *timelineInput) (*timelineOutput, error) {
	id := cordon.DeviceID(in.ID)
	if _, err := s.Store.Device(ctx, id); err != nil {
		return nil, s.deviceProblem(ctx, "read the device's timeline", in.ID, "/timeline", err)
	}
	scope := scopeOf("timeline", id)
	page, err := paged(in.PageParams, scope, func(after *store.Position) (store.Page[cordon.TimelineEntry], error) {
		return s.Store.Timeline(ctx, store.TimelineQuery{Paging: store.Paging{Limit: in.Limit, After: after}, Device: id})
	}, same)
	if err != nil {
		return nil, s.problem(ctx, "read the device's timeline", err)
	}
	return &timelineOutput{Body: page}, nil
}

func same[T any](v T) T { return v }

// completeFinding makes empty what is nil, because clients are promised lists.
func completeFinding(f cordon.Finding) cordon.Finding {
	f.Packets = list(f.Packets)
	if f.Evidence == nil {
		f.Evidence = map[string]any{}
	}
	return f
}
