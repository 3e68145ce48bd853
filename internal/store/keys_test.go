package store_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
	"github.com/cordonhq/cordon/internal/store"
)

func TestSortKeyOrder(t *testing.T) {
	for name, want := range map[string][]string{
		"numbers by value":  {"pump", "pump 0", "pump 2", "pump 10", "pump 100", "pump 10000000000000000000000", "pump a"},
		"addresses":         {"9.0.0.1", "10.0.0.2", "10.0.0.10", "10.0.1.1", "192.168.0.1"},
		"without case":      {"A", "b", "C", "Ä", "ö", "Ü"},
		"letters after all": {"", " ", "-", "1", "a", "é", "心"},
	} {
		got := slices.Clone(want)
		slices.Reverse(got)
		slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(store.SortKey(a), store.SortKey(b)) })
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, same := range [][2]string{{"Größe", "GRÖSSE"}, {"é", "e\u0301"}, {"ﬁ", "FI"}, {"Ω", "ω"}, {"０１", "1"}, {"007", "7"}} {
		if a, b := store.SortKey(same[0]), store.SortKey(same[1]); a != b {
			t.Errorf("%q and %q have the keys %q and %q", same[0], same[1], a, b)
		}
	}
}

func FuzzSortKey(f *testing.F) {
	for _, s := range []string{"", "Pump 10", "\x00\xff", strings.Repeat("9", 500), strings.Repeat("é", 300), "ß０1", "\u0130I\u0307"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for what, key := range map[string]string{"key": store.SortKey(s), "folded": store.Fold(s)} {
			if !utf8.ValidString(key) || strings.Contains(key, "\x00") {
				t.Errorf("%s %q of %q is not text for every engine", what, key, s)
			}
		}
		if key := store.SortKey(s); len(key) > store.MaxKey {
			t.Errorf("the key of %q has %d bytes", s, len(key))
		}
		if once := store.Fold(s); store.Fold(once) != once {
			t.Errorf("%q folds to %q and that to %q", s, once, store.Fold(once))
		}
		for _, term := range store.SearchTerms(s) {
			if term == "" || strings.ContainsAny(term, " \n") {
				t.Errorf("%q has the term %q", s, term)
			}
		}
	})
}

func TestSearchTextIsBounded(t *testing.T) {
	d := cordon.Device{Name: strings.Repeat("é", 20000), IPs: []netip.Addr{{}}, MACs: []netid.MAC{{}}}
	for range 10000 {
		d.Hostnames = append(d.Hostnames, "host.example")
	}
	if text := store.SearchText(&d); len(text) > 8<<10 || !utf8.ValidString(text) {
		t.Errorf("%d bytes of search text", len(text))
	}
}
