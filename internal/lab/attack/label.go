package attack

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Label is the ground truth of one attack that was played: one line of the
// labels file.
type Label struct {
	Scenario   string      `json:"scenario"`
	Title      string      `json:"title"`
	Techniques []Technique `json:"techniques"`
	Attacker   Party       `json:"attacker"`
	Victims    []Party     `json:"victims"`
	Outside    *Party      `json:"outside,omitempty"` // the attacker's host outside of the clinic
	Services   []Service   `json:"services"`
	Begin      time.Time   `json:"begin"`
	End        time.Time   `json:"end"`
	Phases     []Phase     `json:"phases"`
}

// Party is one side of an attack.
type Party struct {
	Device  string      `json:"device"`
	IP      netip.Addr  `json:"ip"`
	MAC     netid.MAC   `json:"mac"`
	Segment lab.Segment `json:"segment,omitempty"`
}

func partyOf(d *lab.Device) Party { return Party{d.Name, d.IP(), d.MAC, d.Segment} }

// Service is what was attacked. Port is 0 for all, and for transports without
// ports.
type Service struct {
	Transport string `json:"transport"` // tcp, udp, icmp, arp
	Port      uint16 `json:"port,omitempty"`
}

// Phase is one step of the attack and the packets that belong to it.
type Phase struct {
	Name      string     `json:"name"`
	Succeeded bool       `json:"succeeded"`
	Begin     time.Time  `json:"begin"`
	End       time.Time  `json:"end"`
	Packets   []Selector `json:"packets"`
}

// Selector says which packets of a capture belong to a phase: those within its
// time that pass between its two sides, in both directions. With a MAC it is one
// way instead: frames that a card sent, or that were sent to it. A field without
// a value takes any.
type Selector struct {
	Begin time.Time `json:"begin"` // inclusive
	End   time.Time `json:"end"`   // inclusive

	Src       netip.Prefix `json:"src,omitzero"` // the side that opened the conversation
	Dst       netip.Prefix `json:"dst,omitzero"`
	SrcMAC    netid.MAC    `json:"src_mac,omitzero"`
	DstMAC    netid.MAC    `json:"dst_mac,omitzero"`
	Transport string       `json:"transport,omitempty"`
	Port      uint16       `json:"port,omitempty"` // of Dst

	// late is how long after the phase its last packets may come, if more than
	// answersWithin.
	late time.Duration

	// Filter says the same, but for the time, as pcap-filter(7).
	Filter string `json:"filter"`
}

// answersWithin is how long after a phase its last answers may come.
const answersWithin = 500 * time.Millisecond

// Match reports whether a packet belongs to the phase.
func (s *Selector) Match(p *packet.Packet) bool {
	at := time.Unix(0, p.Time)
	switch {
	case at.Before(s.Begin) || at.After(s.End) || !s.carries(p):
		return false
	case s.oneWay():
		return (s.SrcMAC.IsZero() || p.SrcMAC == s.SrcMAC) && (s.DstMAC.IsZero() || p.DstMAC == s.DstMAC) && s.between(p.SrcAddr(), p.DstAddr(), p.DstPort)
	}
	return s.between(p.SrcAddr(), p.DstAddr(), p.DstPort) || s.between(p.DstAddr(), p.SrcAddr(), p.SrcPort)
}

func (s *Selector) oneWay() bool { return !s.SrcMAC.IsZero() || !s.DstMAC.IsZero() }

// carries compares the transport.
func (s *Selector) carries(p *packet.Packet) bool {
	switch s.Transport {
	case "arp":
		return p.EtherType == packet.EtherTypeARP
	case "tcp":
		return p.IPVersion != 0 && p.Proto == packet.ProtoTCP
	case "udp":
		return p.IPVersion != 0 && p.Proto == packet.ProtoUDP
	case "icmp":
		return p.IPVersion != 0 && p.Proto == packet.ProtoICMP
	}
	return true
}

// between compares the sides, and the port on the second.
func (s *Selector) between(src, dst netip.Addr, port uint16) bool {
	return (!s.Src.IsValid() || s.Src.Contains(src)) && (!s.Dst.IsValid() || s.Dst.Contains(dst)) && (s.Port == 0 || s.Port == port)
}

// filter writes the selector in the language of pcap-filter(7).
func (s *Selector) filter() string {
	var terms []string
	add := func(format string, args ...any) { terms = append(terms, fmt.Sprintf(format, args...)) }
	way, other := "", ""
	if s.oneWay() {
		way, other = "src ", "dst "
	}
	if !s.SrcMAC.IsZero() {
		add("ether src %s", s.SrcMAC)
	}
	if !s.DstMAC.IsZero() {
		add("ether dst %s", s.DstMAC)
	}
	for _, side := range []struct {
		way  string
		nets netip.Prefix
	}{{way, s.Src}, {other, s.Dst}} {
		switch {
		case !side.nets.IsValid():
		case side.nets.IsSingleIP():
			add("%shost %s", side.way, side.nets.Addr())
		default:
			add("%snet %s", side.way, side.nets.Masked())
		}
	}
	switch {
	case s.Port != 0:
		add("%s %sport %d", s.Transport, other, s.Port)
	case s.Transport != "":
		add("%s", s.Transport)
	}
	return strings.Join(terms, " and ")
}

// LabelsPath is the labels file of the lab that is up, in JSON Lines.
func LabelsPath() string { return filepath.Join(lab.Dir, "labels.jsonl") }

// appendLabel adds one line to the labels file.
func appendLabel(l *Label) error {
	line, err := json.Marshal(l)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(LabelsPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return errors.Join(fmt.Errorf("write labels: %w", err), f.Close())
	}
	return f.Close()
}

// ReadLabels reads a labels file. One that does not exist holds none.
func ReadLabels(path string) ([]Label, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	defer f.Close()
	const longest = 1 << 20
	var out []Label
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, longest)
	for n := 1; lines.Scan(); n++ {
		var l Label
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("read labels: %s, line %d: %w", path, n, err)
		}
		out = append(out, l)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	return out, nil
}

// Find returns the label and the phase that a packet belongs to; nil if it is
// not of an attack. The last answers of one phase may come while the next is
// under way: of two that match, the later has it.
func Find(labels []Label, p *packet.Packet) (*Label, *Phase) {
	for i := len(labels) - 1; i >= 0; i-- {
		for j := len(labels[i].Phases) - 1; j >= 0; j-- {
			phase := &labels[i].Phases[j]
			for k := range phase.Packets {
				if phase.Packets[k].Match(p) {
					return &labels[i], phase
				}
			}
		}
	}
	return nil, nil
}
