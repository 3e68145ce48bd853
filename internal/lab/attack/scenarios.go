package attack

import (
	"time"

	"github.com/cordonhq/cordon/internal/lab"
)

// Scenarios is every attack. By default each comes from a device that has no
// business with its victims' services, so that the truth about its packets is
// exact; a test holds the clinic's day to it.
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
	{
		Name: "lateral-wearable-db", Title: "From a wearable to the record database",
		About:      "psql on a taken-over wearable signs in to the record database, which trusts the clinic's network, and reads records.",
		Techniques: []string{"T0886", "T0811", "T1078", "T1213"}, From: "wearable-1", Victims: []string{"ehr-db"},
		Services: []Service{{"tcp", 5432}}, Duration: 20 * time.Second,
		play: readDatabase,
	},
	{
		Name: "lateral-thermostat-pacs", Title: "From a thermostat to the picture archive",
		About:      "dcmtk and curl on a taken-over thermostat search the archive, under the reading workstation's AE title and with the web interface's password.",
		Techniques: []string{"T0886", "T0859", "T0811", "T1078", "T1213"}, From: "thermostat-1", Victims: []string{"pacs"},
		Services: []Service{{"tcp", 104}, {"tcp", 8042}}, Duration: 20 * time.Second,
		play: searchArchive,
	},
	{
		Name: "ransomware-smb", Title: "Ransomware on the file share",
		About:      "A harmless encryptor reads, encrypts, writes back and renames the share's documents through smbclient, and leaves a note. The documents come back at the end.",
		Techniques: []string{"T0809", "T0826", "T1021.002", "T1039", "T1486"}, From: "reading-1", Victims: []string{"files"},
		Services: []Service{{"tcp", 445}}, Duration: time.Minute,
		play: encryptShare,
	},
	{
		Name: "exfil-dicom", Title: "The archive's studies leave the clinic",
		About:      "dcmtk searches all studies, has the archive send them to a host outside (C-MOVE), fetches them (C-GET), and curl downloads them from the web interface.",
		Techniques: []string{"T0802", "T0882", "T0811", "T1119", "T1213", "T1048.003"}, From: "vendor-1", Victims: []string{"pacs"}, Outside: true,
		Services: []Service{{"tcp", 104}, {"tcp", 8042}, {"tcp", dropPort}}, Duration: time.Minute, Programs: map[string]string{"getscu": "dcmtk", "storescp": "dcmtk"},
		play: takeStudies,
	},
	{
		Name: "exfil-hl7", Title: "Patients' messages leave the clinic",
		About:      "The central station replays admissions and readings over MLLP to a host outside.",
		Techniques: []string{"T0882", "T1020", "T1048.003"}, From: "central-1", Outside: true,
		Services: []Service{{"tcp", 6661}}, Duration: 30 * time.Second,
		play: replayMessages,
	},
	{
		Name: "exfil-dns", Title: "Data leaves in DNS names",
		About:      "dig asks the clinic's DNS for long random names of the attacker's domain, which carry data to the attacker's server outside.",
		Techniques: []string{"T0882", "T0869", "T1048.003", "T1071.004", "T1572"}, From: "bms-1", Outside: true,
		Services: []Service{{"udp", 53}}, Duration: 30 * time.Second,
		play: tunnelData,
	},
	{
		Name: "pump-command", Title: "Spoofed orders to a pump",
		About:      "A ward computer that never sent one sends infusion orders (IHE PCD-03) to the pump gateway, which takes them, and to a pump, which does not listen.",
		Techniques: []string{"T0855", "T0836", "T0848", "T1565.002"}, From: "nurse-pc-1", Victims: []string{"pump-gateway", "pump-4"},
		Services: []Service{{"tcp", 6661}}, Duration: 10 * time.Second,
		play: commandPump,
	},
	{
		Name: "arp-spoof", Title: "Between a monitor and its central station",
		About:      "arpspoof on the nurse call terminal tells a monitor and the central station that the other is at its card, hands their frames on, and tells the truth at the end.",
		Techniques: []string{"T0830", "T0842", "T1557.002", "T1040"}, From: "nursecall-1", Victims: []string{"monitor-1", "central-1"}, Near: lab.Ward,
		Services: []Service{{Transport: "arp"}, {Transport: "tcp", Port: 6661}}, Duration: 20 * time.Second,
		play: spoofARP,
	},
	{
		Name: "dhcp-spoof", Title: "A second DHCP server in the ward",
		About:      "dnsmasq on the nurse call terminal answers DHCP questions and names itself as router. The devices that ask do not use what they get.",
		Techniques: []string{"T0830", "T1557.003"}, From: "nursecall-1", Victims: dhcpVictims, Near: lab.Ward,
		Services: []Service{{"udp", 67}, {"udp", 68}}, Duration: 20 * time.Second,
		play: spoofDHCP,
	},
	{
		Name: "rogue-device", Title: "An unknown device in the ward",
		About:      "A small computer is plugged into the ward, asks for an address, takes one, looks who is there with nmap, and is unplugged.",
		Techniques: []string{"T0864", "T0846", "T1200", "T1046"}, Victims: in(lab.Ward),
		Services: []Service{{Transport: "arp"}, {Transport: "tcp"}}, Duration: 20 * time.Second,
		play: plugInRogue,
	},
	{
		Name: "c2-beacon", Title: "An implant calls home",
		About:      "curl on the printer calls a host outside by HTTPS a dozen times, at even pauses give or take three tenths.",
		Techniques: []string{"T0869", "T0885", "T1071.001", "T1573.002"}, From: "printer-1", Outside: true,
		Services: []Service{{"tcp", beaconPort}}, Duration: 2 * time.Minute,
		play: callHome,
	},
	{
		Name: "flood-tcp", Title: "SYN flood",
		About:      "hping3 sends 1,000 SYNs a second to the health record's front end.",
		Techniques: []string{"T0814", "T1498.001", "T1499.001"}, From: "phone-1", Victims: []string{"ehr"},
		Services: []Service{{"tcp", 80}}, Duration: 20 * time.Second,
		play: floodTCP,
	},
	{
		Name: "flood-mqtt", Title: "Flood of MQTT connections and messages",
		About:      "A client opens 200 sessions a second at the broker, then mosquitto_pub publishes thousands of messages.",
		Techniques: []string{"T0814", "T1499.002"}, From: "phone-1", Victims: []string{"broker"},
		Services: []Service{{"tcp", 1883}}, Duration: 20 * time.Second,
		play: floodMQTT,
	},
	{
		Name: "malformed", Title: "Storm of malformed packets and messages",
		About:      "The nurse call terminal sends damaged frames to a monitor (headers cut short, overlapping fragments, lengths of four billion, …), then broken HL7, DICOM and MQTT messages to services.",
		Techniques: []string{"T0814", "T1499.004"}, From: "nursecall-1", Victims: []string{"monitor-1", "central-1", "pump-gateway", "pacs", "broker"}, Near: lab.Ward,
		Services: []Service{{"tcp", 6661}, {"tcp", 104}, {"tcp", 1883}}, Duration: 15 * time.Second,
		play: stormMalformed,
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
