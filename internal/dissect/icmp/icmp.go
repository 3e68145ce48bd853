// Package icmp reads ICMP for IPv4 (RFC 792): echoes, what errors are about,
// redirects and router advertisements.
package icmp

import (
	"bytes"
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.ICMP,
		Over:     dissect.OverICMP,
		Probe:    func(*dissect.Head) dissect.Verdict { return dissect.Sure }, // IP says so
		New:      func() dissect.Parser { return parser{} },
	}
}

var spare = sync.Pool{New: func() any { return new(observation.ICMP) }}

// parser keeps nothing between messages.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	o := spare.Get().(*observation.ICMP)
	defer spare.Put(o)
	if read(data, o) {
		c.Emit(o)
	}
	return len(data)
}

func read(data []byte, o *observation.ICMP) bool {
	r := wire.Reader(data)
	*o = observation.ICMP{Carrier: cordon.ICMP, Size: len(data)}
	var rest wire.Reader // the second word of the header
	if !r.U8(&o.Type) || !r.U8(&o.Code) || !r.Skip(2) || !r.Sub(&rest, 4) {
		return false
	}
	switch o.Type {
	case observation.ICMPEcho:
		o.Style = Style(r)
		fallthrough
	case observation.ICMPEchoReply, observation.ICMPTimestamp, observation.ICMPTimestamp + 1:
		rest.U16(&o.ID)
		rest.U16(&o.Sequence)
	case observation.ICMPRedirect:
		o.Gateway = netid.AddrFrom4([4]byte(rest))
		quote(r, &o.About)
	case observation.ICMPUnreachable, observation.ICMPTimeExceeded, 4, 12:
		quote(r, &o.About)
	}
	return true
}

// quote reads the head of the IPv4 packet that an error carries back.
func quote(r wire.Reader, q *observation.ICMPQuote) {
	var first uint8
	var src, dst []byte
	at := r
	if !at.U8(&first) || first>>4 != 4 || !at.Skip(8) || !at.U8(&q.Proto) || !at.Skip(2) || !at.Bytes(&src, 4) || !at.Bytes(&dst, 4) {
		return
	}
	q.Src, q.Dst = netid.AddrFrom4([4]byte(src)), netid.AddrFrom4([4]byte(dst))
	if r.Skip(int(first&0xf)*4) && (q.Proto == packet.ProtoTCP || q.Proto == packet.ProtoUDP) && r.U16(&q.SrcPort) {
		r.U16(&q.DstPort)
	}
}

// Style tells by the payload of an echo request whose ping sent it: Windows
// repeats the alphabet from a to w, Unix counts up behind a time stamp of 8 or
// 16 bytes.
func Style(payload []byte) string {
	switch {
	case bytes.HasPrefix(payload, []byte("abcdefghijklmnopqrstuvwa")):
		return "windows"
	case counts(payload, 8), counts(payload, 16):
		return "unix"
	}
	return ""
}

// counts reports whether each byte from at on is one more than the one before,
// and the first is at: how BSD's and Linux' ping fill a payload.
func counts(b []byte, at int) bool {
	if len(b) < at+16 {
		return false
	}
	for i, v := range b[at : at+16] {
		if int(v) != at+i {
			return false
		}
	}
	return true
}
