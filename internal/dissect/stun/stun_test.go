package stun_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/stun"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

func attr(kind uint16, body string) string {
	b := binary.BigEndian.AppendUint16(nil, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return string(b) + body + strings.Repeat("\x00", -len(body)&3)
}

func message(kind uint16, cookie string, attributes ...string) string {
	body := strings.Join(attributes, "")
	b := binary.BigEndian.AppendUint16(nil, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return string(b) + cookie + "transaction!" + body
}

const cookie = "\x21\x12\xa4\x42"

var (
	binding = message(0x0001, cookie, attr(0x8022, "Camera 1.2"))
	success = message(0x0101, cookie, attr(0x0020, "\x00\x01\xe1\x12\xe1\xba\xa5\x56"), attr(0x0014, "clinic"))
	classic = message(0x0001, "\x00\x01\x02\x03", attr(0x0003, "\x00\x00\x00\x00"))
	bare    = message(0x0001, "\x00\x01\x02\x03")
)

func TestParse(t *testing.T) {
	d := stun.Dissector()
	d.Over = dissect.OverUDP
	seen := dissecttest.Run(d, dissecttest.Out(binding), dissecttest.In(success), dissecttest.Out("\x80\x60media"))
	if seen.Flow.Protocol != cordon.STUN || len(seen.Observations) != 2 {
		t.Fatalf("%s with %d observations, want stun with 2", seen.Flow.Protocol, len(seen.Observations))
	}
	if want := []string{"sender software=Camera 1.2"}; !slices.Equal(seen.Facts, want) {
		t.Errorf("facts %q, want %q", seen.Facts, want)
	}
	o := seen.Observations[1].(observation.STUN)
	if o.Class != 2 || o.Method != 1 || o.Realm != "clinic" || o.Mapped.String() != "192.168.1.20" || o.MappedPort != 0xc000 {
		t.Errorf("success read as %+v", o)
	}
}

func TestStream(t *testing.T) {
	both := binding + success
	seen := dissecttest.Run(stun.Dissector(), dissecttest.Out(both[:9]), dissecttest.Out(both[9:50]), dissecttest.Out(both[50:]))
	if len(seen.Observations) != 2 {
		t.Errorf("%d observations, want 2", len(seen.Observations))
	}
}

func TestFramedStream(t *testing.T) {
	framed := string(binary.BigEndian.AppendUint16(nil, uint16(len(binding)))) + binding
	seen := dissecttest.Run(stun.Dissector(), dissecttest.Out(framed[:9]), dissecttest.Out(framed[9:]+framed))
	if len(seen.Observations) != 2 {
		t.Errorf("%d observations, want 2", len(seen.Observations))
	}
}

func TestKeyAgreementTakesOver(t *testing.T) {
	d := stun.Dissector()
	d.Over = dissect.OverUDP
	seen := dissecttest.Run(d, dissecttest.Out(binding), dissecttest.Out("\x16\xfe\xff"+strings.Repeat("\x00", 20)))
	if seen.Flow.Protocol != cordon.DTLS {
		t.Errorf("the flow stays %s, want dtls", seen.Flow.Protocol)
	}
}

func TestProbe(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		proto      uint8
		hint       bool
		want       dissect.Verdict
	}{
		{"with the cookie", binding, packet.ProtoUDP, false, dissect.Sure},
		{"over TCP", binding, packet.ProtoTCP, false, dissect.Sure},
		{"start of a stream", binding[:6], packet.ProtoTCP, false, dissect.More},
		{"RFC 3489", classic, packet.ProtoUDP, false, dissect.Likely},
		{"RFC 3489 on its port", bare, packet.ProtoUDP, true, dissect.Sure},
		{"RFC 3489 bare elsewhere", bare, packet.ProtoUDP, false, dissect.NotMine},
		{"RTP", "\x80\x60\x12\x34" + strings.Repeat("x", 40), packet.ProtoUDP, true, dissect.NotMine},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := &dissect.Head{Data: []byte(tc.data), Flow: &flow.Flow{Proto: tc.proto}, Hint: tc.hint}
			if got := stun.Dissector().Probe(h); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

func FuzzDatagram(f *testing.F) {
	d := stun.Dissector()
	d.Over = dissect.OverUDP
	dissecttest.Fuzzer(f, d, []dissecttest.Piece{dissecttest.Out(binding), dissecttest.In(success)}, []dissecttest.Piece{dissecttest.Out(classic), dissecttest.In(bare)})
}

func FuzzStream(f *testing.F) {
	dissecttest.Fuzzer(f, stun.Dissector(), []dissecttest.Piece{dissecttest.Out(binding + success), dissecttest.In(success + binding)})
}
