package dcerpc_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dcerpc"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/observation"
)

func le16(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }
func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

// pdu wraps a body and a security token, little-endian, first and last fragment.
func pdu(kind byte, body, token string) string {
	if token != "" {
		token = "\x0a\x02\x00\x00\x00\x00\x00\x00" + token
	}
	auth := max(0, len(token)-8)
	return string([]byte{5, 0, kind, 3, 0x10, 0, 0, 0}) + le16(16+len(body)+len(token)) + le16(auth) + le32(1) + body + token
}

const (
	svcctl = "\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03"
	ndr    = "\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60"
)

func bind(token string) string {
	context := le16(7) + "\x01\x00" + svcctl + le16(2) + le16(0) + ndr + le32(2)
	return pdu(11, le16(4280)+le16(4280)+le32(0)+"\x01\x00\x00\x00"+context, token)
}

var (
	negotiate   = "NTLMSSP\x00" + le32(1) + le32(1<<25) + strings.Repeat("\x00", 16) + "\x06\x01\xb1\x1d\x00\x00\x00\x0f"
	wantService = observation.DCERPCInterface{UUID: "367abb81-9844-35f1-ad32-98f038001003", Name: "svcctl", Major: 2}
)

func TestObservations(t *testing.T) {
	request := pdu(0, le32(44)+le16(7)+le16(15)+strings.Repeat("a", 44), "")
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"bind and call", []Piece{Out(bind("")), Out(request)}, []observation.Observation{
			observation.DCERPCBind{Carrier: cordon.DCERPC, Interfaces: []observation.DCERPCInterface{wantService}},
			observation.DCERPCCall{Carrier: cordon.DCERPC, Interface: wantService, Operation: 15, Size: 44},
		}},
		{"arguments are passed over", []Piece{Out(request[:30]), Out(request[30:] + request)}, []observation.Observation{
			observation.DCERPCCall{Carrier: cordon.DCERPC, Operation: 15, Size: 44},
			observation.DCERPCCall{Carrier: cordon.DCERPC, Operation: 15, Size: 44},
		}},
		{"bind with NTLM", []Piece{Out(bind(negotiate))}, []observation.Observation{
			observation.DCERPCBind{Carrier: cordon.DCERPC, Interfaces: []observation.DCERPCInterface{wantService}, Authentication: 10},
			observation.NTLMNegotiate{Carrier: cordon.DCERPC, OSVersion: "6.1.7601"},
		}},
		{"fault", []Piece{Out(request), In(pdu(3, le32(0)+le16(7)+le16(0)+le32(5), ""))}, []observation.Observation{
			observation.DCERPCCall{Carrier: cordon.DCERPC, Operation: 15, Size: 44},
			observation.DCERPCFault{Carrier: cordon.DCERPC, Status: 5},
		}},
		{"bind refused", []Piece{In(pdu(13, le16(0), ""))}, []observation.Observation{observation.DCERPCFault{Carrier: cordon.DCERPC, Bind: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(dcerpc.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.DCERPC {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

// profinet is a request to connect to an IO device, big-endian as PROFINET
// devices send.
var profinet = "\x04\x00\x20\x00\x00\x00\x00\x00" + strings.Repeat("o", 16) +
	"\xde\xa0\x00\x01\x6c\x97\x11\xd1\x82\x71\x00\xa0\x24\x42\xdf\x7d" + strings.Repeat("a", 16) +
	"\x00\x00\x00\x00" + "\x00\x00\x00\x01" + "\x00\x00\x00\x00" + "\x00\x00" + "\xff\xff\xff\xff" + "\x00\x04" + "\x00\x00" + "\x00\x00" + "body"

func TestDatagram(t *testing.T) {
	s := Run(dcerpc.Datagram(), Out(profinet))
	want := []observation.Observation{observation.DCERPCCall{Carrier: cordon.DCERPC, Size: 4, Interface: observation.DCERPCInterface{
		UUID: "dea00001-6c97-11d1-8271-00a02442df7d", Name: "profinet-io-device", Major: 1,
	}}}
	if d := cmp.Diff(want, s.Observations); d != "" {
		t.Errorf("observations, -want +got:\n%s", d)
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name, data string
		want       dissect.Verdict
	}{
		{"bind", bind(""), dissect.Sure},
		{"half a header", bind("")[:10], dissect.More},
		{"too short for a bind", pdu(11, "abc", ""), dissect.NotMine},
		{"something behind the PDU", bind("") + "x", dissect.NotMine},
		{"SOCKS 5 greeting", "\x05\x01\x00", dissect.More},
		{"unknown version", "\x05\x07" + bind("")[2:], dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := dcerpc.Dissector().Probe(&dissect.Head{Data: []byte(tt.data)}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

// TestCorpus reads how a Windows client asks a domain controller for names.
func TestCorpus(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{dcerpc.Dissector(), dcerpc.Datagram()}}
	var called []uint16
	for _, s := range Replay(t, table, "protocols", "zeek", "dce-rpc_cs_window7-join_stream092.pcap") {
		for _, o := range s.Observations {
			if call, ok := o.(observation.DCERPCCall); ok && call.Interface.Name == "drsuapi" {
				called = append(called, call.Operation)
			}
		}
	}
	if want := []uint16{0, 12, 1}; !slices.Equal(called, want) {
		t.Errorf("operations %v, want %v", called, want)
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, dcerpc.Dissector(),
		[]Piece{Out(bind(negotiate) + pdu(0, le32(44)+le16(7)+le16(15)+"args", "")), In(pdu(12, strings.Repeat("\x00", 28), negotiate))},
		[]Piece{In(pdu(3, le32(0)+le16(7)+le16(0)+le32(5), ""))},
	)
}

func FuzzDatagram(f *testing.F) { Fuzzer(f, dcerpc.Datagram(), []Piece{Out(profinet)}) }
