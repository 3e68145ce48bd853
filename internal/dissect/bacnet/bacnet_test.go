package bacnet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/bacnet"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

func bvlc(function byte, body string) string {
	return string([]byte{0x81, function, 0, byte(len(body) + 4)}) + body
}

// local is a message without routing.
func local(apdu string) string { return bvlc(0x0a, "\x01\x00"+apdu) }

// text is a property value: opening tag, UTF-8 string, closing tag.
func text(s string) string {
	return "\x3e\x75" + string([]byte{byte(len(s) + 1), 0}) + s + "\x3f"
}

// device 17, maximum 1476, no segmentation, vendor 5.
const iAm = "\x10\x00\xc4\x02\x00\x00\x11\x22\x05\xc4\x91\x03\x21\x05"

func ack(property byte, value string) string {
	return local("\x30\x01\x0c\x0c\x02\x00\x00\x11\x19" + string([]byte{property}) + value)
}

// several is an answer to ReadPropertyMultiple: two properties of the device,
// an error in place of a third, then an analog input's value.
const several = "\x30\x01\x0e" +
	"\x0c\x02\x00\x00\x11\x1e" + "\x29\x79\x4e\x75\x05\x00Acme\x4f" + "\x29\x2c\x4e\x75\x06\x04\x00v\x001\x00\x00\x4f" + "\x29\x3a\x5e\x91\x02\x91\x20\x5f" + "\x1f" +
	"\x0c\x00\x00\x00\x01\x1e" + "\x29\x55\x4e\x44\x41\xa0\x00\x00\x4f" + "\x1f"

