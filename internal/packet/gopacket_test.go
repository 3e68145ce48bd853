package packet_test

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/cordonhq/cordon/internal/capture"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/corpus"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// summary is what two decoders must agree on.
type summary struct {
	src, dst         string
	proto            uint8
	srcPort, dstPort uint16
	flags            packet.TCPFlags
	payload          int
	vlan             uint16
	fragment         bool
}

func summaryOf(p *packet.Packet) summary {
	s := summary{
		src: p.Src.String(), dst: p.Dst.String(), proto: p.Proto, srcPort: p.SrcPort, dstPort: p.DstPort,
		flags: p.TCPFlags, payload: len(p.Payload), vlan: p.VLAN, fragment: p.Fragment,
	}
	if p.Fragment || p.Proto != packet.ProtoTCP && p.Proto != packet.ProtoUDP && p.Proto != packet.ProtoSCTP {
		s.payload = 0 // gopacket goes further into these
	}
	return s
}

// oracle decodes with gopacket and tells its innermost IP and transport. ok is
// false where there is no IP or gopacket gave up.
func oracle(link capture.LinkType, data []byte) (s summary, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	p := gopacket.NewPacket(data, layers.LinkType(link), gopacket.DecodeOptions{NoCopy: true})
	if p.ErrorLayer() != nil {
		return summary{}, false
	}
	for _, l := range p.Layers() {
		switch l := l.(type) {
		case *layers.Dot1Q:
			if s.vlan == 0 {
				s.vlan = l.VLANIdentifier
			}
		case *layers.IPv4:
			s = summary{vlan: s.vlan, src: address(l.SrcIP), dst: address(l.DstIP), proto: uint8(l.Protocol)}
			s.fragment = l.FragOffset != 0 || l.Flags&layers.IPv4MoreFragments != 0
			ok = true
		case *layers.IPv6:
			s = summary{vlan: s.vlan, src: address(l.SrcIP), dst: address(l.DstIP), proto: uint8(l.NextHeader)}
			ok = true
		case *layers.IPv6HopByHop:
			s.proto = uint8(l.NextHeader)
		case *layers.IPv6Destination:
			s.proto = uint8(l.NextHeader)
		case *layers.IPv6Routing:
			s.proto = uint8(l.NextHeader)
		case *layers.IPv6Fragment:
			s.proto, s.fragment = uint8(l.NextHeader), l.FragmentOffset != 0 || l.MoreFragments
		case *layers.IPSecAH:
			s.proto = uint8(l.NextHeader)
		case *layers.TCP:
			s.srcPort, s.dstPort, s.payload, s.flags = uint16(l.SrcPort), uint16(l.DstPort), len(l.Payload), tcpFlags(l)
		case *layers.UDP:
			s.srcPort, s.dstPort, s.payload = uint16(l.SrcPort), uint16(l.DstPort), len(l.Payload)
		case *layers.SCTP:
			s.srcPort, s.dstPort, s.payload = uint16(l.SrcPort), uint16(l.DstPort), len(l.Payload)
		}
	}
	return s, ok
}

// address prints as netid.Addr does, which takes :: for none.
func address(ip []byte) string {
	a, _ := netip.AddrFromSlice(ip)
	return netid.AddrFrom(a).String()
}

func tcpFlags(l *layers.TCP) packet.TCPFlags {
	var f packet.TCPFlags
	for _, b := range []struct {
		set  bool
		flag packet.TCPFlags
	}{{l.FIN, packet.FIN}, {l.SYN, packet.SYN}, {l.RST, packet.RST}, {l.PSH, packet.PSH}, {l.ACK, packet.ACK}, {l.URG, packet.URG}} {
		if b.set {
			f |= b.flag
		}
	}
	return f
}

// TestDecodeAgreesWithGopacket compares every frame of the corpus that
// gopacket decodes without an error.
func TestDecodeAgreesWithGopacket(t *testing.T) {
	files, err := capture.Files([]string{filepath.Join(corpus.Dir(t), "pcap")})
	if err != nil {
		t.Fatal(err)
	}
	compared, differ := 0, map[string]int{}
	example := map[string]string{}
	for _, file := range files {
		src, err := capture.Open(file.Name)
		if err != nil {
			t.Fatal(err)
		}
		var f capture.Frame
		var d packet.Decoder
		var p packet.Packet
		for {
			if err := src.Next(&f); err != nil {
				if err != io.EOF {
					t.Logf("%v", err)
				}
				break
			}
			want, ok := oracle(f.Link, f.Data)
			if !ok {
				continue
			}
			compared++
			d.Decode(&p, packet.LinkType(f.Link), f.Data, f.WireLen)
			if got := summaryOf(&p); got != want {
				why := explain(&p, got, want)
				differ[why]++
				if example[why] == "" {
					example[why] = fmt.Sprintf("%s frame %d: got %+v, gopacket %+v", filepath.Base(file.Name), f.Number, got, want)
				}
			}
		}
		src.Close()
	}
	t.Logf("%d frames of %d captures compared", compared, len(files))
	for _, why := range slices.Sorted(maps.Keys(differ)) {
		if why == "" {
			t.Errorf("%d differences unexplained, as %s", differ[why], example[why])
		} else {
			t.Logf("%d differ: %s, as %s", differ[why], why, example[why])
		}
	}
}

// explain returns why gopacket says something else, "" if it should not.
func explain(p *packet.Packet, got, want summary) string {
	const gre, teredo, capwap = 47, 3544, 5247
	switch {
	case p.Tunnels > 0 && p.IPVersion == 0:
		return "we enter tunnels that carry no IP, such as ARP in VXLAN"
	case p.Tunnels > 0 && want.proto == gre:
		return "gopacket does not enter ERSPAN"
	case p.Tunnels > 0 && (want.srcPort == teredo || want.dstPort == teredo):
		return "gopacket does not enter Teredo"
	case p.Tunnels > 0 && (want.srcPort == capwap || want.dstPort == capwap):
		return "gopacket does not enter CAPWAP"
	case p.Malformed == packet.BadNetwork && p.IPVersion == 0:
		return "gopacket reads IPv4 of another version than 4"
	}
	return ""
}
