package inventory

import (
	"hash/maphash"
	"slices"
)

// ordered is a map that is read in the order in which keys were added, so that
// the same traffic is always applied in the same order: that matters where a
// bound is met. It holds up to maxBatch keys. Unlike a built-in map it keeps
// its room when it is emptied, at little cost, and moves no keys to grow.
type ordered[K comparable, V any] struct {
	keys []K
	list []V
	// hashes are those of the keys; slots finds a key by its hash, and holds
	// one more than where it stands among keys, 0 if free. Their number is a
	// power of two and more than that of the keys.
	hashes []uint32
	slots  []uint32
}

var orderedSeed = maphash.MakeSeed()

// get returns the value of a key, which is made if there is room; nil if not.
// It is valid until the next get.
func (o *ordered[K, V]) get(k K) *V {
	h := uint32(maphash.Comparable(orderedSeed, k))
	if len(o.keys) >= len(o.slots)/2 {
		o.grow()
	}
	mask := uint32(len(o.slots) - 1)
	at := h & mask
	for ; o.slots[at] != 0; at = (at + 1) & mask {
		if i := o.slots[at] - 1; o.hashes[i] == h && o.keys[i] == k {
			return &o.list[i]
		}
	}
	if len(o.keys) >= maxBatch {
		return nil
	}
	var zero V
	o.keys, o.list, o.hashes = append(o.keys, k), append(o.list, zero), append(o.hashes, h)
	o.slots[at] = uint32(len(o.keys))
	return &o.list[len(o.list)-1]
}

// grow doubles the slots and the room for what they find.
func (o *ordered[K, V]) grow() {
	const least = 16
	o.slots = make([]uint32, max(least, 2*len(o.slots)))
	more := len(o.slots)/2 - len(o.keys)
	o.keys, o.list, o.hashes = slices.Grow(o.keys, more), slices.Grow(o.list, more), slices.Grow(o.hashes, more)
	mask := uint32(len(o.slots) - 1)
	for i, h := range o.hashes {
		at := h & mask
		for o.slots[at] != 0 {
			at = (at + 1) & mask
		}
		o.slots[at] = uint32(i) + 1
	}
}

// reset empties the map.
func (o *ordered[K, V]) reset() {
	if len(o.keys) == 0 {
		return
	}
	clear(o.keys)
	clear(o.list)
	clear(o.slots)
	o.keys, o.list, o.hashes = o.keys[:0], o.list[:0], o.hashes[:0]
}

// hashSet holds numbers that are hashes already. The hash 0 is taken for 1.
type hashSet struct {
	count int
	slots []uint64 // by open addressing, 0 if free; see ordered
}

// find returns where h stands, or would.
func (s *hashSet) find(h uint64) *uint64 {
	mask := uint64(len(s.slots) - 1)
	at := h & mask
	for s.slots[at] != 0 && s.slots[at] != h {
		at = (at + 1) & mask
	}
	return &s.slots[at]
}

func (s *hashSet) has(h uint64) bool { return s.count > 0 && *s.find(max(h, 1)) != 0 }

func (s *hashSet) add(h uint64) {
	if s.count >= len(s.slots)/2 {
		const least = 64
		old := s.slots
		s.slots = make([]uint64, max(least, 2*len(old)))
		for _, o := range old {
			if o != 0 {
				*s.find(o) = o
			}
		}
	}
	if at := s.find(max(h, 1)); *at == 0 {
		*at = max(h, 1)
		s.count++
	}
}
