// Package arp reads ARP for IPv4 over Ethernet (RFC 826): who has which
// address, as its owner states it. Other hardware and protocol types are not
// read.
package arp

import (
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Dissector returns the row of the table of link-layer protocols.
func Dissector() dissect.LinkDissector {
	return dissect.LinkDissector{Protocol: cordon.ARP, EtherType: packet.EtherTypeARP, Parse: parse}
}

const hardwareEthernet = 1 // IANA ARP parameters, hardware type

var spare = sync.Pool{New: func() any { return new(observation.ARP) }}

func parse(c *dissect.Context, data []byte) {
	o := spare.Get().(*observation.ARP)
	defer spare.Put(o)
	if read(data, o) {
		c.Emit(o)
	}
}

// read fills o from an ARP packet for IPv4 over Ethernet with an operation
// that the standard knows.
func read(data []byte, o *observation.ARP) bool {
	r := wire.Reader(data)
	var hardware, protocol, operation uint16
	var hardwareLen, protocolLen uint8
	if !r.U16(&hardware) || !r.U16(&protocol) || !r.U8(&hardwareLen) || !r.U8(&protocolLen) || !r.U16(&operation) {
		return false
	}
	if hardware != hardwareEthernet || protocol != packet.EtherTypeIPv4 || hardwareLen != 6 || protocolLen != 4 {
		return false
	}
	o.Operation = observation.ARPOperation(operation)
	if o.Operation != observation.ARPRequest && o.Operation != observation.ARPReply {
		return false
	}
	return mac(&r, &o.SenderMAC) && ip(&r, &o.SenderIP) && mac(&r, &o.TargetMAC) && ip(&r, &o.TargetIP)
}

func mac(r *wire.Reader, out *netid.MAC) bool {
	var b []byte
	if !r.Bytes(&b, 6) {
		return false
	}
	*out = netid.MAC(b)
	return true
}

// ip reads an IPv4 address; 0.0.0.0, which stands for none, reads as zero.
func ip(r *wire.Reader, out *netid.Addr) bool {
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
