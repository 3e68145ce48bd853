package tftp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/tftp"
	"github.com/cordonhq/cordon/internal/observation"
)

const (
	load  = "\x00\x01SEP0203040506AA.cnf.xml\x00octet\x00blksize\x001428\x00"
	store = "\x00\x02running-config\x00NETASCII\x00"
	fault = "\x00\x05\x00\x01File not found\x00"
)

func TestParse(t *testing.T) {
	seen := dissecttest.Run(tftp.Dissector(), dissecttest.Out(load), dissecttest.In(fault), dissecttest.Out(store))
	if want := []string{"sender file=SEP0203040506AA.cnf.xml", "sender file=running-config"}; seen.Flow.Protocol != cordon.TFTP || !slices.Equal(seen.Facts, want) {
		t.Errorf("%s with facts %q, want tftp with %q", seen.Flow.Protocol, seen.Facts, want)
	}
	if o := seen.Observations[1].(observation.TFTP); !o.Write || o.Mode != "NETASCII" {
		t.Errorf("write read as %+v", o)
	}
}

func TestProbe(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		hint       bool
		want       dissect.Verdict
	}{
		{"request elsewhere", load, false, dissect.Sure},
		{"error on its port", fault, true, dissect.Likely},
		{"error elsewhere", fault, false, dissect.NotMine},
		{"mode that is none", "\x00\x01file\x00binary\x00", true, dissect.NotMine},
		{"no file", "\x00\x01\x00octet\x00", true, dissect.NotMine},
		{"text", strings.Repeat("x", 20), true, dissect.NotMine},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tftp.Dissector().Probe(&dissect.Head{Data: []byte(tc.data), Hint: tc.hint}); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	dissecttest.Fuzzer(f, tftp.Dissector(), []dissecttest.Piece{dissecttest.Out(load), dissecttest.In(fault)}, []dissecttest.Piece{dissecttest.Out(store)})
}
