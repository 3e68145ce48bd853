// Package modbus reads Modbus over TCP (Modbus Messaging on TCP/IP V1.0b,
// Modbus Application Protocol V1.1b3): what clients ask for, what servers
// refuse, and what servers say they are. Register contents are not kept.
package modbus

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.Modbus,
		Over:     dissect.OverTCP,
		Ports:    []uint16{port},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   512,
	}
}

const (
	port     = 502
	maxADU   = 260 // MBAP header and the longest PDU
	maxSteps = 4   // pipelined messages that a probe follows
)

// message is one Modbus/TCP ADU.
type message struct {
	unit     uint8
	function uint8 // with the exception bit
	body     wire.Reader
}

// read eats one ADU. ok is false if the bytes are no ADU; need is true if they
// may become one.
func read(r *wire.Reader) (m message, ok, need bool) {
	var (
		transaction, protocol, length uint16
		pdu                           wire.Reader
		at                            = *r
	)
	if !at.U16(&transaction) || !at.U16(&protocol) || !at.U16(&length) {
		return m, false, protocol == 0
	}
	// The length counts the unit, the function code and at least one byte
	// more, but for the functions that ask without parameters.
	if protocol != 0 || length < 2 || length > maxADU-6 {
		return m, false, false
	}
	if !at.Sub(&pdu, int(length)) {
		return m, false, true
	}
	pdu.U8(&m.unit)
	pdu.U8(&m.function)
	m.body = pdu
	*r = at
	return m, true, false
}

// probe wants one or more ADUs that each have the shape that their function
// code prescribes and that together end where the data ends, since Modbus
// has no signature but its shape.
func probe(h *dissect.Head) dissect.Verdict {
	r := wire.Reader(h.Data)
	for range maxSteps {
		m, ok, need := read(&r)
		switch {
		case need:
			return dissect.More
		case !ok || !shaped(m):
			return dissect.NotMine
		case r.Empty() && h.Hint:
			return dissect.Sure
		case r.Empty():
			return dissect.Likely
		}
	}
	return dissect.Likely
}

// shaped reports whether the body has a length that a request or a response
// of that function can have.
func shaped(m message) bool {
	n := m.body.Len()
	counted := n >= 1 && n == 1+int(m.body[0]) // byte count, then so many
	if m.function >= 0x80 {
		// One octet; some servers send another that is empty.
		return (n == 1 || n == 2 && m.body[1] == 0) && m.body[0] >= 1 && m.body[0] <= 11
	}
	switch observation.ModbusFunction(m.function) {
	case observation.ModbusReadCoils, observation.ModbusReadDiscreteInputs,
		observation.ModbusReadHolding, observation.ModbusReadInput:
		return n == 4 || counted
	case observation.ModbusWriteCoil, observation.ModbusWriteRegister, observation.ModbusDiagnostics:
		return n == 4 || n > 4 && observation.ModbusFunction(m.function) == observation.ModbusDiagnostics
	case 7, 11, 12: // serial-line only, yet seen through gateways
		return n <= 5 || counted
	case observation.ModbusWriteCoils, observation.ModbusWriteRegisters:
		return n == 4 || n > 5 && n == 5+int(m.body[4])
	case observation.ModbusReportServerID:
		return n == 0 || counted
	case 20, observation.ModbusWriteFileRecord:
		return counted
	case observation.ModbusMaskWrite:
		return n == 6
	case observation.ModbusReadWriteRegisters:
		return counted || n > 9 && n == 9+int(m.body[8])
	case observation.ModbusReadFIFO:
		return n == 2 || n >= 4
	case observation.ModbusEncapsulated:
		return n >= 3 && (m.body[0] == 13 || m.body[0] == 14)
	case 90: // Schneider Unity (UMAS), the commonest of the reserved codes
		return n >= 2
	}
	return false
}

// parser holds the values that it emits, so that a message costs no
// allocation.
type parser struct {
	request   observation.ModbusRequest
	exception observation.ModbusException
	identity  observation.ModbusIdentity
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	r := wire.Reader(data)
	m, ok, need := read(&r)
	switch {
	case need:
		return 0
	case !ok:
		return dissect.Stop
	}
	function := observation.ModbusFunction(m.function &^ 0x80)
	switch {
	case m.function&0x80 != 0:
		p.exception = observation.ModbusException{Unit: m.unit, Function: function}
		if m.body.U8(&p.exception.Code) {
			c.Emit(&p.exception)
		}
	case c.Dir == client(c.Flow):
		p.request = observation.ModbusRequest{Unit: m.unit, Function: function}
		p.target(m.body)
		c.Emit(&p.request)
	default:
		p.answer(c, m, function)
	}
	return len(data) - r.Len()
}

// client returns the side that asks. A flow picked up at an answer may have the
// server as its opener; its port tells.
func client(f *flow.Flow) flow.Direction {
	if f != nil && f.SrcPort == port && f.DstPort != port {
		return flow.In
	}
	return flow.Out
}

// target reads what a request wants to read or write.
func (p *parser) target(body wire.Reader) {
	q := &p.request
	switch q.Function {
	case observation.ModbusReadCoils, observation.ModbusReadDiscreteInputs, observation.ModbusReadHolding,
		observation.ModbusReadInput, observation.ModbusWriteCoils, observation.ModbusWriteRegisters:
		_ = body.U16(&q.Address) && body.U16(&q.Quantity)
	case observation.ModbusWriteCoil, observation.ModbusWriteRegister, observation.ModbusMaskWrite:
		if body.U16(&q.Address) {
			q.Quantity = 1
		}
	case observation.ModbusDiagnostics:
		body.U16(&q.Address)
	case observation.ModbusReadWriteRegisters:
		_ = body.Skip(4) && body.U16(&q.Address) && body.U16(&q.Quantity)
	}
}

// answer reads what a server says of itself.
func (p *parser) answer(c *dissect.Context, m message, function observation.ModbusFunction) {
	p.identity = observation.ModbusIdentity{Unit: m.unit}
	switch function {
	case observation.ModbusReportServerID:
		var id wire.Reader
		if m.body.SubU8(&id) {
			p.identity.ServerID = text(c, id)
		}
	case observation.ModbusEncapsulated:
		p.objects(c, m.body)
	}
	if p.identity != (observation.ModbusIdentity{Unit: m.unit}) {
		c.Emit(&p.identity)
	}
}

// readDeviceIdentification is the MEI type of §6.21.
const readDeviceIdentification = 14

func (p *parser) objects(c *dissect.Context, r wire.Reader) {
	var (
		mei, count, id uint8
		value          wire.Reader
	)
	// Code, conformity, more follows and next object id stand before the count.
	if !r.U8(&mei) || mei != readDeviceIdentification || !r.Skip(4) || !r.U8(&count) {
		return
	}
	for ; count > 0 && r.U8(&id) && r.SubU8(&value); count-- {
		to := [...]*string{
			&p.identity.Vendor, &p.identity.ProductCode, &p.identity.Revision, &p.identity.VendorURL,
			&p.identity.ProductName, &p.identity.ModelName, &p.identity.Application,
		}
		if int(id) < len(to) {
			*to[id] = c.Text(value)
		}
	}
}

// text returns the printable start of a Report Server ID, whose layout is the
// maker's own, or nothing if it is no text.
func text(c *dissect.Context, b []byte) string {
	n := 0
	for n < len(b) && b[n] >= ' ' && b[n] < 0x7f {
		n++
	}
	if n < 4 {
		return ""
	}
	return c.Text(b[:n])
}
