package utf16le_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cordonhq/cordon/internal/dissect/utf16le"
	"github.com/cordonhq/cordon/internal/observation"
)

func TestDecode(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"ASCII", "P\x00C\x001\x00", "PC1"},
		{"up to the NUL", "P\x00\x00\x00x\x00", "P"},
		{"odd byte", "P\x00C", "P"},
		{"umlaut", "M\x00\xfc\x00", "Mü"},
		{"beyond the first plane", "\x3d\xd8\x89\xdc", "💉"},
		{"lone surrogate", "\x3d\xd8x\x00", "\ufffdx"},
		{"surrogate at the end", "\x3d\xd8", "\ufffd"},
		{"nothing", "", ""},
		{"too long", strings.Repeat("x\x00", 300), strings.Repeat("x", observation.MaxValue)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(utf16le.Decode([]byte(tt.in))); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func Fuzz(f *testing.F) {
	f.Add([]byte("\x3d\xd8\x89\xdcP\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := utf16le.Decode(b)
		if !utf8.Valid(got) || len(got) > observation.MaxValue {
			t.Errorf("%q", got)
		}
	})
}
