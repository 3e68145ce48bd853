package inventory_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/inventory"
)

const (
	group = "ff:ff:ff:ff:ff:ff"
	// Three makers' cards, a router's and three randomised ones.
	cardA, cardB, cardC        = "00:1b:21:00:00:0a", "00:1b:21:00:00:0b", "00:1b:21:00:00:0c"
	routerCard                 = "00:1b:21:00:00:fe"
	random1, random2           = "02:00:00:00:00:01", "06:00:00:00:00:02"
	public1, public2           = "198.51.100.1", "203.0.113.2"
	client, server             = cordon.RoleClient, cordon.RoleServer
	unanswered          uint64 = 0
)

// Each scene is told in full and must give the devices and conversations that
// it lists, in any order of batches and from any number of feeds.
var scenes = []struct {
	name          string
	tell          func(s *scene)
	devices       []string // addresses of each, or more words as describe gives
	conversations []string
}{
	{
		name: "two hosts on one link",
		tell: func(s *scene) {
			s.tcp(1, host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.2", 128}, 104, cordon.DICOM)
		},
		devices:       []string{cardA + " 10.0.0.1", cardB + " 10.0.0.2"},
		conversations: []string{"10.0.0.1 > 10.0.0.2 tcp/104 dicom x1"},
	},
	{
		name: "flows of one service are one conversation",
		tell: func(s *scene) {
			for i := range 5 {
				s.tcp(float64(i), host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.2", 128}, 2575, cordon.HL7)
			}
		},
		devices:       []string{cardA + " 10.0.0.1", cardB + " 10.0.0.2"},
		conversations: []string{"10.0.0.1 > 10.0.0.2 tcp/2575 hl7 x5"},
	},
	{
		name: "the internet lies behind a router that the capture shows by its card alone",
		tell: func(s *scene) {
			s.tcp(1, host{cardA, "10.0.0.1", 64}, host{routerCard, public1, 53}, 443, cordon.TLS)
			s.tcp(2, host{cardA, "10.0.0.1", 64}, host{routerCard, public2, 117}, 443, cordon.TLS)
		},
		devices:       []string{cardA + " 10.0.0.1", routerCard + " router"},
		conversations: []string{"10.0.0.1 > 198.51.100.1! tcp/443 tls x1", "10.0.0.1 > 203.0.113.2! tcp/443 tls x1"},
	},
	{
		name: "a home router answers for itself and forwards",
		tell: func(s *scene) {
			s.udp(1, host{cardA, "192.168.1.5", 64}, host{routerCard, "192.168.1.1", 64}, 53, cordon.DNS)
			s.tcp(2, host{cardA, "192.168.1.5", 64}, host{routerCard, public1, 53}, 443, cordon.TLS)
			s.tcp(3, host{cardA, "192.168.1.5", 64}, host{routerCard, public2, 49}, 443, cordon.TLS)
		},
		devices: []string{cardA + " 192.168.1.5", routerCard + " 192.168.1.1 router"},
		conversations: []string{
			"192.168.1.5 > 192.168.1.1 udp/53 dns x1",
			"192.168.1.5 > 198.51.100.1! tcp/443 tls x1", "192.168.1.5 > 203.0.113.2! tcp/443 tls x1",
		},
	},
	{
		name: "hosts behind a router are devices by their addresses",
		tell: func(s *scene) {
			s.tcp(1, host{cardA, "10.0.0.1", 64}, host{routerCard, "10.9.0.1", 63}, 104, cordon.DICOM)
			s.tcp(2, host{cardA, "10.0.0.1", 64}, host{routerCard, "10.9.0.2", 127}, 104, cordon.DICOM)
		},
		devices:       []string{cardA + " 10.0.0.1", routerCard + " router", "10.9.0.1", "10.9.0.2"},
		conversations: []string{"10.0.0.1 > 10.9.0.1 tcp/104 dicom x1", "10.0.0.1 > 10.9.0.2 tcp/104 dicom x1"},
	},
	{
		name: "several addresses with fresh packets from one card are split too",
		tell: func(s *scene) {
			s.tcp(1, host{cardA, "10.0.0.1", 64}, host{routerCard, "10.9.0.1", 64}, 104, cordon.DICOM)
			s.tcp(2, host{cardA, "10.0.0.1", 64}, host{routerCard, "10.9.0.2", 64}, 104, cordon.DICOM)
		},
		devices:       []string{cardA + " 10.0.0.1", routerCard + " router", "10.9.0.1", "10.9.0.2"},
		conversations: []string{"10.0.0.1 > 10.9.0.1 tcp/104 dicom x1", "10.0.0.1 > 10.9.0.2 tcp/104 dicom x1"},
	},
	{
		name: "ARP says which address is the router's own",
		tell: func(s *scene) {
			s.arp(0, host{mac: routerCard, ip: "10.0.0.254"})
			s.tcp(1, host{cardA, "10.0.0.1", 64}, host{routerCard, "10.9.0.1", 64}, 104, cordon.DICOM)
		},
		devices:       []string{cardA + " 10.0.0.1", routerCard + " 10.0.0.254 router", "10.9.0.1"},
		conversations: []string{"10.0.0.1 > 10.9.0.1 tcp/104 dicom x1"},
	},
	{
		name: "one card with two addresses by ARP is one device",
		tell: func(s *scene) {
			s.arp(0, host{mac: cardB, ip: "10.0.0.2"})
			s.arp(1, host{mac: cardB, ip: "10.0.0.3"})
			s.tcp(2, host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.2", 64}, 80, cordon.HTTP)
			s.tcp(3, host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.3", 64}, 80, cordon.HTTP)
		},
		devices:       []string{cardA + " 10.0.0.1", cardB + " 10.0.0.2 10.0.0.3"},
		conversations: []string{"10.0.0.1 > 10.0.0.3 tcp/80 http x2"},
	},
	{
		name: "the two families of addresses join by the card",
		tell: func(s *scene) {
			s.tcp(1, host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.2", 64}, 80, cordon.HTTP)
			s.tcp(2, host{cardA, "fe80::1", 64}, host{cardB, "fe80::2", 64}, 80, cordon.HTTP)
			s.tcp(3, host{cardA, "fd00::1", 64}, host{cardB, "fd00::2", 64}, 80, cordon.HTTP)
			s.tcp(4, host{cardA, "fd00::1:1", 64}, host{cardB, "fd00::2", 64}, 80, cordon.HTTP)
		},
		devices:       []string{cardA + " 10.0.0.1 fd00::1 fd00::1:1 fe80::1", cardB + " 10.0.0.2 fd00::2 fe80::2"},
		conversations: []string{"fd00::1:1 > fd00::2 tcp/80 http x4"},
	},
	{
		name: "an address that another card takes over moves, and history stays",
		tell: func(s *scene) {
			s.arp(0, host{mac: cardA, ip: "10.0.0.1"})
			s.tcp(1, host{cardA, "10.0.0.1", 64}, host{cardC, "10.0.0.3", 64}, 80, cordon.HTTP)
			s.arp(10, host{mac: cardB, ip: "10.0.0.1"})
			s.tcp(11, host{cardB, "10.0.0.1", 64}, host{cardC, "10.0.0.3", 64}, 443, cordon.TLS)
		},
		devices:       []string{cardA, cardB + " 10.0.0.1", cardC + " 10.0.0.3"},
		conversations: []string{"10.0.0.1 > 10.0.0.3 tcp/443 tls x1", "10.0.0.1 > 10.0.0.3 tcp/80 http x1"},
	},
	{
		name: "a device that never answers is no device",
		tell: func(s *scene) {
			s.silent(1, host{cardA, "10.0.0.1", 64}, "10.0.0.99", 445)
		},
		devices:       []string{cardA + " 10.0.0.1"},
		conversations: []string{"10.0.0.1 > 10.0.0.99! tcp/445 unknown x1"},
	},
	{
		name: "without a link layer addresses are the devices",
		tell: func(s *scene) {
			s.tcp(1, host{"", "10.0.0.1", 61}, host{"", "10.0.0.2", 64}, 104, cordon.DICOM)
		},
		devices:       []string{"10.0.0.1", "10.0.0.2"},
		conversations: []string{"10.0.0.1 > 10.0.0.2 tcp/104 dicom x1"},
	},
	{
		name: "between public addresses who opens is a device",
		tell: func(s *scene) {
			s.tcp(1, host{"", public1, 0}, host{"", public2, 0}, 80, cordon.HTTP)
		},
		devices:       []string{public1},
		conversations: []string{"198.51.100.1 > 203.0.113.2! tcp/80 http x1"},
	},
	{
		name: "a public address on the link is a device",
		tell: func(s *scene) {
			s.tcp(1, host{routerCard, public1, 50}, host{cardB, public2, 64}, 80, cordon.HTTP)
		},
		devices:       []string{cardB + " " + public2, routerCard + " router"},
		conversations: []string{"198.51.100.1! > 203.0.113.2 tcp/80 http x1"},
	},
	{
		name: "groups are peers, not devices",
		tell: func(s *scene) {
			s.group(1, host{cardA, "10.0.0.1", 255}, "224.0.0.251", 5353, cordon.MDNS)
		},
		devices:       []string{cardA + " 10.0.0.1"},
		conversations: []string{"10.0.0.1 > 224.0.0.251! udp/5353 mdns x1"},
	},
	{
		name: "a device without an address yet",
		tell: func(s *scene) {
			s.group(1, host{cardA, "0.0.0.0", 64}, "255.255.255.255", 67, cordon.DHCP)
			s.arp(2, host{mac: cardA, ip: "10.0.0.1"})
		},
		devices:       []string{cardA + " 10.0.0.1"},
		conversations: []string{"10.0.0.1 > 255.255.255.255! udp/67 dhcp x1"},
	},
	{
		name: "media ports fold, and so do made-up ports without a protocol",
		tell: func(s *scene) {
			for i := range uint16(4) {
				s.udp(float64(i), host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.2", 64}, 16384+2*i, cordon.RTP)
				s.tcp(float64(i), host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.2", 64}, 50000+i, cordon.Unknown)
			}
			s.tcp(9, host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.2", 64}, 6661, cordon.Unknown)
		},
		devices: []string{cardA + " 10.0.0.1", cardB + " 10.0.0.2"},
		conversations: []string{
			"10.0.0.1 > 10.0.0.2 tcp/0 unknown x4", "10.0.0.1 > 10.0.0.2 tcp/6661 unknown x1", "10.0.0.1 > 10.0.0.2 udp/0 rtp x4",
		},
	},
	{
		name: "two cards with one identifier and one name are one device",
		tell: func(s *scene) {
			s.tcp(1, host{cardA, "10.0.0.1", 128}, host{cardC, "10.0.0.3", 64}, 445, cordon.SMB2)
			s.tcp(2, host{cardB, "10.1.0.1", 128}, host{cardC, "10.0.0.3", 64}, 445, cordon.SMB2)
			for i, h := range []host{{cardA, "10.0.0.1", 128}, {cardB, "10.1.0.1", 128}} {
				s.fact(float64(3+i), h, cordon.SMB2, "client-guid", "6c1b3a52-aaaa-bbbb-cccc-0123456789ab")
				s.fact(float64(3+i), h, cordon.DHCP, "hostname", "CT-CONSOLE")
			}
		},
		devices:       []string{cardA + " " + cardB + " 10.0.0.1 10.1.0.1", cardC + " 10.0.0.3"},
		conversations: []string{"10.1.0.1 > 10.0.0.3 tcp/445 smb2 x2"},
	},
	{
		name: "one name alone does not make two cards one device",
		tell: func(s *scene) {
			for i, h := range []host{{cardA, "10.0.0.1", 128}, {cardB, "10.1.0.1", 128}} {
				s.tcp(float64(1+i), h, host{cardC, "10.0.0.3", 64}, 445, cordon.SMB2)
				s.fact(float64(3+i), h, cordon.DHCP, "hostname", "CT-CONSOLE")
			}
		},
		devices: []string{cardA + " 10.0.0.1", cardB + " 10.1.0.1", cardC + " 10.0.0.3"},
		conversations: []string{
			"10.0.0.1 > 10.0.0.3 tcp/445 smb2 x1", "10.1.0.1 > 10.0.0.3 tcp/445 smb2 x1",
		},
	},
	{
		name: "a phone that changes its random address is one phone",
		tell: func(s *scene) {
			s.tcp(1, host{random1, "10.0.0.1", 64}, host{cardC, "10.0.0.3", 64}, 443, cordon.TLS)
			s.fact(1, host{mac: random1}, cordon.DHCP, "hostname", "Annas-iPhone")
			s.tcp(100, host{random2, "10.0.0.9", 64}, host{cardC, "10.0.0.3", 64}, 443, cordon.TLS)
			s.fact(100, host{mac: random2}, cordon.DHCP, "hostname", "Annas-iPhone")
		},
		devices:       []string{random1 + " " + random2 + " 10.0.0.1 10.0.0.9 random", cardC + " 10.0.0.3"},
		conversations: []string{"10.0.0.9 > 10.0.0.3 tcp/443 tls x2"},
	},
	{
		name: "two phones of one name at one time are two",
		tell: func(s *scene) {
			s.tcp(1, host{random1, "10.0.0.1", 64}, host{cardC, "10.0.0.3", 64}, 443, cordon.TLS)
			s.tcp(2, host{random2, "10.0.0.9", 64}, host{cardC, "10.0.0.3", 64}, 443, cordon.TLS)
			s.tcp(5, host{random1, "10.0.0.1", 64}, host{cardC, "10.0.0.3", 64}, 443, cordon.TLS)
			s.fact(1, host{mac: random1}, cordon.DHCP, "hostname", "Annas-iPhone")
			s.fact(2, host{mac: random2}, cordon.DHCP, "hostname", "Annas-iPhone")
		},
		devices:       []string{random1 + " 10.0.0.1 random", random2 + " 10.0.0.9 random", cardC + " 10.0.0.3"},
		conversations: []string{"10.0.0.1 > 10.0.0.3 tcp/443 tls x2", "10.0.0.9 > 10.0.0.3 tcp/443 tls x1"},
	},
	{
		name: "a router's copy of a packet is from the host that sent it",
		tell: func(s *scene) {
			s.tcp(1, host{routerCard, "10.0.0.1", 63}, host{cardB, "10.1.0.2", 64}, 104, cordon.DICOM)
			s.tcp(2, host{cardA, "10.0.0.1", 64}, host{routerCard, "10.1.0.2", 63}, 104, cordon.DICOM)
		},
		devices:       []string{cardA + " 10.0.0.1", cardB + " 10.1.0.2", routerCard + " router"},
		conversations: []string{"10.0.0.1 > 10.1.0.2 tcp/104 dicom x2"},
	},
}

func TestScenes(t *testing.T) {
	for _, c := range scenes {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			c.tell(s)
			v := inventory.New(rules(t))
			for _, b := range s.batches(1, 1, nil) {
				v.Apply(b)
			}
			check(t, v, c.devices, c.conversations)
		})
	}
}

// What an inventory says does not depend on how the traffic was spread over
// feeds, nor on the order of their batches, nor on when it was asked.
func TestOrderDoesNotMatter(t *testing.T) {
	for _, c := range scenes {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			c.tell(s)
			whole := inventory.New(rules(t))
			for _, b := range s.batches(1, 1, nil) {
				whole.Apply(b)
			}
			want := text(t, whole)
			for seed := range uint64(20) {
				random := rand.New(rand.NewPCG(seed, 7))
				v := inventory.New(rules(t))
				for _, b := range s.batches(1+random.IntN(4), 1+random.IntN(6), random) {
					v.Apply(b)
					switch random.IntN(4) {
					case 0:
						v.Changes()
					case 1:
						v.Devices()
					case 2:
						v.Conversations()
					}
				}
				if diff := cmp.Diff(want, text(t, v)); diff != "" {
					t.Fatalf("seed %d (-one batch, +spread):\n%s", seed, diff)
				}
			}
		})
	}
}

// Whoever keeps what Changes tells has what Devices and Conversations tell.
func TestChangesAddUp(t *testing.T) {
	for _, c := range scenes {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			c.tell(s)
			random := rand.New(rand.NewPCG(1, 2))
			v := inventory.New(rules(t))
			devices, conversations := map[cordon.DeviceID]cordon.Device{}, map[cordon.ConversationID]cordon.Conversation{}
			for _, b := range s.batches(3, 4, random) {
				v.Apply(b)
				changes := v.Changes()
				for id := range changes.Removed {
					delete(devices, id)
				}
				for _, id := range changes.RemovedConversations {
					delete(conversations, id)
				}
				for _, d := range changes.Devices {
					devices[d.ID] = d
				}
				for _, k := range changes.Conversations {
					conversations[k.ID] = k
				}
			}
			if changes := v.Changes(); !changes.Empty() {
				t.Errorf("changes without a batch: %+v", changes)
			}
			var told []cordon.Device
			for _, d := range v.Devices() {
				told = append(told, devices[d.ID])
				delete(devices, d.ID)
			}
			if diff := cmp.Diff(asText(t, v.Devices()), asText(t, told)); diff != "" || len(devices) > 0 {
				t.Errorf("devices (-all, +changes), %d too many:\n%s", len(devices), diff)
			}
			var said []cordon.Conversation
			for _, k := range v.Conversations() {
				said = append(said, conversations[k.ID])
				delete(conversations, k.ID)
			}
			if diff := cmp.Diff(asText(t, v.Conversations()), asText(t, said)); diff != "" || len(conversations) > 0 {
				t.Errorf("conversations (-all, +changes), %d too many:\n%s", len(conversations), diff)
			}
		})
	}
}

// A restart with what was stored changes nothing, and what comes after it is
// added to the same devices.
func TestRestore(t *testing.T) {
	for _, c := range scenes {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			c.tell(s)
			before := inventory.New(rules(t))
			for _, b := range s.batches(1, 1, nil) {
				before.Apply(b)
			}
			after := inventory.New(rules(t))
			after.Restore(before.Devices(), before.Conversations(), nil)
			if changes := after.Changes(); !changes.Empty() {
				t.Errorf("restoring counts as a change: %+v", changes)
			}
			if diff := cmp.Diff(text(t, before), text(t, after)); diff != "" {
				t.Errorf("(-before, +after the restart):\n%s", diff)
			}
			for _, b := range s.batches(1, 1, nil) {
				after.Apply(b)
			}
			if diff := cmp.Diff(identities(before), identities(after)); diff != "" {
				t.Errorf("devices once the same traffic came again (-before, +after):\n%s", diff)
			}
		})
	}
}

