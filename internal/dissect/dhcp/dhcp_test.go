package dhcp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dhcp"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

// message is a BOOTP frame of client 02:03:04:05:06:07 with options.
func message(op byte, options ...string) []byte {
	b := make([]byte, 236)
	copy(b, []byte{op, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef})
	copy(b[28:], "\x02\x03\x04\x05\x06\x07")
	return append(append(b, "\x63\x82\x53\x63"...), strings.Join(options, "")+"\xff"...)
}

func option(code byte, body string) string { return string([]byte{code, byte(len(body))}) + body }

// with sets an address in the fixed part: 12 client, 16 your, 24 relay.
func with(b []byte, at int, ip string) []byte {
	b = slices.Clone(b)
	copy(b[at:], ip)
	return b
}

var (
	discover = message(1, option(53, "\x01"), option(61, "\x01\x02\x03\x04\x05\x06\x07"), option(12, "PUMP-0012"),
		option(60, "udhcp 1.24.1"), option(55, "\x01\x03\x06\x0c\x0f\x1c\x2a"))
	request = message(1, option(53, "\x03"), option(50, "\xc0\xa8\x01\x14"), option(54, "\xc0\xa8\x01\x01"), option(12, "ws-07"),
		option(81, "\x00\x00\x00ws-07.clinic.example."), option(77, "\x05ward3"), option(124, "\x00\x00\x01\x37\x04abcd"))
	ack = with(message(2, option(53, "\x05"), option(54, "\xc0\xa8\x01\x01"), option(51, "\x00\x00\x0e\x10"),
		option(3, "\xc0\xa8\x01\x01"), option(6, "\xc0\xa8\x01\x02\xc0\xa8\x01\x03"), option(15, "clinic.example")), 16, "\xc0\xa8\x01\x14")
	relayed = with(message(1, option(53, "\x01"), option(12, "mon-3"),
		option(82, "\x01\x07Gi1/0/7\x02\x06\x00\x01\x02\x03\x04\x05")), 24, "\xc0\xa8\x02\x01")
	renewal   = with(message(1, option(53, "\x03"), option(12, "ws-07")), 12, "\xc0\xa8\x01\x14")
	canonical = message(1, option(53, "\x01"), option(81, "\x04\x00\x00\x04mon3\x06clinic\x00"))
	offer     = with(message(2, option(53, "\x02")), 16, "\xc0\xa8\x01\x14")
	cut       = discover[:len(discover)-10]
	overload  = func() []byte {
		b := message(1, option(53, "\x01"), option(52, "\x01"))
		copy(b[108:], option(12, "in-the-file")+"\xff")
		return b
	}()
	bootp = message(1)[:236]
)

// shown runs one datagram and returns its facts, then its bindings.
func shown(data []byte) []string {
	var lines []string
	d := dhcp.Dissector()
	e := dissect.NewEngine(dissect.Config{}, dissect.Table{Flows: []dissect.Dissector{d}}, func(e *dissect.Event) {
		seen := &dissecttest.Seen{}
		seen.Add(e)
		lines = append(lines, seen.Facts...)
		e.Observation.(observation.Binder).Bindings(func(b observation.Binding) {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("binds %s %s %s", b.MAC, b.IP, b.Name)))
		})
	})
	e.Payload(&flow.Flow{Proto: packet.ProtoUDP, SrcPort: 68, DstPort: 67}, flow.Out, data, 1)
	return lines
}

