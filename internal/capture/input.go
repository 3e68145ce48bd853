package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// maxFrame is the longest frame that is believed: libpcap's and
	// Wireshark's limit for network captures.
	maxFrame = 256 << 10
	// bufferSize holds the longest frame with its headers.
	bufferSize = 2 * maxFrame
	// readSize is the most that is read at once: little enough that what the
	// kernel copies stays in a core's own cache until it is looked at.
	readSize = 128 << 10
	// maxWindow bounds what zstd may ask to look back on. The tool needs a
	// switch to write more than 8 MiB, and another to read more than 128 MiB.
	maxWindow = 64 << 20
)

// input is a window that slides over the bytes of a capture.
type input struct {
	name       string
	r          io.Reader
	buf        []byte
	start, end int   // the bytes in buf that are not consumed yet
	base       int64 // offset of buf[0] in the capture
	err        error // from r; what is in buf comes first

	compressed bool
	disk       *countingReader
	total      int64
	file       io.Closer // nil if the caller owns it
	unpack     io.Closer // nil if plain
}

// countingReader counts the bytes that were read of a compressed input.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// newInput reads r, unpacking it if it is compressed.
func newInput(name string, r io.Reader, size int) (*input, error) {
	in := &input{name: name, r: r, buf: make([]byte, size), total: -1}
	if f, ok := r.(*os.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
			in.total = st.Size()
		}
	}
	if err := in.decompress(); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

const (
	magicGzip = 0x8b1f
	magicZstd = 0xfd2fb528
	// magicZstdSkippable, its last digit aside, begins what pzstd writes.
	magicZstdSkippable = 0x184d2a50
)

// decompress looks at the first bytes and, if they say so, puts a
// decompressor between them and the window.
func (in *input) decompress() error {
	magic := in.peek(4)
	if magic == nil {
		return nil
	}
	first := binary.LittleEndian.Uint32(magic)
	isGzip := uint16(first) == magicGzip
	if !isGzip && first != magicZstd && first&^0xf != magicZstdSkippable {
		return nil
	}
	head := append([]byte(nil), in.buf[in.start:in.end]...)
	in.disk = &countingReader{r: io.MultiReader(bytes.NewReader(head), &resumed{in.r, in.err})}
	in.compressed = true
	in.start, in.end, in.base, in.err = 0, 0, 0, nil
	if isGzip {
		z, err := gzip.NewReader(in.disk)
		if err != nil {
			return &FormatError{in.name, fmt.Sprintf("begins like gzip but cannot be unpacked (%v); get the file anew", err)}
		}
		in.r, in.unpack = z, z
		return nil
	}
	// One block ahead of the reader is enough; the goroutines end with Close.
	z, err := zstd.NewReader(in.disk, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return fmt.Errorf("unpack %s: %w", in.name, err)
	}
	in.r, in.unpack = z, z.IOReadCloser()
	return nil
}

// resumed goes on reading r unless it has already returned an error.
type resumed struct {
	r   io.Reader
	err error
}

func (r *resumed) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return r.r.Read(b)
}

// peek returns the next n bytes without consuming them, nil if there are not
// that many. n is at most the size of the window.
func (in *input) peek(n int) []byte {
	if in.end-in.start < n && !in.fill(n) {
		return nil
	}
	return in.buf[in.start : in.start+n]
}

// fill reads until n bytes are in the window, and reports whether they are.
func (in *input) fill(n int) bool {
	in.base += int64(in.start)
	in.end = copy(in.buf, in.buf[in.start:in.end])
	in.start = 0
	idle := 0
	for in.end < n && in.err == nil {
		m, err := in.r.Read(in.buf[in.end:min(in.end+readSize, len(in.buf))])
		in.end += m
		in.err = err
		if m > 0 {
			idle = 0
		} else if idle++; idle > 100 && err == nil {
			in.err = io.ErrNoProgress
		}
	}
	return in.end >= n
}

// skip consumes n bytes, and reports whether there were that many.
func (in *input) skip(n int64) bool {
	for {
		have := int64(in.end - in.start)
		if n <= have {
			in.start += int(n)
			return true
		}
		n -= have
		in.start = in.end
		if !in.fill(1) {
			return false
		}
	}
}

// unreadable reports whether reading ended for another reason than the end.
func (in *input) unreadable() bool { return in.err != nil && in.err != io.EOF }

// offset is where the next byte lies in the capture.
func (in *input) offset() int64 { return in.base + int64(in.start) }

// short returns the error for bytes that are not there: io.EOF if the input
// ends here, between two records, and damage otherwise.
func (in *input) short(what string) error {
	if in.err == io.EOF {
		if in.start == in.end {
			return io.EOF
		}
		return in.damage("the capture ends inside " + what)
	}
	return &DamageError{Path: in.name, Offset: in.offset(), Reason: "what follows cannot be read", Err: in.err}
}

// damage returns a DamageError at the next byte.
func (in *input) damage(reason string) error {
	return &DamageError{Path: in.name, Offset: in.offset(), Reason: reason}
}

// Progress implements Source.
func (in *input) Progress() (read, total int64) {
	if in.compressed {
		return in.disk.n, in.total
	}
	return in.offset(), in.total
}

// Close implements Source.
func (in *input) Close() error {
	if in.unpack != nil {
		in.unpack.Close() // reports again what reading has reported
	}
	in.buf, in.start, in.end, in.err = nil, 0, 0, os.ErrClosed
	if in.file != nil {
		return in.file.Close()
	}
	return nil
}

// byteOrder is that of the machine that wrote the capture.
type byteOrder struct{ big bool }

func (o byteOrder) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if o.big {
		return bits.ReverseBytes16(v)
	}
	return v
}

func (o byteOrder) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if o.big {
		return bits.ReverseBytes32(v)
	}
	return v
}

func (o byteOrder) u64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if o.big {
		return bits.ReverseBytes64(v)
	}
	return v
}
