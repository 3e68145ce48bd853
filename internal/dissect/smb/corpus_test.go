package smb_test

import (
	"slices"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/smb"
	"github.com/cordonhq/cordon/internal/observation"
)

var table = dissect.Table{Flows: []dissect.Dissector{smb.Session(), smb.Version1(), smb.Version2()}}

func TestCorpus(t *testing.T) {
	tests := []struct {
		file     []string
		protocol cordon.Protocol
		facts    []string
	}{
		{[]string{"ndpi", "smbv1.pcap"}, cordon.SMB1, []string{
			"sender netbios-computer=JOHN-PC", "sender native-os=Windows 7 Ultimate 7601 Service Pack 1", `receiver share=\\10.128.0.243\IPC$`,
		}},
		{[]string{"protocols", "zeek", "smb_smb1_transaction_request.pcap"}, cordon.SMB1, []string{
			"sender netbios-domain=TEST", "sender native-lan-manager=Samba 4.7.4", `receiver share=\\WIN2K\IPC$`,
		}},
		{[]string{"protocols", "zeek", "smb_smb311.pcap"}, cordon.SMB2, []string{
			"sender dialect=3.1.1", "sender dns-computer=AD.foo.test", "sender os-version=10.0.14393",
		}},
		{[]string{"protocols", "suricata-verify", "smb2-06_20171220_smb_net_user.pcap"}, cordon.SMB2, []string{
			`receiver share=\\DC1.contoso.local\IPC$`, "receiver rpc-interface=samr",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file[len(tt.file)-1], func(t *testing.T) {
			var facts []string
			for _, s := range Replay(t, table, tt.file...) {
				if s.Flow.Protocol == tt.protocol {
					facts = append(facts, s.Facts...)
				}
			}
			for _, f := range tt.facts {
				if !slices.Contains(facts, f) {
					t.Errorf("no %q in %q", f, facts)
				}
			}
		})
	}
}

// TestEternalBlue sees what tells the exploit: a transaction that announces
// more than its continuations can carry, and what the backdoor answers.
func TestEternalBlue(t *testing.T) {
	transactions, refusals := 0, 0
	for _, s := range Replay(t, table, "attacks", "eternalblue", "eternalblue-success-unpatched-win7.pcap") {
		for _, o := range s.Observations {
			switch o := o.(type) {
			case observation.SMBTransaction:
				if o.TotalData > 0xffff {
					transactions++
				}
			case observation.SMBFailure:
				if o.Command == 0x32 && o.Status == 0xc0000002 {
					refusals++
				}
			}
		}
	}
	if transactions == 0 || refusals == 0 {
		t.Errorf("%d oversized transactions, %d refused ones; want some of both", transactions, refusals)
	}
}
