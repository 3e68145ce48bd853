package capture

import "fmt"

// pcapVariant is one of the spellings of the pcap format.
type pcapVariant struct {
	byteOrder
	// unit is what the fraction of a second counts, in nanoseconds.
	unit int64
	// record is the size of the header of each frame.
	record int
}

const (
	pcapHeader = 24
	pcapRecord = 16
	// Kuznetsov's patched libpcap of 1999 appended the interface, protocol
	// and packet type.
	pcapRecordModified = 24
)

// pcapVariants are the known magic numbers, as read in little-endian.
var pcapVariants = map[uint32]pcapVariant{
	0xa1b2c3d4: {byteOrder{}, 1000, pcapRecord},
	0xd4c3b2a1: {byteOrder{big: true}, 1000, pcapRecord},
	0xa1b23c4d: {byteOrder{}, 1, pcapRecord},
	0x4d3cb2a1: {byteOrder{big: true}, 1, pcapRecord},
	0xa1b2cd34: {byteOrder{}, 1000, pcapRecordModified},
	0x34cdb2a1: {byteOrder{big: true}, 1000, pcapRecordModified},
}

// pcap reads the format of libpcap (draft-ietf-opsawg-pcap).
type pcap struct {
	*input
	pcapVariant
	link   LinkType
	number uint64
	failed error
}

func newPcap(in *input, magic uint32) (*pcap, error) {
	h := in.peek(pcapHeader)
	if h == nil {
		if in.unreadable() {
			return nil, fmt.Errorf("read %s: %w", in.name, in.err)
		}
		return nil, &FormatError{in.name, "ends inside its pcap header; was it still being written?"}
	}
	p := &pcap{input: in, pcapVariant: pcapVariants[magic]}
	// The upper half says whether frames end in an FCS, and how long it is.
	p.link = LinkType(p.u32(h[20:]))
	in.start += pcapHeader
	return p, nil
}

// Next implements Source.
func (p *pcap) Next(f *Frame) error {
	if p.failed != nil {
		return p.failed
	}
	b := p.buf[p.start:p.end]
	if len(b) < p.record {
		if b = p.peek(p.record); b == nil {
			return p.fail(p.short("the header of a frame"))
		}
	}
	h := (*[pcapRecord]byte)(b)
	seconds, fraction, captured, wire := p.u32(h[0:]), p.u32(h[4:]), p.u32(h[8:]), p.u32(h[12:])
	if captured > maxFrame {
		return p.fail(p.damage(fmt.Sprintf("a frame says it has %d bytes, more than any frame", captured)))
	}
	n := p.record + int(captured)
	if len(b) < n {
		if b = p.peek(n); b == nil {
			return p.fail(p.short("a frame"))
		}
	}
	p.start += n
	p.number++
	f.Time = int64(seconds)*1e9 + int64(fraction)*p.unit
	f.Number = p.number
	f.Data = b[p.record:n]
	f.WireLen = max(wire, captured)
	f.Link = p.link
	return nil
}

// fail makes err the answer from now on.
func (p *pcap) fail(err error) error {
	p.failed = err
	return err
}
