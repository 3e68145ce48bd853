package dhcpv6_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dhcpv6"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

func option(code uint16, body string) string {
	b := binary.BigEndian.AppendUint16(nil, code)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return string(b) + body
}

func message(kind byte, options ...string) []byte {
	return []byte(string([]byte{kind, 0xab, 0xcd, 0xef}) + strings.Join(options, ""))
}

func relay(options ...string) []byte {
	return []byte("\x0c\x00" + site + "\x00\x01" + local + "\x00\x05" + strings.Join(options, ""))
}

const (
	site  = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	local = "\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)

var (
	duidTime   = option(1, "\x00\x01\x00\x01\x2b\x00\x00\x00\x02\x03\x04\x05\x06\x07")
	duidVendor = option(1, "\x00\x02\x00\x00\x1f\x75abc")
	solicit    = message(1, duidTime, option(8, "\x00\x00"), option(3, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"),
		option(39, "\x00\x05pump7\x06clinic"), option(16, "\x00\x00\x01\x37\x00\x08MSFT 5.0"), option(6, "\x00\x17\x00\x18\x00\x27"))
	reply = message(7, duidTime, option(2, "\x00\x03\x00\x01\x02\x03\x04\x05\x06\x01"),
		option(3, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"+option(5, site+"\x00\x07"+"\x00\x00\x0e\x10\x00\x00\x0e\x10")),
		option(23, site+"\x00\x35"))
	vendor       = message(11, duidVendor, option(6, "\x00\x17"))
	relayed      = relay(option(18, "Gi1/0/7"), option(79, "\x00\x01\x02\x03\x04\x05\x06\x09"), option(9, string(solicit)))
	relayedReply = append([]byte{13}, relay(option(79, "\x00\x01\x02\x03\x04\x05\x06\x09"), option(9, string(reply)))[1:]...)
	cut          = solicit[:len(solicit)-3]
	nested       = func() []byte {
		m := solicit
		for range 12 {
			m = relay(option(9, string(m)))
		}
		return m
	}()
)

// shown runs one datagram and returns its facts, then its bindings.
func shown(data []byte) []string {
	var lines []string
	d := dhcpv6.Dissector()
	e := dissect.NewEngine(dissect.Config{}, dissect.Table{Flows: []dissect.Dissector{d}}, func(e *dissect.Event) {
		seen := &dissecttest.Seen{}
		seen.Add(e)
		lines = append(lines, seen.Facts...)
		e.Observation.(observation.Binder).Bindings(func(b observation.Binding) {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("binds %s %s %s", b.MAC, b.IP, b.Name)))
		})
	})
	e.Payload(&flow.Flow{Proto: packet.ProtoUDP, SrcPort: 546, DstPort: 547}, flow.Out, data, 1)
	return lines
}

func TestFactsAndBindings(t *testing.T) {
	client := func(about string) []string {
		return []string{
			about + " duid=000100012b000000020304050607", about + " duid-mac=02:03:04:05:06:07", about + " fqdn=pump7.clinic", about + " vendor-class=MSFT 5.0",
			about + " parameter-list=23,24,39", about + " option-list=1,8,3,39,16,6", about + " enterprise=311",
		}
	}
	for _, tc := range []struct {
		name string
		data []byte
		want []string
	}{
		{"solicit", solicit, client("sender")},
		{"reply", reply, nil},
		{"relayed reply", relayedReply, []string{"binds 02:03:04:05:06:09 fe80::5", "binds 02:03:04:05:06:09 2001:db8::7"}},
		{"DUID of a vendor", vendor, []string{
			"sender duid=000200001f75616263", "sender parameter-list=23", "sender option-list=1,6", "sender duid-enterprise=8053"}},
		{"relayed", relayed, append(client("bound"), "bound relay-interface=Gi1/0/7", "binds 02:03:04:05:06:09 fe80::5 pump7.clinic")},
		{"relayed too often", nested, nil},
		{"cut", cut, append(client("sender")[:4:4], "sender option-list=1,8,3,39,16", "sender enterprise=311")},
		{"text", []byte("\x01 this is no DHCP"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := shown(tc.data); !slices.Equal(got, tc.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tc.want, "\n  "))
			}
		})
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p := dhcpv6.Dissector().New()
	if n := testing.AllocsPerRun(500, func() { p.Parse(c, solicit); p.Parse(c, reply); p.Parse(c, relayedReply) }); n != 0 {
		t.Errorf("%v allocations for repeated messages, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	var seeds [][]dissecttest.Piece
	for _, m := range [][]byte{solicit, reply, vendor, relayed, nested} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, dhcpv6.Dissector(), seeds...)
}
