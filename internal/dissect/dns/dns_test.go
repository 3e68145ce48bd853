package dns_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/dns"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

const (
	query    = 0x0100 // recursion desired
	response = 0x8180
	local    = 0x8400 // an authoritative answer, as mDNS sends
	update   = 0x2800
)

// record is one entry of a message in the making.
type record struct {
	section int // 0 question, 1 answer, 2 authority, 3 additional
	name    string
	kind    uint16
	class   uint16
	ttl     uint32
	data    string
}

func question(name string, kind uint16) record { return record{0, name, kind, 1, 0, ""} }

func answer(name string, kind uint16, data string) record {
	return record{1, name, kind, 1, 120, data}
}

// message writes a message without compression.
func message(flags uint16, records ...record) []byte {
	b := binary.BigEndian.AppendUint16(nil, 0x1234)
	b = binary.BigEndian.AppendUint16(b, flags)
	var counts [4]uint16
	for _, r := range records {
		counts[r.section]++
	}
	for _, n := range counts {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	for _, r := range records {
		b = append(b, name(r.name)...)
		b = binary.BigEndian.AppendUint16(b, r.kind)
		b = binary.BigEndian.AppendUint16(b, r.class)
		if r.section > 0 {
			b = binary.BigEndian.AppendUint32(b, r.ttl)
			b = binary.BigEndian.AppendUint16(b, uint16(len(r.data)))
			b = append(b, r.data...)
		}
	}
	return b
}

// name writes labels that "|" parts, so that they may hold dots.
func name(s string) string {
	var b strings.Builder
	for label := range strings.SplitSeq(s, "|") {
		if label != "" {
			b.WriteByte(byte(len(label)))
			b.WriteString(label)
		}
	}
	return b.String() + "\x00"
}

func txt(pairs ...string) string {
	var b strings.Builder
	for _, p := range pairs {
		b.WriteByte(byte(len(p)))
		b.WriteString(p)
	}
	return b.String()
}

const (
	typeA, typePTR, typeHINFO, typeTXT, typeAAAA, typeSRV, typeOPT = 1, 12, 13, 16, 28, 33, 41
)

var (
	webQuery  = message(query, question("Cloud|Pumps|example", typeA), record{3, "", typeOPT, 1232, 0, ""})
	webAnswer = message(response, question("cloud|pumps|example", typeA),
		answer("cloud|pumps|example", 5, name("edge|example")), answer("edge|example", typeA, "\x0a\x01\x02\x03"))
	printer = message(local,
		answer("_ipp|_tcp|local", typePTR, name("Ward 3. Printer|_ipp|_tcp|local")),
		answer("Ward 3. Printer|_ipp|_tcp|local", typeSRV, "\x00\x00\x00\x00\x02\x77"+name("NPI1A2B3C|local")),
		answer("Ward 3. Printer|_ipp|_tcp|local", typeTXT, txt("txtvers=1", "ty=HP LaserJet 400", "usb_MFG=Hewlett-Packard", "pdl=application/postscript", "note=Ward 3")),
		record{3, "NPI1A2B3C|local", typeA, 0x8001, 120, "\xc0\xa8\x01\x14"})
	proxy = message(local,
		answer("Mac|_device-info|_tcp|local", typeTXT, txt("model=Macmini9,1")),
		answer("Mac|local", typeA, "\xc0\xa8\x01\x63"),
		record{3, "", typeOPT, 1440, 0, "\x00\x04\x00\x08\x00\x00\x02\x03\x04\x05\x06\x07"})
	workstation = message(local,
		answer("_workstation|_tcp|local", typePTR, name("gateway [02:03:04:05:06:07]|_workstation|_tcp|local")))
	goodbye    = message(local, record{1, "gone|local", typeA, 1, 0, "\xc0\xa8\x01\x14"})
	mdnsQuery  = message(0, question("_sdc|_tcp|local", typePTR), answer("_sdc|_tcp|local", typePTR, name("Other|_sdc|_tcp|local")))
	mdnsProbe  = message(0, record{0, "pump-12|local", 255, 0x8001, 0, ""}, record{2, "pump-12|local", typeA, 1, 120, "\xc0\xa8\x01\x14"})
	hostInfo   = message(local, answer("nas|local", typeHINFO, txt("X86_64", "LINUX")))
	types      = message(local, answer("_services|_dns-sd|_udp|local", typePTR, name("_dicom|_tcp|local")))
	zoneUpdate = message(update, question("clinic|example", 6), record{2, "WS-07|clinic|example", typeA, 1, 1200, "\xc0\xa8\x01\x14"})
	compressed = append(message(response, question("a|example", typeA)), "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\x01\x02\x03\x04"...)
	looping    = append(message(response), "\xc0\x0c\x00\x01\x00\x01"...)
)

func init() {
	binary.BigEndian.PutUint16(compressed[6:], 1)
	binary.BigEndian.PutUint16(looping[4:], 1)
}

// sent runs one message from 192.168.1.20 and returns what it showed, a line
// each: facts, then bindings.
func sent(d dissect.Dissector, msg []byte) []string {
	f := &flow.Flow{
		Proto: packet.ProtoUDP, SrcPort: d.Ports[0], DstPort: d.Ports[0],
		Src: netid.AddrFrom4([4]byte{192, 168, 1, 20}),
	}
	seen := &dissecttest.Seen{}
	var lines []string
	e := dissect.NewEngine(dissect.Config{}, dissect.Table{Flows: []dissect.Dissector{d}}, func(e *dissect.Event) {
		seen.Add(e)
		lines = append(lines, seen.Facts...)
		e.Observation.(observation.Binder).Bindings(func(b observation.Binding) {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("binds %s %s %s", b.Name, b.IP, b.MAC)))
		})
	})
	e.Payload(f, flow.Out, msg, 1)
	return lines
}

