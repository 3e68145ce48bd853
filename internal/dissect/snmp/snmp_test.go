package snmp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/snmp"
	"github.com/cordonhq/cordon/internal/observation"
)

// tlv is one element, with a length in the long form where it needs one.
func tlv(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	if len(body) < 128 {
		return string([]byte{tag, byte(len(body))}) + body
	}
	return string([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}) + body
}

func integer(n byte) string          { return tlv(2, string([]byte{n})) }
func text(s string) string           { return tlv(4, s) }
func oid(s string) string            { return tlv(6, s) }
func bind(o, value string) string    { return tlv(0x30, oid(o), value) }
func list(bindings ...string) string { return tlv(0x30, bindings...) }

func pdu(tag byte, bindings ...string) string {
	return tlv(tag, tlv(2, "\x12\x34\x56\x78"), integer(0), integer(0), list(bindings...))
}

func v2c(community, body string) string { return tlv(0x30, integer(1), text(community), body) }

func v3(flags string, engine, data string) string {
	usm := tlv(0x30, text(engine), integer(1), integer(9), text("operator"), text(strings.Repeat("a", 12)), text(""))
	return tlv(0x30, integer(3), tlv(0x30, integer(7), tlv(2, "\x00\xff\xe3"), text(flags), integer(3)), text(usm), data)
}

const (
	sysDescr    = "\x2b\x06\x01\x02\x01\x01\x01\x00"
	sysObjectID = "\x2b\x06\x01\x02\x01\x01\x02\x00"
	sysName     = "\x2b\x06\x01\x02\x01\x01\x05\x00"
	sysLocation = "\x2b\x06\x01\x02\x01\x01\x06\x00"
	sysUpTime   = "\x2b\x06\x01\x02\x01\x01\x03\x00"
	hrDevice    = "\x2b\x06\x01\x02\x01\x19\x03\x02\x01\x03\x01"
	prtSerial   = "\x2b\x06\x01\x02\x01\x2b\x05\x01\x01\x11\x01"
	entModel    = "\x2b\x06\x01\x02\x01\x2f\x01\x01\x01\x01\x0d\x01"
	netSNMP     = "\x2b\x06\x01\x04\x01\xbf\x08\x03\x02\x0a"
	engine      = "\x80\x00\x00\x09\x03\x02\x03\x04\x05\x06\x07"
)