func TestFactsAndBindings(t *testing.T) {
	for _, tc := range []struct {
		name string
		data []byte
		want []string
	}{
		{"discover", discover, []string{
			"bound hostname=PUMP-0012", "bound vendor-class=udhcp 1.24.1", "bound parameter-list=1,3,6,12,15,28,42",
			"bound option-list=53,61,12,60,55", "bound client-id=01020304050607", "binds 02:03:04:05:06:07  PUMP-0012"}},
		{"request binds no address yet", request, []string{
			"bound hostname=ws-07", "bound fqdn=ws-07.clinic.example", "bound user-class=ward3", "bound option-list=53,50,54,12,81,77,124",
			"bound enterprise=311", "binds 02:03:04:05:06:07  ws-07"}},
		{"lease", ack, []string{"sender role=dhcp-server", "binds 02:03:04:05:06:07 192.168.1.20"}},
		{"offer binds no address", offer, []string{"sender role=dhcp-server", "binds 02:03:04:05:06:07"}},
		{"renewal", renewal, []string{"bound hostname=ws-07", "bound option-list=53,12", "binds 02:03:04:05:06:07 192.168.1.20 ws-07"}},
		{"relayed", relayed, []string{
			"sender role=dhcp-relay", "bound hostname=mon-3", "bound option-list=53,12,82", "bound relay-circuit=Gi1/0/7", "bound relay-remote=000102030405",
			"binds 02:03:04:05:06:07  mon-3"}},
		{"name in DNS form", canonical, []string{"bound fqdn=mon3.clinic", "bound option-list=53,81", "binds 02:03:04:05:06:07  mon3.clinic"}},
		{"options in the file field", overload, []string{"bound hostname=in-the-file", "bound option-list=53,52,12", "binds 02:03:04:05:06:07  in-the-file"}},
		{"cut", cut, []string{
			"bound hostname=PUMP-0012", "bound vendor-class=udhcp 1.24.1", "bound option-list=53,61,12,60",
			"bound client-id=01020304050607", "binds 02:03:04:05:06:07  PUMP-0012"}},
		{"BOOTP", bootp, []string{"binds 02:03:04:05:06:07"}},
		{"text", []byte(strings.Repeat("no DHCP at all ", 20)), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := shown(tc.data); !slices.Equal(got, tc.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tc.want, "\n  "))
			}
		})
	}
}

func TestLease(t *testing.T) {
	seen := dissecttest.Run(dhcp.Dissector(), dissecttest.Out(request), dissecttest.In(ack))
	if seen.Flow.Protocol != cordon.DHCP || len(seen.Observations) != 2 {
		t.Fatalf("%s with %d observations, want dhcp with 2", seen.Flow.Protocol, len(seen.Observations))
	}
	r, a := seen.Observations[0].(observation.DHCP), seen.Observations[1].(observation.DHCP)
	if r.Type != observation.DHCPRequest || r.FromServer || r.RequestedIP.String() != "192.168.1.20" || r.Transaction != 0xdeadbeef {
		t.Errorf("request read as %+v", r)
	}
	if a.Type != observation.DHCPAck || !a.FromServer || a.LeaseSeconds != 3600 || a.ServerID.String() != "192.168.1.1" ||
		len(a.Routers) != 1 || len(a.NameServers) != 2 || a.Domain != "clinic.example" {
		t.Errorf("acknowledgement read as %+v", a)
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p := dhcp.Dissector().New()
	if n := testing.AllocsPerRun(500, func() { p.Parse(c, discover); p.Parse(c, ack) }); n != 0 {
		t.Errorf("%v allocations for repeated messages, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	var seeds [][]dissecttest.Piece
	for _, m := range [][]byte{discover, request, ack, relayed, renewal, canonical, overload, bootp} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, dhcp.Dissector(), seeds...)
}

// TestCapture: a phone that joins a network.
func TestCapture(t *testing.T) {
	var facts []string
	for _, s := range dissecttest.Replay(t, dissect.Table{Flows: []dissect.Dissector{dhcp.Dissector()}}, "ndpi", "iphone.pcap") {
		facts = append(facts, s.Facts...)
	}
	for _, want := range []string{"bound hostname=Lucas-iPhone", "bound parameter-list=1,121,3,6,15,119,252", "sender role=dhcp-server"} {
		if !slices.Contains(facts, want) {
			t.Errorf("no fact %q in %q", want, facts)
		}
	}
}
