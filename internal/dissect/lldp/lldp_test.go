package lldp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/lldp"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

func tlv(kind byte, value string) string {
	return string([]byte{kind<<1 | byte(len(value)>>8), byte(len(value))}) + value
}

func med(subtype byte, value string) string { return tlv(127, "\x00\x12\xbb"+string(subtype)+value) }

var (
	head  = tlv(1, "\x04\x00\x1b\x54\xaa\xbb\xcc") + tlv(2, "\x05Gi0/1") + tlv(3, "\x00\x78")
	phone = head + tlv(4, "Port 1") + tlv(5, "phone-12") + tlv(6, "Acme IP Phone\r\nline 2") + tlv(7, "\x00\x24\x00\x20") +
		tlv(8, "\x05\x01\x0a\x00\x00\x07\x02\x00\x00\x00\x01\x00") +
		tlv(127, "\x00\x80\xc2\x01\x00\x0a") + tlv(127, "\x00\x80\xc2\x03\x00\x0a\x04Ward") +
		med(1, "\x00\x33\x03") + med(2, "\x01\x40\x14\x2e") +
		med(5, "H1") + med(6, "F2") + med(7, "S3") + med(8, "SN4") + med(9, "Acme") + med(10, "P-100") + med(11, "A5") + tlv(0, "")
)

func TestObservation(t *testing.T) {
	want := []observation.Observation{observation.LLDP{
		ChassisID: "00:1b:54:aa:bb:cc", ChassisMAC: netid.MAC{0, 0x1b, 0x54, 0xaa, 0xbb, 0xcc}, PortID: "Gi0/1", TTL: 120,
		PortDescription: "Port 1", SystemName: "phone-12", SystemDescription: "Acme IP Phone  line 2",
		Capabilities: observation.LinkBridge | observation.LinkTelephone, Enabled: observation.LinkTelephone,
		Management: []netid.Addr{netid.AddrFrom4([4]byte{10, 0, 0, 7})}, PortVLAN: 10, VLANName: "Ward", VoiceVLAN: 10,
		DeviceClass: 3, HardwareRevision: "H1", FirmwareRevision: "F2", SoftwareRevision: "S3", SerialNumber: "SN4",
		Manufacturer: "Acme", Model: "P-100", AssetID: "A5",
	}}
	s := RunLink(lldp.Dissector(), []byte(phone))
	if d := cmp.Diff(want, s.Observations); d != "" {
		t.Errorf("observations, -want +got:\n%s", d)
	}
	facts := []string{
		"sender system-name=phone-12", "sender system-description=Acme IP Phone  line 2", "sender capabilities=telephone",
		"sender device-class=communication-device", "sender manufacturer=Acme", "sender model-name=P-100", "sender hardware-revision=H1",
		"sender firmware-revision=F2", "sender software-revision=S3", "sender serial-number=SN4", "sender asset-id=A5",
	}
	if d := cmp.Diff(facts, s.Facts); d != "" {
		t.Errorf("facts, -want +got:\n%s", d)
	}
	var bindings []observation.Binding
	s.Observations[0].(observation.Binder).Bindings(func(b observation.Binding) { bindings = append(bindings, b) })
	bound := []observation.Binding{
		{MAC: netid.MAC{0, 0x1b, 0x54, 0xaa, 0xbb, 0xcc}, Name: "phone-12"},
		{IP: netid.AddrFrom4([4]byte{10, 0, 0, 7}), Name: "phone-12"},
	}
	if d := cmp.Diff(bound, bindings); d != "" {
		t.Errorf("bindings, -want +got:\n%s", d)
	}
}

func TestFrames(t *testing.T) {
	tests := []struct {
		name, frame string
		want        int // observations
	}{
		{"no end", head, 1},
		{"padded", head + tlv(0, "") + "\x00\x00\x00\x00", 1},
		{"cut", head + tlv(6, "system")[:4], 1},
		{"port before chassis", tlv(2, "\x05Gi0/1") + tlv(1, "\x07x") + tlv(3, "\x00\x78"), 0},
		{"ends before the time to live", tlv(1, "\x07x") + tlv(2, "\x05y") + tlv(0, ""), 0},
		{"nothing", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := len(RunLink(lldp.Dissector(), []byte(tt.frame)).Observations); got != tt.want {
				t.Errorf("%d observations, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpus(t *testing.T) {
	table := dissect.Table{Links: []dissect.LinkDissector{lldp.Dissector()}}
	for file, want := range map[string]int{"LLDP_and_CDP.pcap": 8, "lldp-app-priority.pcap": 1} {
		t.Run(file, func(t *testing.T) {
			got := 0
			for _, s := range Replay(t, table, "protocols", "tcpdump", file) {
				got += len(s.Observations)
			}
			if got != want {
				t.Errorf("%d observations, want %d", got, want)
			}
		})
	}
}

func Fuzz(f *testing.F) { LinkFuzzer(f, lldp.Dissector(), []byte(phone), []byte(head)) }
