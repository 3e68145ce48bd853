package inventory_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/inventory"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// scene builds what a sensor worker would tell, in readable lines.
type scene struct {
	t      *testing.T
	feed   *inventory.Feed
	flowID uint64
}

func newScene(t *testing.T) *scene { return &scene{t: t, feed: inventory.NewFeed()} }

// start is the packet time of second 0.
var start = time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC).UnixNano()

func at(second float64) int64 { return start + int64(second*1e9) }

func ip(s string) netid.Addr {
	if s == "" {
		return netid.Addr{}
	}
	return netid.AddrFrom(netip.MustParseAddr(s))
}

// mac makes an address of a maker's block without a registered owner that
// matters; "r1" and the like are randomised.
func mac(s string) netid.MAC {
	if s == "" {
		return netid.MAC{}
	}
	m, err := netid.ParseMAC(s)
	if err != nil {
		panic(err)
	}
	return m
}

// host is one side of a flow.
type host struct {
	mac, ip string
	ttl     uint8
}

// tcp tells of a flow that has ended and was answered.
func (s *scene) tcp(second float64, client, server host, port uint16, p cordon.Protocol) {
	f := s.open(second, client, server, port, p)
	f.State = flow.Closed
	f.Last = at(second + 1)
	s.feed.Flow(f)
}

func (s *scene) open(second float64, client, server host, port uint16, p cordon.Protocol) *flow.Flow {
	s.flowID++
	f := &flow.Flow{
		ID: s.flowID, Src: ip(client.ip), Dst: ip(server.ip), SrcPort: 40000 + uint16(s.flowID), DstPort: port, Proto: packet.ProtoTCP,
		State: flow.Established, Protocol: p, MACs: [2]netid.MAC{mac(client.mac), mac(server.mac)}, TTLs: [2]uint8{client.ttl, server.ttl},
		First: at(second), Last: at(second + 0.5), Packets: [2]uint64{4, 3}, Bytes: [2]uint64{400, 300},
	}
	if p != cordon.Unknown {
		f.Confidence = uint8(dissect.Sure)
	}
	return f
}

// arp tells of an announcement.
func (s *scene) arp(second float64, h host) {
	s.feed.Event(&dissect.Event{
		Observation: &observation.ARP{Operation: observation.ARPReply, SenderMAC: mac(h.mac), SenderIP: ip(h.ip), TargetIP: ip(h.ip)},
		Time:        at(second), SenderMAC: mac(h.mac), ReceiverMAC: mac("ff:ff:ff:ff:ff:ff"),
	})
}

func rules(t *testing.T) *identify.Rules {
	r, err := identify.Load("")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTwoHostsTalk(t *testing.T) {
	s := newScene(t)
	s.tcp(1, host{"00:1b:21:00:00:01", "10.0.0.1", 64}, host{"00:1b:21:00:00:02", "10.0.0.2", 128}, 104, cordon.DICOM)
	v := inventory.New(rules(t))
	v.Apply(s.feed.Take())
	devices := v.Devices()
	if len(devices) != 2 {
		t.Fatalf("%d devices, want 2: %+v", len(devices), devices)
	}
	c := v.Conversations()
	if len(c) != 1 || c[0].Protocol != cordon.DICOM || c[0].BytesOut != 400 || c[0].Client.Device == "" {
		t.Fatalf("conversations: %+v", c)
	}
}
