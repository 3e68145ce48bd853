package dcerpc

import (
	"encoding/hex"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/spnego"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// maxContexts bounds the interfaces that are remembered of an association.
const maxContexts = 16

// Association is one client's dealings with one server over one connection or
// pipe. The zero value with a Carrier is ready.
type Association struct {
	// Carrier is the protocol that observations are said to be from.
	Carrier cordon.Protocol

	contexts []context
	call     observation.DCERPCCall
}

// context ties the number under which a client calls to an interface.
type context struct {
	id uint16
	of observation.DCERPCInterface
}

// Parse reads the PDU at the head of data and returns its length, 0 for more
// bytes, or dissect.Stop if there is none.
func (a *Association) Parse(c *dissect.Context, data []byte) int {
	if len(data) < headerLen {
		return 0
	}
	h, ok := readHeader(data)
	if !ok {
		return dissect.Stop
	}
	need := int(h.length)
	const callLen = headerLen + 8
	if h.kind == typeRequest {
		need = min(need, callLen) // the arguments are passed over
	}
	if len(data) < need {
		return 0
	}
	body := wire.Reader(data[headerLen:need])
	switch h.kind {
	case typeBind, typeAlterContext:
		a.bind(c, h, body)
	case typeBindAck, typeAuth3:
		spnego.Read(c, a.Carrier, verifier(h, body))
	case typeBindNak:
		c.Emit(&observation.DCERPCFault{Carrier: a.Carrier, Bind: true})
	case typeRequest:
		a.request(c, h, body)
	case typeFault:
		var status uint32
		if body.Skip(8) && num32(&body, h.big, &status) {
			c.Emit(&observation.DCERPCFault{Carrier: a.Carrier, Status: status})
		}
	}
	return int(h.length)
}

// verifier returns the security token at the end of a PDU (MS-RPCE §2.2.2.11).
func verifier(h header, body wire.Reader) []byte {
	if h.auth == 0 || int(h.auth) > len(body) {
		return nil
	}
	return body[len(body)-int(h.auth):]
}

// authentication returns the kind of the security token: the first byte of the
// header before it.
func authentication(h header, body wire.Reader) uint8 {
	const verifierHeaderLen = 8
	at := len(body) - int(h.auth) - verifierHeaderLen
	if h.auth == 0 || at < 0 {
		return 0
	}
	return body[at]
}

// bind reads the list of interfaces (C706 §12.6.4.3).
func (a *Association) bind(c *dissect.Context, h header, body wire.Reader) {
	whole := body
	o := &observation.DCERPCBind{Carrier: a.Carrier, Authentication: authentication(h, body)}
	var count, syntaxes uint8
	if !body.Skip(8) || !body.U8(&count) || !body.Skip(3) {
		return
	}
	for ; count > 0; count-- {
		var id, major, minor uint16
		var uuid []byte
		if !num16(&body, h.big, &id) || !body.U8(&syntaxes) || !body.Skip(1) || !body.Bytes(&uuid, 16) ||
			!num16(&body, h.big, &major) || !num16(&body, h.big, &minor) || !body.Skip(20*int(syntaxes)) {
			break
		}
		of := observation.DCERPCInterface{UUID: c.Text(appendUUID(nil, uuid, h.big)), Major: major, Minor: minor}
		of.Name = interfaceNames[of.UUID]
		if len(o.Interfaces) < maxContexts && !contains(o.Interfaces, of) && !isNegotiation(of.UUID) {
			o.Interfaces = append(o.Interfaces, of)
		}
		a.remember(id, of)
	}
	c.Emit(o)
	spnego.Read(c, a.Carrier, verifier(h, whole))
}

func contains(list []observation.DCERPCInterface, of observation.DCERPCInterface) bool {
	for _, i := range list {
		if i == of {
			return true
		}
	}
	return false
}

func (a *Association) remember(id uint16, of observation.DCERPCInterface) {
	for i := range a.contexts {
		if a.contexts[i].id == id {
			a.contexts[i].of = of
			return
		}
	}
	if len(a.contexts) < maxContexts {
		a.contexts = append(a.contexts, context{id, of})
	}
}

// request reads which operation is called (C706 §12.6.4.9). Of a call in
// fragments only the first counts.
func (a *Association) request(c *dissect.Context, h header, body wire.Reader) {
	var id uint16
	a.call = observation.DCERPCCall{Carrier: a.Carrier}
	if h.flags&flagFirst == 0 || !num32(&body, h.big, &a.call.Size) || !num16(&body, h.big, &id) || !num16(&body, h.big, &a.call.Operation) {
		return
	}
	for _, x := range a.contexts {
		if x.id == id {
			a.call.Interface = x.of
		}
	}
	c.Emit(&a.call)
}

// appendUUID appends a UUID as people write it. Its first three parts are
// numbers in the sender's byte order.
func appendUUID(dst, b []byte, big bool) []byte {
	order := [16]uint8{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}
	for i := range order {
		at := order[i]
		if big {
			at = uint8(i)
		}
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, b[at:at+1])
	}
	return dst
}
