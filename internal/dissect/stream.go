package dissect

import (
	"math/bits"

	"github.com/cordonhq/cordon/internal/flow"
)

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
	if need, have := len(st.buf)+len(data), cap(st.buf); need > have {
		room := roomFor(need)
		if e.buffered+room-have > e.cfg.MaxBuffered {
			e.stats.Shed++
			return false
		}
		old := st.buf
		st.buf = append(e.take(room), old...)
		e.give(old)
		e.buffered += room - have
	}
	st.buf = append(st.buf, data...)
	return true
}

func (e *Engine) release(st *stream) {
	e.buffered -= cap(st.buf)
	e.give(st.buf)
	st.buf = nil
}

// bufferSizes are those of the buffers that are used again, in bytes: most
// flows are decided within a message that fits the smallest, and a chain of
// certificates fits the third.
var bufferSizes = [...]int{1 << 10, DefaultWindow, 16 << 10, MaxWindow}

// maxSpareBytes bounds, for each size, the buffers that wait to be used again.
const maxSpareBytes = 1 << 20

// roomFor returns the size of the buffer in which n bytes are kept.
func roomFor(n int) int {
	for _, size := range bufferSizes {
		if n <= size {
			return size
		}
	}
	return 1 << bits.Len(uint(n-1))
}

// take returns an empty buffer of a size that roomFor names.
func (e *Engine) take(size int) []byte {
	for i := range bufferSizes {
		if n := len(e.buffers[i]); size == bufferSizes[i] && n > 0 {
			b := e.buffers[i][n-1]
			e.buffers[i] = e.buffers[i][:n-1]
			return b[:0]
		}
	}
	return make([]byte, 0, size)
}

func (e *Engine) give(b []byte) {
	for i := range bufferSizes {
		if cap(b) == bufferSizes[i] && len(e.buffers[i])*cap(b) < maxSpareBytes {
			e.buffers[i] = append(e.buffers[i], b)
		}
	}
}
