// Package lldp reads the Link Layer Discovery Protocol (IEEE 802.1AB-2016)
// with the extensions of IEEE 802.1Q and LLDP-MED (ANSI/TIA-1057): what the
// neighbours on a wire say of themselves.
package lldp

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
	return dissect.LinkDissector{Protocol: cordon.LLDP, EtherType: packet.EtherTypeLLDP, Parse: parse}
}

// TLV types (§8.4).
const (
	tlvEnd             = 0
	tlvChassis         = 1
	tlvPort            = 2
	tlvTTL             = 3
	tlvPortDescription = 4
	tlvSystemName      = 5
	tlvDescription     = 6
	tlvCapabilities    = 7
	tlvManagement      = 8
	tlvOrganization    = 127
)

const (
	// maxTLVs bounds the elements of a frame that are read.
	maxTLVs      = 128
	maxAddresses = 4
)

// parser holds what one frame says. A table of dissectors is shared, so nothing
// is kept between frames, which are rare enough.
type parser struct{ seen observation.LLDP }

// element eats one TLV: seven bits of type, nine of length, the value.
func element(r *wire.Reader, kind *uint8, value *wire.Reader) bool {
	var head uint16
	at := *r
	if !at.U16(&head) || !at.Sub(value, int(head&0x1ff)) {
		return false
	}
	*kind = uint8(head >> 9)
	*r = at
	return true
}

// parse reads one frame. Chassis, port and time to live must come first and in
// this order (§9.2.7.7); a frame without them says nothing.
func parse(c *dissect.Context, data []byte) {
	var (
		kind  uint8
		value wire.Reader
		r     = wire.Reader(data)
		p     parser
	)
	for n := range maxTLVs {
		if !element(&r, &kind, &value) || kind == tlvEnd {
			if n > tlvTTL-1 {
				c.Emit(&p.seen)
			}
			return
		}
		if n < tlvTTL && int(kind) != n+1 {
			return
		}
		p.element(c, kind, value)
	}
	c.Emit(&p.seen)
}

func (p *parser) element(c *dissect.Context, kind uint8, value wire.Reader) {
	l := &p.seen
	switch kind {
	case tlvChassis:
		l.ChassisID, l.ChassisMAC = identifier(c, value, 4, 5)
	case tlvPort:
		l.PortID, _ = identifier(c, value, 3, 4)
	case tlvTTL:
		value.U16(&l.TTL)
	case tlvPortDescription:
		l.PortDescription = c.Text(value)
	case tlvSystemName:
		l.SystemName = c.Text(value)
	case tlvDescription:
		l.SystemDescription = c.Text(value)
	case tlvCapabilities:
		_ = value.U16((*uint16)(&l.Capabilities)) && value.U16((*uint16)(&l.Enabled))
	case tlvManagement:
		var address wire.Reader
		if value.SubU8(&address) && len(l.Management) < maxAddresses {
			if a, ok := networkAddress(address); ok {
				l.Management = append(l.Management, a)
			}
		}
	case tlvOrganization:
		p.organization(c, value)
	}
}

// identifier reads a chassis or port id, whose subtypes for MAC and network
// addresses differ.
func identifier(c *dissect.Context, r wire.Reader, macType, addressType uint8) (string, netid.MAC) {
	var subtype uint8
	if !r.U8(&subtype) {
		return "", netid.MAC{}
	}
	switch {
	case subtype == macType && r.Len() == 6:
		m := netid.MAC(r)
		return m.String(), m
	case subtype == addressType:
		if a, ok := networkAddress(r); ok {
			return a.String(), netid.MAC{}
		}
	}
	return c.Text(r), netid.MAC{}
}

// networkAddress reads an address behind its IANA address family.
func networkAddress(r wire.Reader) (netid.Addr, bool) {
	var family uint8
	switch r.U8(&family); {
	case family == 1 && r.Len() == 4:
		return netid.AddrFrom4([4]byte(r)), true
	case family == 2 && r.Len() == 16:
		return netid.Addr(r), true
	}
	return netid.Addr{}, false
}

// Organizations with TLVs of their own.
const (
	ieee8021 = 0x0080c2
	tia      = 0x0012bb // LLDP-MED
)

func (p *parser) organization(c *dissect.Context, r wire.Reader) {
	var (
		oui     uint32
		subtype uint8
	)
	if !r.U24(&oui) || !r.U8(&subtype) {
		return
	}
	switch oui {
	case ieee8021:
		p.vlan(c, subtype, r)
	case tia:
		p.med(c, subtype, r)
	}
}

// vlan reads IEEE 802.1Q annex D.
func (p *parser) vlan(c *dissect.Context, subtype uint8, r wire.Reader) {
	var name wire.Reader
	switch {
	case subtype == 1:
		r.U16(&p.seen.PortVLAN)
	case subtype == 3 && p.seen.VLANName == "" && r.Skip(2) && r.SubU8(&name):
		p.seen.VLANName = c.Text(name)
	}
}

// med reads ANSI/TIA-1057 §10.2.
func (p *parser) med(c *dissect.Context, subtype uint8, r wire.Reader) {
	l := &p.seen
	inventory := [...]*string{
		5: &l.HardwareRevision, 6: &l.FirmwareRevision, 7: &l.SoftwareRevision, 8: &l.SerialNumber,
		9: &l.Manufacturer, 10: &l.Model, 11: &l.AssetID,
	}
	switch {
	case int(subtype) < len(inventory) && inventory[subtype] != nil:
		*inventory[subtype] = c.Text(r)
	case subtype == 1 && r.Skip(2):
		r.U8(&l.DeviceClass)
	case subtype == 2:
		p.policy(r)
	}
}

// policy reads a network policy (§10.2.3): application, then unknown, tagged,
// a reserved bit, 12 bits of VLAN, priority and DSCP.
func (p *parser) policy(r wire.Reader) {
	var (
		application uint8
		bits        uint32
	)
	if r.U8(&application) && r.U24(&bits) && application == 1 && bits>>23 == 0 {
		p.seen.VoiceVLAN = uint16(bits >> 9 & 0xfff)
	}
}
