package catalog_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/catalog"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
)

// samples are beginnings that take probes of all kinds some way in.
var samples = []string{
	"GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n",
	"HTTP/1.1 200 OK\r\nServer: a\r\n\r\n",
	"\x0bMSH|^~\\&|A|B|C|D|20240101||ORU^R01|1|P|2.6\r",
	"\x01\x00\x00\x00\x00\x60\x00\x01\x00\x00" + strings.Repeat("A", 32) + strings.Repeat("\x00", 32) + "\x10\x00\x00\x05" + "1.2.8",
	"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04abcd",
	"\x30\x06\x00\x03a/b1",
	"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x01",
	"\x81\x0a\x00\x11\x01\x00\x10\x00\xc4\x02\x00\x00\x11\x22\x05\xc4\x91",
	"\x42\x01\x12\x34\xaa\xbb\xb7sensors\x04temp",
	"\x16\x03\x01\x00\x2a\x01\x00\x00\x26\x03\x03" + strings.Repeat("r", 40),
	"SSH-2.0-OpenSSH_9.6\r\n",
	"220 mail.example ESMTP\r\n",
	"\x00\x00\x00\x45\xfeSMB\x40\x00" + strings.Repeat("\x00", 64),
	"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x02bc\x00\x00\x01\x00\x01",
	"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x01\x00\x05\x00",
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	strings.Repeat("\xff", 64),
	"x",
}

var protos = map[dissect.Transport]uint8{
	dissect.OverTCP: packet.ProtoTCP, dissect.OverUDP: packet.ProtoUDP, dissect.OverSCTP: packet.ProtoSCTP,
	dissect.OverICMP: packet.ProtoICMP, dissect.OverICMPv6: packet.ProtoICMPv6, dissect.OverIGMP: packet.ProtoIGMP,
}

func TestProbesAllocateNothing(t *testing.T) {
	for _, d := range catalog.Table().Flows {
		t.Run(d.Protocol.String(), func(t *testing.T) {
			for over, proto := range protos {
				if d.Over&over == 0 {
					continue
				}
				h := dissect.Head{Flow: &flow.Flow{Proto: proto, SrcPort: 49152}}
				if len(d.Ports) > 0 {
					h.Flow.DstPort = d.Ports[0]
				}
				for _, s := range samples {
					data := []byte(s)
					for _, hint := range []bool{false, true} {
						n := testing.AllocsPerRun(10, func() {
							h.Data, h.Hint, h.Dir = data, hint, flow.Out
							d.Probe(&h)
						})
						if n > 0 {
							t.Errorf("%v allocations to judge %q (hint %v)", n, s[:min(len(s), 24)], hint)
						}
					}
				}
			}
		})
	}
}

// TestFirstAgreesWithProbe holds each row to its promise that messages do not
// begin with certain bytes.
func TestFirstAgreesWithProbe(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 64)
	for _, d := range catalog.Table().Flows {
		if d.First == nil {
			continue
		}
		for over, proto := range protos {
			if d.Over&over == 0 {
				continue
			}
			h := dissect.Head{Flow: &flow.Flow{Proto: proto, SrcPort: 49152, DstPort: 49153}}
			for first := range 256 {
				if d.First(byte(first)) {
					continue
				}
				for i := range 60 {
					for j := range random {
						random[j] = byte(r.Uint32())
					}
					h.Data = random[:1+r.IntN(len(random))]
					if i < 2*len(samples) {
						h.Data = []byte(samples[i/2])
					}
					h.Data[0], h.Hint, h.Midway, h.Dir = byte(first), i%2 == 0, r.IntN(2) == 0, flow.Direction(r.IntN(2))
					if v := d.Probe(&h); v != dissect.NotMine {
						t.Fatalf("%v: %d of %q, which it says none begins with", d.Protocol, v, h.Data)
					}
				}
			}
		}
	}
}

func TestRowsAreComplete(t *testing.T) {
	for _, d := range catalog.Table().Flows {
		if d.Probe == nil || d.Over == 0 || d.Protocol == 0 || d.Window > dissect.MaxWindow {
			t.Errorf("%v: incomplete row", d.Protocol)
		}
	}
	for _, l := range catalog.Table().Links {
		if l.Parse == nil || l.EtherType == 0 || l.Protocol == 0 {
			t.Errorf("%v: incomplete row", l.Protocol)
		}
	}
}
