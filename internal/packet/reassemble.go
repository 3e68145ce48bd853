package packet

import (
	"slices"
	"time"
	"unsafe"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

const (
	maxDatagram = 65535
	// maxPieces per datagram: 64 KiB over links of the 576 bytes that every
	// IPv4 host takes.
	maxPieces = 128
	// maxSpare is the number of finished datagrams whose memory is kept for
	// the next ones.
	maxSpare = 16
)

// ReassemblerConfig bounds a Reassembler. Zero fields take their defaults.
type ReassemblerConfig struct {
	// MaxBytes bounds the memory of all unfinished datagrams; 4 MiB.
	MaxBytes int
	// MaxDatagrams bounds the unfinished datagrams; 4096.
	MaxDatagrams int
	// MaxAge, in packet time from its first piece, is how long a datagram may
	// stay unfinished; 30 s, as Linux does.
	MaxAge time.Duration
	// OuterOnly is as in Decoder, for the whole datagrams.
	OuterOnly bool
}

// ReassemblerStats counts what became of fragments since the start.
type ReassemblerStats struct {
	Fragments uint64 // pieces given to Add
	Datagrams uint64 // completed
	Expired   uint64 // unfinished datagrams older than MaxAge
	Evicted   uint64 // unfinished datagrams dropped for the bounds' sake
	Overlaps  uint64 // pieces that overlapped earlier ones
	Invalid   uint64 // pieces malformed, past 65,535 bytes, of no length, not of whole eights, or at odds with the end
	Truncated uint64 // pieces that the capture cut
}

// Reassembler puts IPv4 (RFC 791 §3.2) and IPv6 (RFC 8200 §4.5) datagrams
// together from their fragments. Of overlapping IPv4 fragments the bytes that
// came first stand; an IPv6 datagram with an overlap is dropped whole, as
// RFC 5722 says. It belongs to one goroutine.
type Reassembler struct {
	config  ReassemblerConfig
	decoder Decoder
	stats   ReassemblerStats

	live           map[datagramKey]*datagram
	oldest, newest *datagram
	bytes          int
	spare          []*datagram
	out            []byte
}

type datagramKey struct {
	src, dst netid.Addr
	id       uint32
	vlan     uint16
	proto    uint8 // 0 for IPv6, where it is no part of the key
	version  uint8
}

// datagram is one that misses pieces.
type datagram struct {
	key          datagramKey
	older, newer *datagram
	first        int64 // packet time of the first piece

	// ruined datagrams swallow what else arrives of them until they expire.
	ruined bool
	proto  uint8 // of the piece at offset 0
	end    int   // the datagram's length, -1 until the last piece is there
	have   int
	wire   uint32
	frames uint16
	pieces []piece // by offset, without overlap
	data   []byte  // the pieces' bytes, as they arrived
}

// piece says that data[at:] has the datagram's bytes from start to end.
type piece struct{ start, end, at int32 }

// size is the memory that d takes, for the budget.
func (d *datagram) size() int {
	return int(unsafe.Sizeof(*d)) + cap(d.data) + cap(d.pieces)*int(unsafe.Sizeof(piece{}))
}

// NewReassembler returns a Reassembler without pieces.
func NewReassembler(c ReassemblerConfig) *Reassembler {
	if c.MaxBytes <= 0 {
		c.MaxBytes = 4 << 20
	}
	if c.MaxDatagrams <= 0 {
		c.MaxDatagrams = 4096
	}
	if c.MaxAge <= 0 {
		c.MaxAge = 30 * time.Second
	}
	return &Reassembler{
		config:  c,
		decoder: Decoder{OuterOnly: c.OuterOnly},
		live:    make(map[datagramKey]*datagram),
	}
}

// Stats returns the counters.
func (r *Reassembler) Stats() ReassemblerStats { return r.stats }

// Pending returns the number of unfinished datagrams and the bytes they hold.
func (r *Reassembler) Pending() (datagrams, bytes int) { return len(r.live), r.bytes }

// Add takes p, a fragment as Decode left it, and reports whether it completed
// its datagram. If so, p is now that datagram, decoded to its payload; its
// WireLen is the sum over the Fragments frames that it came in, all else of
// its link layer is the last frame's. Payload is then valid until the next
// Add. If not, p is unchanged. A p that is no fragment is whole: Add reports
// true and does nothing.
func (r *Reassembler) Add(p *Packet) bool {
	// A datagram that was a tunnel may hold a fragment again.
	for p.Fragment {
		if !r.add(p) {
			return false
		}
	}
	return true
}

func (r *Reassembler) add(p *Packet) bool {
	r.stats.Fragments++
	r.expire(p.Time)
	d := r.find(p)
	if d.ruined {
		return false
	}
	before := d.size()
	alive := r.place(d, p)
	if !alive {
		d.ruined, d.data, d.pieces = true, nil, nil
	}
	r.bytes += d.size() - before
	if alive && d.have == d.end {
		r.finish(d, p)
		return true
	}
	r.evict()
	return false
}

// find returns the datagram that p is a piece of, a new one if need be.
func (r *Reassembler) find(p *Packet) *datagram {
	key := datagramKey{p.Src, p.Dst, p.FragmentID, p.VLAN, p.Proto, p.IPVersion}
	if p.IPVersion == 6 {
		key.proto = 0
	}
	if d := r.live[key]; d != nil {
		return d
	}
	var d *datagram
	if n := len(r.spare); n > 0 {
		d, r.spare = r.spare[n-1], r.spare[:n-1]
		*d = datagram{pieces: d.pieces[:0], data: d.data[:0]}
	} else {
		d = new(datagram)
	}
	d.key, d.first, d.end = key, p.Time, -1
	r.live[key] = d
	r.bytes += d.size()
	d.older = r.newest
	if r.newest != nil {
		r.newest.newer = d
	} else {
		r.oldest = d
	}
	r.newest = d
	return d
}

// place adds p's piece to d. It reports false if d can no longer become whole.
func (r *Reassembler) place(d *datagram, p *Packet) bool {
	start := int(p.FragmentOffset)
	end := start + len(p.FragmentData)
	switch {
	case p.Truncated:
		r.stats.Truncated++
		return false
	case p.Malformed != WellFormed || start == end || end > maxDatagram || p.MoreFragments && end%8 != 0,
		d.end >= 0 && (end > d.end || !p.MoreFragments && end != d.end),
		!p.MoreFragments && end < d.last():
		r.stats.Invalid++
		return false
	}
	if !p.MoreFragments {
		d.end = end
	}
	if start == 0 && !d.covers(0) {
		d.proto = p.Proto
	}
	d.wire += p.WireLen
	d.frames++
	return r.insert(d, start, end, p.FragmentData)
}

// last returns the end of what has arrived.
func (d *datagram) last() int {
	if len(d.pieces) == 0 {
		return 0
	}
	return int(d.pieces[len(d.pieces)-1].end)
}

// covers reports whether the byte at offset is there.
func (d *datagram) covers(offset int) bool {
	return slices.ContainsFunc(d.pieces, func(q piece) bool {
		return int(q.start) <= offset && offset < int(q.end)
	})
}

// insert keeps those bytes of a piece that d does not have. It reports false
// if d is then in too many pieces, or an overlap forbids it.
func (r *Reassembler) insert(d *datagram, start, end int, data []byte) bool {
	i := len(d.pieces)
	for i > 0 && int(d.pieces[i-1].end) > start {
		i--
	}
	// From here on, pieces[i] is the first that ends behind from.
	overlap := false
	for from := start; from < end; {
		to := end
		if i < len(d.pieces) {
			to = min(to, int(d.pieces[i].start))
		}
		if from < to {
			d.keep(i, from, data[from-start:to-start])
			i++
			from = to
			continue
		}
		q := d.pieces[i]
		if int(q.start) == start && int(q.end) == end {
			return true // a duplicate
		}
		overlap = true
		from = int(q.end)
		i++
	}
	if overlap {
		r.stats.Overlaps++
	}
	return len(d.pieces) <= maxPieces && !(overlap && d.key.version == 6)
}

// keep stores one piece at index i.
func (d *datagram) keep(i, start int, data []byte) {
	q := piece{start: int32(start), end: int32(start + len(data)), at: int32(len(d.data))}
	d.data = append(d.data, data...)
	d.have += len(data)
	d.pieces = slices.Insert(d.pieces, i, q)
}

// finish turns p into the whole datagram.
func (r *Reassembler) finish(d *datagram, p *Packet) {
	r.out = r.out[:0]
	for _, q := range d.pieces {
		r.out = append(r.out, d.data[q.at:q.at+q.end-q.start]...)
	}
	p.WireLen, p.Fragments = d.wire, d.frames
	p.Fragment, p.MoreFragments = false, false
	p.FragmentID, p.FragmentOffset, p.FragmentData = 0, 0, nil
	proto := d.proto
	r.stats.Datagrams++
	r.remove(d)

	r.decoder.tags = 0
	p.setPayload(nil, 0)
	if p.IPVersion == 6 {
		r.decoder.extensions(p, proto, r.out, 0)
		return
	}
	p.Proto = proto
	r.decoder.transport(p, proto, r.out, 0)
}

// evict drops the oldest datagrams until the bounds hold.
func (r *Reassembler) evict() {
	for r.bytes > r.config.MaxBytes || len(r.live) > r.config.MaxDatagrams {
		if !r.oldest.ruined {
			r.stats.Evicted++
		}
		r.remove(r.oldest)
	}
}

// expire drops the datagrams that are too old at packet time now. A clock
// that was set back counts as old too.
func (r *Reassembler) expire(now int64) {
	age := int64(r.config.MaxAge)
	for d := r.oldest; d != nil && (now-d.first > age || d.first-now > age); d = r.oldest {
		if !d.ruined {
			r.stats.Expired++
		}
		r.remove(d)
	}
}

// remove forgets d and may keep its memory for another.
func (r *Reassembler) remove(d *datagram) {
	delete(r.live, d.key)
	if d.older != nil {
		d.older.newer = d.newer
	} else {
		r.oldest = d.newer
	}
	if d.newer != nil {
		d.newer.older = d.older
	} else {
		r.newest = d.older
	}
	d.older, d.newer = nil, nil
	r.bytes -= d.size()
	if len(r.spare) < maxSpare {
		r.spare = append(r.spare, d)
	}
}