func TestObservations(t *testing.T) {
	tests := []struct {
		name  string
		sent  string
		want  []observation.Observation
		facts []string
	}{
		{"I-Am", bvlc(0x0b, "\x01\x20\xff\xff\x00\xff"+iAm),
			[]observation.Observation{observation.BACnetIAm{Instance: 17, MaxAPDU: 1476, VendorID: 5}},
			[]string{"sender device-instance=17", "sender vendor-id=5", "sender vendor-id-name=Johnson Controls"}},
		{"I-Am passed on by a BBMD", bvlc(0x04, "\x0a\x00\x00\x09\xba\xc0\x01\x00"+iAm),
			[]observation.Observation{observation.BACnetIAm{Origin: observation.BACnetOrigin{Forwarded: netid.AddrFrom4([4]byte{10, 0, 0, 9})}, Instance: 17, MaxAPDU: 1476, VendorID: 5}},
			[]string{"bound device-instance=17", "bound vendor-id=5", "bound vendor-id-name=Johnson Controls"}},
		{"I-Am from behind a router", bvlc(0x0b, "\x01\x08\x00\x05\x01\x0b"+iAm),
			[]observation.Observation{observation.BACnetIAm{Origin: observation.BACnetOrigin{Network: 5}, Instance: 17, MaxAPDU: 1476, VendorID: 5}},
			[]string{"sender routes-network=5"}},
		{"Who-Is everybody", bvlc(0x0b, "\x01\x20\xff\xff\x00\xff\x10\x08"),
			[]observation.Observation{observation.BACnetRequest{Service: 8, High: 0x3fffff}}, nil},
		{"Who-Is a range", bvlc(0x0b, "\x01\x20\xff\xff\x00\xff\x10\x08\x09\x03\x1a\x01\x00"),
			[]observation.Observation{observation.BACnetRequest{Service: 8, Low: 3, High: 256}}, nil},
		{"ReadProperty", local("\x00\x05\x01\x0c\x0c\x02\x00\x00\x11\x19\x4d"),
			[]observation.Observation{observation.BACnetRequest{Confirmed: true, Service: 12, Object: observation.BACnetObject{Type: 8, Instance: 17}, Property: 77}}, nil},
		{"WriteProperty", local("\x00\x05\x01\x0f\x0c\x00\x40\x00\x01\x19\x55\x3e\x44\x00\x00\x00\x00\x3f"),
			[]observation.Observation{observation.BACnetRequest{Confirmed: true, Service: 15, Object: observation.BACnetObject{Type: 1, Instance: 1}, Property: 85}}, nil},
		{"model name", ack(70, text("FX-16")),
			[]observation.Observation{observation.BACnetDevice{Instance: 17, Model: "FX-16"}}, []string{"sender model-name=FX-16"}},
		{"vendor identifier", ack(120, "\x3e\x21\x05\x3f"),
			[]observation.Observation{observation.BACnetDevice{Instance: 17, VendorID: 5}}, []string{"sender vendor-id=5", "sender vendor-id-name=Johnson Controls"}},
		{"several properties", local(several),
			[]observation.Observation{observation.BACnetDevice{Instance: 17, Vendor: "Acme", Firmware: "v1"}},
			[]string{"sender vendor-name=Acme", "sender firmware-revision=v1"}},
		{"refused", local("\x50\x01\x0f\x91\x02\x91\x28"), []observation.Observation{observation.BACnetRefusal{Kind: 5, Service: 15, Class: 2, Code: 40}}, nil},
		{"foreign device", bvlc(0x05, "\x00\x3c"), []observation.Observation{observation.BACnetLink{Function: 5, Seconds: 60}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(bacnet.Dissector(), Out(tt.sent))
			if s.Flow.Protocol != cordon.BACnet {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
			if d := cmp.Diff(tt.facts, s.Facts); d != "" {
				t.Errorf("facts, -want +got:\n%s", d)
			}
		})
	}
}

func TestForwardedDevicesAreBound(t *testing.T) {
	s := Run(bacnet.Dissector(), Out(bvlc(0x04, "\x0a\x00\x00\x09\xba\xc0\x01\x00"+iAm)))
	var got []observation.Binding
	s.Observations[0].(observation.Binder).Bindings(func(b observation.Binding) { got = append(got, b) })
	if d := cmp.Diff([]observation.Binding{{IP: netid.AddrFrom4([4]byte{10, 0, 0, 9})}}, got); d != "" {
		t.Errorf("bindings, -want +got:\n%s", d)
	}
}

func TestWrites(t *testing.T) {
	for service, want := range map[uint8]bool{12: false, 14: false, 15: true, 17: true, 20: true} {
		if got := (observation.BACnetRequest{Confirmed: true, Service: service}).Writes(); got != want {
			t.Errorf("service %d writes: %v, want %v", service, got, want)
		}
	}
	if (observation.BACnetRequest{Service: 8}).Writes() {
		t.Error("a Who-Is changes nothing")
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name, data string
		hint       bool
		want       dissect.Verdict
	}{
		{"on its port", local(iAm), true, dissect.Sure},
		{"elsewhere", local(iAm), false, dissect.Sure},
		{"registration elsewhere", bvlc(0x05, "\x00\x3c"), false, dissect.Likely},
		{"length too short for the datagram", local(iAm) + "x", false, dissect.NotMine},
		{"cut by the snap length", local(iAm)[:12], true, dissect.Likely},
		{"other version", bvlc(0x0a, "\x02\x00"+iAm), false, dissect.NotMine},
		{"other version on its port", bvlc(0x0a, "\x02\x00"+iAm), true, dissect.More},
		{"other type", "\x82" + local(iAm)[1:], true, dissect.NotMine},
		{"DNS", "\x81\x0a\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", true, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := bacnet.Dissector().Probe(&dissect.Head{Data: []byte(tt.data), Hint: tt.hint}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpus(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{bacnet.Dissector()}}
	tests := []struct {
		file                       []string
		iams, requests, deviceAcks int
	}{
		{[]string{"ndpi", "bacnet.pcap"}, 5, 15, 0},
		{[]string{"protocols", "icsnpp-bacnet", "bacnet_example.pcap"}, 210, 1527, 600},
		{[]string{"protocols", "icsnpp-bacnet", "bacnet_error_reject_abort.pcap"}, 1, 41, 0},
		{[]string{"protocols", "arkime", "bacnet-stack-services.pcap"}, 11, 46, 0},
	}
	for _, tt := range tests {
		t.Run(tt.file[len(tt.file)-1], func(t *testing.T) {
			iams, requests, deviceAcks := 0, 0, 0
			for _, s := range Replay(t, table, tt.file...) {
				for _, o := range s.Observations {
					switch o.(type) {
					case observation.BACnetIAm:
						iams++
					case observation.BACnetDevice:
						deviceAcks++
					case observation.BACnetRequest:
						requests++
					}
				}
			}
			if iams != tt.iams || requests != tt.requests || deviceAcks != tt.deviceAcks {
				t.Errorf("%d I-Am, %d requests, %d answers of devices; want %d, %d, %d", iams, requests, deviceAcks, tt.iams, tt.requests, tt.deviceAcks)
			}
		})
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	if n := Allocs(bacnet.Dissector(), Out(bvlc(0x0b, "\x01\x20\xff\xff\x00\xff"+iAm)), In(local(several))); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, bacnet.Dissector(),
		[]Piece{Out(bvlc(0x04, "\x0a\x00\x00\x09\xba\xc0\x01\x00"+iAm)), In(local(several))},
		[]Piece{Out(bvlc(0x0b, "\x01\x20\xff\xff\x00\xff\x10\x08\x09\x03\x1a\x01\x00")), In(ack(70, text("FX-16")))},
		[]Piece{Out(local("\x00\x05\x01\x0f\x0c\x00\x40\x00\x01\x19\x55\x3e\x44\x00\x00\x00\x00\x3f")), In(local("\x50\x01\x0f\x91\x02\x91\x28"))},
	)
}
