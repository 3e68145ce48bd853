package attack

import (
	"time"

	"github.com/cordonhq/cordon/internal/lab"
)

// Scenarios is every attack. By default each comes from a device that has no
// business with its victims' services, so that the truth about its packets is
// exact.
var Scenarios = []Scenario{
	{
		Name: "recon-discovery", Title: "Who is there: sweeps by ARP and ping",
		About:      "nmap looks for hosts: by ARP in the guest network, by ICMP and TCP pings in the ward and among the servers.",
		Techniques: []string{"T0846", "T1018"}, From: "phone-1", Victims: append(in(lab.Guest, "phone-1"), append(in(lab.Ward), in(lab.Servers)...)...),
		Services: []Service{{Transport: "arp"}, {Transport: "icmp"}, {Transport: "tcp", Port: 80}, {Transport: "tcp", Port: 443}}, Duration: 30 * time.Second,
		play: discover,
	},
	{
		Name: "recon-vertical", Title: "Scan of one host's ports",
		About:      "nmap sends SYNs to the ports of the health record's front end, from 1 up, 2,000 a second.",
		Techniques: []string{"T0846", "T1046"}, From: "bms-1", Victims: []string{"ehr"},
		Services: []Service{{Transport: "tcp"}}, Duration: 35 * time.Second,
		play: scanVertically,
	},
	{
		Name: "recon-service", Title: "Scan of services and their versions",
		About:      "nmap connects to the usual ports of three servers and asks what runs there.",
		Techniques: []string{"T0888", "T0846", "T1046"}, From: "mr-1", Victims: []string{"ehr", "files", "broker"},
		Services: []Service{{Transport: "tcp"}}, Duration: time.Minute,
		play: scanServices,
	},
	{
		Name: "recon-slow", Title: "Slow scan",
		About:      "nmap tries twenty ports of the pump gateway with a pause after each, so that few show in any minute.",
		Techniques: []string{"T0846", "T1046"}, From: "thermostat-1", Victims: []string{"pump-gateway"},
		Services: []Service{{Transport: "tcp"}}, Duration: 5 * time.Minute,
		play: scanSlowly,
	},
}

// in lists the devices of a segment without those given.
func in(seg lab.Segment, without ...string) []string {
	var out []string
next:
	for i := range lab.Cast {
		if lab.Cast[i].Segment != seg {
			continue
		}
		for _, w := range without {
			if w == lab.Cast[i].Name {
				continue next
			}
		}
		out = append(out, lab.Cast[i].Name)
	}
	return out
}
