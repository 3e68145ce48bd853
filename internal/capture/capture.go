// Package capture reads frames with their packet time from where they are:
// pcap and pcapng files, plain or compressed with gzip or zstd, directories of
// them, standard input, and live network interfaces. It also writes pcap.
//
// It knows what a frame was captured on, not what is in it; that is for
// package packet. Time always comes from the capture, never from the clock.
// A Source belongs to one goroutine and allocates nothing per frame.
package capture

import "fmt"

// LinkType is a link-layer header type as captures name it
// (https://www.tcpdump.org/linktypes.html).
type LinkType uint16

// LinkEthernet is the link type of live interfaces that have Ethernet
// addresses; LinkRaw of those that carry IP without a link header.
const (
	LinkEthernet LinkType = 1
	LinkRaw      LinkType = 101
)

// Frame is one captured frame.
type Frame struct {
	// Time is nanoseconds since the Unix epoch. A pcapng simple packet block
	// has none; its frame takes that of the frame before.
	Time int64
	// Number is the 1-based position of the frame in its source.
	Number uint64
	// Data is what was captured, valid until the next call of Next.
	Data []byte
	// WireLen is the length on the wire in bytes, at least len(Data).
	WireLen uint32
	Link    LinkType
}

// Source is where frames come from.
type Source interface {
	// Next overwrites all of f with the next frame. It returns io.EOF at the
	// end of a source, a *DamageError where a capture cannot be read further,
	// and, on live sources, ErrTimeout or a *LiveError. Once it has returned an
	// error other than ErrTimeout it returns that same error again.
	Next(f *Frame) error
	// Progress returns how many bytes of the input have been read, as they
	// lie on disk, and how many there are, -1 if that is not known.
	Progress() (read, total int64)
	// Close frees what the source holds.
	Close() error
}

// FormatError says that something is not a capture that can be read.
type FormatError struct {
	Path string
	// Reason says what it is instead, and what to do.
	Reason string
}

func (e *FormatError) Error() string { return fmt.Sprintf("%s %s", e.Path, e.Reason) }

// DamageError says that a capture cannot be read beyond some point. What came
// before it has been delivered.
type DamageError struct {
	Path string
	// Offset is where the unreadable part begins, in bytes from the start of
	// the capture; of a compressed one, after decompression.
	Offset int64
	Reason string
	// Err is the error behind it, if it was one of reading or decompressing.
	Err error
}

func (e *DamageError) Error() string {
	s := fmt.Sprintf("%s is damaged at byte %d: %s", e.Path, e.Offset, e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the error behind the damage, or nil.
func (e *DamageError) Unwrap() error { return e.Err }
