package flow

import (
	"math"
	"math/bits"

	"github.com/cordonhq/cordon/internal/packet"
)

// class says how long a flow may be idle and what it is worth.
type class uint8

const (
	tcpOpening class = iota
	tcpOneSided
	tcpEstablished
	tcpClosing
	tcpEnded
	udpOneSided
	udpAnswered
	otherOneSided
	otherAnswered
	classes
)

// evictionOrder lists what a full table gives up first: what has ended, then
// what nobody answered, which is all that a flood of forged packets can fill
// the table with, then the rest. Within a row the longest idle goes first.
var evictionOrder = [...][]class{
	{tcpEnded},
	{tcpOpening, udpOneSided, otherOneSided, tcpOneSided},
	{otherAnswered, udpAnswered, tcpClosing},
	{tcpEstablished},
}

func (f *Flow) classify() class {
	switch f.Proto {
	case packet.ProtoTCP:
		s := &f.table.streams
		switch {
		case f.State == Closed || f.State == Reset:
			return tcpEnded
		case f.hot.confirmed && (s[Out].flags|s[In].flags)&finSeen != 0:
			return tcpClosing
		case f.hot.confirmed:
			return tcpEstablished
		case (s[Out].flags|s[In].flags)&dataSeen != 0:
			return tcpOneSided
		default:
			return tcpOpening
		}
	case packet.ProtoUDP:
		if f.State == Opening {
			return udpOneSided
		}
		return udpAnswered
	default:
		if f.State == Opening {
			return otherOneSided
		}
		return otherAnswered
	}
}

const (
	wheelSlots = 256
	// timeoutTicks is how finely a class divides its timeout. Less than
	// wheelSlots, so that each deadline has a slot.
	timeoutTicks = 128
	// clockSlack is how far (ns) packet time may run backwards before that is
	// taken for another clock rather than for packets out of order.
	clockSlack = 10e9
	// maxTime (in the year 2242) leaves room to add timeouts to a time.
	maxTime = math.MaxInt64 - 2*int64(maxTimeout)
	// sweepPerPacket bounds the flows looked at for the sake of one packet.
	sweepPerPacket = 256
)

// wheel holds the flows of one class by the time at which they are to be looked
// at. A packet does not move its flow: it is found to be alive when its slot is
// due, and put back. So a flow costs the wheel little, however busy.
type wheel struct {
	timeout int64 // ns
	tick    int64 // ns a slot stands for
	// cursor is the tick whose slot is being emptied: all slots up to it are
	// empty, and its own may still hold flows.
	cursor     int64
	n          int
	head, tail [wheelSlots]uint32
	used       [wheelSlots / 64]uint64 // one bit for each slot with flows
}

// clock is packet time: the latest seen, in nanoseconds since the Unix epoch.
type clock struct {
	now     int64
	at      int64 // of the packet at hand, which may be out of order
	due     int64 // when a wheel next turns
	started bool
}

func (t *Table) initWheels() {
	c := &t.cfg
	for i, d := range [classes]int64{
		tcpOpening: int64(c.TCPOpening), tcpOneSided: int64(c.TCPOneSided), tcpEstablished: int64(c.TCPEstablished),
		tcpClosing: int64(c.TCPClosing), tcpEnded: int64(c.TCPEnded),
		udpOneSided: int64(c.UDPOneSided), udpAnswered: int64(c.UDPAnswered),
		otherOneSided: int64(c.OtherOneSided), otherAnswered: int64(c.OtherAnswered),
	} {
		t.wheels[i].timeout = d
		t.wheels[i].tick = max(d/timeoutTicks, 1)
	}
}

// Advance moves packet time on to now (nanoseconds since the Unix epoch) and
// ends what has timed out. Add does so too, a little for each packet; Advance
// is for when no packets come.
func (t *Table) Advance(now int64) {
	if t.clock.started && now > t.clock.now {
		t.clock.now = min(now, maxTime)
		t.clock.at = t.clock.now
		t.sweep(t.index.n)
	}
}

// tick moves packet time on to a packet's, which is within 0 and maxTime.
func (t *Table) tick(now int64) {
	c := &t.clock
	c.at = now
	switch {
	case !c.started || c.now-now > clockSlack:
		// The first packet, or one of another clock, as a second capture read
		// into the same table: the wheels go on from there.
		c.started = true
		c.now, c.due = now, now
		for i := range t.wheels {
			t.wheels[i].cursor = now / t.wheels[i].tick
		}
	case now > c.now:
		c.now = now
	}
	if c.now >= c.due {
		t.sweep(sweepPerPacket)
	}
}

