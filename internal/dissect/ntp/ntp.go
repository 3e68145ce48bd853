// Package ntp reads NTP and SNTP (RFC 5905) with the control messages of
// ntpq (RFC 9327) and ntpdc: who asks whom for the time, and what servers say
// of their clock and software.
package ntp

import (
	"bytes"
	"strconv"
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.NTP,
		Over:     dissect.OverUDP,
		Ports:    []uint16{123},
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
	}
}

const (
	packetLen  = 48 // without extension fields and authentication
	controlLen = 12
	privateLen = 8
)

// probe relies on the port: a packet has no signature but a byte of small
// numbers and its length.
func probe(h *dissect.Head) dissect.Verdict {
	if !h.Hint || len(h.Data) == 0 {
		return dissect.NotMine
	}
	version, mode := h.Data[0]>>3&7, observation.NTPMode(h.Data[0]&7)
	if version == 0 || version > 4 {
		return dissect.NotMine
	}
	switch {
	case mode == observation.NTPControl && len(h.Data) >= controlLen, mode == observation.NTPPrivate && len(h.Data) >= privateLen:
		return dissect.Likely
	case mode == observation.NTPControl, mode == observation.NTPPrivate, len(h.Data) < packetLen:
		return dissect.NotMine
	case mode == 0 && version != 1: // RFC 1059 had no modes
		return dissect.NotMine
	case len(h.Data)%4 == 0 && (h.Data[1] <= 16 || mode == observation.NTPClient):
		return dissect.Sure
	}
	return dissect.Likely
}

// decoder turns packets into one observation that it reuses.
type decoder struct {
	o    observation.NTP
	text []byte
}

var spare = sync.Pool{New: func() any { return &decoder{text: make([]byte, 0, 32)} }}

// parser keeps nothing between packets.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	d := spare.Get().(*decoder)
	defer spare.Put(d)
	if d.decode(c, data) {
		c.Emit(&d.o)
	}
	return len(data)
}

func (d *decoder) decode(c *dissect.Context, data []byte) bool {
	r := wire.Reader(data)
	var first uint8
	if !r.U8(&first) {
		return false
	}
	d.o = observation.NTP{Version: first >> 3 & 7, Mode: observation.NTPMode(first & 7), Leap: first >> 6, Size: len(data)}
	switch d.o.Mode {
	case observation.NTPControl:
		return d.control(c, r)
	case observation.NTPPrivate:
		d.o.Leap, d.o.Response = 0, first&0x80 != 0
		return r.Skip(2) && r.U8(&d.o.Opcode)
	}
	if d.o.Mode == 0 { // NTP version 1: the port tells the server
		d.o.Mode = observation.NTPClient
		if c.Flow != nil && c.Dir == flow.In {
			d.o.Mode = observation.NTPServer
		}
	}
	return d.packet(c, r)
}

// packet reads the fixed fields (RFC 5905 §7.3) behind the first byte.
func (d *decoder) packet(c *dissect.Context, r wire.Reader) bool {
	o := &d.o
	var poll, precision uint8
	var delay, dispersion uint32
	var reference []byte
	var referenced, originated, received, sent uint64
	if !r.U8(&o.Stratum) || !r.U8(&poll) || !r.U8(&precision) || !r.U32(&delay) || !r.U32(&dispersion) || !r.Bytes(&reference, 4) ||
		!r.U64(&referenced) || !r.U64(&originated) || !r.U64(&received) || !r.U64(&sent) {
		return false
	}
	o.Poll, o.Precision = int8(poll), int8(precision)
	switch {
	case o.Stratum == 1:
		o.Reference = c.Text(reference)
	case o.Stratum > 1 && o.Stratum < 16 && [4]byte(reference) != [4]byte{}:
		o.ReferenceIP = netid.AddrFrom4([4]byte(reference))
	}
	if o.Mode == observation.NTPClient {
		o.Simple = o.Stratum == 0 && delay == 0 && dispersion == 0 && referenced == 0 && originated == 0 && received == 0
		o.Shape = d.shape(c, sent != 0)
	}
	return true
}

func (d *decoder) shape(c *dissect.Context, timed bool) string {
	o := &d.o
	d.text = strconv.AppendUint(d.text[:0], uint64(o.Version), 10)
	for _, n := range [...]int64{int64(o.Leap), int64(min(o.Stratum, 1)), int64(o.Poll), int64(o.Precision)} {
		d.text = append(d.text, '/')
		d.text = strconv.AppendInt(d.text, n, 10)
	}
	if timed {
		d.text = append(d.text, "/t"...)
	}
	return c.Text(d.text)
}

// control reads a control message (RFC 9327 §2), in which a server may list
// its variables.
func (d *decoder) control(c *dissect.Context, r wire.Reader) bool {
	const opReadVariables = 2
	var flags uint8
	if !r.U8(&flags) {
		return false
	}
	d.o.Leap = 0
	d.o.Response, d.o.Opcode = flags&0x80 != 0, flags&0x1f
	if d.o.Response && d.o.Opcode == opReadVariables && r.Skip(controlLen-2) {
		d.o.Software = c.Text(variable(r, []byte(`version="`)))
		d.o.System = c.Text(variable(r, []byte(`system="`)))
		d.o.Processor = c.Text(variable(r, []byte(`processor="`)))
	}
	return true
}

// variable returns the quoted value that follows key.
func variable(data, key []byte) []byte {
	_, after, ok := bytes.Cut(data, key)
	if !ok {
		return nil
	}
	value, _, _ := bytes.Cut(after, []byte{'"'})
	return value
}
