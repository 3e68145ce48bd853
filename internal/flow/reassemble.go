package flow

// stream is what a Table knows of one direction of a TCP connection.
type stream struct {
	next  uint32 // sequence number of the first byte not yet delivered
	isn   uint32 // of the SYN, valid with synSeen
	acked uint32 // highest number the other side acknowledged, valid with ackSeen
	// first and last are the ends of the list of segments that wait for bytes
	// before them, in order and without overlap; 0 is none.
	first, last uint32
	held        uint16 // segments in the list
	flags       streamFlags
	// doubts counts acknowledgements of bytes that were not captured.
	doubts uint8
}

type streamFlags uint8

const (
	started  streamFlags = 1 << iota // next is valid
	synSeen                          // the SYN was captured
	finSeen                          // a FIN was
	dataSeen                         // any payload was
	ackSeen                          // the other side has acknowledged something
)

const (
	// maxAhead is how far beyond next a segment is still taken for the
	// stream's. Twice what Linux lets a receive window grow to by default
	// would do; the rest is for what a capture loses.
	maxAhead = 64 << 20
	// maxLost is how many bytes at the end of one packet may be missing from the
	// capture, jumbograms set aside; the rest is found missing by the next.
	maxLost = 1 << 20
	// nearBehind and nearAhead are how far from next a FIN or RST is believed.
	nearBehind = 1 << 16
	nearAhead  = 1 << 20
	// maxDoubts is how many acknowledgements it takes to believe that the bytes
	// were received and only the capture has lost them: one may overtake what
	// it acknowledges on its way through a mirror port.
	maxDoubts = 2
	// maxAstray is how many segments in a row, all far from next, it takes to
	// believe that they are right and next is wrong.
	maxAstray = 4
)

// synchronize takes the number of a SYN that is not too late to matter.
func (f *Flow) synchronize(d Direction, isn uint32) {
	s := &f.table.streams[d]
	if f.hot.confirmed || s.flags&dataSeen != 0 {
		return
	}
	s.isn = isn
	s.flags |= synSeen
	s.start(isn + 1)
}

// start makes next the first number of the stream. What the other side was
// seen to acknowledge before may have been an earlier connection's.
func (s *stream) start(next uint32) {
	s.next = next
	s.flags |= started
	if n := int32(s.acked - next); n > maxAhead || n < -maxAhead {
		s.flags &^= ackSeen
	}
}

// near reports whether seq is where a FIN or RST of the stream may be. Nobody
// knows once the Inspector ignores the flow.
func near(f *Flow, d Direction, seq uint32) bool {
	s := &f.table.streams[d]
	ahead := int32(seq - s.next)
	return f.Ignore || s.flags&started == 0 || ahead >= -nearBehind && ahead <= nearAhead
}

// acknowledge takes the other side's word that it has everything before ack.
func (t *Table) acknowledge(f *Flow, d Direction, ack uint32) {
	s := &f.table.streams[d]
	if s.flags&started != 0 && int32(ack-s.next) > maxAhead {
		return
	}
	if s.flags&ackSeen == 0 || int32(ack-s.acked) > 0 {
		s.flags |= ackSeen
		s.acked = ack
	}
	if s.first == 0 || int32(ack-t.segments.at(s.first).seq) < 0 {
		return
	}
	if s.doubts++; s.doubts < maxDoubts {
		return
	}
	for s.first != 0 && int32(ack-t.segments.at(s.first).seq) >= 0 {
		t.giveUp(f, d)
	}
}

// segment takes bytes of a stream: data, and then lost bytes that the packet
// carried but the capture does not hold.
func (t *Table) segment(f *Flow, d Direction, seq uint32, data []byte, lost uint32) {
	if f.Ignore {
		return
	}
	s := &f.table.streams[d]
	size := uint32(len(data)) + lost
	if s.flags&started == 0 {
		if size == 1 && s.flags&ackSeen != 0 && seq+1 == s.acked {
			return // a keep-alive repeats the last byte (RFC 9293 §3.8.4)
		}
		s.start(seq)
	}
	ahead := int32(seq - s.next)
	if ahead == 0 && s.first == 0 {
		s.doubts = 0
		t.deliver(f, d, data, lost)
		return
	}
	if ahead > maxAhead || ahead < -maxAhead {
		t.astray(f, d, seq, data, lost)
		return
	}
	if ahead < 0 {
		known := uint32(-ahead)
		if known >= size {
			t.stats.Retransmitted += uint64(size)
			return
		}
		t.stats.Retransmitted += uint64(known)
		data, lost = skip(data, lost, known)
		seq, ahead = s.next, 0
	}
	if ahead > 0 && s.flags&ackSeen != 0 && int32(s.acked-seq) >= 0 {
		// All before seq was acknowledged before this came: nobody will send it
		// again.
		t.giveUpTo(f, d, seq)
		if f.Ignore {
			return
		}
		t.segment(f, d, seq, data, lost) // now at or before next
		return
	}
	if ahead > 0 {
		t.hold(f, d, seq, data, lost)
		return
	}
	t.fill(f, d, data, lost)
}

