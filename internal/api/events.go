package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/cordonhq/cordon"
)

const (
	// heartbeat tells proxies and clients that a quiet stream is alive.
	heartbeat = 15 * time.Second
	// streamPace is the least time between two deliveries to one reader. It
	// lets events gather, so that under load a reader gets the newest state of
	// each thing a few times a second instead of each change.
	streamPace = 100 * time.Millisecond
	// streamPatience is how long one delivery to a reader may take.
	streamPatience = 10 * time.Second
	// deliveryEvents bounds one delivery.
	deliveryEvents = 1024
)

// DeviceRemoved says that a device is gone.
type DeviceRemoved struct {
	ID         cordon.DeviceID `json:"id"`
	MergedInto cordon.DeviceID `json:"merged_into,omitempty" doc:"The device that it turned out to be one with"`
}

// Resync says that events were missed.
type Resync struct {
	Reason string `json:"reason" doc:"Why, for people"`
}

type eventsInput struct {
	LastEventID string `header:"Last-Event-ID" maxLength:"100" doc:"id of the last event that was received, to resume after it"`
}

// eventTypes names the events and what their data is, in the order of the
// document.
var eventTypes = []struct {
	name, doc string
	data      any
}{
	{"device", "A device is new or changed", DeviceSummary{}},
	{"device-removed", "A device is gone or was merged into another", DeviceRemoved{}},
	{"conversation", "A conversation is new or changed", cordon.Conversation{}},
	{"finding", "A finding is new or changed", cordon.Finding{}},
	{"site", "How the site is, about once a second", Site{}},
	{"resync", "Events were missed: load what is shown afresh", Resync{}},
}

func (s *server) registerEvents() {
	registry := s.api.OpenAPI().Components.Schemas
	union := &huma.Schema{Description: "One event: its name, and its data as JSON", Discriminator: &huma.Discriminator{PropertyName: "event", Mapping: map[string]string{}}}
	for _, t := range eventTypes {
		typ := reflect.TypeOf(t.data)
		name := "Stream" + pascal(t.name)
		registry.Map()[name] = &huma.Schema{
			Type: huma.TypeObject, Description: t.doc, Required: []string{"event", "data"},
			Properties: map[string]*huma.Schema{
				"event": {Type: huma.TypeString, Enum: []any{t.name}},
				"id":    {Type: huma.TypeString, Description: "Send it back as Last-Event-ID to resume after this event"},
				"data":  registry.Schema(typ, true, ""),
			},
		}
		union.Discriminator.Mapping[t.name] = schemaPrefix + name
		union.OneOf = append(union.OneOf, &huma.Schema{Ref: schemaPrefix + name})
	}
	registry.Map()["StreamEvent"] = union

	huma.Register(s.api, huma.Operation{
		OperationID: "stream-events", Method: http.MethodGet, Path: eventsPath, Tags: []string{"events"},
		Summary: "Live changes as server-sent events",
		Description: "The stream starts with what changes from now on: open it first, then load what is shown. " +
			"A client that was away sends Last-Event-ID and gets what it missed, or a resync event when that is not kept any more. " +
			"While a client is slow, only the newest event about a thing is kept for it. Comment lines come when nothing changes.",
		Responses: map[string]*huma.Response{
			"200": {
				Description: "The stream",
				Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{
					Type: huma.TypeArray, Items: &huma.Schema{Ref: schemaPrefix + "StreamEvent"},
				}}},
			},
			"default": problemResponse(),
		},
	}, s.streamEvents)
}

// pascal turns a token like device-removed into DeviceRemoved.
func pascal(token string) string {
	var b []byte
	up := true
	for i := range len(token) {
		switch c := token[i]; {
		case c == '-':
			up = true
		case up:
			b, up = append(b, c-'a'+'A'), false
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func (s *server) streamEvents(_ context.Context, in *eventsInput) (*huma.StreamResponse, error) {
	r, err := s.Events.subscribe(in.LastEventID)
	switch {
	case errors.Is(err, errTooManyReaders):
		return nil, retryLater(http.StatusServiceUnavailable, "Too many clients follow the events already: close one and try again.")
	case err != nil:
		return nil, retryLater(http.StatusServiceUnavailable, "Cordon is shutting down: try again when it is back.")
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer r.close()
		req, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Accel-Buffering", "no") // nginx would hold events back
		if req.Method == http.MethodHead {
			return
		}
		if err := stream(hc.Context(), w, r); err != nil && hc.Context().Err() == nil && !errors.Is(err, errHubClosed) {
			s.Log.InfoContext(hc.Context(), "event stream ended", "error", err)
		}
	}}, nil
}

// stream delivers to one client until it goes away or the hub closes.
func stream(ctx context.Context, w http.ResponseWriter, r *reader) error {
	control := http.NewResponseController(w)
	send := func(b []byte) error {
		if err := control.SetWriteDeadline(time.Now().Add(streamPatience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		return control.Flush()
	}
	// An id without data moves the client's Last-Event-ID without an event, so
	// that it can resume even if it is cut off before the first one.
	if err := send([]byte("retry: 2000\nid: " + r.position() + "\n\n")); err != nil {
		return err
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	pace := time.NewTimer(0)
	defer pace.Stop()
	<-pace.C
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-beat.C:
			if err := send([]byte(": still here\n\n")); err != nil {
				return err
			}
			continue
		case <-r.wake:
		}
		delivery, err := deliver(r)
		if err != nil {
			return err
		}
		if len(delivery) == 0 {
			continue
		}
		if err := send(delivery); err != nil {
			return err
		}
		beat.Reset(heartbeat)
		pace.Reset(streamPace)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pace.C:
		}
	}
}

// deliver puts what is new for r into the form of the wire
// (WHATWG HTML §9.2.6).
func deliver(r *reader) ([]byte, error) {
	events, missed, err := r.fetch(deliveryEvents)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if missed {
		b.WriteString("id: " + r.position() + "\nevent: resync\ndata: {\"reason\":\"events were missed, load what is shown afresh\"}\n\n")
	}
	for _, e := range events {
		data, err := e.encode() // JSON holds no line ends
		if err != nil {
			continue // a value that has no JSON form; the lists show it as far as it can be shown
		}
		b.WriteString("id: " + r.hub.id(e.number) + "\nevent: " + e.name + "\ndata: ")
		b.Write(data)
		b.WriteString("\n\n")
	}
	return b.Bytes(), nil
}
