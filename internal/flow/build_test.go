package flow_test

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// The flags of packets, short for tables.
const (
	F  = packet.FIN
	S  = packet.SYN
	R  = packet.RST
	A  = packet.ACK
	SA = S | A
	FA = F | A
	RA = R | A
)

// epoch is the packet time (ns) of the first packet of a test.
const epoch = int64(1_700_000_000e9)

// pkt makes a packet from "address:port" to "address:port".
func pkt(proto uint8, from, to string) *packet.Packet {
	src, dst := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	p := &packet.Packet{
		Time: epoch, WireLen: 60, IPVersion: 4, Proto: proto, TTL: 64,
		Src: netid.AddrFrom(src.Addr()), SrcPort: src.Port(), SrcMAC: netid.MAC{2, 0, 0, 0, 0, src.Addr().As16()[15]},
		Dst: netid.AddrFrom(dst.Addr()), DstPort: dst.Port(), DstMAC: netid.MAC{2, 0, 0, 0, 0, dst.Addr().As16()[15]},
	}
	if src.Addr().Is6() {
		p.IPVersion = 6
	}
	return p
}

const (
	client = "10.0.0.1:49152"
	server = "10.0.0.2:6661"
)

// tcp makes a segment of the connection that most tests use, of the client for
// flow.Out.
func tcp(d flow.Direction, flags packet.TCPFlags, seq, ack uint32, data string) *packet.Packet {
	p := pkt(packet.ProtoTCP, client, server)
	if d == flow.In {
		p = pkt(packet.ProtoTCP, server, client)
	}
	p.TCPFlags, p.Seq, p.Ack = flags, seq, ack
	p.Payload, p.PayloadLen = []byte(data), uint32(len(data))
	p.WireLen += uint32(len(data))
	return p
}

func after(d time.Duration, p *packet.Packet) *packet.Packet {
	p.Time += int64(d)
	return p
}

// recorder is an Inspector that writes down what it is told, one word each:
// ">data" or "<data" by direction, ">[n]" for a gap, "closed" with its state.
type recorder struct {
	words  []string
	closed map[uint64]int // calls of Closed by flow
	order  []uint64       // flows in the order of Closed
	ends   []flow.State
	ignore string // a payload after which the flow is ignored
}

func newRecorder() *recorder { return &recorder{closed: make(map[uint64]int)} }

func arrow(d flow.Direction) string { return ">< "[d : d+1] }

func (r *recorder) Payload(f *flow.Flow, d flow.Direction, data []byte, _ int64) {
	r.words = append(r.words, arrow(d)+string(data))
	f.Ignore = r.ignore != "" && string(data) == r.ignore
}

func (r *recorder) Gap(_ *flow.Flow, d flow.Direction, n uint32, _ int64) {
	r.words = append(r.words, fmt.Sprintf("%s[%d]", arrow(d), n))
}

func (r *recorder) Closed(f *flow.Flow) {
	r.closed[f.ID]++
	r.order = append(r.order, f.ID)
	r.ends = append(r.ends, f.State)
}

func (r *recorder) String() string { return strings.Join(r.words, " ") }
