// Package dissect turns the first bytes of a conversation into its application
// protocol, and its messages into observations. It holds the contract that
// each dissector keeps and the Engine that runs them; the dissectors live in
// packages below it and are listed in one table, package catalog.
//
// A dissector is a total function: any bytes in, in time and memory
// proportional to the input. It never panics, never loops without eating
// input, and never allocates from a length that a packet states. The Engine
// bounds what it is given; each dissector has a fuzz target.
package dissect

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Transport is a set of transports that a dissector reads.
type Transport uint8

// The transports. Over ICMP, ICMPv6 and IGMP the payload is the whole message,
// header included.
const (
	OverTCP Transport = 1 << iota
	OverUDP
	OverSCTP
	OverICMP
	OverICMPv6
	OverIGMP
	OverOther // any other IP protocol; Head.Flow.Proto says which
)

// Verdict is what a probe says of a direction's first bytes: NotMine, More, or
// how sure it is, in percent.
type Verdict int8

// The verdicts. A confidence between them is as good as these.
const (
	NotMine Verdict = 0  // these bytes are not from this protocol
	More    Verdict = -1 // cannot tell yet; ask again with more bytes or the other side's
	Weak    Verdict = 40 // would also be said of some other protocols' bytes
	Likely  Verdict = 70 // a signature that chance rarely meets
	Sure    Verdict = 95 // a signature with structure checked behind it
)

// Head is what a probe judges.
type Head struct {
	// Data is the start of the stream in direction Dir (all of it so far, from
	// its first byte), or one datagram.
	Data []byte
	Dir  flow.Direction
	// Other is the start of the opposite stream; empty for datagrams.
	Other []byte
	Flow  *flow.Flow
	// Hint is true if one of the dissector's ports is in use: a reason to
	// believe a thin signature, never a verdict by itself.
	Hint bool
	// Midway is true for a stream whose beginning was not seen, so that Data
	// may start within a message.
	Midway bool
}

// Dissector is one row of the table.
type Dissector struct {
	Protocol cordon.Protocol
	Over     Transport
	// Ports on which the protocol usually answers, tried first.
	Ports []uint16
	// First, if not nil, reports whether a stream or datagram of the protocol
	// may begin with this byte: Probe says NotMine of all others, so that the
	// Engine need not ask it.
	First func(b byte) bool
	// Probe judges a direction's first bytes. It keeps nothing and allocates
	// nothing. NotMine holds for that direction only.
	Probe func(h *Head) Verdict
	// New makes the parser of one flow; nil for a protocol that is only
	// recognised.
	New func() Parser
	// Window is the most bytes the parser must see at once to eat something;
	// 0 stands for DefaultWindow. At most MaxWindow.
	Window int
}

// Bounds of what is kept for a parser, in bytes per direction of a flow.
const (
	DefaultWindow = 4 << 10
	MaxWindow     = 64 << 10
)

// Stop is returned by a Parser that needs no more of its flow.
const Stop = -1

// Parser reads the messages of one flow, both directions. It is used by one
// goroutine.
type Parser interface {
	// Parse reads at the head of data and returns how many bytes it is done
	// with: 0 asks for more bytes, a number beyond len(data) skips ahead in
	// the stream, Stop ends the flow's inspection. It is called again while it
	// eats something and bytes remain. For datagrams, data is one datagram and
	// only Stop is heeded. data is valid only during the call.
	Parse(c *Context, data []byte) int
}

// Resetter is a Parser that can forget its flow, so that the Engine uses it for
// another one instead of making a new parser.
type Resetter interface {
	Parser
	// Reset brings the parser to the state in which New returns it.
	Reset()
}

// LinkDissector is one row of the table of link-layer protocols, which have no
// flow: ARP, LLDP, CDP.
type LinkDissector struct {
	Protocol  cordon.Protocol
	EtherType uint16
	// Parse reads one frame's payload.
	Parse func(c *Context, data []byte)
}

// Event is one observation with who made it and where.
type Event struct {
	Observation observation.Observation
	// Time is packet time in nanoseconds since the Unix epoch.
	Time int64
	// Flow is nil for link-layer protocols.
	Flow *flow.Flow
	Dir  flow.Direction
	// Number is the 1-based position in the source of the packet that completed
	// the message.
	Number uint64
	// MACs and addresses of the message's sender and receiver; zero if unknown.
	SenderMAC, ReceiverMAC netid.MAC
	Sender, Receiver       netid.Addr
}

// Sink takes events. The Event and its Observation are reused after the call.
type Sink func(*Event)
