// Package snmp reads SNMP v1, v2c and v3 (RFC 1157, RFC 3416, RFC 3412): who
// manages whom, how well that is secured, and the variables by which agents
// say what their device is. Communities and user names are looked at, never
// kept.
package snmp

import (
	"encoding/hex"
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/ber"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.SNMP,
		Over:     dissect.OverUDP,
		Ports:    []uint16{161, 162},
		First:    func(b byte) bool { return b == byte(ber.Sequence) },
		Probe:    probe,
		New:      func() dissect.Parser { return parser{} },
	}
}

// Version numbers on the wire.
const (
	version1  = 0
	version2c = 1
	version3  = 3
)

const (
	maxValues    = 32
	maxVariables = 512
)

// probe checks the nesting down to the PDU's tag.
func probe(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	var tag ber.Tag
	var n int
	if !ber.Header(&r, &tag, &n) || tag != ber.Sequence || n < 8 {
		return dissect.NotMine
	}
	body := r[:min(n, r.Len())]
	switch whole := envelope(&body); {
	case whole && n == r.Len():
		return dissect.Sure
	case h.Hint && (whole || versioned(r)):
		return dissect.Likely // padded, cut, or damaged on purpose
	}
	return dissect.NotMine
}

// versioned reports whether a message begins with a version that exists and
// what follows it there.
func versioned(r wire.Reader) bool {
	var version int64
	if !ber.Int(&r, ber.Integer, &version) {
		return false
	}
	tag, ok := ber.Peek(r)
	return ok && (tag == ber.OctetString && version <= version2c && version >= version1 || tag == ber.Sequence && version == version3)
}

// envelope eats version and what stands before the PDU, and reports whether a
// PDU could begin behind it.
func envelope(r *wire.Reader) bool {
	var version int64
	var community, global wire.Reader
	if !ber.Int(r, ber.Integer, &version) {
		return false
	}
	switch version {
	case version1, version2c:
		if !ber.Expect(r, ber.OctetString, &community) {
			return false
		}
		tag, ok := ber.Peek(*r)
		return ok && tag >= ber.ContextOf(0) && tag <= ber.ContextOf(8)
	case version3:
		return ber.Expect(r, ber.Sequence, &global) && ber.Expect(r, ber.OctetString, &community)
	}
	return false
}

// decoder turns messages into one observation that it reuses.
type decoder struct {
	o    observation.SNMP
	text []byte
}

var spare = sync.Pool{New: func() any {
	return &decoder{
		o:    observation.SNMP{Values: make([]observation.SNMPValue, 0, maxValues)},
		text: make([]byte, 0, 256),
	}
}}

// parser keeps nothing between messages.
type parser struct{}

// Parse implements dissect.Parser.
func (parser) Parse(c *dissect.Context, data []byte) int {
	d := spare.Get().(*decoder)
	defer spare.Put(d)
	d.o = observation.SNMP{PDU: observation.SNMPNoPDU, Values: d.o.Values[:0]}
	if d.message(c, data) {
		c.Emit(&d.o)
	}
	return len(data)
}

func (d *decoder) message(c *dissect.Context, r wire.Reader) bool {
	var body wire.Reader
	var version int64
	if !ber.Expect(&r, ber.Sequence, &body) || !ber.Int(&body, ber.Integer, &version) {
		return false
	}
	switch version {
	case version1, version2c:
		d.o.Version = uint8(version) + 1
		var community []byte
		if !ber.Bytes(&body, ber.OctetString, &community) {
			return false
		}
		d.o.HasCommunity = len(community) > 0
		d.o.DefaultCommunity = isDefault(community)
		d.pdu(c, body)
		return true
	case version3:
		d.o.Version = 3
		return d.version3(c, body)
	}
	return false
}

// isDefault reports whether a community is one that devices are shipped with.
func isDefault(community []byte) bool {
	switch string(community) {
	case "public", "private", "admin", "manager", "monitor", "community", "default", "snmp", "read", "write", "cisco",
		"secret", "security", "internal", "system", "root", "password", "rmon", "ILMI", "all private", "tech", "test", "0":
		return true
	}
	return false
}

