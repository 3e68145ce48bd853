// Package icmpv6 reads ICMPv6 (RFC 4443) with what IPv6 builds on it:
// neighbour discovery (RFC 4861), which says who has which address and who
// routes, and group membership (MLD, RFC 2710 and RFC 3810).
package icmpv6

import (
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/icmp"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.ICMPv6,
		Over:     dissect.OverICMPv6,
		Probe:    func(*dissect.Head) dissect.Verdict { return dissect.Sure }, // IP says so
		New:      func() dissect.Parser { return parser{} },
	}
}

// Types of multicast listener discovery.
const (
	typeQuery    = 130
	typeReport   = 131
	typeDone     = 132
	typeReportV2 = 143
)

// Bounds of what is kept of one message.
const (
	maxListed = 8
	maxGroups = 32
)

// decoder holds the observations that it reuses.
type decoder struct {
	icmp   observation.ICMP
	ndp    observation.NDP
	groups observation.Groups
	text   []byte
}

var spare = sync.Pool{New: func() any {
	return &decoder{
		ndp: observation.NDP{
			Prefixes:    make([]observation.NDPPrefix, 0, maxListed),
			NameServers: make([]netid.Addr, 0, maxListed),
			Domains:     make([]string, 0, maxListed),
		},
		groups: observation.Groups{Joined: make([]netid.Addr, 0, maxGroups), Left: make([]netid.Addr, 0, maxGroups)},
		text:   make([]byte, 0, 256),
	}
}}

// parser keeps nothing between messages.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	d := spare.Get().(*decoder)
	defer spare.Put(d)
	r := wire.Reader(data)
	var kind, code uint8
	if !r.U8(&kind) || !r.U8(&code) || !r.Skip(2) {
		return len(data)
	}
	switch kind {
	case observation.ICMPv6RouterSolicit, observation.ICMPv6RouterAdvert, observation.ICMPv6Solicit,
		observation.ICMPv6Advert, observation.ICMPv6Redirect:
		if code == 0 && onLink(c) && d.discovery(c, kind, r) {
			c.Emit(&d.ndp)
		}
	case typeQuery, typeReport, typeDone, typeReportV2:
		if d.membership(kind, r) {
			c.Emit(&d.groups)
		}
	default:
		d.other(kind, code, r, len(data))
		c.Emit(&d.icmp)
	}
	return len(data)
}

// onLink reports whether the message can come from a neighbour: it then has
// the hop limit 255, which no router can pass on (RFC 4861 §6.1, §7.1).
func onLink(c *dissect.Context) bool {
	return c.Flow == nil || c.Flow.TTLs[c.Dir] == 0 || c.Flow.TTLs[c.Dir] == 255
}

func sender(c *dissect.Context) netid.Addr {
	switch {
	case c.Flow == nil:
		return netid.Addr{}
	case c.Dir == flow.Out:
		return c.Flow.Src
	default:
		return c.Flow.Dst
	}
}

func (d *decoder) other(kind, code uint8, r wire.Reader, size int) {
	o := &d.icmp
	*o = observation.ICMP{Carrier: cordon.ICMPv6, Type: kind, Code: code, Size: size}
	var rest wire.Reader
	if !r.Sub(&rest, 4) {
		return
	}
	switch {
	case kind == observation.ICMPv6Echo || kind == observation.ICMPv6EchoReply:
		rest.U16(&o.ID)
		rest.U16(&o.Sequence)
		if kind == observation.ICMPv6Echo {
			o.Style = icmp.Style(r)
		}
	case kind < 128: // errors
		quote(r, &o.About)
	}
}

// quote reads the head of the IPv6 packet that an error carries back.
func quote(r wire.Reader, q *observation.ICMPQuote) {
	var src, dst []byte
	if !r.Skip(6) || !r.U8(&q.Proto) || !r.Skip(1) || !r.Bytes(&src, 16) || !r.Bytes(&dst, 16) {
		return
	}
	q.Src, q.Dst = netid.Addr(src), netid.Addr(dst)
	if (q.Proto == packet.ProtoTCP || q.Proto == packet.ProtoUDP) && r.U16(&q.SrcPort) {
		r.U16(&q.DstPort)
	}
}

// membership reads a message of MLD.
func (d *decoder) membership(kind uint8, r wire.Reader) bool {
	o := &d.groups
	*o = observation.Groups{Carrier: cordon.ICMPv6, Version: 1, Joined: o.Joined[:0], Left: o.Left[:0]}
	if kind == typeReportV2 {
		o.Version = 2
		return d.records(r)
	}
	var group []byte
	if !r.Skip(4) || !r.Bytes(&group, 16) {
		return false
	}
	switch kind {
	case typeQuery:
		o.Query, o.Asked = true, netid.Addr(group)
		if !r.Empty() {
			o.Version = 2
		}
	case typeReport:
		o.Joined = append(o.Joined, netid.Addr(group))
	case typeDone:
		o.Left = append(o.Left, netid.Addr(group))
	}
	return true
}

// records reads the address records of a report (RFC 3810 §5.2).
func (d *decoder) records(r wire.Reader) bool {
	o := &d.groups
	var n uint16
	if !r.Skip(2) || !r.U16(&n) {
		return false
	}
	for range min(int(n), maxGroups) {
		var kind, auxiliary uint8
		var sources uint16
		var group []byte
		if !r.U8(&kind) || !r.U8(&auxiliary) || !r.U16(&sources) || !r.Bytes(&group, 16) || !r.Skip(int(sources)*16+int(auxiliary)*4) {
			break
		}
		o.File(kind, sources, netid.Addr(group))
	}
	return true
}
