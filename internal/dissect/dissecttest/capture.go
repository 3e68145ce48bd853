package dissecttest

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/corpus"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Replay runs a capture of the corpus through an Engine with the table and
// returns what each flow showed, in order of opening; frames without a flow
// that a link-layer dissector reads make one Seen each. The test is skipped
// without a corpus. Decoding and reassembly here are gopacket's and simple, so
// that a dissector is judged apart from Cordon's own.
func Replay(t testing.TB, table dissect.Table, name ...string) []*Seen {
	t.Helper()
	file := filepath.Join(append([]string{corpus.Dir(t), "pcap"}, name...)...)
	src, link := open(t, file)
	r := &replay{flows: map[tuple]*conversation{}, table: table}
	r.engine = dissect.NewEngine(dissect.Config{}, table, r.hear)
	for number := uint64(1); ; number++ {
		data, info, err := src.ReadPacketData()
		if err != nil {
			if err != io.EOF && err != io.ErrUnexpectedEOF {
				t.Logf("%s: %v", file, err)
			}
			break
		}
		r.frame(gopacket.NewPacket(data, link, gopacket.DecodeOptions{Lazy: false, NoCopy: true}), info)
	}
	for _, c := range r.order {
		if c.Seen.Flow.Session != nil {
			r.hearing = c.Seen
			r.engine.Closed(&c.Seen.Flow)
		}
	}
	stats := r.engine.Stats()
	if stats.Panics > 0 {
		t.Errorf("%s: %d panics", file, stats.Panics)
	}
	seen := make([]*Seen, len(r.order))
	for i, c := range r.order {
		seen[i] = c.Seen
	}
	return seen
}

type source interface {
	ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
}

func open(t testing.TB, file string) (source, gopacket.Decoder) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if ng, err := pcapgo.NewNgReader(bytes.NewReader(raw), pcapgo.DefaultNgReaderOptions); err == nil {
		return ng, ng.LinkType()
	}
	r, err := pcapgo.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return r, r.LinkType()
}

type tuple struct {
	src, dst netid.Addr
	sp, dp   uint16
	proto    uint8
}

type conversation struct {
	*Seen
	sides [2]side
}

// side puts one direction of a TCP stream in order.
type side struct {
	next    uint32
	started bool
	early   map[uint32][]byte
}

type replay struct {
	table   dissect.Table
	engine  *dissect.Engine
	flows   map[tuple]*conversation
	order   []*conversation
	hearing *Seen
}

func (r *replay) hear(e *dissect.Event) { r.hearing.Add(e) }

func (r *replay) frame(p gopacket.Packet, info gopacket.CaptureInfo) {
	var key tuple
	now := info.Timestamp.UnixNano()
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		if len(ip.SrcIP) != 4 { // gopacket gives a cut header back empty
			return
		}
		key.src, key.dst, key.proto = netid.AddrFrom4([4]byte(ip.SrcIP.To4())), netid.AddrFrom4([4]byte(ip.DstIP.To4())), uint8(ip.Protocol)
	case *layers.IPv6:
		if len(ip.SrcIP) != 16 {
			return
		}
		key.src, key.dst, key.proto = netid.Addr(ip.SrcIP), netid.Addr(ip.DstIP), uint8(ip.NextHeader)
	default:
		r.link(p, now)
		return
	}
	switch l := p.TransportLayer().(type) {
	case *layers.TCP:
		key.sp, key.dp = uint16(l.SrcPort), uint16(l.DstPort)
		c, dir := r.find(key, l.SYN && l.ACK, l.SYN && !l.ACK)
		r.segment(c, dir, l, now)
	case *layers.UDP:
		key.sp, key.dp = uint16(l.SrcPort), uint16(l.DstPort)
		c, dir := r.find(key, false, false)
		r.hearing = c.Seen
		r.engine.Payload(&c.Seen.Flow, dir, l.Payload, now)
	default:
		c, dir := r.find(key, false, false)
		r.hearing = c.Seen
		r.engine.Payload(&c.Seen.Flow, dir, p.NetworkLayer().LayerPayload(), now)
	}
}

