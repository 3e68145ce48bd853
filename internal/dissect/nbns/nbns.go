// Package nbns reads the name and datagram services of NetBIOS over UDP
// (RFC 1001, RFC 1002): names that hosts claim, ask for and list, and the
// announcements of computer browsers ([MS-BRWS]). The session service belongs
// to SMB.
package nbns

import (
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Dissector returns the row of the name service.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.NBNS,
		Over:     dissect.OverUDP,
		Ports:    []uint16{137},
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
	}
}

// Record types of the name service (RFC 1002 §4.2.1.3).
const (
	typeNull   = 0x0a
	typeNB     = 0x20
	typeNBSTAT = 0x21
)

// Bounds of what is kept of one packet.
const (
	maxAddresses = 8
	maxNames     = 32
)

// header is the fixed part of a packet (RFC 1002 §4.2.1.1).
type header struct {
	id, flags uint16
	counts    [4]uint16
}

func (h *header) read(r *wire.Reader) bool {
	return r.U16(&h.id) && r.U16(&h.flags) &&
		r.U16(&h.counts[0]) && r.U16(&h.counts[1]) && r.U16(&h.counts[2]) && r.U16(&h.counts[3])
}

func (h *header) plausible() bool {
	switch observation.NBNSOpcode(h.flags >> 11 & 0xf) {
	case observation.NBNSQuery, observation.NBNSRegistration, observation.NBNSRelease, observation.NBNSWait,
		observation.NBNSRefresh, 9, observation.NBNSMultiHomed:
	default:
		return false
	}
	sum := 0
	for _, n := range h.counts {
		if n > 4 {
			return false
		}
		sum += int(n)
	}
	return sum > 0
}

// entry is what questions and records begin with.
type entry struct {
	name        rawName
	kind, class uint16
}

func (e *entry) read(r *wire.Reader) bool {
	return readName(r, &e.name) && r.U16(&e.kind) && r.U16(&e.class)
}

// probe is sure of a packet whose first entry has an encoded name and a type
// of the name service: the encoding is a signature of 32 bytes. On its port it
// takes damaged ones too, as tools that attack the service send them.
func probe(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	var fixed header
	var first entry
	if !fixed.read(&r) || !fixed.plausible() {
		return dissect.NotMine
	}
	if !r.Empty() && r[0] == encodedLen && first.read(&r) && first.class == 1 {
		switch first.kind {
		case typeNB, typeNBSTAT, typeNull:
			return dissect.Sure
		}
	}
	if h.Hint {
		return dissect.Likely
	}
	return dissect.NotMine
}

var spare = sync.Pool{New: func() any {
	return &observation.NBNS{
		IPs:   make([]netid.Addr, 0, maxAddresses),
		Names: make([]observation.NBNSEntry, 0, maxNames),
	}
}}

// parser keeps nothing between packets.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	o := spare.Get().(*observation.NBNS)
	defer spare.Put(o)
	if read(c, data, o) {
		c.Emit(o)
	}
	return len(data)
}

// read fills o with the question and the first record, which is where a packet
// of this service says everything.
func read(c *dissect.Context, data []byte, o *observation.NBNS) bool {
	r := wire.Reader(data)
	var h header
	if !h.read(&r) || !h.plausible() {
		return false
	}
	const refreshAlternate = 9 // RFC 1002 lists both 8 and 9
	*o = observation.NBNS{
		ID: h.id, Response: h.flags&0x8000 != 0, Opcode: observation.NBNSOpcode(h.flags >> 11 & 0xf),
		RCode: uint8(h.flags & 0xf), Broadcast: h.flags&0x10 != 0,
		IPs: o.IPs[:0], Names: o.Names[:0], Sender: sender(c),
	}
	if o.Opcode == refreshAlternate {
		o.Opcode = observation.NBNSRefresh
	}
	var e entry
	for range h.counts[0] {
		if !e.read(&r) {
			return false
		}
		o.Name, o.Status = e.name.text(c), e.kind == typeNBSTAT
	}
	if h.counts[1]+h.counts[2]+h.counts[3] > 0 && e.read(&r) {
		o.Name = e.name.text(c)
		record(c, &r, e.kind, o)
	}
	return o.Name.Name != "" || o.Status
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

// record reads the data of an NB or NBSTAT record (RFC 1002 §4.2.1.3).
func record(c *dissect.Context, r *wire.Reader, kind uint16, o *observation.NBNS) {
	const group = 0x8000
	var data wire.Reader
	o.Status = kind == typeNBSTAT
	if !r.Skip(4) || !r.SubU16(&data) {
		return
	}
	switch kind {
	case typeNB:
		var flags uint16
		var ip []byte
		for data.U16(&flags) && data.Bytes(&ip, 4) && len(o.IPs) < maxAddresses {
			o.Group = flags&group != 0
			if [4]byte(ip) != [4]byte{} {
				o.IPs = append(o.IPs, netid.AddrFrom4([4]byte(ip)))
			}
		}
	case typeNBSTAT:
		status(c, &data, o)
	}
}

// status reads a node status (RFC 1002 §4.2.18): names, then statistics that
// begin with the unit's MAC.
func status(c *dissect.Context, r *wire.Reader, o *observation.NBNS) {
	const group = 0x8000
	var n uint8
	if !r.U8(&n) {
		return
	}
	for range n {
		var name []byte
		var flags uint16
		if !r.Bytes(&name, 16) || !r.U16(&flags) {
			return
		}
		if len(o.Names) < maxNames {
			o.Names = append(o.Names, observation.NBNSEntry{
				NetBIOSName: observation.NetBIOSName{Name: c.Text(trim(name[:15])), Suffix: name[15]},
				Group:       flags&group != 0,
			})
		}
	}
	var mac []byte
	if r.Bytes(&mac, 6) {
		o.UnitID = netid.MAC(mac)
	}
}
