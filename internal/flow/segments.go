package flow

// segmentSize is the memory of one held segment: its bytes, and with them the
// most that one piece of payload may be without being split.
const segmentSize = 2048

// blockSegments is how many segments' bytes are allocated at once.
const blockSegments = 32

// segment is a run of bytes that waits for those before it.
type segment struct {
	since        int64  // packet time at which it came, ns
	seq          uint32 // of its first byte
	lost         uint32 // bytes after its own that the capture does not hold
	next         uint32 // in its stream's list, or in the free list
	older, newer uint32 // among all held segments
	flow         uint32
	size         uint16 // bytes in use
	dir          Direction
}

func (g *segment) end() uint32 { return g.seq + uint32(g.size) + g.lost }

// segments is the pool of held segments, bounded in number. Segments are named
// by number, from 1; memory once taken is kept.
type segments struct {
	limit     int // segments, of all streams
	perStream int

	all            []segment
	blocks         [][]byte
	free           uint32
	oldest, newest uint32
	held           int
}

func (s *segments) at(i uint32) *segment { return &s.all[i-1] }

// space returns the memory of a segment, segmentSize bytes.
func (s *segments) space(i uint32) []byte {
	at := int(i-1) % blockSegments * segmentSize
	return s.blocks[int(i-1)/blockSegments][at : at+segmentSize : at+segmentSize]
}

func (s *segments) bytes(i uint32) []byte { return s.space(i)[:s.at(i).size] }

// take returns an empty segment as the newest. There must be room within limit.
func (s *segments) take() uint32 {
	i := s.free
	if i != 0 {
		s.free = s.at(i).next
	} else {
		if len(s.all)%blockSegments == 0 {
			s.blocks = append(s.blocks, make([]byte, blockSegments*segmentSize))
		}
		s.all = append(s.all, segment{})
		i = uint32(len(s.all))
	}
	*s.at(i) = segment{older: s.newest}
	if s.newest != 0 {
		s.at(s.newest).newer = i
	} else {
		s.oldest = i
	}
	s.newest = i
	s.held++
	return i
}

func (s *segments) give(i uint32) {
	g := s.at(i)
	if g.older != 0 {
		s.at(g.older).newer = g.newer
	} else {
		s.oldest = g.newer
	}
	if g.newer != 0 {
		s.at(g.newer).older = g.older
	} else {
		s.newest = g.older
	}
	g.next = s.free
	s.free = i
	s.held--
}

// hold keeps a segment that lies ahead of next, without what is held already.
func (t *Table) hold(f *Flow, d Direction, seq uint32, data []byte, lost uint32) {
	t.stats.OutOfOrder++
	s := &f.table.streams[d]
	before := s.last
	if before != 0 && int32(seq-t.segments.at(before).end()) < 0 {
		before = t.precursor(s, seq)
	}
	for len(data) > 0 || lost > 0 {
		if before != 0 {
			if covered := int32(t.segments.at(before).end() - seq); covered > 0 {
				n := min(uint32(covered), uint32(len(data))+lost)
				t.stats.Retransmitted += uint64(n)
				data, lost = skip(data, lost, n)
				seq += n
			}
		}
		// Up to the next segment held; what it holds stands.
		after := s.first
		if before != 0 {
			after = t.segments.at(before).next
		}
		size := uint32(len(data)) + lost
		if after != 0 {
			size = min(size, t.segments.at(after).seq-seq)
		}
		if size > 0 {
			piece := data[:min(uint32(len(data)), size)]
			pieceLost := size - uint32(len(piece))
			if !t.insert(f, d, before, seq, piece, pieceLost) {
				t.overBudget(f, d, seq, data, lost)
				return
			}
			data, lost = skip(data, lost, size)
			seq += size
		}
		if after == 0 {
			return
		}
		before = after
	}
}

// precursor returns the last held segment of s that begins at or before seq, 0
// if none does.
func (t *Table) precursor(s *stream, seq uint32) uint32 {
	var before uint32
	for i := s.first; i != 0 && int32(seq-t.segments.at(i).seq) >= 0; i = t.segments.at(i).next {
		before = i
	}
	return before
}

// insert holds data and lost behind the segment before, 0 for the list's head.
// It reports false when there is no room; it has then held nothing, or data's
// first bytes.
func (t *Table) insert(f *Flow, d Direction, before, seq uint32, data []byte, lost uint32) bool {
	s := &f.table.streams[d]
	if before != 0 {
		// Small pieces in a row share a segment.
		g := t.segments.at(before)
		if g.lost == 0 && g.end() == seq {
			n := copy(t.segments.space(before)[g.size:], data)
			g.size += uint16(n)
			data, seq = data[n:], seq+uint32(n)
			if len(data) == 0 {
				g.lost, lost = lost, 0
			}
		}
	}
	for len(data) > 0 || lost > 0 {
		if int(s.held) >= t.segments.perStream || t.segments.held >= t.segments.limit {
			return false
		}
		i := t.segments.take()
		g := t.segments.at(i)
		g.since, g.flow, g.dir, g.seq = t.clock.now, f.table.self, d, seq
		g.size = uint16(copy(t.segments.space(i), data))
		data, seq = data[g.size:], seq+uint32(g.size)
		if len(data) == 0 {
			g.lost, lost = lost, 0
		}
		t.link(s, before, i)
		before = i
	}
	return true
}

// link puts segment i behind the segment before, 0 for the head.
func (t *Table) link(s *stream, before, i uint32) {
	g := t.segments.at(i)
	if before != 0 {
		b := t.segments.at(before)
		g.next, b.next = b.next, i
	} else {
		g.next, s.first = s.first, i
	}
	if g.next == 0 {
		s.last = i
	}
	s.held++
}

// overBudget makes room for a segment that finds none: by giving up a hole of
// its own stream, or the one that any stream has waited for longest.
func (t *Table) overBudget(f *Flow, d Direction, seq uint32, data []byte, lost uint32) {
	t.stats.OverBudget++
	s := &f.table.streams[d]
	switch {
	case int(s.held) >= t.segments.perStream && s.first != 0:
		t.giveUp(f, d)
	default:
		g := t.segments.at(t.segments.oldest)
		t.giveUp(t.flows.at(g.flow), g.dir)
	}
	if !f.Ignore {
		t.segment(f, d, seq, data, lost)
	}
}
