package sim

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/cordonhq/cordon/internal/lab/netns"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Switch tells its neighbour on one port who it is (IEEE 802.1AB, LLDP).
type Switch struct {
	At          netns.Namespace
	Interface   string // that it sends on
	Clock       *Clock
	Chassis     netid.MAC
	Port        string // the port's name
	Name        string
	Description string
}

// lldpEvery is msgTxInterval of IEEE 802.1AB.
const lldpEvery = 30 * time.Second

// Run announces until ctx ends.
func (s *Switch) Run(ctx context.Context) error {
	link, err := s.At.OpenLink(s.Interface)
	if err != nil {
		return err
	}
	frame := s.frame()
	for {
		if err := link.Send(frame); err != nil {
			return errors.Join(err, link.Close())
		}
		if s.Clock.Pace(ctx, lldpEvery) != nil {
			return link.Close()
		}
	}
}

// frame is one LLDP data unit to the nearest bridge.
func (s *Switch) frame() []byte {
	b := []byte{0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e}
	b = append(b, s.Chassis[:]...)
	b = append(b, 0x88, 0xcc)
	tlv := func(kind uint16, parts ...[]byte) {
		at := len(b)
		b = append(b, 0, 0)
		for _, p := range parts {
			b = append(b, p...)
		}
		binary.BigEndian.PutUint16(b[at:], kind<<9|uint16(len(b)-at-2))
	}
	const router, bridge = 1 << 4, 1 << 2
	tlv(1, []byte{4}, s.Chassis[:])                        // chassis: MAC address
	tlv(2, []byte{5}, []byte(s.Port))                      // port: interface name
	tlv(3, []byte{0, 120})                                 // time to live in seconds
	tlv(5, []byte(s.Name))                                 // system name
	tlv(6, []byte(s.Description))                          // system description
	tlv(7, []byte{0, router | bridge, 0, router | bridge}) // capabilities: can, does
	tlv(0)
	return b
}
