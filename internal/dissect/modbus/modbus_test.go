package modbus_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/modbus"
	"github.com/cordonhq/cordon/internal/observation"
)

// adu makes a message of unit 1: the function code, then its body.
func adu(function byte, body string) string {
	return string([]byte{0, 7, 0, 0, 0, byte(len(body) + 2), 1, function}) + body
}

const identification = "\x0e\x01\x01\x00\x00\x03" +
	"\x00\x0aAcme Pumps" + "\x01\x04HV-7" + "\x02\x05v2.11"

func TestObservations(t *testing.T) {
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
		facts  []string
	}{
		{"read registers", []Piece{Out(adu(3, "\x00\x10\x00\x02")), In(adu(3, "\x04\x01\x02\x03\x04"))},
			[]observation.Observation{
				observation.ModbusRequest{Unit: 1, Function: observation.ModbusReadHolding, Address: 16, Quantity: 2},
			}, nil},
		{"write refused", []Piece{Out(adu(6, "\x00\x10\xff\x00")), In(adu(0x86, "\x02"))},
			[]observation.Observation{
				observation.ModbusRequest{Unit: 1, Function: observation.ModbusWriteRegister, Address: 16, Quantity: 1},
				observation.ModbusException{Unit: 1, Function: observation.ModbusWriteRegister, Code: 2},
			}, nil},
		{"device identification", []Piece{Out(adu(0x2b, "\x0e\x01\x00")), In(adu(0x2b, identification))},
			[]observation.Observation{
				observation.ModbusRequest{Unit: 1, Function: observation.ModbusEncapsulated},
				observation.ModbusIdentity{Unit: 1, Vendor: "Acme Pumps", ProductCode: "HV-7", Revision: "v2.11"},
			},
			[]string{"sender vendor-name=Acme Pumps", "sender product-code=HV-7", "sender revision=v2.11"}},
		{"two requests in one segment, one in two", []Piece{
			Out(adu(1, "\x00\x00\x00\x08") + adu(15, "\x00\x13\x00\x0a\x02\xcd\x01")), Out(adu(4, "\x00\x01\x00\x01")[:5]), Out(adu(4, "\x00\x01\x00\x01")[5:]),
		},
			[]observation.Observation{
				observation.ModbusRequest{Unit: 1, Function: observation.ModbusReadCoils, Quantity: 8},
				observation.ModbusRequest{Unit: 1, Function: observation.ModbusWriteCoils, Address: 0x13, Quantity: 10},
				observation.ModbusRequest{Unit: 1, Function: observation.ModbusReadInput, Address: 1, Quantity: 1},
			}, nil},
		{"report server id", []Piece{Out(adu(17, "")), In(adu(17, "\x0aPLC-9 v1\x00\xff"))},
			[]observation.Observation{
				observation.ModbusRequest{Unit: 1, Function: observation.ModbusReportServerID},
				observation.ModbusIdentity{Unit: 1, ServerID: "PLC-9 v1"},
			}, []string{"sender server-id=PLC-9 v1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(modbus.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.Modbus {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
			if !slices.Equal(s.Facts, tt.facts) {
				t.Errorf("facts %q, want %q", s.Facts, tt.facts)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name, data string
		hint       bool
		want       dissect.Verdict
	}{
		{"request on its port", adu(3, "\x00\x10\x00\x02"), true, dissect.Sure},
		{"request elsewhere", adu(3, "\x00\x10\x00\x02"), false, dissect.Likely},
		{"half a message", adu(3, "\x00\x10\x00\x02")[:9], true, dissect.More},
		{"other protocol identifier", "\x00\x01\x00\x01\x00\x06\x01\x03\x00\x00\x00\x01", true, dissect.NotMine},
		{"wrong shape for its function", adu(5, "\x00\x10\x00\x02\x00"), true, dissect.NotMine},
		{"text", "GET / HTTP/1.1\r\n\r\n", true, dissect.NotMine},
		{"zeros", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", true, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := modbus.Dissector().Probe(&dissect.Head{Data: []byte(tt.data), Hint: tt.hint}); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpus(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{modbus.Dissector()}}
	tests := []struct {
		file     []string
		flows    int // that are Modbus
		requests int
	}{
		{[]string{"protocols", "iti-ics", "ModbusTCP_Modbus_modbus_test.pcap"}, 5, 1142},
		{[]string{"ndpi", "modbus.pcap"}, 1, 51},
	}
	for _, tt := range tests {
		t.Run(tt.file[len(tt.file)-1], func(t *testing.T) {
			flows, requests := 0, 0
			for _, s := range Replay(t, table, tt.file...) {
				if s.Flow.Protocol == cordon.Modbus {
					flows++
				}
				for _, o := range s.Observations {
					if _, ok := o.(observation.ModbusRequest); ok {
						requests++
					}
				}
			}
			if flows != tt.flows || requests != tt.requests {
				t.Errorf("%d flows with %d requests, want %d and %d", flows, requests, tt.flows, tt.requests)
			}
		})
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	if n := Allocs(modbus.Dissector(), Out(adu(3, "\x00\x10\x00\x02")), In(adu(3, "\x04\x01\x02\x03\x04")), In(adu(0x2b, identification))); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, modbus.Dissector(),
		[]Piece{Out(adu(3, "\x00\x10\x00\x02")), In(adu(3, "\x04\x01\x02\x03\x04"))},
		[]Piece{Out(adu(0x2b, "\x0e\x01\x00")), In(adu(0x2b, identification))},
		[]Piece{Out(adu(17, "")), In(adu(17, "\x0aPLC-9 v1\x00\xff"))},
		[]Piece{Out(adu(23, "\x00\x01\x00\x01\x00\x10\x00\x01\x02\x00\x07")), In(adu(0x97, "\x04"))},
	)
}
