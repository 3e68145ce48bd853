package capture

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Writer writes a pcap capture with nanosecond timestamps. It belongs to one
// goroutine and buffers: call Flush at the end.
type Writer struct {
	w    *bufio.Writer
	link LinkType
	snap uint32
	head [pcapRecord]byte
}

// NewWriter begins a capture of frames of one link type on w. Frames are cut
// to snapLen bytes; 0 stands for the longest that readers take.
func NewWriter(w io.Writer, link LinkType, snapLen uint32) (*Writer, error) {
	if snapLen == 0 || snapLen > maxFrame {
		snapLen = maxFrame
	}
	const magic, major, minor = 0xa1b23c4d, 2, 4
	var h [pcapHeader]byte
	binary.LittleEndian.PutUint32(h[0:], magic)
	binary.LittleEndian.PutUint16(h[4:], major)
	binary.LittleEndian.PutUint16(h[6:], minor)
	binary.LittleEndian.PutUint32(h[16:], snapLen)
	binary.LittleEndian.PutUint32(h[20:], uint32(link))
	out := &Writer{w: bufio.NewWriterSize(w, 64<<10), link: link, snap: snapLen}
	if _, err := out.w.Write(h[:]); err != nil {
		return nil, fmt.Errorf("write capture header: %w", err)
	}
	return out, nil
}

// Write appends f. It refuses a frame of another link type, and a time that
// pcap cannot hold (before 1970 or after 2106). Number is not written.
func (w *Writer) Write(f *Frame) error {
	const second = 1_000_000_000
	if f.Link != w.link {
		return fmt.Errorf("write capture: frame of link type %d in a capture of link type %d", f.Link, w.link)
	}
	if f.Time < 0 || f.Time/second > 1<<32-1 {
		return fmt.Errorf("write capture: frame at %d ns since 1970, outside of what pcap can hold", f.Time)
	}
	data := f.Data[:min(len(f.Data), int(w.snap))]
	binary.LittleEndian.PutUint32(w.head[0:], uint32(f.Time/second))
	binary.LittleEndian.PutUint32(w.head[4:], uint32(f.Time%second))
	binary.LittleEndian.PutUint32(w.head[8:], uint32(len(data)))
	binary.LittleEndian.PutUint32(w.head[12:], max(f.WireLen, uint32(len(f.Data))))
	if _, err := w.w.Write(w.head[:]); err != nil {
		return fmt.Errorf("write capture: %w", err)
	}
	if _, err := w.w.Write(data); err != nil {
		return fmt.Errorf("write capture: %w", err)
	}
	return nil
}

// Flush hands what is buffered to the underlying writer.
func (w *Writer) Flush() error {
	if err := w.w.Flush(); err != nil {
		return fmt.Errorf("write capture: %w", err)
	}
	return nil
}
