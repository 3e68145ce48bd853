package api

import (
	"testing"

	"github.com/cordonhq/cordon/internal/store"
)

func FuzzCursor(f *testing.F) {
	s := scopeOf("devices", "name", "asc")
	f.Add(encodeCursor(s, store.Position{Text: "pump 019", Int: -5, ID: "dev-1"}))
	f.Add(encodeCursor(s, store.Position{}))
	f.Add(encodeCursor(scopeOf("other"), store.Position{Text: "x"}))
	f.Add("")
	f.Add("AQ")
	f.Add("AQAAAAAAAAAAAAAAAAAAAAAA__8")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := decodeCursor(s, text)
		if err != nil {
			if p != nil {
				t.Error("a position beside an error")
			}
			return
		}
		if again := encodeCursor(s, *p); again != text {
			t.Errorf("%q is read as %+v, which is written as %q", text, p, again)
		}
	})
}

func FuzzCursorRoundTrip(f *testing.F) {
	f.Add("", int64(0), "")
	f.Add("pump\x00 019", int64(-1), "dev-1")
	f.Fuzz(func(t *testing.T, text string, n int64, id string) {
		if len(text) > store.MaxKey {
			t.Skip("no key is that long")
		}
		s := scopeOf("x")
		want := store.Position{Text: text, Int: n, ID: id}
		got, err := decodeCursor(s, encodeCursor(s, want))
		if err != nil || *got != want {
			t.Errorf("%+v became %+v, %v", want, got, err)
		}
	})
}