func TestMergeKeepsTheOlderDeviceAndItsOverride(t *testing.T) {
	v := inventory.New(rules(t))
	s := newScene()
	first, second := host{cardA, "10.0.0.1", 128}, host{cardB, "10.1.0.1", 128}
	for i, h := range []host{first, second} {
		s.tcp(float64(i), h, host{cardC, "10.0.0.3", 64}, 445, cordon.SMB2)
	}
	v.Apply(s.take())
	v.Changes()
	older, newer := v.Lookup(mac(cardA), ip("10.0.0.1")), v.Lookup(mac(cardB), ip(""))
	name, place := "Pump 12", "Ward 4"
	if _, err := v.Override(newer, cordon.Override{Name: &name, Location: &place}); err != nil {
		t.Fatal(err)
	}
	for i, h := range []host{first, second} {
		s.fact(float64(10+i), h, cordon.SMB2, "client-guid", "6c1b3a52-aaaa-bbbb-cccc-0123456789ab")
		s.fact(float64(10+i), h, cordon.DHCP, "hostname", "ct-console.example.org")
	}
	v.Apply(s.take())
	changes := v.Changes()
	if into := changes.Removed[newer]; into != older || len(changes.Removed) != 1 {
		t.Fatalf("removed %v, want %s into %s", changes.Removed, newer, older)
	}
	if o := changes.Overrides[older]; o.Name == nil || *o.Name != name {
		t.Errorf("override of the merged device: %+v", o)
	}
	if d, ok := v.Device(newer); !ok || d.ID != older {
		t.Errorf("the merged id leads to %q, %v", d.ID, ok)
	}
	d, ok := v.Device(older)
	if !ok || d.Name != name || d.Care.Location != place || len(d.MACs) != 2 {
		t.Errorf("merged device: %+v", d)
	}
}

