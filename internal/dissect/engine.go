package dissect

import (
	"math/bits"

	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
)

// Table is the list of dissectors that an Engine tries. The order decides only
// between equal verdicts.
type Table struct {
	Flows []Dissector
	Links []LinkDissector
}

// Config bounds an Engine. Zero fields take the defaults.
type Config struct {
	// MaxBuffered is the most bytes kept for undecided flows and unfinished
	// messages, over all flows. Beyond it new bytes are not inspected and
	// counted in Stats.Shed. Default 64 MiB.
	MaxBuffered int
	// PseudonymKey keys the stand-ins for patients' identifiers.
	PseudonymKey []byte
}

// Stats counts what an Engine did.
type Stats struct {
	Observations uint64 // observations delivered
	Panics       uint64 // dissectors that panicked: a defect, contained to one flow
	Overlong     uint64 // streams given up because a message exceeded its window
	Shed         uint64 // payloads not inspected for lack of room or time
}

// maxProbes is how many payloads of a flow are probed before it stays unknown.
// Protocols show themselves within the first few messages or not at all.
const maxProbes = 10

// Engine finds the protocol of each flow and runs its parser. It is an
// flow.Inspector for one flow.Table and belongs to that table's goroutine.
type Engine struct {
	cfg   Config
	sink  Sink
	kinds [8]candidates // by the place of the Transport's bit
	links map[uint16][]LinkDissector
	texts textCache

	pseudonym    pseudonymizer
	buffered     int
	shedding     bool
	observations uint64
	stats        Stats
	ctx          Context
	head         Head
	free         []*session
	buffers      [len(bufferSizes)][][]byte
}

// candidates are the dissectors of one transport; a bit set over them fits one
// word.
type candidates struct {
	over  Transport
	rows  []Dissector
	ports map[uint16]uint64
	// highest is the last of the ports: most of clients' lie beyond.
	highest uint16
	first   [256]uint64 // by a first byte: rows that it does not rule out; 0 is not known yet
	spare   [][]Parser  // by row: parsers that were reset
}

// NewEngine makes an Engine that tries the dissectors of t and delivers to
// sink. A transport may have at most 64 dissectors.
func NewEngine(cfg Config, t Table, sink Sink) *Engine {
	if cfg.MaxBuffered == 0 {
		cfg.MaxBuffered = 64 << 20
	}
	e := &Engine{
		cfg: cfg, sink: sink,
		links:     map[uint16][]LinkDissector{},
		texts:     newTextCache(),
		pseudonym: newPseudonymizer(cfg.PseudonymKey),
	}
	e.ctx.engine = e
	for i := range e.kinds {
		e.kinds[i] = newCandidates(t.Flows, 1<<i)
	}
	for _, l := range t.Links {
		e.links[l.EtherType] = append(e.links[l.EtherType], l)
	}
	return e
}

func newCandidates(all []Dissector, over Transport) candidates {
	c := candidates{over: over, ports: map[uint16]uint64{}}
	for _, d := range all {
		if d.Over&over == 0 {
			continue
		}
		if len(c.rows) == 64 {
			panic("dissect: more than 64 dissectors over one transport")
		}
		if d.Window == 0 {
			d.Window = DefaultWindow
		}
		for _, p := range d.Ports {
			c.ports[p] |= 1 << len(c.rows)
			c.highest = max(c.highest, p)
		}
		c.rows = append(c.rows, d)
	}
	c.spare = make([][]Parser, len(c.rows))
	return c
}

// using returns the rows that usually answer on a port.
func (c *candidates) using(port uint16) uint64 {
	if port > c.highest {
		return 0
	}
	return c.ports[port]
}

// beginningWith returns the rows that a first byte does not rule out.
func (c *candidates) beginningWith(b byte) uint64 {
	if c.first[b] == 0 {
		for i := range c.rows {
			if f := c.rows[i].First; f == nil || f(b) {
				c.first[b] |= 1 << i
			}
		}
	}
	return c.first[b]
}

// Stats returns the counts so far.
func (e *Engine) Stats() Stats {
	s := e.stats
	s.Observations = e.observations
	return s
}

// Shed turns payload inspection off or on: under overload counting flows is
// worth more than looking into them.
func (e *Engine) Shed(on bool) { e.shedding = on }

// session is what the Engine keeps for a flow that it still inspects.
type session struct {
	of       *candidates
	hinted   uint64    // rows with a port in use
	alive    [2]uint64 // rows not ruled out, per direction
	best     int8      // row of the best verdict so far, -1 if none
	verdict  Verdict   // of best
	probes   uint8
	row      *Dissector // decided
	parser   Parser
	streams  [2]stream
	earliest flow.Direction // whose bytes came first
}