func TestFactsAndBindings(t *testing.T) {
	for _, tc := range []struct {
		name string
		row  dissect.Dissector
		msg  []byte
		want []string
	}{
		{"query", dns.Dissector(), webQuery, []string{"sender query=cloud.pumps.example"}},
		{"answers bind nothing", dns.Dissector(), webAnswer, nil},
		{"update of a zone", dns.Dissector(), zoneUpdate, []string{"binds ws-07.clinic.example 192.168.1.20"}},
		{"service", dns.Multicast(), printer, []string{
			"sender service=_ipp._tcp", "sender instance=Ward 3. Printer",
			"sender service=_ipp._tcp", "sender instance=Ward 3. Printer", "sender hostname=NPI1A2B3C",
			"sender txt-ty=HP LaserJet 400", "sender txt-usb-mfg=Hewlett-Packard", "sender txt-note=Ward 3",
			"sender hostname=NPI1A2B3C", "binds NPI1A2B3C.local 192.168.1.20",
		}},
		{"sleep proxy speaks for another", dns.Multicast(), proxy, []string{
			"bound txt-model=Macmini9,1", "bound hostname=Mac", "binds Mac.local 192.168.1.99 02:03:04:05:06:07",
		}},
		{"workstation's name holds its MAC", dns.Multicast(), workstation, []string{
			"sender service=_workstation._tcp", "sender instance=gateway [02:03:04:05:06:07]", "binds gateway  02:03:04:05:06:07",
		}},
		{"goodbye", dns.Multicast(), goodbye, nil},
		{"known answers are others'", dns.Multicast(), mdnsQuery, []string{"sender query=_sdc._tcp.local"}},
		{"probe claims a name", dns.Multicast(), mdnsProbe, []string{
			"sender query=pump-12.local", "sender hostname=pump-12", "binds pump-12.local 192.168.1.20",
		}},
		{"host information", dns.Multicast(), hostInfo, []string{"sender hinfo-cpu=X86_64", "sender hinfo-os=LINUX"}},
		{"list of service types", dns.Multicast(), types, []string{"sender service=_dicom._tcp"}},
		{"link-local query", dns.LinkLocal(), message(0, question("WPAD", typeA)), []string{"sender query=wpad"}},
		{"link-local answer", dns.LinkLocal(), message(0x8000, question("WS-07", typeA), answer("WS-07", typeA, "\xc0\xa8\x01\x14")), []string{
			"sender hostname=ws-07", "binds ws-07 192.168.1.20",
		}},
		{"empty", dns.Dissector(), []byte{0}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := sent(tc.row, tc.msg); !slices.Equal(got, tc.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tc.want, "\n  "))
			}
		})
	}
}

func TestMessage(t *testing.T) {
	d := dns.Dissector()
	d.Over = dissect.OverUDP
	seen := dissecttest.Run(d, dissecttest.Out(webQuery), dissecttest.In(webAnswer), dissecttest.In(compressed))
	if seen.Flow.Protocol != cordon.DNS || len(seen.Observations) != 3 {
		t.Fatalf("%s with %d observations, want dns with 3", seen.Flow.Protocol, len(seen.Observations))
	}
	q, a := seen.Observations[0].(observation.DNS), seen.Observations[1].(observation.DNS)
	if q.ID != 0x1234 || q.Response || !q.EDNS || q.Damaged || q.Size != len(webQuery) || len(q.Records) != 0 {
		t.Errorf("query read as %+v", q)
	}
	if !a.Response || a.Damaged || len(a.Records) != 2 || a.Records[0].Target != "edge.example" || a.Records[1].IP.String() != "10.1.2.3" || a.Records[1].TTL != 120 {
		t.Errorf("answer read as %+v", a)
	}
	if c := seen.Observations[2].(observation.DNS); c.Damaged || len(c.Records) != 1 || c.Records[0].Name != "a.example" {
		t.Errorf("compressed answer read as %+v", c)
	}
}

