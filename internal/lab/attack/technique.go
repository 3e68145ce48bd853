package attack

// Technique is one of MITRE ATT&CK.
type Technique struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Matrix string `json:"matrix"` // "ics" or "enterprise"
}

// The matrices.
const (
	ics        = "ics"
	enterprise = "enterprise"
)

// techniques are those that the scenarios use.
var techniques = []Technique{
	{"T0802", "Automated Collection", ics},
	{"T0809", "Data Destruction", ics},
	{"T0811", "Data from Information Repositories", ics},
	{"T0812", "Default Credentials", ics},
	{"T0814", "Denial of Service", ics},
	{"T0826", "Loss of Availability", ics},
	{"T0830", "Adversary-in-the-Middle", ics},
	{"T0836", "Modify Parameter", ics},
	{"T0842", "Network Sniffing", ics},
	{"T0846", "Remote System Discovery", ics},
	{"T0848", "Rogue Master", ics},
	{"T0855", "Unauthorized Command Message", ics},
	{"T0859", "Valid Accounts", ics},
	{"T0864", "Transient Cyber Asset", ics},
	{"T0869", "Standard Application Layer Protocol", ics},
	{"T0882", "Theft of Operational Information", ics},
	{"T0885", "Commonly Used Port", ics},
	{"T0886", "Remote Services", ics},
	{"T0888", "Remote System Information Discovery", ics},
	{"T1018", "Remote System Discovery", enterprise},
	{"T1020", "Automated Exfiltration", enterprise},
	{"T1021.004", "Remote Services: SSH", enterprise},
	{"T1021.002", "Remote Services: SMB/Windows Admin Shares", enterprise},
	{"T1029", "Scheduled Transfer", enterprise},
	{"T1039", "Data from Network Shared Drive", enterprise},
	{"T1040", "Network Sniffing", enterprise},
	{"T1046", "Network Service Discovery", enterprise},
	{"T1048.003", "Exfiltration Over Unencrypted Non-C2 Protocol", enterprise},
	{"T1071.001", "Application Layer Protocol: Web Protocols", enterprise},
	{"T1071.004", "Application Layer Protocol: DNS", enterprise},
	{"T1078", "Valid Accounts", enterprise},
	{"T1110.001", "Brute Force: Password Guessing", enterprise},
	{"T1119", "Automated Collection", enterprise},
	{"T1200", "Hardware Additions", enterprise},
	{"T1213", "Data from Information Repositories", enterprise},
	{"T1486", "Data Encrypted for Impact", enterprise},
	{"T1498.001", "Network Denial of Service: Direct Network Flood", enterprise},
	{"T1499.001", "Endpoint Denial of Service: OS Exhaustion Flood", enterprise},
	{"T1499.002", "Endpoint Denial of Service: Service Exhaustion Flood", enterprise},
	{"T1499.004", "Endpoint Denial of Service: Application or System Exploitation", enterprise},
	{"T1557.002", "Adversary-in-the-Middle: ARP Cache Poisoning", enterprise},
	{"T1557.003", "Adversary-in-the-Middle: DHCP Spoofing", enterprise},
	{"T1565.002", "Data Manipulation: Transmitted Data Manipulation", enterprise},
	{"T1572", "Protocol Tunneling", enterprise},
	{"T1573.002", "Encrypted Channel: Asymmetric Cryptography", enterprise},
}

// technique returns the one with that id. One that is not in the table is a
// typing error of ours, which a test finds: it has no name.
func technique(id string) Technique {
	for _, t := range techniques {
		if t.ID == id {
			return t
		}
	}
	return Technique{ID: id}
}
