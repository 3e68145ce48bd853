package observation

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// SNMPPDU is the type of a protocol data unit (RFC 3416 §3, RFC 1157 §4.1).
type SNMPPDU uint8

// The PDU types by their context tag. SNMPNoPDU stands for one that is
// encrypted.
const (
	SNMPGet      SNMPPDU = 0
	SNMPGetNext  SNMPPDU = 1
	SNMPResponse SNMPPDU = 2
	SNMPSet      SNMPPDU = 3
	SNMPTrapV1   SNMPPDU = 4
	SNMPGetBulk  SNMPPDU = 5
	SNMPInform   SNMPPDU = 6
	SNMPTrap     SNMPPDU = 7
	SNMPReport   SNMPPDU = 8
	SNMPNoPDU    SNMPPDU = 255
)

// SNMP is one SNMP message. Its community or user name is never kept.
type SNMP struct {
	// Version is 1, 2 (v2c) or 3.
	Version uint8
	PDU     SNMPPDU
	// ErrorStatus is that of a response, 0 for success.
	ErrorStatus int64
	// HasCommunity is true for v1 and v2c with a community; DefaultCommunity
	// if that is one which attackers try first, such as "public".
	HasCommunity, DefaultCommunity bool
	// Authenticated and Encrypted are the security level of v3.
	Authenticated, Encrypted bool
	// EngineID is the authoritative engine of v3 in hexadecimal (RFC 3411 §5),
	// EngineEnterprise its IANA number, EngineMAC and EngineIP what it was
	// made from. OfReceiver is true if the receiver is that engine.
	EngineID         string
	EngineEnterprise uint32
	EngineMAC        netid.MAC
	EngineIP         netid.Addr
	OfReceiver       bool
	// TrapEnterprise is the object that a v1 trap comes from, in dotted form.
	TrapEnterprise string
	// Variables counts the variable bindings that the message holds; FirstOID
	// is the first of them in dotted form.
	Variables int
	FirstOID  string
	// Values are those variables of responses and traps that identify, at
	// most 32.
	Values []SNMPValue
}

// SNMPValue is a variable that tells what the agent's device is.
type SNMPValue struct {
	// Object is the MIB's name of it with hyphens, such as "sys-descr".
	Object string
	// Value is text, or an object identifier in dotted form.
	Value string
}

// Protocol implements Observation.
func (o SNMP) Protocol() cordon.Protocol { return cordon.SNMP }

// ClearText implements Credential: a community goes over the wire as it is.
func (o SNMP) ClearText() bool { return o.HasCommunity }

// Facts implements Observation.
func (o SNMP) Facts(yield func(Fact)) {
	for _, v := range o.Values {
		fact(yield, Sender, v.Object, v.Value)
	}
	fact(yield, Sender, "trap-enterprise", o.TrapEnterprise)
	about := Sender
	if o.OfReceiver {
		about = Receiver
	}
	fact(yield, about, "engine-id", o.EngineID)
	number(yield, about, "engine-enterprise", o.EngineEnterprise)
	fact(yield, about, "engine-mac", o.EngineMAC.String())
}
