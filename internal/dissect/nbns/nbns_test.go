package nbns_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/nbns"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// encoded is a name in first-level encoding, padded with spaces, or with zeros
// if it is the wildcard.
func encoded(name string, suffix byte) string {
	pad := " "
	if name == "*" {
		pad = "\x00"
	}
	raw := name + strings.Repeat(pad, 15-len(name)) + string([]byte{suffix})
	b := []byte{32}
	for i := range 16 {
		b = append(b, 'A'+raw[i]>>4, 'A'+raw[i]&15)
	}
	return string(append(b, 0))
}

func packetOf(flags uint16, counts [4]uint16, rest ...string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0x12, 0x34}, flags)
	for _, n := range counts {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return append(b, strings.Join(rest, "")...)
}

func listed(name string, suffix byte, flags string) string {
	return name + strings.Repeat(" ", 15-len(name)) + string([]byte{suffix}) + flags
}

const (
	nb     = "\x00\x20\x00\x01"
	nbstat = "\x00\x21\x00\x01"
	ttl    = "\x00\x00\x01\x2c"
	unique = "\x04\x00"
	group  = "\x84\x00"
)

var (
	query        = packetOf(0x0110, [4]uint16{1}, encoded("PUMPSRV", 0x20), nb)
	answer       = packetOf(0x8500, [4]uint16{0, 1}, encoded("WS-07", 0), nb, ttl, "\x00\x06", "\x00\x00\xc0\xa8\x01\x14")
	winsAnswer   = packetOf(0x8500, [4]uint16{0, 1}, encoded("WS-08", 0x20), nb, ttl, "\x00\x06", "\x60\x00\xc0\xa8\x01\x63")
	registration = packetOf(0x2910, [4]uint16{1, 0, 0, 1}, encoded("WS-07", 0), nb, "\xc0\x0c", nb, ttl, "\x00\x06", "\x00\x00\xc0\xa8\x01\x14")
	joins        = packetOf(0x2910, [4]uint16{1, 0, 0, 1}, encoded("CLINIC", 0), nb, "\xc0\x0c", nb, ttl, "\x00\x06", "\x80\x00\xc0\xa8\x01\x14")
	statusAsked  = packetOf(0x0000, [4]uint16{1}, encoded("*", 0), nbstat)
	status       = packetOf(0x8400, [4]uint16{0, 1}, encoded("*", 0), nbstat, "\x00\x00\x00\x00", "\x00\x53", "\x04",
		listed("DC-1", 0, unique), listed("CLINIC", 0, group), listed("CLINIC", 0x1c, group), listed("DC-1", 0x20, unique),
		"\x02\x03\x04\x05\x06\x07\x00\x00\x00\x00")
	negative = packetOf(0x8583, [4]uint16{0, 1}, encoded("WS-07", 0), nb, ttl, "\x00\x06", "\x00\x00\x00\x00\x00\x00")

	hostAnnounced   = datagram("MODALITY3", 0, "CLINIC", 0x1d, "\x01\x00\x80\xfc\x0a\x00"+fixed("MODALITY3")+"\x06\x01\x03\x12\x00\x00\x0f\x01\x55\xaaUltrasound room 2\x00")
	domainAnnounced = datagram("WS-07", 0, "\x01\x02__MSBROWSE__\x02", 1, "\x0c\x00\x80\xfc\x0a\x00"+fixed("CLINIC")+"\x06\x01\x00\x10\x00\x80\x0f\x01\x55\xaaWS-07\x00")
	plainDatagram   = []byte(datagram("WS-07", 0x20, "CLINIC", 0, "")[:82])
)

func fixed(name string) string { return name + strings.Repeat("\x00", 16-len(name)) }

// datagram is a mailslot write to the browsers' mailslot.
func datagram(from string, fromSuffix byte, to string, toSuffix byte, frame string) []byte {
	le := func(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
	slot := "\\MAILSLOT\\BROWSE\x00"
	at := 32 + 1 + 34 + 2 + len(slot)
	smb := "\xffSMB\x25" + strings.Repeat("\x00", 27) + "\x11" + le(0) + le(len(frame)) + strings.Repeat("\x00", 14) +
		le(0) + le(0) + le(len(frame)) + le(at) + "\x03\x00" + le(1) + le(1) + le(2) + le(len(slot)+len(frame)) + slot + frame
	return []byte("\x11\x02\x00\x01\xc0\xa8\x01\x14\x00\x8a\x00\xc8\x00\x00" + encoded(from, fromSuffix) + encoded(to, toSuffix) + smb)
}

// sent runs one datagram from 192.168.1.20 and returns its facts, then its
// bindings.
func sent(d dissect.Dissector, data []byte) []string {
	f := &flow.Flow{Proto: packet.ProtoUDP, SrcPort: d.Ports[0], DstPort: d.Ports[0], Src: netid.AddrFrom4([4]byte{192, 168, 1, 20})}
	var lines []string
	e := dissect.NewEngine(dissect.Config{}, dissect.Table{Flows: []dissect.Dissector{d}}, func(e *dissect.Event) {
		seen := &dissecttest.Seen{}
		seen.Add(e)
		lines = append(lines, seen.Facts...)
		e.Observation.(observation.Binder).Bindings(func(b observation.Binding) {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("binds %s %s %s", b.Name, b.IP, b.MAC)))
		})
	})
	e.Payload(f, flow.Out, data, 1)
	return lines
}