func TestSplitWhenTheCardTurnsOutToBeARouter(t *testing.T) {
	v := inventory.New(rules(t))
	s := newScene()
	peer := host{cardA, "10.0.0.1", 64}
	s.tcp(1, peer, host{routerCard, "10.9.0.1", 64}, 104, cordon.DICOM)
	v.Apply(s.take())
	v.Changes()
	whole := v.Lookup(mac(routerCard), ip("10.9.0.1"))
	if whole == "" || whole != v.Lookup(mac(routerCard), ip("")) {
		t.Fatalf("card and address are not one device at first: %q", whole)
	}
	s.tcp(2, peer, host{routerCard, "10.9.0.2", 64}, 104, cordon.DICOM)
	v.Apply(s.take())
	changes := v.Changes()
	if v.Lookup(mac(routerCard), ip("")) != whole {
		t.Errorf("the card's device changed its id")
	}
	if one := v.Lookup(mac(routerCard), ip("10.9.0.1")); one == whole || one == "" {
		t.Errorf("10.9.0.1 is still the router: %q", one)
	}
	if len(changes.RemovedConversations) != 1 || len(changes.Conversations) != 2 {
		t.Errorf("the first conversation did not move: %+v", changes)
	}
}

func TestProtocolFoundLate(t *testing.T) {
	v := inventory.New(rules(t))
	s := newScene()
	f := s.open(1, host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.2", 64}, 9999, cordon.Unknown)
	s.flow(*f)
	v.Apply(s.take())
	if c := v.Conversations(); len(c) != 1 || c[0].Protocol != cordon.Unknown || c[0].PacketsOut != 4 {
		t.Fatalf("before: %+v", c)
	}
	v.Changes()
	f.Protocol, f.Confidence, f.Ignore = cordon.HL7, 95, true
	f.Packets[flow.Out], f.Last = 10, at(9)
	s.flow(*f)
	v.Apply(s.take())
	c := v.Conversations()
	if len(c) != 1 || c[0].Protocol != cordon.HL7 || c[0].PacketsOut != 10 || c[0].Flows != 1 {
		t.Fatalf("after: %+v", c)
	}
	if changes := v.Changes(); len(changes.RemovedConversations) != 1 {
		t.Errorf("the conversation without a protocol is not reported as gone: %+v", changes)
	}
}

func TestOverride(t *testing.T) {
	v := inventory.New(rules(t))
	s := newScene()
	s.tcp(1, host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.2", 64}, 104, cordon.DICOM)
	v.Apply(s.take())
	id := v.Lookup(mac(cardA), ip("10.0.0.1"))

	if _, err := v.Override("dev-none", cordon.Override{}); !errors.Is(err, inventory.ErrUnknownDevice) {
		t.Errorf("unknown device: %v", err)
	}
	bad := cordon.Kind("toaster")
	if _, err := v.Override(id, cordon.Override{Kind: &bad}); err == nil || !strings.Contains(err.Error(), "toaster") {
		t.Errorf("unknown kind: %v", err)
	}
	kind, place, use := cordon.InfusionPump, "ICU bed 4", cordon.InUseYes
	d, err := v.Override(id, cordon.Override{Kind: &kind, Location: &place, InUse: &use})
	if err != nil {
		t.Fatal(err)
	}
	if d.Kind != kind || d.Confidence != 1 || d.Care.Criticality != cordon.LifeSustaining || d.Care.Function != "Infusion" ||
		d.Care.Location != place || d.Care.InUse != use || !slices.Equal(d.Care.Overridden, []string{"kind", "location", "in_use"}) {
		t.Errorf("overridden device: %+v", d)
	}
	if e := d.Evidence[0]; e.Source != "person" || e.Weight != 1 {
		t.Errorf("first evidence: %+v", e)
	}
	s.tcp(5, host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.2", 64}, 104, cordon.DICOM)
	v.Apply(s.take())
	if d, _ := v.Device(id); d.Kind != kind {
		t.Errorf("the override did not survive more traffic: %+v", d)
	}
	if d, err := v.Override(id, cordon.Override{}); err != nil || d.Kind == kind || len(d.Care.Overridden) != 0 {
		t.Errorf("override taken back: %+v, %v", d, err)
	}
}

func TestNamesOfPeersBeyond(t *testing.T) {
	v := inventory.New(rules(t))
	s := newScene()
	client, server := host{cardA, "10.0.0.1", 64}, host{routerCard, public1, 50}
	s.tcp(1, client, server, 443, cordon.TLS)
	s.factOf(1, client, server, cordon.TLS, "server-name", "updates.example.com")
	s.group(2, client, "224.0.0.251", 5353, cordon.MDNS)
	v.Apply(s.take())
	names := map[string]string{}
	for _, c := range v.Conversations() {
		names[c.Server.IP.String()] = c.Server.Name
	}
	if names[public1] != "updates.example.com" || names["224.0.0.251"] != "mDNS" {
		t.Errorf("names: %v", names)
	}
}

// A capture may hold only what clients sent; who they spoke to over TCP must
// have answered.
func TestWhoIsSpokenToIsThere(t *testing.T) {
	v := inventory.New(rules(t))
	s := newScene()
	client, server := host{"", "10.0.0.1", 64}, host{ip: "10.0.0.2"}
	s.silent(1, client, server.ip, 104)
	s.factOf(1, client, server, cordon.DICOM, "called-ae-title", "ARCHIVE")
	v.Apply(s.take())
	check(t, v, []string{"10.0.0.1", "10.0.0.2"}, []string{"10.0.0.1 > 10.0.0.2 tcp/104 unknown x1"})
	if d, _ := v.Device(v.Lookup(mac(""), ip("10.0.0.2"))); d.Name != "ARCHIVE" {
		t.Errorf("named %q", d.Name)
	}
}

func TestScannersDoNotExplode(t *testing.T) {
	v := inventory.New(rules(t))
	s := newScene()
	scanner := host{cardA, "10.0.0.1", 64}
	for i := range 1000 {
		s.silent(float64(i), scanner, ip4(10, 0, byte(1+i/250), byte(1+i%250)), 445)
		s.silent(float64(i), scanner, "10.0.0.99", uint16(1+i))
		s.tcp(float64(i), scanner, host{routerCard, ip4(198, 51, byte(i/250), byte(i%250)), 50}, 443, cordon.TLS)
	}
	v.Apply(s.take())
	stats := v.Stats()
	if stats.Devices != 2 || stats.Conversations > 400 {
		t.Errorf("%+v", stats)
	}
	flows := uint64(0)
	for _, c := range v.Conversations() {
		flows += c.Flows
	}
	if flows != 3000 {
		t.Errorf("%d flows in all conversations, want 3000", flows)
	}
}

func TestForget(t *testing.T) {
	v := inventory.New(rules(t))
	s := newScene()
	phone, laptop := host{random1, "10.0.0.1", 64}, host{cardA, "10.0.0.2", 64}
	s.tcp(1, phone, host{routerCard, public1, 50}, 443, cordon.TLS)
	s.tcp(2, laptop, host{routerCard, public2, 50}, 443, cordon.TLS)
	v.Apply(s.take())
	v.Changes()
	gone := v.Lookup(mac(random1), ip(""))
	s.tcp(1000, laptop, host{cardB, "10.0.0.3", 64}, 445, cordon.SMB2)
	v.Apply(s.take())
	v.Forget(time.Unix(0, at(500)))
	changes := v.Changes()
	check(t, v, []string{cardA + " 10.0.0.2", cardB + " 10.0.0.3", routerCard + " router"}, []string{"10.0.0.2 > 10.0.0.3 tcp/445 smb2 x1"})
	if into, ok := changes.Removed[gone]; !ok || into != "" || len(changes.RemovedConversations) != 2 {
		t.Errorf("removed %v and %v", changes.Removed, changes.RemovedConversations)
	}
}

func TestFloodOfAddressesIsBounded(t *testing.T) {
	v := inventory.New(rules(t))
	s := newScene()
	s.tcp(0, host{cardA, "10.0.0.1", 64}, host{cardB, "10.0.0.2", 64}, 104, cordon.DICOM)
	v.Apply(s.take())
	feed := inventory.NewFeed()
	for i := range 25_000 {
		f := s.open(float64(1+i), host{cardB, ip4(11, byte(i>>16), byte(i>>8), byte(i)), 64}, host{ip: "10.0.0.2"}, 80, cordon.Unknown)
		f.MACs[0] = [6]byte{0x04, 1, 2, byte(i >> 16), byte(i >> 8), byte(i)}
		f.Ended = true
		feed.Flow(f)
		if i%5000 == 0 {
			v.Apply(feed.Take())
		}
	}
	v.Apply(feed.Take())
	stats := v.Stats()
	if stats.Devices > 20_000 || stats.Undevised == 0 {
		t.Errorf("%+v", stats)
	}
	if v.Lookup(mac(cardA), ip("10.0.0.1")) == "" {
		t.Error("the flood has displaced a device that was there before")
	}
}

func TestRepeatedFactsCostNothing(t *testing.T) {
	s := newScene()
	e := s.event(1, host{cardA, "10.0.0.1", 64}, cordon.DHCP, "hostname", "pump-12")
	e.Flow = &flow.Flow{}
	s.feed.Event(e)
	if n := testing.AllocsPerRun(100, func() { s.feed.Event(e) }); n != 0 {
		t.Errorf("%v allocations for a fact that was told before", n)
	}
	s.feed.Take()
	s.feed.Event(e)
	if b := s.feed.Take(); !b.Empty() {
		t.Errorf("a repeated fact fills a batch")
	}
}

func check(t *testing.T, v *inventory.Inventory, devices, conversations []string) {
	t.Helper()
	var gotDevices, gotConversations []string
	for _, d := range v.Devices() {
		gotDevices = append(gotDevices, describe(&d))
	}
	for _, c := range v.Conversations() {
		gotConversations = append(gotConversations, describeConversation(&c))
	}
	slices.Sort(gotDevices)
	slices.Sort(gotConversations)
	if diff := cmp.Diff(slices.Sorted(slices.Values(devices)), gotDevices); diff != "" {
		t.Errorf("devices (-want, +got):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(conversations)), gotConversations); diff != "" {
		t.Errorf("conversations (-want, +got):\n%s", diff)
	}
}

// identities lists what devices are, without their times and counts.
func identities(v *inventory.Inventory) []string {
	var all []string
	for _, d := range v.Devices() {
		all = append(all, string(d.ID)+" "+describe(&d)+" "+string(d.Kind)+" "+d.Vendor)
	}
	return all
}

func text(t *testing.T, v *inventory.Inventory) string {
	return asText(t, v.Devices()) + asText(t, v.Conversations())
}

func asText(t *testing.T, v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
