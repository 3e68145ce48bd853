package api

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// documented is an API that serves nothing and is only asked for its document.
var documented = sync.OnceValue(func() *server {
	var s server
	s.register()
	return &s
})

// CheckDocumented says what of a response is not as the document promises.
func CheckDocumented(r *http.Response, body []byte) error {
	s := documented()
	_, pattern := s.mux.Handler(&http.Request{Method: r.Request.Method, Host: r.Request.Host, URL: r.Request.URL})
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		return nil // no route of the API
	}
	item := s.api.OpenAPI().Paths[path]
	op := item.Get
	if method == http.MethodPatch {
		op = item.Patch
	}
	response := op.Responses[strconv.Itoa(r.StatusCode)]
	if response == nil {
		response = op.Responses["default"]
	}
	if response == nil {
		return fmt.Errorf("%s answers with status %d, which is not documented", pattern, r.StatusCode)
	}
	if len(response.Content) == 0 {
		return nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("%s: content type %q: %w", pattern, r.Header.Get("Content-Type"), err)
	}
	content := response.Content[media]
	if content == nil {
		return fmt.Errorf("%s answers with %s, which is not documented", pattern, media)
	}
	if content.Schema == nil {
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("%s: %w", pattern, err)
	}
	return validate(content.Schema, v)
}

// CheckEvent says what of an event is not as the document promises.
func CheckEvent(name string, data []byte) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("event %s: %w", name, err)
	}
	return validate(&huma.Schema{Ref: schemaPrefix + "Stream" + pascal(name)}, map[string]any{"event": name, "data": v})
}

func validate(schema *huma.Schema, v any) error {
	var res huma.ValidateResult
	huma.Validate(documented().api.OpenAPI().Components.Schemas, schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, v, &res)
	if len(res.Errors) > 0 {
		return fmt.Errorf("not as documented: %w", res.Errors[0])
	}
	return nil
}
