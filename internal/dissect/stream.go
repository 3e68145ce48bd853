package dissect

import "github.com/cordonhq/cordon/internal/flow"

// stream is one direction of a flow under inspection.
type stream struct {
	buf    []byte // undecided or unfinished bytes
	skip   uint64 // bytes to pass over before the next message
	dead   bool   // no more of this direction is parsed
	midway bool   // the beginning was not seen
	spoke  bool
}

// retain keeps the unfinished rest of a direction for the next bytes.
func (e *Engine) retain(f *flow.Flow, s *session, dir flow.Direction, rest []byte, kept bool) {
	st := &s.streams[dir]
	switch {
	case len(rest) == 0:
		e.release(st)
	case len(rest) >= s.row.Window:
		e.stats.Overlong++
		e.release(st)
		st.dead = true
		if s.streams[dir.Reverse()].dead {
			e.end(f)
		}
	case kept:
		st.buf = st.buf[:copy(st.buf, rest)]
	case !e.keep(st, rest):
		e.end(f)
	}
}

// keep adds data to what is kept of a stream, or reports that there is no room.
func (e *Engine) keep(st *stream, data []byte) bool {
	before := cap(st.buf)
	if e.buffered+max(len(data), firstBuffer-before) > e.cfg.MaxBuffered {
		e.stats.Shed++
		return false
	}
	if before == 0 {
		if n := len(e.buffers); n > 0 {
			st.buf, e.buffers = e.buffers[n-1][:0], e.buffers[:n-1]
		} else {
			st.buf = make([]byte, 0, firstBuffer)
		}
	}
	st.buf = append(st.buf, data...)
	e.buffered += cap(st.buf) - before
	return true
}

const (
	// firstBuffer is the least that is kept of a stream, in bytes: most flows
	// are decided within a message that fits.
	firstBuffer = 1 << 10
	// maxSpareBuffers bounds the memory that lies ready for reuse.
	maxSpareBuffers = 1024
)

func (e *Engine) release(st *stream) {
	if cap(st.buf) == 0 {
		return
	}
	e.buffered -= cap(st.buf)
	if cap(st.buf) <= DefaultWindow && len(e.buffers) < maxSpareBuffers {
		e.buffers = append(e.buffers, st.buf)
	}
	st.buf = nil
}
