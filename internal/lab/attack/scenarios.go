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
	{
		Name: "cred-ssh", Title: "Guessing SSH passwords",
		About:      "hydra guesses passwords for an account on the health record's front end. None is right.",
		Techniques: []string{"T0859", "T1110.001", "T1021.004"}, From: "phone-1", Victims: []string{"ehr"},
		Services: []Service{{"tcp", 22}}, Duration: time.Minute,
		play: guessSSH,
	},
	{
		Name: "cred-telnet", Title: "Guessing the password of a Telnet console",
		About:      "hydra guesses the password of the gas panel's maintenance console, which is open for the time of the attack. The last guess is right.",
		Techniques: []string{"T0812", "T0859", "T1110.001"}, From: "bms-1", Victims: []string{"gas-panel-1"},
		Services: []Service{{"tcp", 23}}, Duration: 30 * time.Second,
		play: guessTelnet,
	},
	{
		Name: "cred-ftp", Title: "Guessing FTP passwords",
		About:      "hydra guesses passwords for the FTP side of the file share, which vsftpd plays for the time of the attack. None is right.",
		Techniques: []string{"T0859", "T1110.001"}, From: "reception-1", Victims: []string{"files"},
		Services: []Service{{"tcp", 21}}, Duration: time.Minute, Programs: map[string]string{"vsftpd": "vsftpd"},
		play: guessFTP,
	},
	{
		Name: "cred-smb", Title: "Guessing the password of a share's account",
		About:      "hydra guesses the password of the backup account of the file share over SMB 1. The last guess is right.",
		Techniques: []string{"T0859", "T1110.001", "T1021.002"}, From: "us-1", Victims: []string{"files"},
		Services: []Service{{"tcp", 445}}, Duration: 20 * time.Second, Programs: map[string]string{"smbpasswd": "samba-common-bin"},
		play: guessSMB,
	},
	{
		Name: "cred-http", Title: "Guessing the password of the archive's web interface",
		About:      "hydra guesses the password of Orthanc's REST interface (HTTP basic authentication). The last guess is right.",
		Techniques: []string{"T0812", "T0859", "T1110.001"}, From: "reception-1", Victims: []string{"pacs"},
		Services: []Service{{"tcp", 8042}}, Duration: 20 * time.Second,
		play: guessHTTP,
	},
	{
		Name: "cred-mqtt", Title: "Guessing MQTT passwords",
		About:      "mosquitto_pub tries passwords at a listener of the broker that wants one and is open for the time of the attack. The last guess is right.",
		Techniques: []string{"T0859", "T1110.001"}, From: "phone-1", Victims: []string{"broker"},
		Services: []Service{{"tcp", mqttPort}}, Duration: 30 * time.Second, Programs: map[string]string{"mosquitto_passwd": "mosquitto"},
		play: guessMQTT,
	},
	{
		Name: "cred-dicom", Title: "Guessing DICOM AE titles",
		About:      "echoscu looks for the AE title that the archive answers to, findscu for one that may search it.",
		Techniques: []string{"T0859", "T0888", "T1110.001"}, From: "nurse-pc-1", Victims: []string{"pacs"},
		Services: []Service{{"tcp", 104}}, Duration: 30 * time.Second,
		play: guessAETitles,
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
