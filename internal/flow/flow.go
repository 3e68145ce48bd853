// Package flow keeps conversations at the level of one 5-tuple: it finds the
// flow of each packet, knows which side opened it, counts both directions,
// puts TCP streams in order within a byte budget, and ends flows by their own
// FIN or RST or by timeouts that run on packet time. A Table belongs to one
// goroutine and takes no locks; several tables share the work by symmetric
// hash. What a flow carries is for an Inspector to say.
package flow

import (
	"net/netip"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Direction tells the two sides of a flow apart.
type Direction uint8

// The directions, usable as an index into [2] fields of Flow.
const (
	Out Direction = 0 // from the side that opened the flow
	In  Direction = 1 // towards it
)

// Reverse returns the other direction.
func (d Direction) Reverse() Direction { return d ^ 1 }

// State is where a flow stands in its life.
type State uint8

// The states of a flow.
const (
	Opening     State = iota // TCP: no answer to the SYN yet; others: one side spoke
	Established              // both sides spoke, or data flows in a TCP picked up midway
	Closed                   // FIN in both directions
	Reset                    // RST
	Expired                  // idle or hard timeout
	Flushed                  // the source ended while the flow was live
	Evicted                  // made room for another flow, the table being full
)

// String returns the state in lower case.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

var stateNames = [...]string{"opening", "established", "closed", "reset", "expired", "flushed", "evicted"}

// Flow is one live 5-tuple, owned by its Table. An Inspector may read all of
// it during a call and may set the fields marked so; nobody keeps the pointer
// after Inspector.Closed.
//
// The fields stand in the order of their use, not of their sense: a packet of
// a datagram flow touches the first two cache lines only, one of TCP the third.
type Flow struct {
	// Src opened the flow: it sent the SYN, else it was seen first, unless the
	// ports say that the first packet seen was an answer.
	Src, Dst         netid.Addr
	SrcPort, DstPort uint16
	// Proto is the IP protocol number.
	Proto uint8
	State State

	// Protocol and Confidence (percent) are the Inspector's verdict; only it
	// sets them.
	Protocol   cordon.Protocol
	Confidence uint8
	// Ignore, set by the Inspector, ends payload delivery and reassembly for
	// this flow; counting goes on.
	Ignore bool
	// Ended is true from the call of Inspector.Closed on. State alone does not
	// tell: a TCP flow lingers after its FIN or RST, and may yet go on.
	Ended bool

	hot hotState

	// First and Last are nanoseconds since the Unix epoch, from packets.
	Last, First int64

	// Packets and Bytes count per direction; bytes are on the wire, link
	// header included.
	Packets, Bytes [2]uint64
	// LastNumber is the position in its source of the packet at hand
	// (packet.Packet.Number).
	LastNumber uint64
	// Session belongs to the Inspector; nil until it sets it.
	Session any

	table tableState

	// ID is unique within a Table and grows with the time of opening.
	ID uint64
	// FirstNumber is the position in its source of the flow's first packet.
	FirstNumber uint64
	// MACs are those of the first packet seen in each direction: MACs[Out] is
	// the sender of the opener's packets. Zero where the link has none.
	MACs [2]netid.MAC
	// TTLs are those of the first packet seen in each direction.
	TTLs [2]uint8
	// Midway is true for a TCP connection whose beginning was not seen, so that
	// its streams may start within a message.
	Midway bool
	// VLAN is that of the first packet; it is no part of the key, as a mirror
	// port shows one flow in the VLANs of both of its sides.
	VLAN uint16

	_ [22]byte // to four cache lines
}

// SrcAddrPort returns the opener's address, IPv4 unmapped.
func (f *Flow) SrcAddrPort() netip.AddrPort { return netip.AddrPortFrom(f.Src.Netip(), f.SrcPort) }

// DstAddrPort returns the answering side's address, IPv4 unmapped.
func (f *Flow) DstAddrPort() netip.AddrPort { return netip.AddrPortFrom(f.Dst.Netip(), f.DstPort) }

// Inspector reads what flows carry. A Table calls it from its own goroutine,
// in packet order.
type Inspector interface {
	// Payload receives the next bytes of a TCP stream, in order and without
	// overlap, or one whole datagram. It is not called with no bytes. data is
	// valid only during the call; now is packet time in nanoseconds.
	Payload(f *Flow, dir Direction, data []byte, now int64)
	// Gap says that n bytes of the stream are missing before the next Payload
	// of that direction (lost, over budget or cut by the snap length).
	Gap(f *Flow, dir Direction, n uint32, now int64)
	// Closed says that the flow has ended, for the reason in f.State. f is
	// reused after the call.
	Closed(f *Flow)
}

// String returns "out" or "in".
func (d Direction) String() string {
	if d == Out {
		return "out"
	}
	return "in"
}