// version3 reads an SNMPv3 message (RFC 3412 §6) under the user-based security
// model (RFC 3414 §2.4).
func (d *decoder) version3(c *dissect.Context, r wire.Reader) bool {
	const (
		auth       = 0x01
		priv       = 0x02
		reportable = 0x04
		userBased  = 3
	)
	var global, security wire.Reader
	var flags []byte
	var id, size, model int64
	if !ber.Expect(&r, ber.Sequence, &global) || !ber.Int(&global, ber.Integer, &id) || !ber.Int(&global, ber.Integer, &size) ||
		!ber.Bytes(&global, ber.OctetString, &flags) || len(flags) != 1 || !ber.Int(&global, ber.Integer, &model) ||
		!ber.Expect(&r, ber.OctetString, &security) {
		return false
	}
	d.o.Authenticated, d.o.Encrypted = flags[0]&auth != 0, flags[0]&priv != 0
	d.o.OfReceiver = flags[0]&reportable != 0
	var parameters wire.Reader
	var engine []byte
	if model == userBased && ber.Expect(&security, ber.Sequence, &parameters) && ber.Bytes(&parameters, ber.OctetString, &engine) {
		d.engine(c, engine)
	}
	var scoped wire.Reader
	if ber.Expect(&r, ber.Sequence, &scoped) {
		ber.Skip(&scoped, ber.OctetString)
		ber.Skip(&scoped, ber.OctetString)
		d.pdu(c, scoped)
	}
	return true
}

// engine reads an engine id (RFC 3411 §5, SnmpEngineID).
func (d *decoder) engine(c *dissect.Context, id []byte) {
	if len(id) < 5 || len(id) > 32 {
		return
	}
	d.text = hex.AppendEncode(d.text[:0], id)
	d.o.EngineID = c.Text(d.text)
	r := wire.Reader(id)
	var enterprise uint32
	var format uint8
	if !r.U32(&enterprise) {
		return
	}
	// Agents that let people choose the id may hold text instead; numbers so
	// high are not assigned (IANA "Private Enterprise Numbers").
	const newForm, unassigned = 1 << 31, 1 << 17
	if enterprise&^newForm >= unassigned {
		return
	}
	d.o.EngineEnterprise = enterprise &^ newForm
	if enterprise&newForm == 0 || !r.U8(&format) {
		return
	}
	switch {
	case format == 1 && r.Len() == 4:
		d.o.EngineIP = netid.AddrFrom4([4]byte(r))
	case format == 2 && r.Len() == 16:
		d.o.EngineIP = netid.Addr(r)
	case format == 3 && r.Len() == 6:
		d.o.EngineMAC = netid.MAC(r)
	}
}

// pdu reads a protocol data unit.
func (d *decoder) pdu(c *dissect.Context, r wire.Reader) {
	var tag ber.Tag
	var body, list wire.Reader
	if !ber.Read(&r, &tag, &body) || tag < ber.ContextOf(0) || tag > ber.ContextOf(8) {
		return
	}
	d.o.PDU = observation.SNMPPDU(tag - ber.ContextOf(0))
	if d.o.PDU == observation.SNMPTrapV1 {
		if !d.trap(c, &body) {
			return
		}
	} else {
		var request, status, index int64
		if !ber.Int(&body, ber.Integer, &request) || !ber.Int(&body, ber.Integer, &status) || !ber.Int(&body, ber.Integer, &index) {
			return
		}
		if d.o.PDU == observation.SNMPResponse {
			d.o.ErrorStatus = status
		}
	}
	if ber.Expect(&body, ber.Sequence, &list) {
		d.variables(c, list)
	}
}

// trap eats what a v1 trap has before its variables (RFC 1157 §4.1.6).
func (d *decoder) trap(c *dissect.Context, r *wire.Reader) bool {
	var enterprise, address wire.Reader
	var tag ber.Tag
	var generic, specific int64
	if !ber.Expect(r, ber.OID, &enterprise) || !ber.Read(r, &tag, &address) ||
		!ber.Int(r, ber.Integer, &generic) || !ber.Int(r, ber.Integer, &specific) || !ber.Read(r, &tag, &address) {
		return false
	}
	d.o.TrapEnterprise = d.dotted(c, enterprise)
	return true
}

func (d *decoder) variables(c *dissect.Context, r wire.Reader) {
	for range maxVariables {
		var binding, oid, value wire.Reader
		var tag ber.Tag
		if !ber.Expect(&r, ber.Sequence, &binding) || !ber.Expect(&binding, ber.OID, &oid) {
			return
		}
		if d.o.Variables == 0 {
			d.o.FirstOID = d.dotted(c, oid)
		}
		d.o.Variables++
		if ber.Read(&binding, &tag, &value) && d.tells() {
			d.value(c, oid, tag, value)
		}
	}
}

// tells reports whether the PDU holds the agent's values.
func (d *decoder) tells() bool {
	switch d.o.PDU {
	case observation.SNMPResponse, observation.SNMPTrapV1, observation.SNMPTrap, observation.SNMPInform:
		return true
	}
	return false
}

func (d *decoder) value(c *dissect.Context, oid wire.Reader, tag ber.Tag, value wire.Reader) {
	name := objectName(oid)
	if name == "" || len(d.o.Values) == maxValues {
		return
	}
	var text string
	switch tag {
	case ber.OctetString:
		text = c.Text(value)
	case ber.OID:
		text = d.dotted(c, value)
	}
	if text != "" {
		d.o.Values = append(d.o.Values, observation.SNMPValue{Object: name, Value: text})
	}
}
