package ssdp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/ssdp"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

func lines(l ...string) string { return strings.Join(append(l, "", ""), "\r\n") }

var (
	search = lines("M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", `MAN: "ssdp:discover"`, "MX: 1",
		"ST: urn:dial-multiscreen-org:service:dial:1", "USER-AGENT: Google Chrome/119.0.6045.105 Windows")
	notify = lines("NOTIFY * HTTP/1.1", "Host:239.255.255.250:1900", "Cache-Control: max-age=1800", "Location: http://192.168.1.20:8080/desc.xml",
		"NT: urn:schemas-upnp-org:device:MediaServer:1", "nts: ssdp:alive", "Server: Linux/4.4 UPnP/1.0 Ward-TV/2.1",
		"USN: uuid:4d696e69-444c-164e-9d41-020304050607::urn:schemas-upnp-org:device:MediaServer:1")
	bye      = lines("NOTIFY * HTTP/1.1", "NT: upnp:rootdevice", "NTS: ssdp:byebye", "USN: uuid:4d696e69::upnp:rootdevice")
	response = lines("HTTP/1.1 200 OK", "ST: upnp:rootdevice", "EXT:", "SERVER: FreeRTOS/6.0.5, UPnP/1.0, IpBridge/0.1", "USN: uuid:2f402f80::upnp:rootdevice")
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		want       []string
	}{
		{"search", search, []string{"sender search-target=urn:dial-multiscreen-org:service:dial:1", "sender user-agent=Google Chrome/119.0.6045.105 Windows"}},
		{"notify", notify, []string{
			"sender server=Linux/4.4 UPnP/1.0 Ward-TV/2.1", "sender uuid=4d696e69-444c-164e-9d41-020304050607",
			"sender location=http://192.168.1.20:8080/desc.xml", "sender target=urn:schemas-upnp-org:device:MediaServer:1"}},
		{"bye", bye, []string{"sender uuid=4d696e69"}},
		{"response", response, []string{"sender server=FreeRTOS/6.0.5, UPnP/1.0, IpBridge/0.1", "sender uuid=2f402f80"}},
		{"cut within a header", notify[:len(notify)-60], []string{
			"sender server=Linux/4.4 UPnP/1.0 Ward-TV/2.1", "sender uuid=4d696e69-444c-164e-9d41",
			"sender location=http://192.168.1.20:8080/desc.xml", "sender target=urn:schemas-upnp-org:device:MediaServer:1"}},
		{"other method", lines("GET / HTTP/1.1", "Host: a"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen := dissecttest.Run(ssdp.Dissector(), dissecttest.Out(tc.data))
			if !slices.Equal(seen.Facts, tc.want) {
				t.Errorf("facts\n  %s\nwant\n  %s", strings.Join(seen.Facts, "\n  "), strings.Join(tc.want, "\n  "))
			}
		})
	}
	if seen := dissecttest.Run(ssdp.Dissector(), dissecttest.Out(bye)); !seen.Observations[0].(observation.SSDP).Bye {
		t.Error("a byebye must read as one")
	}
}

func TestProbe(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		hint       bool
		want       dissect.Verdict
	}{
		{"search on any port", search, false, dissect.Sure},
		{"response on any port", response, false, dissect.Sure},
		{"another response over UDP", lines("HTTP/1.1 200 OK", "Content-Type: text/xml"), false, dissect.NotMine},
		{"event of another protocol", lines("NOTIFY sip:a@b SIP/2.0"), true, dissect.NotMine},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := ssdp.Dissector().Probe(&dissect.Head{Data: []byte(tc.data), Hint: tc.hint}); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p, data := ssdp.Dissector().New(), []byte(notify)
	if n := testing.AllocsPerRun(500, func() { p.Parse(c, data) }); n != 0 {
		t.Errorf("%v allocations for a repeated message, want none", n)
	}
}

// TestCapture reads a real search.
func TestCapture(t *testing.T) {
	found := 0
	for _, seen := range dissecttest.Replay(t, dissect.Table{Flows: []dissect.Dissector{ssdp.Dissector()}}, "ndpi", "ssdp-m-search.pcap") {
		if seen.Flow.Protocol == cordon.SSDP && len(seen.Observations) > 0 {
			found++
		}
	}
	if found == 0 {
		t.Error("no search found")
	}
}

func FuzzParse(f *testing.F) {
	var seeds [][]dissecttest.Piece
	for _, m := range []string{search, notify, bye, response} {
		seeds = append(seeds, []dissecttest.Piece{{Dir: flow.Out, Data: []byte(m)}, {Dir: flow.In, Data: []byte(m)}})
	}
	dissecttest.Fuzzer(f, ssdp.Dissector(), seeds...)
}
