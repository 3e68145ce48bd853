package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordonhq/cordon/internal/store"
)

const problemType = "application/problem+json"

// problem turns an error of the rest of Cordon into one for the client: what
// the client can do something about is told, the rest goes to the log.
func (s *server) problem(ctx context.Context, what string, err error) error {
	var status huma.StatusError
	switch {
	case errors.As(err, &status):
		return err
	case errors.Is(err, store.ErrNotFound):
		return huma.NewError(http.StatusNotFound, "It is not there any more: load the list again.")
	case errors.Is(err, store.ErrFull):
		return huma.NewError(http.StatusInsufficientStorage,
			"Nothing was changed because the disk that holds Cordon's data is full: free some space and try again.")
	case errors.Is(err, context.DeadlineExceeded):
		return retryLater(http.StatusServiceUnavailable, "Cordon did not answer in time: try again in a moment, or ask for fewer items.")
	case errors.Is(err, context.Canceled):
		return retryLater(http.StatusServiceUnavailable, "The request was given up before it was answered: try again.")
	}
	s.Log.ErrorContext(ctx, "request failed", "doing", what, "error", err)
	return huma.NewError(http.StatusInternalServerError,
		"Cordon could not "+what+". Its log says why; try again, and report it if it stays.")
}

func retryLater(status int, detail string) error {
	return huma.ErrorWithHeaders(huma.NewError(status, detail), http.Header{"Retry-After": {"2"}})
}

// unprocessable is an error of one place in the request.
func unprocessable(location string, value any, message string) error {
	return huma.NewError(http.StatusUnprocessableEntity, location+": "+message,
		&huma.ErrorDetail{Location: location, Value: value, Message: message})
}

// explainProblem replaces huma's "validation failed" by what failed, and says
// where the rules are.
func explainProblem(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok || p.Detail != "validation failed" || len(p.Errors) == 0 {
		return v, nil
	}
	const most = 5
	var parts []string
	for i, e := range p.Errors {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(p.Errors)-most))
			break
		}
		parts = append(parts, e.Location+": "+e.Message)
	}
	p.Detail = strings.Join(parts, "; ") + ". What is allowed stands in /openapi.json."
	return p, nil
}

// writeProblem answers outside of huma's operations.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	h := w.Header()
	h.Set("Content-Type", problemType)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The client may be gone; there is nobody to tell then.
	_ = json.NewEncoder(w).Encode(&huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
}

func problemResponse() *huma.Response {
	return &huma.Response{
		Description: "Error",
		Content:     map[string]*huma.MediaType{problemType: {Schema: &huma.Schema{Ref: schemaPrefix + "ErrorModel"}}},
	}
}

// quote shows what a client sent, shortened and without control characters.
func quote(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
