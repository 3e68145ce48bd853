package flow

// entry of an index. The hash stands beside the flow's number, so that a look
// along a run of entries touches one flow only.
type entry struct {
	hash uint32
	flow uint32 // 0: the entry is empty
}

// index finds flows by hash: open addressing with linear probing, at most three
// quarters full. Removal moves entries back instead of leaving marks, so a
// table does not wear out.
type index struct {
	entries []entry
	mask    uint32
	n       int
}

const minEntries = 1 << 10

func (ix *index) init() {
	ix.entries = make([]entry, minEntries)
	ix.mask = minEntries - 1
}

// insert adds a flow that is not in the index.
func (ix *index) insert(hash, flow uint32) {
	if ix.n >= len(ix.entries)/4*3 {
		old := ix.entries
		ix.entries = make([]entry, 2*len(old))
		ix.mask = uint32(len(ix.entries) - 1)
		for _, e := range old {
			if e.flow != 0 {
				ix.put(e)
			}
		}
	}
	ix.put(entry{hash, flow})
	ix.n++
}

func (ix *index) put(e entry) {
	i := e.hash & ix.mask
	for ix.entries[i].flow != 0 {
		i = (i + 1) & ix.mask
	}
	ix.entries[i] = e
}

// remove takes out a flow that is in the index, and closes the hole: an entry
// further along the run moves into it unless its own home lies behind the hole.
func (ix *index) remove(hash, flow uint32) {
	hole := hash & ix.mask
	for ix.entries[hole].flow != flow {
		hole = (hole + 1) & ix.mask
	}
	for i := (hole + 1) & ix.mask; ix.entries[i].flow != 0; i = (i + 1) & ix.mask {
		home := ix.entries[i].hash & ix.mask
		if (i-home)&ix.mask >= (i-hole)&ix.mask {
			ix.entries[hole] = ix.entries[i]
			hole = i
		}
	}
	ix.entries[hole] = entry{}
	ix.n--
}

const (
	slabBits = 10
	slabSize = 1 << slabBits
)

// slab holds the flows. They never move, so pointers to them stay good until
// they are given back; memory once taken is kept.
type slab struct {
	chunks []*[slabSize]Flow
	used   uint32 // numbers below were handed out at some time; 0 never is
	free   uint32 // first of a list along tableState.next
}

func (s *slab) at(i uint32) *Flow { return &s.chunks[i>>slabBits][i%slabSize] }

// take returns a zero Flow that knows its number.
func (s *slab) take() *Flow {
	i := s.free
	if i != 0 {
		f := s.at(i)
		s.free, f.table.next = f.table.next, 0
		return f
	}
	i = s.used
	s.used++
	if int(i>>slabBits) == len(s.chunks) {
		s.chunks = append(s.chunks, new([slabSize]Flow))
	}
	f := s.at(i)
	f.table.self = i
	return f
}

func (s *slab) give(f *Flow) {
	i := f.table.self
	*f = Flow{}
	f.table.self, f.table.next = i, s.free
	s.free = i
}
