package arp_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/arp"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/observation"
)

// unhex reads hexadecimal with spaces for the reader's sake.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

var (
	request      = unhex("0001 0800 06 04 0001 0203040506aa c0a80105 000000000000 c0a80101 00000000000000000000")
	reply        = unhex("0001 0800 06 04 0002 0203040506bb c0a80101 0203040506aa c0a80105")
	probe        = unhex("0001 0800 06 04 0001 0203040506aa 00000000 000000000000 c0a80109")
	announcement = unhex("0001 0800 06 04 0001 0203040506aa c0a80109 000000000000 c0a80109")
	groupSender  = unhex("0001 0800 06 04 0002 ffffffffffff c0a80109 0203040506aa c0a80105")
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"request", request, "op 1 binds [02:03:04:05:06:aa 192.168.1.5] target  192.168.1.1 probe false announcement false"},
		{"reply", reply, "op 2 binds [02:03:04:05:06:bb 192.168.1.1] target 02:03:04:05:06:aa 192.168.1.5 probe false announcement false"},
		{"probe", probe, "op 1 binds [] target  192.168.1.9 probe true announcement false"},
		{"announcement", announcement, "op 1 binds [02:03:04:05:06:aa 192.168.1.9] target  192.168.1.9 probe false announcement true"},
		{"group address as sender", groupSender, "op 2 binds [] target 02:03:04:05:06:aa 192.168.1.5 probe false announcement false"},
		{"cut", reply[:27], ""},
		{"empty", nil, ""},
		{"token ring", unhex("0006 0800 06 04 0002 0203040506bb c0a80101 0203040506aa c0a80105"), ""},
		{"hardware length 8", unhex("0001 0800 08 04 0002 0203040506bb c0a80101 0203040506aa c0a80105 00000000"), ""},
		{"reverse ARP", unhex("0001 0800 06 04 0003 0203040506bb c0a80101 0203040506aa c0a80105"), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got string
			for _, o := range dissecttest.RunLink(arp.Dissector(), tc.data).Observations {
				a := o.(observation.ARP)
				var bound []string
				a.Bindings(func(b observation.Binding) { bound = append(bound, fmt.Sprint(b.MAC, " ", b.IP)) })
				got = fmt.Sprintf("op %d binds %v target %s %s probe %v announcement %v",
					a.Operation, bound, a.TargetMAC, a.TargetIP, a.Probe(), a.Announcement())
			}
			if got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	if n := testing.AllocsPerRun(1000, func() { arp.Dissector().Parse(c, reply) }); n != 0 {
		t.Errorf("%v allocations a packet, want none", n)
	}
}

func FuzzParse(f *testing.F) {
	dissecttest.LinkFuzzer(f, arp.Dissector(), request, reply, probe, announcement, groupSender)
}