func TestFactsAndBindings(t *testing.T) {
	for _, tc := range []struct {
		name string
		row  dissect.Dissector
		data []byte
		want []string
	}{
		{"query", nbns.Dissector(), query, []string{"sender query=PUMPSRV"}},
		{"answer of the owner", nbns.Dissector(), answer, []string{"sender netbios-name=WS-07", "binds WS-07 192.168.1.20"}},
		{"answer of a name server", nbns.Dissector(), winsAnswer, []string{
			"bound netbios-name=WS-08", "bound service=file-server", "binds WS-08 192.168.1.99"}},
		{"negative answer", nbns.Dissector(), negative, nil},
		{"registration", nbns.Dissector(), registration, []string{"sender netbios-name=WS-07", "binds WS-07 192.168.1.20"}},
		{"joins a workgroup", nbns.Dissector(), joins, []string{"sender workgroup=CLINIC"}},
		{"asks for status", nbns.Dissector(), statusAsked, nil},
		{"status", nbns.Dissector(), status, []string{
			"sender netbios-name=DC-1", "sender workgroup=CLINIC", "sender service=domain-controller", "sender workgroup=CLINIC",
			"sender netbios-name=DC-1", "sender service=file-server", "binds DC-1 192.168.1.20 02:03:04:05:06:07"}},
		{"status cut", nbns.Dissector(), status[:80], nil},
		{"host announcement", nbns.Datagram(), hostAnnounced, []string{
			"sender netbios-name=MODALITY3", "sender workgroup=CLINIC", "sender netbios-name=MODALITY3", "sender os-version=6.1",
			"sender comment=Ultrasound room 2", "sender server-type=print-server", "sender server-type=nt-workstation",
			"binds MODALITY3 192.168.1.20"}},
		{"domain announcement", nbns.Datagram(), domainAnnounced, []string{
			"sender netbios-name=WS-07", "sender workgroup=CLINIC", "binds WS-07 192.168.1.20"}},
		{"datagram without a mailslot", nbns.Datagram(), plainDatagram, []string{"sender netbios-name=WS-07", "binds WS-07 192.168.1.20"}},
		{"DNS on the port", nbns.Dissector(), packetOf(0x0100, [4]uint16{1}, "\x07example\x00\x00\x01\x00\x01"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := sent(tc.row, tc.data); !slices.Equal(got, tc.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tc.want, "\n  "))
			}
		})
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(&flow.Flow{Proto: packet.ProtoUDP}, func(*dissect.Event) {})
	for _, tc := range []struct {
		row  dissect.Dissector
		data []byte
	}{{nbns.Dissector(), status}, {nbns.Datagram(), hostAnnounced}} {
		p := tc.row.New()
		if n := testing.AllocsPerRun(500, func() { p.Parse(c, tc.data) }); n != 0 {
			t.Errorf("%s: %v allocations for a repeated packet, want none", tc.row.Protocol, n)
		}
	}
}

func seeds(packets ...[]byte) (s [][]dissecttest.Piece) {
	for _, p := range packets {
		s = append(s, []dissecttest.Piece{dissecttest.Out(p), dissecttest.In(p)})
	}
	return s
}

func FuzzName(f *testing.F) {
	dissecttest.Fuzzer(f, nbns.Dissector(), seeds(query, answer, winsAnswer, registration, joins, statusAsked, status, negative)...)
}

func FuzzDatagram(f *testing.F) {
	dissecttest.Fuzzer(f, nbns.Datagram(), seeds(hostAnnounced, domainAnnounced, plainDatagram)...)
}

// TestCapture: what hosts of an old office say of themselves.
func TestCapture(t *testing.T) {
	var facts []string
	for _, s := range dissecttest.Replay(t, dissect.Table{Flows: []dissect.Dissector{nbns.Dissector(), nbns.Datagram()}}, "ndpi", "netbios.pcap") {
		facts = append(facts, s.Facts...)
	}
	for _, want := range []string{"sender netbios-name=NVR9", "sender server-type=sql-server", "sender workgroup=VIGILANT_GROUP", "sender netbios-name=GUNNAR"} {
		if !slices.Contains(facts, want) {
			t.Errorf("no fact %q", want)
		}
	}
}