// sessionsAtOnce is how many sessions are allocated together.
const sessionsAtOnce = 32

func transportOf(f *flow.Flow) Transport {
	switch f.Proto {
	case packet.ProtoTCP:
		return OverTCP
	case packet.ProtoUDP:
		return OverUDP
	case packet.ProtoICMP:
		return OverICMP
	case packet.ProtoICMPv6:
		return OverICMPv6
	case packet.ProtoIGMP:
		return OverIGMP
	case packet.ProtoSCTP:
		return OverSCTP
	default:
		return OverOther
	}
}

// Payload implements flow.Inspector.
func (e *Engine) Payload(f *flow.Flow, dir flow.Direction, data []byte, now int64) {
	if f.Ignore || len(data) == 0 {
		return
	}
	if e.shedding {
		e.stats.Shed++
		e.end(f)
		return
	}
	defer e.contain(f)
	s, _ := f.Session.(*session)
	if s == nil {
		s = e.open(f)
	}
	e.aim(f, dir, now)
	if s.row == nil {
		e.probe(f, s, dir, data)
		return
	}
	e.feed(f, s, dir, data)
}

// contain is the seat belt: a dissector that panics loses its flow, is counted,
// and nothing else suffers.
func (e *Engine) contain(f *flow.Flow) {
	if r := recover(); r != nil {
		e.stats.Panics++
		if f == nil {
			return
		}
		if s, _ := f.Session.(*session); s != nil {
			s.parser = nil // who knows what is left in it
		}
		e.end(f)
	}
}

// aim points the context at one side of a flow.
func (e *Engine) aim(f *flow.Flow, dir flow.Direction, now int64) {
	c := &e.ctx
	c.Flow, c.Dir, c.Now = f, dir, now
	c.event.Flow, c.event.Number = f, f.LastNumber
	c.event.SenderMAC, c.event.ReceiverMAC = f.MACs[dir], f.MACs[dir.Reverse()]
	if dir == flow.Out {
		c.event.Sender, c.event.Receiver = f.Src, f.Dst
	} else {
		c.event.Sender, c.event.Receiver = f.Dst, f.Src
	}
}

func (e *Engine) open(f *flow.Flow) *session {
	if len(e.free) == 0 {
		more := make([]session, sessionsAtOnce)
		for i := range more {
			e.free = append(e.free, &more[i])
		}
	}
	n := len(e.free) - 1
	s := e.free[n]
	e.free = e.free[:n]
	c := &e.kinds[bits.TrailingZeros8(uint8(transportOf(f)))]
	all := uint64(1)<<len(c.rows) - 1
	*s = session{of: c, hinted: c.using(f.DstPort) | c.using(f.SrcPort), best: -1, alive: [2]uint64{all, all}}
	f.Session = s
	return s
}

// end stops the inspection of a flow and takes back what it held.
func (e *Engine) end(f *flow.Flow) {
	f.Ignore = true
	s, _ := f.Session.(*session)
	if s == nil {
		return
	}
	for i := range s.streams {
		e.release(&s.streams[i])
	}
	s.reuse()
	*s = session{}
	f.Session = nil
	e.free = append(e.free, s)
}

// Gap implements flow.Inspector.
func (e *Engine) Gap(f *flow.Flow, dir flow.Direction, n uint32, _ int64) {
	s, _ := f.Session.(*session)
	if f.Ignore || n == 0 {
		return
	}
	if s == nil {
		s = e.open(f)
	}
	st := &s.streams[dir]
	if st.skip >= uint64(n) {
		st.skip -= uint64(n)
		return
	}
	st.skip = 0
	if s.row == nil {
		// What is probed must be contiguous; start over from behind the gap.
		e.release(st)
		st.midway = true
		return
	}
	e.release(st)
	st.dead = true
	if s.streams[dir.Reverse()].dead {
		e.end(f)
	}
}

// Closed implements flow.Inspector.
func (e *Engine) Closed(f *flow.Flow) { e.end(f) }

// Link hands a frame without a flow to the link-layer dissectors.
func (e *Engine) Link(p *packet.Packet) {
	rows := e.links[p.EtherType]
	if len(rows) == 0 || len(p.LinkPayload) == 0 {
		return
	}
	defer e.contain(nil)
	c := &e.ctx
	c.Flow, c.Dir, c.Now = nil, flow.Out, p.Time
	c.event = Event{Number: p.Number, SenderMAC: p.SrcMAC, ReceiverMAC: p.DstMAC}
	for _, l := range rows {
		l.Parse(c, p.LinkPayload)
	}
}

