package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/cordonhq/cordon/internal/store"
)

// PageParams are the query parameters of every list.
type PageParams struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items in the page"`
	Cursor string `query:"cursor" maxLength:"1500" doc:"next of the page before; absent for the first page"`
}

// Page is a stretch of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent at the end"`
}

// scope ties a cursor to the list, filters and order that it was made for.
type scope [8]byte

func scopeOf(parts ...any) scope {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%q\n", fmt.Sprint(p))
	}
	return scope(h.Sum(nil))
}

// A cursor is unpadded URL-safe base64 of
//
//	version (1) · scope (8) · integer key (8, big endian) · length of the text key (2) · text key · id
//
// It is opaque to clients but not secret: whoever makes one up reaches only
// rows that the same list shows anyway.
const (
	cursorVersion = 1
	cursorHeader  = 1 + 8 + 8 + 2
)

var errCursor = errors.New("not a cursor of this list with these filters and this order: start again without one")

func encodeCursor(s scope, p store.Position) string {
	b := make([]byte, 0, cursorHeader+len(p.Text)+len(p.ID))
	b = append(b, cursorVersion)
	b = append(b, s[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Int))
	b = binary.BigEndian.AppendUint16(b, uint16(len(p.Text))) // keys are shorter than store.MaxKey
	b = append(b, p.Text...)
	b = append(b, p.ID...)
	return base64.RawURLEncoding.EncodeToString(b)
}

func decodeCursor(s scope, text string) (*store.Position, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") || // which package base64 passes over
		len(b) < cursorHeader || b[0] != cursorVersion || scope(b[1:9]) != s {
		return nil, errCursor
	}
	p := store.Position{Int: int64(binary.BigEndian.Uint64(b[9:17]))}
	n, rest := int(binary.BigEndian.Uint16(b[17:19])), b[cursorHeader:]
	if n > len(rest) {
		return nil, errCursor
	}
	p.Text, p.ID = string(rest[:n]), string(rest[n:])
	return &p, nil
}

// paged asks for the page that in names and puts its items into the form of
// the API.
func paged[From, To any](in PageParams, s scope, ask func(after *store.Position) (store.Page[From], error), convert func(From) To) (Page[To], error) {
	var after *store.Position
	if in.Cursor != "" {
		var err error
		if after, err = decodeCursor(s, in.Cursor); err != nil {
			return Page[To]{}, unprocessable("query.cursor", in.Cursor, err.Error())
		}
	}
	p, err := ask(after)
	if err != nil {
		return Page[To]{}, err
	}
	out := Page[To]{Items: make([]To, len(p.Items))}
	for i, item := range p.Items {
		out.Items[i] = convert(item)
	}
	if p.Next != nil {
		out.Next = encodeCursor(s, *p.Next)
	}
	return out, nil
}
