package line_test

import (
	"strings"
	"testing"

	"github.com/cordonhq/cordon/internal/dissect/line"
)

func TestNext(t *testing.T) {
	tests := []struct {
		in, text string
		n        int
	}{
		{"220 ready\r\nUSER", "220 ready", 11},
		{"220 ready\nUSER", "220 ready", 10},
		{"\r\n", "", 2},
		{"\n", "", 1},
		{"220 rea", "", 0},
		{"", "", 0},
		{strings.Repeat("x", line.Max), "", -1},
		{strings.Repeat("x", line.Max) + "\n", "", -1},
	}
	for _, tt := range tests {
		if text, n := line.Next([]byte(tt.in)); string(text) != tt.text || n != tt.n {
			t.Errorf("Next(%.20q) = %q, %d; want %q, %d", tt.in, text, n, tt.text, tt.n)
		}
	}
}

func TestCode(t *testing.T) {
	tests := []struct {
		in   string
		code int
		more bool
		rest string
	}{
		{"220 ready", 220, false, "ready"},
		{"220-ready", 220, true, "ready"},
		{"226", 226, false, ""},
		{"22x ready", 0, false, "22x ready"},
		{"2200", 0, false, "2200"},
		{"", 0, false, ""},
	}
	for _, tt := range tests {
		if code, more, rest := line.Code([]byte(tt.in)); code != tt.code || more != tt.more || string(rest) != tt.rest {
			t.Errorf("Code(%q) = %d, %v, %q; want %d, %v, %q", tt.in, code, more, rest, tt.code, tt.more, tt.rest)
		}
	}
}

func TestWords(t *testing.T) {
	if word, rest := line.Word([]byte("USER  nurse x")); string(word) != "USER" || string(rest) != "nurse x" {
		t.Errorf("Word = %q, %q", word, rest)
	}
	if !line.EqualFold([]byte("uSeR"), "USER") || line.EqualFold([]byte("USERS"), "USER") {
		t.Error("EqualFold")
	}
	text := []byte("vsFTPd 3")
	if !line.ContainsFold(text, "FTP") || line.ContainsFold(text, "FTPX") || !line.HasPrefixFold(text, "VSF") || !line.HasSuffixFold(text, "D 3") || line.HasSuffixFold(text, "D") {
		t.Error("folded searches")
	}
	if !line.IsText([]byte("a\tb\r\n\x1b[2J")) || line.IsText([]byte("a\x00")) {
		t.Error("IsText")
	}
}
