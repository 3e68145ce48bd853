package wsd_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/wsd"
	"github.com/cordonhq/cordon/internal/observation"
)

// soap is a message of the OASIS standard with SDC's namespaces declared.
func soap(action, body string) string {
	return `<?xml version="1.0" encoding="utf-8"?>` +
		`<s12:Envelope xmlns:s12="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://www.w3.org/2005/08/addressing"` +
		` xmlns:wsd="http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01" xmlns:dpws='http://docs.oasis-open.org/ws-dd/ns/dpws/2009/01'` +
		` xmlns:mdpws="http://standards.ieee.org/downloads/11073/11073-20702-2016">` +
		`<s12:Header><wsa:Action>http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01/` + action + `</wsa:Action>` +
		`<wsa:MessageID>urn:uuid:1</wsa:MessageID><wsa:ReplyTo><wsa:Address>http://anonymous</wsa:Address></wsa:ReplyTo></s12:Header>` +
		`<s12:Body>` + body + `</s12:Body></s12:Envelope>`
}

func match(uuid string) string {
	return `<wsd:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:` + uuid + `</wsa:Address></wsa:EndpointReference>` +
		"<wsd:Types>dpws:Device\n  mdpws:MedicalDevice</wsd:Types>" +
		`<wsd:Scopes>sdc.mds.pkp:1.2.840.10004.20701.1.1 sdc.ctxt.loc:/sdc.ctxt.loc.detail/a?fac=A&amp;poc=ICU&amp;bed=4</wsd:Scopes>` +
		`<wsd:XAddrs>https://192.168.1.20:6464/x</wsd:XAddrs></wsd:ProbeMatch>`
}

var (
	hello   = soap("Hello", strings.ReplaceAll(match("m-1"), "ProbeMatch", "Hello"))
	matches = soap("ProbeMatches", "<wsd:ProbeMatches>"+match("m-1")+"</wsd:ProbeMatches>")
	several = soap("ProbeMatches", "<wsd:ProbeMatches>"+match("m-1")+match("m-2")+"</wsd:ProbeMatches>")
	bye     = soap("Bye", match("m-1"))
	search  = soap("Probe", "<!-- <wsd:Types>no:Type</wsd:Types> --><wsd:Probe><wsd:Types>mdpws:MedicalDevice</wsd:Types><wsd:Scopes/></wsd:Probe>")
	draft   = `<soap:Envelope xmlns:soap="x" xmlns:pub="http://schemas.microsoft.com/windows/pub/2005/07">` +
		`<soap:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Hello</a:Action></soap:Header>` +
		`<soap:Body><d:Hello><a:EndpointReference><a:Address>urn:uuid:pc</a:Address></a:EndpointReference><d:Types>wsdp:Device pub:Computer</d:Types></d:Hello></soap:Body></soap:Envelope>`
)

var device = []string{
	"sender endpoint=urn:uuid:m-1", "sender type=Device", "sender type=MedicalDevice", "sender medical-type=MedicalDevice",
	"sender scope=sdc.mds.pkp:1.2.840.10004.20701.1.1", "sender scope=sdc.ctxt.loc:/sdc.ctxt.loc.detail/a?fac=A&poc=ICU&bed=4",
	"sender xaddr=https://192.168.1.20:6464/x",
}

func TestFacts(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		want       []string
	}{
		{"hello", hello, device},
		{"probe matches", matches, device},
		{"a proxy answers for several", several, nil},
		{"bye", bye, nil},
		{"probe", search, []string{"sender probe-type=MedicalDevice"}},
		{"draft of 2005", draft, []string{"sender endpoint=urn:uuid:pc", "sender type=Device", "sender type=Computer"}},
		{"cut", matches[:strings.Index(matches, "<wsd:Scopes")], device[:4]},
		{"other SOAP", strings.ReplaceAll(draft, "discovery", "eventing"), []string{"sender endpoint=urn:uuid:pc", "sender type=Device", "sender type=Computer"}},
		{"other XML", "<?xml version='1.0'?><root/>", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen := dissecttest.Run(wsd.Dissector(), dissecttest.Out(tc.data))
			if !slices.Equal(seen.Facts, tc.want) {
				t.Errorf("facts\n  %s\nwant\n  %s", strings.Join(seen.Facts, "\n  "), strings.Join(tc.want, "\n  "))
			}
		})
	}
}

func TestProbe(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		want       dissect.Verdict
	}{
		{"on any port", hello, dissect.Sure},
		{"byte order mark", "\xef\xbb\xbf" + draft, dissect.Sure},
		{"SOAP without the namespace", strings.ReplaceAll(draft, "discovery", "eventing"), dissect.NotMine},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := wsd.Dissector().Probe(&dissect.Head{Data: []byte(tc.data)}); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

func TestNamespaces(t *testing.T) {
	seen := dissecttest.Run(wsd.Dissector(), dissecttest.Out(matches))
	o := seen.Observations[0].(observation.WSD)
	want := []observation.WSDType{
		{Namespace: "http://docs.oasis-open.org/ws-dd/ns/dpws/2009/01", Name: "Device"},
		{Namespace: "http://standards.ieee.org/downloads/11073/11073-20702-2016", Name: "MedicalDevice"},
	}
	if !slices.Equal(o.Types, want) {
		t.Errorf("types %+v, want %+v", o.Types, want)
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	p, data := wsd.Dissector().New(), []byte(matches)
	if n := testing.AllocsPerRun(500, func() { p.Parse(c, data) }); n != 0 {
		t.Errorf("%v allocations for a repeated message, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	var seeds [][]dissecttest.Piece
	for _, m := range []string{hello, matches, several, bye, search, draft} {
		seeds = append(seeds, []dissecttest.Piece{dissecttest.Out(m), dissecttest.In(m)})
	}
	dissecttest.Fuzzer(f, wsd.Dissector(), seeds...)
}
