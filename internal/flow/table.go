package flow

import (
	"slices"

	"github.com/cordonhq/cordon/internal/packet"
)

// Table holds the live flows of one worker. It takes no locks and belongs to
// one goroutine; the Inspector is called on it and must not call the Table.
type Table struct {
	cfg       Config
	inspector Inspector
	key       hashKey

	index index
	flows slab
	last  uint64 // the newest flow's ID

	// dirty lists the flows touched since Changed was last called.
	dirty []uint32

	clock  clock
	wheels [classes]wheel

	segments segments
	stats    Stats
}

// hotState and tableState are what a Table keeps in a Flow. Other flows are
// named by their number in the slab, so that the garbage collector has nothing
// to follow.
type hotState struct {
	class class
	slot  uint8 // of the class's wheel
	// confirmed: a TCP flow whose handshake is complete, or both of whose sides
	// were seen midway. Forged packets do not get so far.
	confirmed bool
	dirty     uint32 // 1 + position in Table.dirty, 0 if clean
}

type tableState struct {
	streams    [2]stream
	hash, self uint32
	prev, next uint32 // in the list of a wheel's slot; next also in the free list
	// resetBy is the side whose RST was believed.
	resetBy Direction
}

// New makes an empty Table that reports to in.
func New(cfg Config, in Inspector) *Table {
	t := &Table{cfg: cfg.withDefaults(), inspector: in, key: randomKey()}
	t.index.init()
	t.flows.used = 1
	t.initWheels()
	t.segments.limit = max(t.cfg.ReassemblyBytes/segmentSize, 1)
	t.segments.perStream = max((t.cfg.ReassemblyStream+segmentSize-1)/segmentSize, 1)
	return t
}

// Add counts p to its flow, which it opens when there is none, and hands what p
// carries to the Inspector. The flow may be used until the next call.
//
// It returns nil for a packet that belongs to no flow: one without IP, a lone
// fragment (put datagrams together before with packet.Reassembler; a datagram
// then counts as one packet), and TCP, UDP or SCTP cut before its ports.
func (t *Table) Add(p *packet.Packet) *Flow {
	switch {
	case p.IPVersion == 0:
		return nil
	case p.Fragment:
		t.stats.Fragments++
		return nil
	case p.SrcPort|p.DstPort == 0 && p.Malformed != packet.WellFormed && hasPorts(p.Proto):
		t.stats.Cut++
		return nil
	}
	t.stats.Packets++
	now := min(max(p.Time, 0), maxTime)
	t.tick(now)

	h := t.key.of(p)
	f, d := t.find(h, p)
	if f != nil && (t.idle(f, now) || t.replaces(f, d, p)) {
		t.end(f, Expired)
		f = nil
	}
	if f == nil {
		f, d = t.open(h, p)
	}
	t.count(f, d, p)
	if p.Proto == packet.ProtoTCP {
		t.tcp(f, d, p)
	} else {
		t.datagram(f, d, p)
	}
	return f
}

func hasPorts(proto uint8) bool {
	return proto == packet.ProtoTCP || proto == packet.ProtoUDP || proto == packet.ProtoSCTP
}

// find returns the flow of p, nil if there is none, and the direction of p.
func (t *Table) find(h uint32, p *packet.Packet) (*Flow, Direction) {
	ix := &t.index
	for i := h & ix.mask; ; i = (i + 1) & ix.mask {
		e := ix.entries[i]
		if e.flow == 0 {
			return nil, Out
		}
		if e.hash != h {
			continue
		}
		f := t.flows.at(e.flow)
		if f.Proto != p.Proto {
			continue
		}
		if f.SrcPort == p.SrcPort && f.DstPort == p.DstPort && f.Src == p.Src && f.Dst == p.Dst {
			return f, Out
		}
		if f.SrcPort == p.DstPort && f.DstPort == p.SrcPort && f.Src == p.Dst && f.Dst == p.Src {
			return f, In
		}
	}
}

// open makes the flow of p, whose hash is h.
func (t *Table) open(h uint32, p *packet.Packet) (*Flow, Direction) {
	for t.index.n >= t.cfg.MaxFlows {
		t.evict()
	}
	f := t.flows.take()
	t.last++
	f.ID = t.last
	f.Proto, f.VLAN = p.Proto, p.VLAN
	f.First, f.Last = t.clock.at, t.clock.at
	f.FirstNumber = p.Number
	f.Midway = p.Proto == packet.ProtoTCP && p.TCPFlags&packet.SYN == 0
	d := Out
	if opener(p) {
		f.Src, f.Dst, f.SrcPort, f.DstPort = p.Src, p.Dst, p.SrcPort, p.DstPort
	} else {
		d = In
		f.Src, f.Dst, f.SrcPort, f.DstPort = p.Dst, p.Src, p.DstPort, p.SrcPort
	}
	f.table.hash = h
	f.hot.class = f.classify()
	t.index.insert(h, f.table.self)
	t.enqueue(f)
	t.stats.Opened++
	return f, d
}

func (t *Table) count(f *Flow, d Direction, p *packet.Packet) {
	if f.Packets[d] == 0 {
		f.MACs[d], f.TTLs[d] = p.SrcMAC, p.TTL
	}
	f.Packets[d]++
	f.Bytes[d] += uint64(p.WireLen)
	f.LastNumber = p.Number
	f.Last = max(f.Last, t.clock.at)
	if f.hot.dirty == 0 {
		t.dirty = append(t.dirty, f.table.self)
		f.hot.dirty = uint32(len(t.dirty))
	}
}

// datagram hands on the payload of all protocols but TCP.
func (t *Table) datagram(f *Flow, d Direction, p *packet.Packet) {
	if f.State == Opening && f.Packets[d.Reverse()] > 0 {
		f.State = Established
		t.reclass(f)
	}
	if len(p.Payload) > 0 && !f.Ignore {
		t.inspector.Payload(f, d, p.Payload, t.clock.at)
	}
}

// end takes f out of the table. why is its State unless it has ended by itself.
func (t *Table) end(f *Flow, why State) {
	t.giveUpAll(f)
	if f.State != Closed && f.State != Reset {
		f.State = why
	}
	t.stats.Ended[f.State]++
	f.Ended = true
	t.inspector.Closed(f)
	t.release(f)
	t.unlink(f)
	t.index.remove(f.table.hash, f.table.self)
	if pos := f.hot.dirty; pos != 0 {
		moved := t.dirty[len(t.dirty)-1]
		t.dirty[pos-1] = moved
		t.flows.at(moved).hot.dirty = pos
		t.dirty = t.dirty[:len(t.dirty)-1]
	}
	t.flows.give(f)
}

// Changed calls fn with each live flow that a packet has touched since the
// last call. A flow that has ended meanwhile was told to Inspector.Closed
// instead. fn must not call the Table.
func (t *Table) Changed(fn func(*Flow)) {
	for _, i := range t.dirty {
		f := t.flows.at(i)
		f.hot.dirty = 0
		fn(f)
	}
	t.dirty = t.dirty[:0]
}

// Flush ends all flows, in the order in which they were opened.
func (t *Table) Flush() {
	live := make([]*Flow, 0, t.index.n)
	for i := uint32(1); i < t.flows.used; i++ {
		if f := t.flows.at(i); f.ID != 0 {
			live = append(live, f)
		}
	}
	slices.SortFunc(live, func(a, b *Flow) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	for _, f := range live {
		t.end(f, Flushed)
	}
}

// Len returns the number of live flows; those that linger after their end
// count.
func (t *Table) Len() int { return t.index.n }