// probe looks for the flow's protocol.
func (e *Engine) probe(f *flow.Flow, s *session, dir flow.Direction, data []byte) {
	st := &s.streams[dir]
	datagram := s.of.over != OverTCP
	if !s.streams[dir.Reverse()].spoke && !st.spoke {
		s.earliest = dir
	}
	st.spoke = true
	h := &e.head
	*h = Head{Data: data, Dir: dir, Flow: f, Midway: st.midway || f.Midway}
	if !datagram {
		if len(st.buf) > 0 {
			if !e.keep(st, data) {
				e.end(f)
				return
			}
			h.Data = st.buf
		}
		h.Other = s.streams[dir.Reverse()].buf
	}
	s.probes++
	s.ask(h)
	if s.best >= 0 {
		f.Protocol, f.Confidence = s.of.rows[s.best].Protocol, uint8(s.verdict)
	}
	switch {
	case s.verdict >= Likely:
		e.decide(f, s, dir, h.Data)
	case s.probes >= maxProbes, s.alive[0]|s.alive[1] == 0, len(h.Data) >= DefaultWindow:
		if s.best < 0 {
			e.end(f)
			return
		}
		e.decide(f, s, dir, h.Data)
	case !datagram && len(st.buf) == 0:
		if !e.keep(st, data) {
			e.end(f)
		}
	}
}

// ask has each candidate that is not ruled out judge h: those with a port in
// use first, and no further once one is sure.
func (s *session) ask(h *Head) {
	s.alive[h.Dir] &= s.of.beginningWith(h.Data[0])
	for _, set := range [2]uint64{s.alive[h.Dir] & s.hinted, s.alive[h.Dir] &^ s.hinted} {
		h.Hint = !h.Hint && set&s.hinted != 0
		for ; set != 0; set &= set - 1 {
			i := bits.TrailingZeros64(set)
			v := s.of.rows[i].Probe(h)
			switch {
			case v == NotMine:
				s.alive[h.Dir] &^= 1 << i
			case v > s.verdict:
				s.best, s.verdict = int8(i), v
			}
			if s.verdict >= Sure {
				return
			}
		}
		if s.verdict >= Likely {
			return
		}
		h.Hint = false
	}
}

// decide settles the protocol and gives the parser what was kept while
// probing: the other side's bytes first if they came first.
func (e *Engine) decide(f *flow.Flow, s *session, dir flow.Direction, data []byte) {
	row := &s.of.rows[s.best]
	s.row = row
	f.Protocol, f.Confidence = row.Protocol, uint8(s.verdict)
	if row.New == nil {
		e.end(f)
		return
	}
	s.parser = s.of.newParser(s.best)
	st, other := &s.streams[dir], &s.streams[dir.Reverse()]
	now, otherFirst := e.ctx.Now, s.earliest != dir
	if len(st.buf) > 0 {
		data = nil // it is st.buf, and feed adds to that
	}
	if otherFirst && len(other.buf) > 0 {
		e.aim(f, dir.Reverse(), now)
		e.feed(f, s, dir.Reverse(), nil)
		e.aim(f, dir, now)
	}
	if s.parser != nil {
		e.feed(f, s, dir, data)
	}
	if s.parser != nil && !otherFirst && len(other.buf) > 0 {
		e.aim(f, dir.Reverse(), now)
		e.feed(f, s, dir.Reverse(), nil)
	}
}

// feed runs the parser over what is kept and new of one direction. It ends the
// session when the parser wants no more.
func (e *Engine) feed(f *flow.Flow, s *session, dir flow.Direction, data []byte) {
	if s.of.over != OverTCP {
		if s.parser.Parse(&e.ctx, data) == Stop {
			e.end(f)
		}
		return
	}
	st := &s.streams[dir]
	if st.dead {
		return
	}
	if st.skip > 0 {
		n := min(st.skip, uint64(len(data)))
		st.skip -= n
		data = data[n:]
	}
	kept := len(st.buf) > 0
	if kept {
		if !e.keep(st, data) {
			e.end(f)
			return
		}
		data = st.buf
	}
	for len(data) > 0 {
		n := s.parser.Parse(&e.ctx, data)
		if n < 0 {
			e.end(f)
			return
		}
		if n == 0 {
			break
		}
		if n > len(data) {
			st.skip = uint64(n - len(data))
			n = len(data)
		}
		data = data[n:]
	}
	e.retain(f, s, dir, data, kept)
}
