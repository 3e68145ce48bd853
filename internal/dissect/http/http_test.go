package http_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/http"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/corpus"
)

// head makes the head of a message.
func head(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

const page = "<html><head><TITLE>\n  Acme&reg; Pump\n Server </TITLE></head>"

func htmlPage(extra ...string) string {
	return head(append([]string{"HTTP/1.1 200 OK", "Server: lighttpd/1.4", "Content-Type: text/html; charset=utf-8", fmt.Sprintf("Content-Length: %d", len(page))}, extra...)...)
}

func TestObservations(t *testing.T) {
	get := observation.HTTPRequest{Method: "GET", Path: "/a", Host: "pump.clinic"}
	ok := observation.HTTPResponse{Status: 200, Server: "lighttpd/1.4", ContentType: "text/html"}
	title := observation.HTTPPage{Title: "Acme® Pump Server"}
	getA := head("GET /a?token=secret HTTP/1.1", "Host: pump.clinic:80")
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"request and page", []Piece{Out(getA), In(htmlPage() + page)}, []observation.Observation{get, ok, title}},
		{"two on one connection", []Piece{Out(getA + getA), In(htmlPage() + page + htmlPage() + page)},
			[]observation.Observation{get, get, ok, title, ok, title}},
		{"head has no body", []Piece{Out(head("HEAD /a HTTP/1.1") + getA), In(htmlPage() + htmlPage() + page)},
			[]observation.Observation{observation.HTTPRequest{Method: "HEAD", Path: "/a"}, get, ok, ok, title}},
		{"chunked", []Piece{Out(getA), In(head("HTTP/1.1 200 OK", "Server: lighttpd/1.4", "content-type: Text/HTML", "Transfer-Encoding: chunked") +
			fmt.Sprintf("%x;x=y\r\n%s\r\n3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n", len(page), page) + head("HTTP/1.1 304 Not Modified"))},
			[]observation.Observation{get, ok, title, observation.HTTPResponse{Status: 304}}},
		{"body until the end", []Piece{Out(getA), In(head("HTTP/1.0 200 OK", "Server: lighttpd/1.4", "Content-Type: text/html") + page)},
			[]observation.Observation{get, ok, title}},
		{"compressed page is not read", []Piece{Out(getA), In(htmlPage("Content-Encoding: gzip") + page)}, []observation.Observation{get, ok}},
		{"login", []Piece{Out(head("POST /login HTTP/1.1", "User-Agent: Acme/1.0", "Authorization: Basic dXNlcjpwYXNz", "Content-Type: text/xml", "SOAPAction: \"urn:x\"", "Content-Length: 5") + "hello" + getA),
			In(head("HTTP/1.1 401 Unauthorized", `WWW-Authenticate: Basic realm="Acme Pump, ward 3"`, "X-Powered-By: PHP/5", "Set-Cookie: PHPSESSID=1234; path=/", "Content-Length: 0"))},
			[]observation.Observation{
				observation.HTTPRequest{Method: "POST", Path: "/login", UserAgent: "Acme/1.0", AuthScheme: "basic", ContentType: "text/xml", SOAPAction: "urn:x"}, get,
				observation.HTTPResponse{Status: 401, Challenge: "basic", Realm: "Acme Pump, ward 3", PoweredBy: "PHP/5", Cookie: "PHPSESSID"},
			}},
		{"continue, then the answer", []Piece{Out(getA), In(head("HTTP/1.1 100 Continue") + htmlPage() + page)},
			[]observation.Observation{get, observation.HTTPResponse{Status: 100}, ok, title}},
		{"through a proxy", []Piece{Out(head("GET http://other.example:8080/x HTTP/1.1", "Host: other.example"))},
			[]observation.Observation{observation.HTTPRequest{Method: "GET", Path: "/x", Host: "other.example", Proxied: true}}},
		{"tunnel", []Piece{Out(head("CONNECT mail.example:443 HTTP/1.1")), In(head("HTTP/1.1 200 Connection established") + "\x16\x03\x01")},
			[]observation.Observation{observation.HTTPRequest{Method: "CONNECT", Host: "mail.example", Proxied: true}, observation.HTTPResponse{Status: 200}}},
		{"web socket", []Piece{Out(getA), In(head("HTTP/1.1 101 Switching Protocols")), In("\x81\x05hello"), Out("\x81\x85")},
			[]observation.Observation{get, observation.HTTPResponse{Status: 101}}},
		{"long header", []Piece{Out(head("GET /a HTTP/1.1", "Cookie: "+strings.Repeat("x", 30000), "Host: pump.clinic"))}, []observation.Observation{get}},
		{"response picked up within a body", []Piece{Out(getA), In("</p>\n</html>\x00\x01" + htmlPage() + page), Out(getA), In(htmlPage() + page)},
			[]observation.Observation{get, ok, title, get, ok, title}},
		{"body of many gigabytes", []Piece{Out(head("PUT /a HTTP/1.1", "Content-Length: 5000000000")), Out(getA)},
			[]observation.Observation{observation.HTTPRequest{Method: "PUT", Path: "/a"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var pieces []Piece
			for _, p := range tt.pieces {
				for chunk := range slices.Chunk(p.Data, 1460) {
					pieces = append(pieces, Piece{Dir: p.Dir, Data: chunk})
				}
			}
			s := Run(http.Dissector(), pieces...)
			if s.Flow.Protocol != cordon.HTTP {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
			if s.Stats.Overlong > 0 {
				t.Error("a stream was given up as overlong")
			}
		})
	}
}

func TestFacts(t *testing.T) {
	s := Run(http.Dissector(), Out(head("GET / HTTP/1.1", "Host: 10.0.0.7", "User-Agent: curl/8")), In(htmlPage()+page),
		Out(head("GET / HTTP/1.1", "Host: pump.clinic")))
	want := []string{"sender user-agent=curl/8", "sender server=lighttpd/1.4", "sender title=Acme® Pump Server", "receiver host=pump.clinic"}
	if d := cmp.Diff(want, s.Facts); d != "" {
		t.Errorf("facts, -want +got:\n%s", d)
	}
}

func fhir(line, body string) string {
	return head(line, "Content-Type: application/fhir+json; charset=utf-8", fmt.Sprintf("Content-Length: %d", len(body))) + body
}

func TestFHIR(t *testing.T) {
	statement := `{"resourceType":"CapabilityStatement","publisher":"Clinic","fhirVersion":"4.0.1","software":{"name":"HAPI FHIR Server","version":"6.8.0"},"rest":[{"mode":"server"}]}`
	bundle := `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"secret"}},{"resource":{"resourceType":"Device","manufacturer":"Acme","modelNumber":"BP-1",
		"specialization":[{"systemType":{"coding":[{"code":"528391","display":"MDC_DEV_SPEC_PROFILE_BP"}]}}],"version":[{"value":"2.1"}]}},{"resource":{"resourceType":"Observation"`
	xml := `<?xml version="1.0"?><Conformance xmlns="http://hl7.org/fhir"><software><name value="Old Server"/><version value='1.0'/></software></Conformance>`
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"capability statement", []Piece{Out(head("GET /fhir/metadata HTTP/1.1", "Accept: application/fhir+json")), In(fhir("HTTP/1.1 200 OK", statement))},
			[]observation.Observation{
				observation.HTTPRequest{FHIR: true, Method: "GET", Path: "/fhir/metadata"},
				observation.HTTPResponse{FHIR: true, Status: 200, ContentType: "application/fhir+json"},
				observation.FHIRCapability{SoftwareName: "HAPI FHIR Server", SoftwareVersion: "6.8.0", Publisher: "Clinic", FHIRVersion: "4.0.1"},
			}},
		{"device in a bundle that goes on", []Piece{Out(fhir("POST /fhir HTTP/1.1", bundle))},
			[]observation.Observation{
				observation.HTTPRequest{FHIR: true, Method: "POST", Path: "/fhir", ContentType: "application/fhir+json"},
				observation.FHIRDevice{Request: true, Manufacturer: "Acme", Model: "BP-1", Version: "2.1", Specialization: "MDC_DEV_SPEC_PROFILE_BP"},
			}},
		{"conformance in XML", []Piece{Out(head("GET /metadata HTTP/1.1")), In(strings.Replace(fhir("HTTP/1.1 200 OK", xml), "fhir+json", "xml+fhir", 1))},
			[]observation.Observation{
				observation.HTTPRequest{Method: "GET", Path: "/metadata"},
				observation.HTTPResponse{FHIR: true, Status: 200, ContentType: "application/xml+fhir"},
				observation.FHIRCapability{SoftwareName: "Old Server", SoftwareVersion: "1.0"},
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(http.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.FHIR {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

func TestPatientsInPathsAreReplaced(t *testing.T) {
	s := Run(http.Dissector(), Out(head("GET /fhir/Patient/0815/$everything HTTP/1.1")))
	path := s.Observations[0].(observation.HTTPRequest).Path
	if strings.Contains(path, "0815") || !strings.HasPrefix(path, "/fhir/Patient/p-") || !strings.HasSuffix(path, "/$everything") {
		t.Errorf("path %q", path)
	}
}

func TestCorpusDevices(t *testing.T) {
	tests := []struct {
		file []string
		want observation.FHIRDevice
	}{
		{[]string{"phd-ig", "phd-711000FEFF5F49B0.B0495F001071.json"},
			observation.FHIRDevice{Request: true, Manufacturer: "OMRONHEALTHCARE", Model: "HEM-9200T", Serial: "20150200002A", Version: "C.00.7AJ-02", Type: "MDC_MOC_VMS_MDS_SIMP", Specialization: "MDC_DEV_SPEC_PROFILE_BP"}},
		{[]string{"pocd-ig", "Device-PhysioMonitorMdsDevice.xml"},
			observation.FHIRDevice{Request: true, Manufacturer: "MyCompany", Model: "PM1", Name: "MyPhysioMonitor", Serial: "123456", Type: "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS", UDI: "00012345678905"}},
	}
	for _, tt := range tests {
		t.Run(tt.file[1], func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(append([]string{corpus.Dir(t), "fhir"}, tt.file...)...))
			if err != nil {
				t.Fatal(err)
			}
			s := Run(http.Dissector(), Out(fhir("PUT /fhir/Device/1 HTTP/1.1", string(raw))))
			if d := cmp.Diff([]observation.Observation{tt.want}, s.Observations[1:]); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

// challenge is an NTLM challenge (MS-NLMP §2.2.1.2) of the computer SRV.
const challenge = "NTLMSSP\x00\x02\x00\x00\x00" + "\x00\x00\x00\x00\x38\x00\x00\x00" + "\x01\x00\x80\x02" + "12345678" +
	"\x00\x00\x00\x00\x00\x00\x00\x00" + "\x0e\x00\x0e\x00\x38\x00\x00\x00" + "\x0a\x00\x61\x4a\x00\x00\x00\x0f" +
	"\x01\x00\x06\x00S\x00R\x00V\x00" + "\x00\x00\x00\x00"

func TestWindowsSignIn(t *testing.T) {
	s := Run(http.Dissector(), Out(head("GET /ews HTTP/1.1", "Authorization: NTLM TlRMTVNTUAABAAAA")),
		In(head("HTTP/1.1 401 Unauthorized", "WWW-Authenticate: NTLM "+base64.StdEncoding.EncodeToString([]byte(challenge)), "Content-Length: 0")))
	if !slices.Contains(s.Facts, "sender netbios-computer=SRV") {
		t.Errorf("facts %q", s.Facts)
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name, data string
		want       dissect.Verdict
	}{
		{"request", "GET / HTTP/1.1\r\n", dissect.Sure},
		{"response", "HTTP/1.0 404 Not", dissect.Sure},
		{"half a method", "PO", dissect.More},
		{"half a line", "GET /index", dissect.More},
		{"long target", "GET /" + strings.Repeat("a", 400), dissect.Likely},
		{"RTSP", "OPTIONS rtsp://cam/1 RTSP/1.0\r\n", dissect.NotMine},
		{"SIP", "OPTIONS sip:a@b SIP/2.0\r\n", dissect.NotMine},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM", dissect.NotMine},
		{"SMTP", "220 mail.example ESMTP\r\n", dissect.NotMine},
		{"memcached", "get key\r\n", dissect.NotMine},
		{"binary", "GET \x00\x01\x02", dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := http.Dissector().Probe(&dissect.Head{Data: []byte(tt.data)}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpusCaptures(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{http.Dissector()}}
	tests := []struct{ file, fact string }{
		{"http_auth.pcap", ""},
		{"http-lines-split.pcap", ""},
		{"http_ua_splitted_in_two_pkts.pcapng", ""},
		{"http_starting_with_reply.pcapng", ""},
		{"http_connect.pcap", ""},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			n := 0
			for _, s := range Replay(t, table, "ndpi", tt.file) {
				if s.Flow.Protocol == cordon.HTTP && len(s.Observations) > 0 {
					n++
				}
			}
			if n == 0 {
				t.Error("no HTTP seen")
			}
		})
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	if n := Allocs(http.Dissector(), Out(head("GET /a?b=c HTTP/1.1", "Host: pump.clinic", "User-Agent: Acme/1.0")), In(htmlPage()+page)); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, http.Dissector(),
		[]Piece{Out(head("GET /fhir/Patient/0815 HTTP/1.1", "Host: a:80", "Authorization: Basic x")), In(htmlPage() + page)},
		[]Piece{Out(head("HEAD / HTTP/1.1") + head("CONNECT a:1 HTTP/1.1")), In(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + head("HTTP/1.1 401 X", `WWW-Authenticate: Digest realm="x"`))},
		[]Piece{Out(fhir("POST /fhir HTTP/1.1", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Device","manufacturer":"A","version":[{"value":"2"}]}}]}`))},
		[]Piece{In(head("HTTP/1.1 401 X", "WWW-Authenticate: Negotiate "+base64.StdEncoding.EncodeToString([]byte(challenge))))},
		[]Piece{In(head("HTTP/1.1 200 OK", "Content-Type: application/xml+fhir") + `<Device><manufacturer value="A"/></Device>`)},
		[]Piece{In(head("HTTP/1.1 200 OK", "Content-Type: text/html", "Transfer-Encoding: chunked") + "1f;x\r\n<title>a &amp; b</title>\r\n0\r\n\r\n")},
	)
}