// skip leaves out the first n bytes of a segment.
func skip(data []byte, lost, n uint32) ([]byte, uint32) {
	if have := uint32(len(data)); n > have {
		return nil, lost - (n - have)
	}
	return data[n:], lost
}

// fill delivers a segment that begins at next while others wait behind it.
// Where they overlap, what came first stands.
func (t *Table) fill(f *Flow, d Direction, data []byte, lost uint32) {
	s := &f.table.streams[d]
	s.doubts = 0
	for {
		size := uint32(len(data)) + lost
		if s.first == 0 {
			t.deliver(f, d, data, lost)
			return
		}
		room := t.segments.at(s.first).seq - s.next
		if size < room {
			t.deliver(f, d, data, lost)
			return
		}
		now, nowLost := data, room
		if room <= uint32(len(data)) {
			now, nowLost = data[:room], 0
		} else {
			nowLost -= uint32(len(data))
		}
		end := s.next + size
		t.deliver(f, d, now, nowLost)
		t.drain(f, d)
		left := int32(end - s.next)
		if f.Ignore || left <= 0 {
			t.stats.Retransmitted += uint64(size - room)
			return
		}
		t.stats.Retransmitted += uint64(size - room - uint32(left))
		data, lost = skip(data, lost, size-uint32(left))
	}
}

// drain delivers the segments that waited for what has just come.
func (t *Table) drain(f *Flow, d Direction) {
	s := &f.table.streams[d]
	for !f.Ignore && s.first != 0 {
		i := s.first
		g := t.segments.at(i)
		if g.seq != s.next {
			return
		}
		s.first = g.next
		s.held--
		if s.first == 0 {
			s.last = 0
		}
		t.deliver(f, d, t.segments.bytes(i), g.lost)
		t.segments.give(i)
	}
}

// deliver hands the next bytes of a stream to the Inspector, and says that lost
// bytes after them are missing.
func (t *Table) deliver(f *Flow, d Direction, data []byte, lost uint32) {
	f.table.streams[d].next += uint32(len(data)) + lost
	if len(data) > 0 && !f.Ignore {
		t.stats.Delivered += uint64(len(data))
		t.inspector.Payload(f, d, data, t.clock.at)
	}
	if lost > 0 && !f.Ignore {
		t.stats.Gaps++
		t.stats.Missing += uint64(lost)
		t.inspector.Gap(f, d, lost, t.clock.at)
	}
	if f.Ignore {
		t.release(f)
	}
}

// giveUp stops waiting for the first hole of a stream with segments held.
func (t *Table) giveUp(f *Flow, d Direction) {
	s := &f.table.streams[d]
	s.doubts = 0
	t.deliver(f, d, nil, t.segments.at(s.first).seq-s.next)
	t.drain(f, d)
}

// giveUpTo stops waiting for all holes of a stream before seq.
func (t *Table) giveUpTo(f *Flow, d Direction, seq uint32) {
	s := &f.table.streams[d]
	for s.first != 0 && int32(seq-t.segments.at(s.first).seq) >= 0 {
		t.giveUp(f, d)
	}
	if n := int32(seq - s.next); n > 0 && !f.Ignore {
		t.deliver(f, d, nil, uint32(n))
	}
}

// giveUpAll stops waiting in both directions of f.
func (t *Table) giveUpAll(f *Flow) {
	for d := Out; d <= In; d++ {
		for f.table.streams[d].first != 0 {
			t.giveUp(f, d)
		}
	}
}

// giveUpOld stops waiting for what has been missing since before the time
// given.
func (t *Table) giveUpOld(before int64) {
	for i := t.segments.oldest; i != 0 && t.segments.at(i).since < before; i = t.segments.oldest {
		g := t.segments.at(i)
		t.giveUp(t.flows.at(g.flow), g.dir)
	}
}

// release gives back what the streams of f hold.
func (t *Table) release(f *Flow) {
	for d := range f.table.streams {
		s := &f.table.streams[d]
		for s.first != 0 {
			i := s.first
			s.first = t.segments.at(i).next
			t.segments.give(i)
		}
		s.last, s.held = 0, 0
	}
}

// astray takes a segment that is far from the stream: a left-over of an earlier
// connection, a forgery, or the truth when next itself was picked up from one.
func (t *Table) astray(f *Flow, d Direction, seq uint32, data []byte, lost uint32) {
	t.stats.Astray++
	s := &f.table.streams[d]
	if s.doubts++; s.doubts < maxAstray {
		return
	}
	s.doubts = 0
	t.giveUpAll(f)
	if f.Ignore {
		return
	}
	// How much is missing is not known; that something is, is.
	t.deliver(f, d, nil, 1)
	s.start(seq)
	t.deliver(f, d, data, lost)
}
