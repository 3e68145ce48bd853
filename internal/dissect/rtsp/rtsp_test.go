package rtsp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/ndpitest"
	"github.com/cordonhq/cordon/internal/dissect/rtsp"
	"github.com/cordonhq/cordon/internal/observation"
)

const (
	options  = "OPTIONS rtsp://10.1.2.3/live RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: NVR 4\r\n\r\n"
	refused  = "RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nServer: IPCam\r\nWWW-Authenticate: Digest realm=\"IP Camera(F0123)\", nonce=\"n\"\r\n\r\n"
	basic    = "DESCRIBE rtsp://10.1.2.3/live RTSP/1.0\r\nCSeq: 3\r\nAuthorization: Basic QWRtaW46c2VjcmV0\r\n\r\n"
	digest   = "PLAY rtsp://10.1.2.3/live RTSP/1.0\r\nAuthorization: Digest username=\"admin\", realm=\"x\"\r\n\r\n"
	withBody = "RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: 14\r\n\r\nv=0\r\no=- 1 1 IN"
	media    = "$\x00\x00\x05RTP!!"
)

func TestObservations(t *testing.T) {
	admin := dissect.NewContext(nil, nil).Pseudonym([]byte("admin"))
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"sign-in", []Piece{Out(options), In(refused), Out(basic[:30]), Out(basic[30:]), In(withBody + media + media), Out(digest)}, []observation.Observation{
			observation.RTSPRequest{Method: "OPTIONS", UserAgent: "NVR 4"},
			observation.RTSPResponse{Status: 401, Server: "IPCam", Realm: "IP Camera(F0123)"},
			observation.RTSPRequest{Method: "DESCRIBE", Scheme: "Basic", User: admin},
			observation.RTSPResponse{Status: 200},
			observation.RTSPRequest{Method: "PLAY", Scheme: "Digest", User: admin},
		}},
		{"message behind media", []Piece{Out(options), In(media + refused)}, []observation.Observation{
			observation.RTSPRequest{Method: "OPTIONS", UserAgent: "NVR 4"},
			observation.RTSPResponse{Status: 401, Server: "IPCam", Realm: "IP Camera(F0123)"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(rtsp.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.RTSP {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		data string
		want dissect.Verdict
	}{
		{options, dissect.Sure},
		{refused, dissect.Sure},
		{options[:30], dissect.More},
		{"DESC", dissect.More},
		{"RTS", dissect.More},
		{"OPTIONS sip:x SIP/2.0\r\n", dissect.NotMine},
		{"OPTIONS / HTTP/1.1\r\n", dissect.NotMine},
		{"GET / HTTP/1.1\r\n", dissect.NotMine},
		{"PLAY " + strings.Repeat("x", 3000), dissect.NotMine},
	}
	for _, tt := range tests {
		if got := rtsp.Dissector().Probe(&dissect.Head{Data: []byte(tt.data)}); got != tt.want {
			t.Errorf("%.20q: verdict %d, want %d", tt.data, got, tt.want)
		}
	}
}

func TestCorpus(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{rtsp.Dissector()}}
	if n := ndpitest.Agree(t, table, "rtsp.pcap", "RTSP", cordon.RTSP); n == 0 {
		t.Error("no flows")
	}
	var facts []string
	for _, s := range Replay(t, table, "ndpi", "rtsp.pcap") {
		facts = append(facts, s.Facts...)
	}
	if !slices.ContainsFunc(facts, func(f string) bool { return strings.HasPrefix(f, "sender user-agent=") }) {
		t.Errorf("no client said what it is: %q", facts)
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, rtsp.Dissector(), []Piece{Out(options + basic + digest), In(refused + withBody + media)})
}
