package flow

import (
	"time"

	"github.com/cordonhq/cordon/internal/packet"
)

// replaces reports whether p, a SYN, begins another connection on the ports of
// f, rather than belonging to f as a retransmission or a forgery would.
func (t *Table) replaces(f *Flow, d Direction, p *packet.Packet) bool {
	if p.Proto != packet.ProtoTCP || p.TCPFlags&packet.SYN == 0 {
		return false
	}
	mine, other := &f.table.streams[d], &f.table.streams[d.Reverse()]
	if mine.flags&synSeen != 0 && mine.isn == p.Seq {
		return false
	}
	if p.TCPFlags&packet.ACK != 0 {
		// An answer to the SYN of f may repeat itself with another number (SYN
		// cookies) or come after a RST; an answer to another SYN shows that f is
		// over.
		answers := other.flags&synSeen != 0 && p.Ack == other.isn+1 ||
			other.flags&(synSeen|ackSeen) == ackSeen && p.Ack == other.acked
		return !answers && (mine.flags&started != 0 || f.hot.class == tcpEnded)
	}
	switch f.hot.class {
	case tcpEnded:
		return true
	case tcpOpening:
		// A SYN against the SYN of f is a simultaneous open (RFC 9293 §3.5).
		return other.flags&synSeen == 0 || mine.flags&synSeen != 0
	case tcpOneSided, tcpClosing:
		return true
	default:
		// A live connection answers with a challenge (RFC 5961 §4), so a forged
		// SYN must not end it here; if both ends agree on a new one, the SYN and
		// ACK will tell.
		return t.clock.at-f.Last >= int64(synQuiet)
	}
}

// synQuiet is how long an established connection must have been quiet for a SYN
// alone to be taken for its successor's.
const synQuiet = 60 * time.Second

// tcp takes a packet of f through the state of the connection and, unless the
// Inspector has seen enough, through reassembly.
func (t *Table) tcp(f *Flow, d Direction, p *packet.Packet) {
	if p.Malformed != packet.WellFormed && p.PayloadLen == 0 && p.TCPFlags == 0 {
		return // the header is cut or contradicts itself
	}
	s := &f.table.streams[d]
	seq := p.Seq
	if p.TCPFlags&packet.SYN != 0 {
		f.synchronize(d, seq)
		seq++
	}
	if p.TCPFlags&packet.ACK != 0 {
		t.acknowledge(f, d.Reverse(), p.Ack)
	}
	if n := uint32(len(p.Payload)); n > 0 || p.PayloadLen > 0 {
		s.flags |= dataSeen
		lost := min(max(p.PayloadLen, n)-n, maxLost)
		t.segment(f, d, seq, p.Payload, lost)
		seq += n + lost
	}
	if p.TCPFlags&packet.RST != 0 {
		t.reset(f, d, p)
	} else if p.TCPFlags&packet.FIN != 0 && near(f, d, seq) {
		s.flags |= finSeen
	}
	if !f.hot.confirmed || p.TCPFlags&(packet.SYN|packet.FIN|packet.RST) != 0 || f.State == Reset {
		t.advance(f, d, p)
	}
}

// advance draws the consequences of a packet for f's state and class.
func (t *Table) advance(f *Flow, d Direction, p *packet.Packet) {
	mine, other := &f.table.streams[d], &f.table.streams[d.Reverse()]
	bothSpoke := f.Packets[Out] > 0 && f.Packets[In] > 0
	switch {
	case f.State == Closed:
	case f.State == Reset && p.TCPFlags&(packet.SYN|packet.RST) == packet.SYN:
		f.State = Opening // tried again with the same number
	case f.State == Reset:
		if p.TCPFlags&packet.RST == 0 && len(p.Payload) > 0 && d == f.table.resetBy && near(f, d, p.Seq) {
			f.State = Established // whoever resets has nothing to send: the RST was forged
		}
	case mine.flags&other.flags&finSeen != 0:
		f.State = Closed
	case bothSpoke || len(p.Payload) > 0 && p.TCPFlags&(packet.SYN|packet.ACK) == packet.ACK:
		f.State = Established
	}
	if bothSpoke && p.TCPFlags&(packet.SYN|packet.RST|packet.ACK) == packet.ACK {
		// Who acknowledges the other's SYN has received it: its address is not
		// forged.
		midway := (mine.flags|other.flags)&synSeen == 0
		answered := d == Out && (other.flags&synSeen == 0 || p.Ack-other.isn-1 < maxAhead)
		f.hot.confirmed = f.hot.confirmed || midway || answered
	}
	t.reclass(f)
}

// reset takes a RST. One whose number is not near the stream's is left to the
// receiver, who will ignore it too (RFC 5961 §3).
func (t *Table) reset(f *Flow, d Direction, p *packet.Packet) {
	if f.table.streams[d].flags&dataSeen != 0 && !near(f, d, p.Seq) {
		t.stats.Astray++
		return
	}
	t.giveUpAll(f)
	if f.State != Closed {
		f.State = Reset
		f.table.resetBy = d
	}
}