func (r *replay) link(p gopacket.Packet, now int64) {
	frame := packet.Packet{Time: now}
	ethernet, ok := p.LinkLayer().(*layers.Ethernet)
	if !ok {
		return
	}
	frame.SrcMAC, frame.DstMAC = netid.MAC(ethernet.SrcMAC), netid.MAC(ethernet.DstMAC)
	frame.EtherType, frame.LinkPayload = uint16(ethernet.EthernetType), ethernet.Payload
	if q, ok := p.Layer(layers.LayerTypeDot1Q).(*layers.Dot1Q); ok {
		frame.EtherType, frame.LinkPayload = uint16(q.Type), q.Payload
	}
	if snap, ok := p.Layer(layers.LayerTypeSNAP).(*layers.SNAP); ok && snap.Type == packet.EtherTypeCDP {
		frame.EtherType, frame.LinkPayload = packet.EtherTypeCDP, snap.Payload
	}
	r.hearing = &Seen{}
	r.engine.Link(&frame)
	if len(r.hearing.Observations) > 0 {
		r.order = append(r.order, &conversation{Seen: r.hearing})
	}
}

// find returns the conversation of a packet and the packet's direction. An
// answering packet turns the direction of a new one round; a reopening one
// starts another.
func (r *replay) find(k tuple, answers, opens bool) (*conversation, flow.Direction) {
	back := tuple{k.dst, k.src, k.dp, k.sp, k.proto}
	if answers {
		if _, known := r.flows[k]; !known {
			k = back
			c, _ := r.find(k, false, false)
			return c, flow.In
		}
	}
	if c, ok := r.flows[k]; ok && !(opens && c.sides[flow.Out].started) {
		return c, flow.Out
	}
	if c, ok := r.flows[back]; ok && !opens {
		return c, flow.In
	}
	if !opens && k.sp < 1024 && k.dp >= 1024 { // picked up at an answer
		c, _ := r.find(back, false, false)
		return c, flow.In
	}
	c := &conversation{Seen: &Seen{Flow: flow.Flow{Src: k.src, Dst: k.dst, SrcPort: k.sp, DstPort: k.dp, Proto: k.proto}}}
	delete(r.flows, back)
	r.flows[k] = c
	r.order = append(r.order, c)
	return c, flow.Out
}

func (r *replay) segment(c *conversation, dir flow.Direction, l *layers.TCP, now int64) {
	s := &c.sides[dir]
	seq := l.Seq
	if l.SYN {
		s.next, s.started = seq+1, true
		return
	}
	if !s.started {
		s.next, s.started = seq, true
		if !c.sides[dir.Reverse()].started {
			r.engine.Gap(&c.Seen.Flow, dir, 1, now)
		}
	}
	if len(l.Payload) == 0 {
		return
	}
	if s.early == nil {
		s.early = map[uint32][]byte{}
	}
	if len(s.early[seq]) < len(l.Payload) {
		s.early[seq] = slices.Clone(l.Payload)
	}
	if len(s.early) > 200 { // what is missing will not come
		first := seq
		for q := range s.early {
			if int32(q-first) < 0 {
				first = q
			}
		}
		if n := int32(first - s.next); n > 0 {
			r.engine.Gap(&c.Seen.Flow, dir, uint32(n), now)
			s.next = first
		}
	}
	for again := true; again; {
		again = false
		for q, data := range s.early {
			if done := int32(s.next - q); done >= 0 {
				delete(s.early, q)
				if int(done) < len(data) {
					s.next += uint32(len(data) - int(done))
					again = true
					r.hearing = c.Seen
					r.engine.Payload(&c.Seen.Flow, dir, data[done:], now)
				}
			}
		}
	}
}
