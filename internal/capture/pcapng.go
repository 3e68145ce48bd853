package capture

import (
	"fmt"
	"io"
	"math"
	"math/bits"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng §4). All others are skipped.
const (
	blockInterface = 0x00000001
	blockPacket    = 0x00000002 // obsolete
	blockSimple    = 0x00000003
	blockEnhanced  = 0x00000006
	blockSection   = 0x0a0d0d0a // reads the same in both byte orders
)

const (
	blockHeader      = 8
	blockTrailer     = 4
	minBlock         = blockHeader + blockTrailer
	sectionBody      = 16
	interfaceBody    = 8
	enhancedBody     = 20
	simpleBody       = 4
	sectionByteOrder = 0x1a2b3c4d
	// maxInterfaces bounds what a section may describe.
	maxInterfaces = 1 << 16
)

// pcapng reads a file of sections, each with its byte order and interfaces.
type pcapng struct {
	*input
	byteOrder
	interfaces []ngInterface
	number     uint64
	time       int64
	// pending is the rest of a frame's block that did not fit the window. It
	// is skipped on the next call, for the frame lies in the window.
	pending int64
	failed  error
}

// ngInterface is what an interface description block says.
type ngInterface struct {
	link    LinkType
	snapLen uint32
	clock   ngClock
}

func newPcapng(in *input) (*pcapng, error) {
	p := &pcapng{input: in}
	b := in.peek(blockHeader + 4)
	if b == nil {
		if in.unreadable() {
			return nil, fmt.Errorf("read %s: %w", in.name, in.err)
		}
		return nil, &FormatError{in.name, "ends inside its pcapng header; was it still being written?"}
	}
	if err := p.readByteOrder(b); err != nil {
		return nil, &FormatError{in.name, "begins like pcapng but has no byte order mark; get the file anew"}
	}
	return p, nil
}

// Next implements Source.
func (p *pcapng) Next(f *Frame) error {
	if p.failed != nil {
		return p.failed
	}
	for {
		if p.pending > 0 && !p.skip(p.pending) {
			p.failed = p.shortOf("a block")
			return p.failed
		}
		p.pending = 0
		done, err := p.block(f)
		if err != nil {
			p.failed = err
			return err
		}
		if done {
			return nil
		}
	}
}

// block reads one block, and reports whether it was a frame.
func (p *pcapng) block(f *Frame) (done bool, err error) {
	h := p.peek(blockHeader)
	if h == nil {
		return false, p.short("the header of a block")
	}
	kind := p.u32(h)
	if kind == blockSection {
		return false, p.section()
	}
	// Some writers forget to count the padding.
	length := (int64(p.u32(h[4:])) + 3) &^ 3
	if length < minBlock {
		return false, p.damage(fmt.Sprintf("a block says it has %d bytes, fewer than its own header", length))
	}
	switch kind {
	case blockEnhanced, blockPacket:
		return true, p.packet(f, kind, length)
	case blockSimple:
		return true, p.simple(f, length)
	case blockInterface:
		return false, p.describe(length)
	}
	return false, p.skipBlock(length)
}

// skipBlock consumes a block that nobody needs.
func (p *pcapng) skipBlock(length int64) error {
	stated := p.u32(p.peek(blockHeader)[4:])
	if !p.skip(length - blockTrailer) {
		return p.shortOf("a block")
	}
	b := p.peek(blockTrailer)
	if b == nil {
		return p.shortOf("a block")
	}
	if p.u32(b) != stated {
		return p.damage("the lengths at both ends of a block differ")
	}
	p.start += blockTrailer
	return nil
}

// shortOf is short for the inside of a block, where the end is always damage.
func (p *pcapng) shortOf(what string) error {
	if err := p.short(what); err != io.EOF {
		return err
	}
	return p.damage("the capture ends inside " + what)
}

// readByteOrder takes the byte order from the start of a section.
func (p *pcapng) readByteOrder(b []byte) error {
	for _, big := range [...]bool{false, true} {
		p.big = big
		if p.u32(b[blockHeader:]) == sectionByteOrder {
			return nil
		}
	}
	return p.damage("a section has no byte order mark")
}

// section starts anew: interfaces belong to their section.
func (p *pcapng) section() error {
	b := p.peek(blockHeader + sectionBody)
	if b == nil {
		return p.shortOf("a section header")
	}
	if err := p.readByteOrder(b); err != nil {
		return err
	}
	if major := p.u16(b[blockHeader+4:]); major != 1 {
		return p.damage(fmt.Sprintf("a section is of pcapng version %d; only version 1 is known", major))
	}
	length := int64(p.u32(b[4:]))
	if length < minBlock+sectionBody {
		return p.damage(fmt.Sprintf("a section header says it has %d bytes, too few for one", length))
	}
	p.interfaces = p.interfaces[:0]
	return p.skipBlock(length)
}

// describe adds the interface that a block describes.
func (p *pcapng) describe(length int64) error {
	const fixed = blockHeader + interfaceBody
	if length < fixed+blockTrailer {
		return p.damage("an interface description is too short")
	}
	if len(p.interfaces) >= maxInterfaces {
		return p.damage(fmt.Sprintf("a section describes more than %d interfaces", maxInterfaces))
	}
	b := p.peek(int(min(length, int64(len(p.buf)))))
	if b == nil {
		return p.shortOf("an interface description")
	}
	i := ngInterface{
		link:    LinkType(p.u16(b[blockHeader:])),
		snapLen: p.u32(b[blockHeader+4:]),
		clock:   defaultClock,
	}
	i.readOptions(p.byteOrder, b[fixed:len(b)-blockTrailer])
	p.interfaces = append(p.interfaces, i)
	return p.skipBlock(length)
}

