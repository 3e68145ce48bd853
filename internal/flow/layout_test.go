package flow

import (
	"testing"
	"unsafe"
)

// TestLayout holds the order of Flow's fields to what it is for.
func TestLayout(t *testing.T) {
	var f Flow
	for _, c := range []struct {
		name       string
		end, lines uintptr
	}{
		{"what finds a flow", unsafe.Offsetof(f.Last) + 8, 1},
		{"what a datagram changes", unsafe.Offsetof(f.Session) + 16, 2},
		{"what a segment changes", unsafe.Offsetof(f.table) + unsafe.Sizeof(f.table.streams), 3},
		{"all", unsafe.Sizeof(f), 4},
	} {
		if (c.end+63)/64 != c.lines {
			t.Errorf("%s ends at %d, want it within %d cache lines", c.name, c.end, c.lines)
		}
	}
	if unsafe.Sizeof(f)%64 != 0 {
		t.Errorf("a flow takes %d bytes, no whole number of cache lines", unsafe.Sizeof(f))
	}
}
