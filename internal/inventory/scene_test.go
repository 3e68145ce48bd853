package inventory_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
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

// scene gathers what sensor workers would tell, in readable lines, and deals
// it out to feeds.
type scene struct {
	feed   *inventory.Feed
	flowID uint64
	told   []telling
}

// telling is one call of a feed. Those with one number go to one feed, in
// order.
type telling struct {
	worker uint64
	to     func(*inventory.Feed)
}

func newScene() *scene { return &scene{feed: inventory.NewFeed()} }

func (s *scene) tell(worker uint64, to func(*inventory.Feed)) {
	s.told = append(s.told, telling{worker, to})
	to(s.feed)
}

// take returns what was told to the scene's own feed since the last call.
func (s *scene) take() *inventory.Batch { return s.feed.Take() }

// batches deals all that was told to a number of feeds, which are emptied that
// many times, and shuffles what they give if random is not nil.
func (s *scene) batches(feeds, takes int, random *rand.Rand) []*inventory.Batch {
	workers := make([]*inventory.Feed, feeds)
	for i := range workers {
		workers[i] = inventory.NewFeed()
	}
	var all []*inventory.Batch
	for i, t := range s.told {
		t.to(workers[t.worker%uint64(feeds)])
		if takes > 1 && i%max(1, len(s.told)/takes) == 0 {
			for _, w := range workers {
				all = append(all, w.Take())
			}
		}
	}
	for _, w := range workers {
		all = append(all, w.Take())
	}
	if random != nil {
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	return all
}

// at returns the packet time of a second of the scene.
func at(second float64) int64 {
	return time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC).UnixNano() + int64(second*1e9)
}

func ip(s string) netid.Addr {
	if s == "" {
		return netid.Addr{}
	}
	return netid.AddrFrom(netip.MustParseAddr(s))
}

func ip4(a, b, c, d byte) string { return netip.AddrFrom4([4]byte{a, b, c, d}).String() }

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

// host is one side of a flow, with the hop count of its packets.
type host struct {
	mac, ip string
	ttl     uint8
}

// open makes a flow that goes on; flow tells of it.
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

func (s *scene) flow(f flow.Flow) {
	s.tell(f.ID, func(feed *inventory.Feed) { feed.Flow(&f) })
}

// tcp tells of a flow that was answered: first while it is live, then its end.
func (s *scene) tcp(second float64, client, server host, port uint16, p cordon.Protocol) {
	s.ended(s.open(second, client, server, port, p))
}

func (s *scene) udp(second float64, client, server host, port uint16, p cordon.Protocol) {
	f := s.open(second, client, server, port, p)
	f.Proto = packet.ProtoUDP
	s.ended(f)
}

func (s *scene) ended(f *flow.Flow) {
	live := *f
	live.Packets[flow.Out], live.Bytes[flow.Out] = 1, 100
	live.Packets[flow.In], live.Bytes[flow.In], live.MACs[flow.In], live.TTLs[flow.In] = 0, 0, netid.MAC{}, 0
	live.Protocol, live.Confidence, live.Last = cordon.Unknown, 0, f.First
	s.flow(live)
	lingering := *f
	lingering.State = flow.Closed
	s.flow(lingering)
	f.State, f.Ended = flow.Closed, true
	s.flow(*f)
}

// silent tells of an attempt that nobody answered.
func (s *scene) silent(second float64, client host, server string, port uint16) {
	f := s.open(second, client, host{ip: server}, port, cordon.Unknown)
	f.State, f.Ended, f.Packets[flow.In], f.Bytes[flow.In] = flow.Expired, true, 0, 0
	s.flow(*f)
}

// group tells of packets to a group address.
func (s *scene) group(second float64, client host, to string, port uint16, p cordon.Protocol) {
	f := s.open(second, client, host{ip: to}, port, p)
	f.Proto, f.State, f.Ended, f.Packets[flow.In], f.Bytes[flow.In] = packet.ProtoUDP, flow.Expired, true, 0, 0
	s.flow(*f)
}

// arp tells of an announcement.
func (s *scene) arp(second float64, h host) {
	s.tell(s.flowID, func(feed *inventory.Feed) {
		feed.Event(&dissect.Event{
			Observation: &observation.ARP{Operation: observation.ARPReply, SenderMAC: mac(h.mac), SenderIP: ip(h.ip), TargetIP: ip(h.ip)},
			Time:        at(second), SenderMAC: mac(h.mac), ReceiverMAC: mac(group),
		})
	})
}

// fact tells of one detail that a host showed.
func (s *scene) fact(second float64, h host, p cordon.Protocol, field, value string) {
	s.tell(s.flowID, func(feed *inventory.Feed) { feed.Event(s.event(second, h, p, field, value)) })
}

func (s *scene) event(second float64, h host, p cordon.Protocol, field, value string) *dissect.Event {
	return &dissect.Event{
		Observation: detail{p, observation.Sender, field, value}, Time: at(second),
		SenderMAC: mac(h.mac), Sender: ip(h.ip), Flow: &flow.Flow{},
	}
}

// factOf tells of one detail that a host showed of whom it spoke to over TCP.
func (s *scene) factOf(second float64, from, of host, p cordon.Protocol, field, value string) {
	s.tell(s.flowID, func(feed *inventory.Feed) {
		feed.Event(&dissect.Event{
			Observation: detail{p, observation.Receiver, field, value}, Time: at(second), Flow: &flow.Flow{Proto: packet.ProtoTCP},
			SenderMAC: mac(from.mac), Sender: ip(from.ip), ReceiverMAC: mac(of.mac), Receiver: ip(of.ip),
		})
	})
}

// detail is an observation of one fact.
type detail struct {
	protocol     cordon.Protocol
	about        observation.Subject
	field, value string
}

func (d detail) Protocol() cordon.Protocol { return d.protocol }

func (d detail) Facts(yield func(observation.Fact)) {
	yield(observation.Fact{About: d.about, Field: d.field, Value: d.value})
}

var loadRules = sync.OnceValues(func() (*identify.Rules, error) { return identify.Load("") })

func rules(t testing.TB) *identify.Rules {
	r, err := loadRules()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// describe tells a device in one line: its addresses, "router" if it forwards,
// "random" if its card tells no maker.
func describe(d *cordon.Device) string {
	var words []string
	for _, m := range d.MACs {
		words = append(words, m.String())
	}
	for _, a := range d.IPs {
		words = append(words, a.String())
	}
	forwards := func(e cordon.Evidence) bool { return e.Source == "role" && e.Field == "forwards" }
	if slices.ContainsFunc(d.Evidence, forwards) {
		words = append(words, "router")
	}
	if d.RandomMAC {
		words = append(words, "random")
	}
	return strings.Join(words, " ")
}

// describeConversation tells a conversation in one line; "!" marks a side that
// is no device.
func describeConversation(c *cordon.Conversation) string {
	side := func(p cordon.Peer) string {
		if p.Device == "" {
			return p.IP.String() + "!"
		}
		return p.IP.String()
	}
	return fmt.Sprintf("%s > %s %s/%d %s x%d", side(c.Client), side(c.Server), c.Transport, c.Port, c.Protocol, c.Flows)
}
