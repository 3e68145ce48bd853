// Package igmp reads IGMP (RFC 1112, RFC 2236, RFC 3376): which groups hosts
// join and who asks them.
package igmp

import (
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.IGMP,
		Over:     dissect.OverIGMP,
		Probe:    func(*dissect.Head) dissect.Verdict { return dissect.Sure }, // IP says so
		New:      func() dissect.Parser { return parser{} },
	}
}

// Message types.
const (
	typeQuery    = 0x11
	typeReportV1 = 0x12
	typeReportV2 = 0x16
	typeLeave    = 0x17
	typeReportV3 = 0x22
)

const maxGroups = 32

var spare = sync.Pool{New: func() any {
	return &observation.Groups{Joined: make([]netid.Addr, 0, maxGroups), Left: make([]netid.Addr, 0, maxGroups)}
}}

// parser keeps nothing between messages.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	o := spare.Get().(*observation.Groups)
	defer spare.Put(o)
	if read(data, o) {
		c.Emit(o)
	}
	return len(data)
}

func read(data []byte, o *observation.Groups) bool {
	r := wire.Reader(data)
	*o = observation.Groups{Carrier: cordon.IGMP, Joined: o.Joined[:0], Left: o.Left[:0]}
	var kind, code uint8
	if !r.U8(&kind) || !r.U8(&code) || !r.Skip(2) {
		return false
	}
	if kind == typeReportV3 {
		o.Version = 3
		return records(r, o)
	}
	var group netid.Addr
	if !address(&r, &group) {
		return false
	}
	switch kind {
	case typeQuery:
		o.Query, o.Asked, o.Version = true, group, version(code, r)
	case typeReportV1:
		o.Version, o.Joined = 1, append(o.Joined, group)
	case typeReportV2:
		o.Version, o.Joined = 2, append(o.Joined, group)
	case typeLeave:
		o.Version, o.Left = 2, append(o.Left, group)
	default:
		return false
	}
	return true
}

// version tells the versions of a query apart (RFC 3376 §7.1).
func version(code uint8, rest wire.Reader) uint8 {
	switch {
	case !rest.Empty():
		return 3
	case code == 0:
		return 1
	default:
		return 2
	}
}

// records reads the group records of a report (RFC 3376 §4.2).
func records(r wire.Reader, o *observation.Groups) bool {
	var n uint16
	if !r.Skip(2) || !r.U16(&n) {
		return false
	}
	for range min(int(n), maxGroups) {
		var kind, auxiliary uint8
		var sources uint16
		var group netid.Addr
		if !r.U8(&kind) || !r.U8(&auxiliary) || !r.U16(&sources) || !address(&r, &group) || !r.Skip(int(sources)*4+int(auxiliary)*4) {
			break
		}
		o.File(kind, sources, group)
	}
	return true
}

// address reads an IPv4 address; 0.0.0.0, which stands for all groups, reads
// as zero.
func address(r *wire.Reader, out *netid.Addr) bool {
	var b []byte
	if !r.Bytes(&b, 4) {
		return false
	}
	*out = netid.Addr{}
	if [4]byte(b) != [4]byte{} {
		*out = netid.AddrFrom4([4]byte(b))
	}
	return true
}