var (
	get      = v2c("public", pdu(0xa0, bind(sysDescr, "\x05\x00"), bind(sysName, "\x05\x00")))
	response = v2c("w4rd-3", pdu(0xa2, bind(sysDescr, text("Linux pump-gw 4.19")), bind(sysObjectID, oid(netSNMP)),
		bind(sysUpTime, tlv(0x43, "\x01\x02")), bind(sysName, text("pump-gw")), bind(sysLocation, text("ICU 2"))))
	printer = v2c("public", pdu(0xa2, bind(hrDevice, text("HP LaserJet 400")), bind(prtSerial, text("VNB3R12345")), bind(entModel, text("M401dn"))))
	trap    = tlv(0x30, integer(0), text("public"), tlv(0xa4, oid(netSNMP), tlv(0x40, "\xc0\xa8\x01\x14"), integer(6), integer(1), tlv(0x43, "\x00"),
		list(bind(sysName, text("ups-1")))))
	asked     = v3("\x04", engine, tlv(0x30, text(engine), text(""), pdu(0xa0, bind(sysDescr, "\x05\x00"))))
	reported  = v3("\x00", engine, tlv(0x30, text(engine), text(""), pdu(0xa8, bind("\x2b\x06\x01\x06\x03\x0f\x01\x01\x04\x00", tlv(0x41, "\x01")))))
	encrypted = v3("\x03", "\x80\x00\x1f\x88\x80abcdefgh", text("............"))
	discovery = v3("\x04", "", tlv(0x30, text(""), text(""), pdu(0xa0)))
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		facts      []string
		check      func(o observation.SNMP) bool
	}{
		{"get", get, nil, func(o observation.SNMP) bool {
			return o.Version == 2 && o.PDU == observation.SNMPGet && o.DefaultCommunity && o.ClearText() &&
				o.Variables == 2 && o.FirstOID == "1.3.6.1.2.1.1.1.0"
		}},
		{"response", response, []string{
			"sender sys-descr=Linux pump-gw 4.19", "sender sys-object-id=1.3.6.1.4.1.8072.3.2.10", "sender sys-name=pump-gw", "sender sys-location=ICU 2",
		}, func(o observation.SNMP) bool { return o.HasCommunity && !o.DefaultCommunity && o.Variables == 5 }},
		{"printer", printer, []string{
			"sender hr-device-descr=HP LaserJet 400", "sender printer-serial=VNB3R12345", "sender entity-model=M401dn",
		}, nil},
		{"trap of version 1", trap, []string{"sender sys-name=ups-1", "sender trap-enterprise=1.3.6.1.4.1.8072.3.2.10"},
			func(o observation.SNMP) bool { return o.Version == 1 && o.PDU == observation.SNMPTrapV1 }},
		{"version 3 request", asked, []string{
			"receiver engine-id=8000000903020304050607", "receiver engine-enterprise=9", "receiver engine-mac=02:03:04:05:06:07",
		}, func(o observation.SNMP) bool { return o.Version == 3 && !o.ClearText() && o.PDU == observation.SNMPGet }},
		{"version 3 report", reported, []string{
			"sender engine-id=8000000903020304050607", "sender engine-enterprise=9", "sender engine-mac=02:03:04:05:06:07",
		}, func(o observation.SNMP) bool { return o.PDU == observation.SNMPReport }},
		{"version 3 encrypted", encrypted, []string{"sender engine-id=80001f88806162636465666768", "sender engine-enterprise=8072"},
			func(o observation.SNMP) bool {
				return o.Authenticated && o.Encrypted && o.PDU == observation.SNMPNoPDU
			}},
		{"version 3 discovery", discovery, nil, func(o observation.SNMP) bool { return o.EngineID == "" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen := dissecttest.Run(snmp.Dissector(), dissecttest.Out(tc.data))
			if len(seen.Observations) != 1 || seen.Flow.Confidence < uint8(dissect.Sure) {
				t.Fatalf("%d observations, confidence %d", len(seen.Observations), seen.Flow.Confidence)
			}
			if !slices.Equal(seen.Facts, tc.facts) {
				t.Errorf("facts\n  %s\nwant\n  %s", strings.Join(seen.Facts, "\n  "), strings.Join(tc.facts, "\n  "))
			}
			if o := seen.Observations[0].(observation.SNMP); tc.check != nil && !tc.check(o) {
				t.Errorf("read as %+v", o)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	ldap := tlv(0x30, integer(1), tlv(0x63, strings.Repeat("x", 20)))
	for _, tc := range []struct {
		name, data string
		hint       bool
		want       dissect.Verdict
	}{
		{"on any port", get, false, dissect.Sure},
		{"padded, on its port", get + "\x00\x00", true, dissect.Likely},
		{"padded, elsewhere", get + "\x00\x00", false, dissect.NotMine},
		{"LDAP over UDP", ldap, true, dissect.NotMine},
		{"certificate", tlv(0x30, tlv(0x30, strings.Repeat("x", 60))), true, dissect.NotMine},
		{"text", "0 is not SNMP, nor anything", true, dissect.NotMine},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := snmp.Dissector().Probe(&dissect.Head{Data: []byte(tc.data), Hint: tc.hint}); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p := snmp.Dissector().New()
	for _, m := range []string{response, asked} {
		data := []byte(m)
		if n := testing.AllocsPerRun(500, func() { p.Parse(c, data) }); n != 0 {
			t.Errorf("%v allocations for a repeated message, want none", n)
		}
	}
}

// TestCapture: traps and requests of real devices are recognised.
func TestCapture(t *testing.T) {
	seen := dissecttest.Replay(t, dissect.Table{Flows: []dissect.Dissector{snmp.Dissector()}}, "ndpi", "snmp.pcap")
	var found int
	for _, s := range seen {
		if s.Flow.Protocol == cordon.SNMP && len(s.Observations) > 0 {
			found++
		}
	}
	if found != 17 {
		t.Errorf("%d of %d flows are SNMP, want 17", found, len(seen))
	}
}

func FuzzParse(f *testing.F) {
	var seeds [][]dissecttest.Piece
	for _, m := range []string{get, response, printer, trap, asked, reported, encrypted, discovery} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, snmp.Dissector(), seeds...)
}
