package cdp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/cdp"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

func tlv(kind byte, value string) string {
	n := len(value) + 4
	return string([]byte{0, kind, byte(n >> 8), byte(n)}) + value
}

var announcement = "\x02\xb4\x00\x00" + tlv(1, "sw-ward3.clinic") +
	tlv(2, "\x00\x00\x00\x02\x01\x01\xcc\x00\x04\x0a\x00\x00\x02\x02\x08\xaa\xaa\x03\x00\x00\x00\x86\xdd\x00\x10\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01") +
	tlv(3, "GigabitEthernet0/1") + tlv(4, "\x00\x00\x00\x29") + tlv(5, "Cisco IOS Software\nVersion 15.2(2)E") + tlv(6, "cisco WS-C2960X") +
	tlv(9, "clinic") + tlv(10, "\x00\x0a") + tlv(0x16, "\x00\x00\x00\x01\x01\x01\xcc\x00\x04\x0a\x00\x00\x02")

func TestObservation(t *testing.T) {
	s := RunLink(cdp.Dissector(), []byte(announcement))
	want := []observation.Observation{observation.CDP{
		DeviceID: "sw-ward3.clinic", PortID: "GigabitEthernet0/1", Platform: "cisco WS-C2960X", SoftwareVersion: "Cisco IOS Software Version 15.2(2)E",
		Capabilities: observation.LinkRouter | observation.LinkBridge,
		Addresses:    []netid.Addr{netid.AddrFrom4([4]byte{10, 0, 0, 2}), {0: 0xfe, 1: 0x80, 15: 1}},
		NativeVLAN:   10, VTPDomain: "clinic", TTL: 180,
	}}
	if d := cmp.Diff(want, s.Observations); d != "" {
		t.Errorf("observations, -want +got:\n%s", d)
	}
	facts := []string{
		"sender device-id=sw-ward3.clinic", "sender platform=cisco WS-C2960X",
		"sender software-version=Cisco IOS Software Version 15.2(2)E", "sender capabilities=bridge router",
	}
	if d := cmp.Diff(facts, s.Facts); d != "" {
		t.Errorf("facts, -want +got:\n%s", d)
	}
}

func TestFrames(t *testing.T) {
	tests := []struct {
		name, frame string
		want        int // observations
	}{
		{"version 1", "\x01" + announcement[1:], 1},
		{"unknown version", "\x09" + announcement[1:], 0},
		{"cut", announcement[:40], 1},
		{"length below that of its head", "\x02\xb4\x00\x00\x00\x01\x00\x03", 0},
		{"nothing", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := len(RunLink(cdp.Dissector(), []byte(tt.frame)).Observations); got != tt.want {
				t.Errorf("%d observations, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpus(t *testing.T) {
	table := dissect.Table{Links: []dissect.LinkDissector{cdp.Dissector()}}
	for file, want := range map[string]int{"LLDP_and_CDP.pcap": 4, "3560_CDP.pcap": 3} {
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

func Fuzz(f *testing.F) {
	LinkFuzzer(f, cdp.Dissector(), []byte(announcement), []byte("\x01"+announcement[1:]))
}
