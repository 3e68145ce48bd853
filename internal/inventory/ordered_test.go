package inventory

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// An ordered map must do what a plain map and a list of its keys do, also
// after it was emptied, and take no more than its bound.
func TestOrdered(t *testing.T) {
	var o ordered[uint32, int]
	random := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		plain := map[uint32]int{}
		var keys []uint32
		for range 4 * maxBatch {
			k := random.Uint32N(2 * maxBatch)
			if _, known := plain[k]; !known && len(keys) < maxBatch {
				keys = append(keys, k)
				plain[k] = 0
			}
			value := o.get(k)
			if _, known := plain[k]; known != (value != nil) {
				t.Fatalf("key %d: there is a value: %v, want %v", k, value != nil, known)
			}
			if value != nil {
				plain[k]++
				*value++
			}
		}
		if !slices.Equal(o.keys, keys) {
			t.Fatal("the keys are not in the order in which they were added")
		}
		for i, k := range o.keys {
			if o.list[i] != plain[k] {
				t.Fatalf("key %d has %d, want %d", k, o.list[i], plain[k])
			}
		}
		o.reset()
	}
}

func TestHashSet(t *testing.T) {
	var s hashSet
	plain := map[uint64]bool{}
	random := rand.New(rand.NewPCG(3, 4))
	for range 1 << 16 {
		h := random.Uint64N(1 << 15)
		if h == 1 {
			continue // 0 is taken for it
		}
		if s.has(h) != plain[h] {
			t.Fatalf("has %d: %v, want %v", h, s.has(h), plain[h])
		}
		s.add(h)
		plain[h] = true
		if s.count != len(plain) {
			t.Fatalf("holds %d, want %d", s.count, len(plain))
		}
	}
}
