// Package dns reads DNS over UDP and TCP (RFC 1035), mDNS with DNS-based
// service discovery (RFC 6762, RFC 6763) and LLMNR (RFC 4795), which share one
// message format. It neither checks signatures nor resolves anything.
package dns

import (
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/packet"
)

// Dissector returns the row for DNS itself.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.DNS,
		Over:     dissect.OverTCP | dissect.OverUDP,
		Ports:    []uint16{53},
		Probe:    probe,
		New:      func() dissect.Parser { return parser(cordon.DNS) },
	}
}

// Multicast returns the row for mDNS. What makes a message mDNS is its port.
func Multicast() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.MDNS,
		Over:     dissect.OverUDP,
		Ports:    []uint16{5353},
		Probe:    probeLocal,
		New:      func() dissect.Parser { return parser(cordon.MDNS) },
	}
}

// LinkLocal returns the row for LLMNR, which its port tells apart too.
func LinkLocal() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.LLMNR,
		Over:     dissect.OverUDP,
		Ports:    []uint16{5355},
		Probe:    probeLocal,
		New:      func() dissect.Parser { return parser(cordon.LLMNR) },
	}
}

func probe(h *dissect.Head) dissect.Verdict {
	if h.Flow.Proto == packet.ProtoTCP {
		return judgeStream(h)
	}
	return judge(h.Data, h.Hint, true)
}

func probeLocal(h *dissect.Head) dissect.Verdict {
	if !h.Hint {
		return dissect.NotMine
	}
	return judge(h.Data, true, true)
}

// parser is the protocol of a flow; it keeps nothing between messages. Being a
// byte, it goes into a dissect.Parser without an allocation per flow.
type parser cordon.Protocol

var spare = sync.Pool{New: newDecoder}

// maxStreamed is how much of a message over TCP is read; the rest, of zone
// transfers mostly, is passed over. It keeps within the Engine's window.
const maxStreamed = 4000

// Parse implements dissect.Parser.
func (p parser) Parse(c *dissect.Context, data []byte) int {
	if c.Flow == nil || c.Flow.Proto != packet.ProtoTCP {
		p.message(c, data)
		return len(data)
	}
	r := wire.Reader(data)
	var n uint16
	if !r.U16(&n) {
		return 0
	}
	if n < headerLen {
		return dissect.Stop
	}
	var msg []byte
	if !r.Bytes(&msg, min(int(n), maxStreamed)) {
		return 0
	}
	p.message(c, msg)
	return 2 + int(n)
}

func (p parser) message(c *dissect.Context, msg []byte) {
	d := spare.Get().(*decoder)
	defer spare.Put(d)
	if d.decode(c, cordon.Protocol(p), msg) {
		c.Emit(&d.o)
	}
}
