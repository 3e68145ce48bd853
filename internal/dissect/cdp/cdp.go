// Package cdp reads the Cisco Discovery Protocol, versions 1 and 2: what
// Cisco's network equipment and phones, and some of others, say of themselves
// on the wire.
package cdp

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Dissector returns the row of the table.
func Dissector() dissect.LinkDissector {
	return dissect.LinkDissector{Protocol: cordon.CDP, EtherType: packet.EtherTypeCDP, Parse: parse}
}

// TLV types, as Cisco documents them.
const (
	tlvDeviceID     = 0x0001
	tlvAddresses    = 0x0002
	tlvPortID       = 0x0003
	tlvCapabilities = 0x0004
	tlvVersion      = 0x0005
	tlvPlatform     = 0x0006
	tlvVTPDomain    = 0x0009
	tlvNativeVLAN   = 0x000a
	tlvSystemName   = 0x0014
	tlvManagement   = 0x0016
)

const (
	// maxTLVs bounds the elements of a frame that are read.
	maxTLVs      = 64
	maxAddresses = 4
)

// parser holds what one frame says. A table of dissectors is shared, so nothing
// is kept between frames, which are rare enough.
type parser struct{ seen observation.CDP }

func parse(c *dissect.Context, data []byte) {
	var (
		version      uint8
		kind, length uint16
		value        wire.Reader
		r            = wire.Reader(data)
		p            parser
		d            = &p.seen
	)
	if !r.U8(&version) || version < 1 || version > 2 || !r.U8(&d.TTL) || !r.Skip(2) { // checksum
		return
	}
	// The length counts type and length too.
	for n := 0; n < maxTLVs && r.U16(&kind) && r.U16(&length) && r.Sub(&value, int(length)-4); n++ {
		p.element(c, kind, value)
	}
	if d.DeviceID != "" || d.Platform != "" {
		c.Emit(d)
	}
}

func (p *parser) element(c *dissect.Context, kind uint16, value wire.Reader) {
	d := &p.seen
	switch kind {
	case tlvDeviceID:
		d.DeviceID = c.Text(value)
	case tlvPortID:
		d.PortID = c.Text(value)
	case tlvVersion:
		d.SoftwareVersion = c.Text(value)
	case tlvPlatform:
		d.Platform = c.Text(value)
	case tlvVTPDomain:
		d.VTPDomain = c.Text(value)
	case tlvSystemName:
		d.SystemName = c.Text(value)
	case tlvNativeVLAN:
		value.U16(&d.NativeVLAN)
	case tlvCapabilities:
		var bits uint32
		if value.U32(&bits) {
			d.Capabilities = capabilities(bits)
		}
	case tlvAddresses, tlvManagement:
		p.addresses(value)
	}
}

// capabilities maps CDP's bits to LLDP's.
func capabilities(bits uint32) observation.LinkCapability {
	var c observation.LinkCapability
	for _, m := range [...]struct {
		bits uint32
		is   observation.LinkCapability
	}{
		{0x01, observation.LinkRouter},
		{0x02 | 0x04 | 0x08, observation.LinkBridge}, // transparent and source-route bridge, switch
		{0x10, observation.LinkStation},
		{0x40, observation.LinkRepeater},
		{0x80, observation.LinkTelephone},
	} {
		if bits&m.bits != 0 {
			c |= m.is
		}
	}
	return c
}

// Protocols of addresses.
const (
	protocolIPv4 = "\xcc"                             // NLPID
	protocolIPv6 = "\xaa\xaa\x03\x00\x00\x00\x86\xdd" // LLC and SNAP
)

// addresses reads a counted list: kind of protocol, protocol, address.
func (p *parser) addresses(r wire.Reader) {
	var (
		count             uint32
		protocol, address wire.Reader
	)
	for r.U32(&count); count > 0 && len(p.seen.Addresses) < maxAddresses; count-- {
		if !r.Skip(1) || !r.SubU8(&protocol) || !r.SubU16(&address) {
			return
		}
		var a netid.Addr
		switch {
		case string(protocol) == protocolIPv4 && len(address) == 4:
			a = netid.AddrFrom4([4]byte(address))
		case string(protocol) == protocolIPv6 && len(address) == 16:
			a = netid.Addr(address)
		default:
			continue
		}
		if !p.has(a) {
			p.seen.Addresses = append(p.seen.Addresses, a)
		}
	}
}

func (p *parser) has(a netid.Addr) bool {
	for _, have := range p.seen.Addresses {
		if have == a {
			return true
		}
	}
	return false
}