// readOptions takes the clock from the options of an interface (§4.2).
func (i *ngInterface) readOptions(o byteOrder, b []byte) {
	const (
		endOfOptions = 0
		tsResolution = 9
		tsOffset     = 14
	)
	for len(b) >= 4 {
		code, n := o.u16(b), int(o.u16(b[2:]))
		b = b[4:]
		if code == endOfOptions || n > len(b) {
			return
		}
		switch {
		case code == tsResolution && n == 1:
			i.clock.setResolution(b[0])
		case code == tsOffset && n == 8:
			i.clock.offset = int64(o.u64(b))
		}
		b = b[min((n+3)&^3, len(b)):]
	}
}

// packet reads an enhanced packet block (§4.3) or the obsolete packet block
// (appendix A), which differs in its first field only.
func (p *pcapng) packet(f *Frame, kind uint32, length int64) error {
	b := p.peek(blockHeader + enhancedBody)
	if b == nil || length < blockHeader+enhancedBody+blockTrailer {
		return p.shortOf("a frame")
	}
	b = b[blockHeader:]
	iface := p.u32(b)
	if kind == blockPacket {
		iface = uint32(p.u16(b)) // the other half counts drops
	}
	if iface >= uint32(len(p.interfaces)) {
		return p.damage(fmt.Sprintf("a frame is of interface %d, but only %d are described", iface, len(p.interfaces)))
	}
	i := &p.interfaces[iface]
	p.time = i.clock.nanoseconds(uint64(p.u32(b[4:]))<<32 | uint64(p.u32(b[8:])))
	return p.data(f, i, enhancedBody, p.u32(b[12:]), p.u32(b[16:]), length)
}

// simple reads a simple packet block (§4.4), which is of the first interface
// and says neither when it was captured nor how much of it.
func (p *pcapng) simple(f *Frame, length int64) error {
	b := p.peek(blockHeader + simpleBody)
	if b == nil || length < blockHeader+simpleBody+blockTrailer {
		return p.shortOf("a frame")
	}
	if len(p.interfaces) == 0 {
		return p.damage("a frame is of an interface that is not described")
	}
	i := &p.interfaces[0]
	wire := p.u32(b[blockHeader:])
	captured := min(int64(wire), length-blockHeader-simpleBody-blockTrailer)
	if i.snapLen != 0 {
		captured = min(captured, int64(i.snapLen))
	}
	return p.data(f, i, simpleBody, uint32(captured), wire, length)
}

// data makes f the frame whose captured bytes lie behind the first body bytes
// of the block, and consumes the block.
func (p *pcapng) data(f *Frame, i *ngInterface, body int, captured, wire uint32, length int64) error {
	at := blockHeader + body
	if int64(captured) > length-int64(at)-blockTrailer {
		return p.damage("a frame is longer than its block")
	}
	if captured > maxFrame {
		return p.damage(fmt.Sprintf("a frame says it has %d bytes, more than any frame", captured))
	}
	whole := int(min(length, int64(len(p.buf))))
	b := p.peek(whole)
	if b == nil {
		return p.shortOf("a frame")
	}
	if whole == int(length) && p.u32(b[whole-blockTrailer:]) != p.u32(b[4:]) {
		return p.damage("the lengths at both ends of a frame's block differ")
	}
	p.number++
	f.Time = p.time
	f.Number = p.number
	f.Data = b[at : at+int(captured)]
	f.WireLen = max(wire, captured)
	f.Link = i.link
	p.start += whole
	p.pending = length - int64(whole)
	return nil
}

// ngClock turns an interface's timestamps into nanoseconds (§4.2, if_tsresol
// and if_tsoffset).
type ngClock struct {
	// One of these is not 0: what to multiply with or to divide by to get
	// nanoseconds, or the power of two that parts a second.
	multiply, divide uint64
	binary           uint8
	offset           int64 // seconds
}

var defaultClock = ngClock{multiply: 1000}

func (c *ngClock) setResolution(r byte) {
	const isBinary = 0x80
	c.multiply, c.divide, c.binary = 0, 0, 0
	switch exponent := r &^ isBinary; {
	case r&isBinary != 0:
		c.binary = exponent
		if exponent == 0 {
			c.multiply = 1e9
		}
	case exponent <= 9:
		c.multiply = power10(9 - exponent)
	default:
		c.divide = power10(exponent - 9)
	}
}

// power10 returns 10^n, and for what no uint64 can hold the largest.
func power10(n uint8) uint64 {
	if n > 19 {
		return math.MaxUint64
	}
	v := uint64(1)
	for range n {
		v *= 10
	}
	return v
}

// nanoseconds returns the time since the Unix epoch, at most what fits.
func (c *ngClock) nanoseconds(ts uint64) int64 {
	var hi, lo uint64
	switch {
	case c.multiply != 0:
		hi, lo = bits.Mul64(ts, c.multiply)
	case c.divide != 0:
		lo = ts / c.divide
	case c.binary > 64:
		hi, _ = bits.Mul64(ts, 1e9)
		hi, lo = 0, hi>>(c.binary-64)
	default:
		hi, lo = bits.Mul64(ts, 1e9)
		hi, lo = hi>>c.binary, hi<<(64-c.binary)|lo>>c.binary
	}
	ns := int64(lo)
	if hi != 0 || ns < 0 {
		return math.MaxInt64
	}
	if c.offset != 0 {
		return addSeconds(ns, c.offset)
	}
	return ns
}

// addSeconds adds without wrapping around.
func addSeconds(ns, seconds int64) int64 {
	const second = 1_000_000_000
	switch {
	case seconds > (math.MaxInt64-ns)/second:
		return math.MaxInt64
	case seconds < math.MinInt64/second:
		return math.MinInt64
	}
	return ns + seconds*second
}