func TestDamaged(t *testing.T) {
	d := dns.Dissector()
	d.Over = dissect.OverUDP
	many := message(response, question("a|example", typeA))
	binary.BigEndian.PutUint16(many[6:], 0xffff)
	long := message(query, question(strings.Repeat(strings.Repeat("x", 60)+"|", 5), typeA))
	for _, tc := range []struct {
		name string
		msg  []byte
	}{
		{"cut in an answer", webAnswer[:len(webAnswer)-3]},
		{"more answers stated than sent", many},
		{"pointer to itself", looping},
		{"name over 255 bytes", long},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen := dissecttest.Run(d, dissecttest.Out(webQuery), dissecttest.In(tc.msg))
			if n := len(seen.Observations); n != 2 || !seen.Observations[1].(observation.DNS).Damaged {
				t.Errorf("%d observations %+v; want a damaged one", n, seen.Observations)
			}
		})
	}
}

func prefixed(msg []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)
}

func TestStream(t *testing.T) {
	big := message(response, question("example", 252), answer("example", typeTXT, strings.Repeat("\xff"+strings.Repeat("x", 255), 40)))
	seen := dissecttest.Run(dns.Dissector(),
		dissecttest.Out(prefixed(webQuery)[:1]), dissecttest.Out(prefixed(webQuery)[1:20]), dissecttest.Out(prefixed(webQuery)[20:]),
		dissecttest.In(append(prefixed(big), prefixed(webAnswer)...)))
	var got []string
	for _, o := range seen.Observations {
		m := o.(observation.DNS)
		got = append(got, fmt.Sprint(m.Response, len(m.Records), m.Damaged))
	}
	if want := []string{"false 0 false", "true 0 true", "true 2 false"}; !slices.Equal(got, want) {
		t.Errorf("messages %q, want %q", got, want)
	}
}

func TestProbe(t *testing.T) {
	for _, tc := range []struct {
		name  string
		proto uint8
		hint  bool
		data  []byte
		want  dissect.Verdict
	}{
		{"query on its port", packet.ProtoUDP, true, webQuery, dissect.Sure},
		{"query on another port", packet.ProtoUDP, false, webQuery, dissect.Sure},
		{"cut answer on its port", packet.ProtoUDP, true, webAnswer[:len(webAnswer)-4], dissect.Likely},
		{"cut answer on another port", packet.ProtoUDP, false, webAnswer[:len(webAnswer)-4], dissect.NotMine},
		{"text", packet.ProtoUDP, true, []byte("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"), dissect.NotMine},
		{"zeros", packet.ProtoUDP, true, make([]byte, 64), dissect.NotMine},
		{"start of a stream", packet.ProtoTCP, true, prefixed(webQuery)[:5], dissect.More},
		{"stream", packet.ProtoTCP, false, prefixed(webQuery), dissect.Sure},
		{"TLS", packet.ProtoTCP, true, []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaaaaaaaaaaaaaaaaa"), dissect.NotMine},
		{"HTTP", packet.ProtoTCP, true, []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), dissect.NotMine},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := &dissect.Head{Data: tc.data, Flow: &flow.Flow{Proto: tc.proto}, Hint: tc.hint}
			if got := dns.Dissector().Probe(h); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(&flow.Flow{Proto: packet.ProtoUDP}, func(*dissect.Event) {})
	p := dns.Multicast().New()
	for _, msg := range [][]byte{webQuery, webAnswer, printer} {
		if n := testing.AllocsPerRun(500, func() { p.Parse(c, msg) }); n != 0 {
			t.Errorf("%v allocations for a repeated message, want none", n)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	c := dissect.NewContext(&flow.Flow{Proto: packet.ProtoUDP}, func(*dissect.Event) {})
	p := dns.Dissector().New()
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(c, webAnswer)
	}
}

func FuzzDatagram(f *testing.F) {
	d := dns.Multicast()
	var seeds [][]dissecttest.Piece
	for _, m := range [][]byte{webQuery, webAnswer, printer, proxy, workstation, goodbye, mdnsQuery, mdnsProbe, hostInfo, zoneUpdate, compressed, looping} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, d, seeds...)
}

func FuzzStream(f *testing.F) {
	dissecttest.Fuzzer(f, dns.Dissector(),
		[]dissecttest.Piece{dissecttest.Out(prefixed(webQuery)), dissecttest.In(prefixed(webAnswer))},
		[]dissecttest.Piece{dissecttest.Out(prefixed(compressed)), dissecttest.In(append(prefixed(looping), prefixed(printer)...))})
}