// idle reports whether f had been idle for too long by now. A flow that is as
// far ahead of now belongs to another clock.
func (t *Table) idle(f *Flow, now int64) bool {
	idle := now - f.Last
	timeout := t.wheels[f.hot.class].timeout
	return idle >= timeout || -idle >= max(timeout, clockSlack)
}

// sweep looks at up to budget flows whose slots are due. What is left over
// stays due.
func (t *Table) sweep(budget int) {
	t.giveUpOld(t.clock.now - int64(t.cfg.HoleTimeout))
	due := t.clock.now + int64(t.cfg.HoleTimeout)
	for i := range t.wheels {
		w := &t.wheels[i]
		now := t.clock.now / w.tick
		w.cursor = max(w.cursor, now-wheelSlots) // no slot need be looked at twice
		for w.n > 0 {
			slot := w.cursor & (wheelSlots - 1)
			for w.head[slot] != 0 {
				if budget == 0 {
					return
				}
				budget--
				f := t.flows.at(w.head[slot])
				if t.idle(f, t.clock.now) || t.clock.now-f.First >= int64(t.cfg.Hard) {
					t.end(f, Expired)
				} else {
					t.unlink(f)
					t.enqueue(f)
				}
			}
			if w.cursor >= now {
				break
			}
			w.cursor++
		}
		w.cursor = max(w.cursor, now)
		due = min(due, (now+1)*w.tick)
	}
	t.clock.due = due
}

// slotOf returns where f belongs in its wheel: the first slot that is due no
// earlier than its deadline.
func (t *Table) slotOf(f *Flow) uint8 {
	w := &t.wheels[f.hot.class]
	deadline := min(f.Last+w.timeout, f.First+int64(t.cfg.Hard))
	at := (deadline + w.tick - 1) / w.tick
	at = min(max(at, w.cursor+1), w.cursor+wheelSlots-1)
	return uint8(at & (wheelSlots - 1))
}

func (t *Table) enqueue(f *Flow) {
	w := &t.wheels[f.hot.class]
	slot := t.slotOf(f)
	s := &f.table
	f.hot.slot, s.prev, s.next = slot, w.tail[slot], 0
	if s.prev != 0 {
		t.flows.at(s.prev).table.next = s.self
	} else {
		w.head[slot] = s.self
		w.used[slot>>6] |= 1 << (slot & 63)
	}
	w.tail[slot] = s.self
	w.n++
}

func (t *Table) unlink(f *Flow) {
	w, slot := &t.wheels[f.hot.class], f.hot.slot
	prev, next := f.table.prev, f.table.next
	if prev != 0 {
		t.flows.at(prev).table.next = next
	} else {
		w.head[slot] = next
	}
	if next != 0 {
		t.flows.at(next).table.prev = prev
	} else {
		w.tail[slot] = prev
	}
	if w.head[slot] == 0 {
		w.used[slot>>6] &^= 1 << (slot & 63)
	}
	w.n--
}

// reclass moves f to its class's wheel after its state has changed.
func (t *Table) reclass(f *Flow) {
	if c := f.classify(); c != f.hot.class {
		t.unlink(f)
		f.hot.class = c
		t.enqueue(f)
	}
}

// evict ends the flow that is worth least.
func (t *Table) evict() {
	for _, row := range evictionOrder {
		var worst *Flow
		for _, c := range row {
			if f := t.idlest(c); f != nil && (worst == nil || f.Last < worst.Last) {
				worst = f
			}
		}
		if worst != nil {
			t.end(worst, Evicted)
			return
		}
	}
}

// idlest returns the flow of c that is due first, nil if there is none. Flows
// that were busy since they were last looked at are put where they belong, but
// not without bound.
func (t *Table) idlest(c class) *Flow {
	w := &t.wheels[c]
	if w.n == 0 {
		return nil
	}
	for tries := 0; ; tries++ {
		f := t.flows.at(w.head[w.first()])
		if tries == 16 || t.slotOf(f) == f.hot.slot {
			return f
		}
		t.unlink(f)
		t.enqueue(f)
	}
}

// first returns the slot with flows that is due first. There must be one.
func (w *wheel) first() uint8 {
	from := uint8(w.cursor & (wheelSlots - 1))
	word := int(from >> 6)
	set := w.used[word] &^ (1<<(from&63) - 1)
	for set == 0 {
		word = (word + 1) % len(w.used)
		set = w.used[word]
	}
	return uint8(word<<6 + bits.TrailingZeros64(set))
}
