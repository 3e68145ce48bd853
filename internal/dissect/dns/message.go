package dns

import (
	"bytes"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Bounds of what is kept of one message.
const (
	maxQuestions = 8
	maxRecords   = 64
	maxTexts     = 128 // over all records
	maxTextsEach = 32
)

const (
	headerLen = 12
	// topBit of a class means "unicast response wanted" or "flush the cache"
	// in mDNS (RFC 6762 §18).
	topBit = 0x8000
)

// header is the fixed part of a message (RFC 1035 §4.1.1).
type header struct {
	id, flags uint16
	counts    [4]uint16
}

func (h *header) read(r *wire.Reader) bool {
	return r.U16(&h.id) && r.U16(&h.flags) &&
		r.U16(&h.counts[0]) && r.U16(&h.counts[1]) && r.U16(&h.counts[2]) && r.U16(&h.counts[3])
}

func (h *header) response() bool { return h.flags&0x8000 != 0 }
func (h *header) opcode() uint8  { return uint8(h.flags>>11) & 0xf }
func (h *header) rcode() uint16  { return h.flags & 0xf }

// decoder turns messages into one observation that it reuses.
type decoder struct {
	o     observation.DNS
	name  []byte
	texts [maxTexts]observation.DNSText
	used  int
}

func newDecoder() any {
	return &decoder{
		o: observation.DNS{
			Questions: make([]observation.DNSQuestion, 0, maxQuestions),
			Records:   make([]observation.DNSRecord, 0, 16),
		},
		name: make([]byte, 0, 512),
	}
}

// decode reads one message as far as it can be read. It reports false if that
// is not even a header.
func (d *decoder) decode(c *dissect.Context, carrier cordon.Protocol, msg []byte) bool {
	r := wire.Reader(msg)
	var h header
	if !h.read(&r) {
		return false
	}
	d.used = 0
	d.o = observation.DNS{
		Carrier: carrier, ID: h.id, Response: h.response(), Opcode: observation.DNSOpcode(h.opcode()),
		Authoritative: h.flags&0x0400 != 0, Truncated: h.flags&0x0200 != 0, RCode: h.rcode(), Counts: h.counts,
		Questions: d.o.Questions[:0], Records: d.o.Records[:0], Size: len(msg), Sender: sender(c),
	}
	d.o.Damaged = !d.questions(c, msg, &r) || !d.records(c, msg, &r)
	return true
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

func (d *decoder) questions(c *dissect.Context, msg []byte, r *wire.Reader) bool {
	for i := range d.o.Counts[0] {
		var kind, class uint16
		if !readName(msg, len(msg)-r.Len(), r, &d.name) || !r.U16(&kind) || !r.U16(&class) {
			return false
		}
		if i < maxQuestions {
			d.o.Questions = append(d.o.Questions, observation.DNSQuestion{
				Name: d.text(c), Type: observation.DNSType(kind), Class: class &^ topBit,
			})
		}
	}
	return true
}

// text returns the name that was read last.
func (d *decoder) text(c *dissect.Context) string {
	if d.o.Carrier != cordon.MDNS {
		lower(d.name)
	}
	return c.Text(d.name)
}

// lower puts ASCII letters into lower case: resolvers mix the case of what
// they ask to make forgery harder.
func lower(b []byte) {
	for i, ch := range b {
		if 'A' <= ch && ch <= 'Z' {
			b[i] = ch + 'a' - 'A'
		}
	}
}

func (d *decoder) records(c *dissect.Context, msg []byte, r *wire.Reader) bool {
	for s, n := range d.o.Counts[1:] {
		for range n {
			if len(d.o.Records) == maxRecords {
				return true
			}
			if !d.record(c, msg, r, observation.DNSSection(s)) {
				return false
			}
		}
	}
	return true
}

// record reads one resource record (RFC 1035 §3.2.1).
func (d *decoder) record(c *dissect.Context, msg []byte, r *wire.Reader, s observation.DNSSection) bool {
	var kind, class uint16
	var ttl uint32
	var data wire.Reader
	if !readName(msg, len(msg)-r.Len(), r, &d.name) || !r.U16(&kind) || !r.U16(&class) || !r.U32(&ttl) || !r.SubU16(&data) {
		return false
	}
	rec := observation.DNSRecord{
		Section: s, Type: observation.DNSType(kind), Class: class, TTL: ttl, DataLen: uint16(data.Len()),
	}
	if rec.Type == observation.DNSTypeOPT {
		d.options(ttl, data)
		return true
	}
	rec.Class &^= topBit
	rec.Name = d.text(c)
	d.data(c, msg, len(msg)-r.Len()-data.Len(), data, &rec)
	d.o.Records = append(d.o.Records, rec)
	return true
}

// options reads the OPT pseudo-record (RFC 6891 §6.1).
func (d *decoder) options(ttl uint32, data wire.Reader) {
	const owner = 4 // draft-cheshire-edns0-owner-option
	d.o.EDNS = true
	d.o.RCode |= uint16(ttl>>24) << 4
	var code uint16
	var body wire.Reader
	for data.U16(&code) && data.SubU16(&body) {
		var mac []byte
		if code == owner && body.Skip(2) && body.Bytes(&mac, 6) {
			d.o.OwnerMAC = netid.MAC(mac)
		}
	}
}

// data reads what a record of a known type holds, which starts at before. What does not fit its type
// leaves the record without it.
func (d *decoder) data(c *dissect.Context, msg []byte, before int, data wire.Reader, rec *observation.DNSRecord) {
	switch rec.Type {
	case observation.DNSTypeA:
		if data.Len() == 4 {
			rec.IP = netid.AddrFrom4([4]byte(data))
		}
	case observation.DNSTypeAAAA:
		if data.Len() == 16 {
			rec.IP = netid.Addr(data)
		}
	case observation.DNSTypeNS, observation.DNSTypeCNAME, observation.DNSTypePTR, observation.DNSTypeDNAME:
		d.target(c, msg, before, data, rec)
	case observation.DNSTypeMX:
		if data.Skip(2) {
			d.target(c, msg, before, data, rec)
		}
	case observation.DNSTypeSRV:
		if data.Skip(4) && data.U16(&rec.Port) {
			d.target(c, msg, before, data, rec)
		}
	case observation.DNSTypeTXT:
		d.txt(c, data, rec)
	case observation.DNSTypeHINFO:
		var cpu, os wire.Reader
		if data.SubU8(&cpu) && data.SubU8(&os) {
			from := d.used
			d.pair("cpu", c.Text(cpu))
			d.pair("os", c.Text(os))
			rec.Text = d.texts[from:d.used:d.used]
		}
	}
}

// target reads a name inside of a record's data, which starts at before.
func (d *decoder) target(c *dissect.Context, msg []byte, before int, data wire.Reader, rec *observation.DNSRecord) {
	if readName(msg, before, &data, &d.name) {
		rec.Target = d.text(c)
	}
}

// txt reads the pieces of a TXT record (RFC 6763 §6.3).
func (d *decoder) txt(c *dissect.Context, data wire.Reader, rec *observation.DNSRecord) {
	from := d.used
	var piece wire.Reader
	for data.SubU8(&piece) && d.used-from < maxTextsEach {
		if piece.Empty() {
			continue
		}
		key, value, _ := bytes.Cut(piece, []byte{'='})
		d.pair(c.Text(key), c.Text(value))
	}
	rec.Text = d.texts[from:d.used:d.used]
}

func (d *decoder) pair(key, value string) {
	if d.used < maxTexts {
		d.texts[d.used] = observation.DNSText{Key: key, Value: value}
		d.used++
	}
}
