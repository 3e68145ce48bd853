package cordon

import "fmt"

// Protocol is an application protocol, as a small number that fits into a
// flow record. Its token, from String, is what people and JSON see; tokens
// never change once released.
type Protocol uint8

// The protocols that Cordon has a token for. A token here does not promise a
// dissector: the table in package dissect says what is recognised.
const (
	Unknown Protocol = iota
	ICMP
	ICMPv6
	IGMP
	DNS
	MDNS
	LLMNR
	NBNS
	NBDGM
	NBSS
	DHCP
	DHCPv6
	NTP
	SNMP
	SSDP
	WSD
	SLP
	Syslog
	TLS
	DTLS
	QUIC
	HTTP
	HTTP2
	FHIR
	SSH
	Telnet
	FTP
	FTPData
	TFTP
	SMB1
	SMB2
	DCERPC
	Kerberos
	LDAP
	RDP
	VNC
	RADIUS
	SMTP
	POP3
	IMAP
	SIP
	RTP
	RTCP
	RTSP
	STUN
	MQTT
	CoAP
	AMQP
	Modbus
	BACnet
	DNP3
	IEC104
	S7comm
	ENIP
	OPCUA
	HL7
	DICOM
	IEEE11073
	PostgreSQL
	MySQL
	MSSQL
	MongoDB
	Redis
	Memcached
	NFS
	SOCKS
	BitTorrent
	OpenVPN
	WireGuard
	IPsec
	LLDP
	CDP
	ARP
	protocolCount
)

var protocolTokens = [protocolCount]string{
	Unknown: "unknown", ICMP: "icmp", ICMPv6: "icmpv6", IGMP: "igmp",
	DNS: "dns", MDNS: "mdns", LLMNR: "llmnr", NBNS: "nbns", NBDGM: "nbdgm", NBSS: "nbss",
	DHCP: "dhcp", DHCPv6: "dhcpv6", NTP: "ntp", SNMP: "snmp", SSDP: "ssdp", WSD: "wsd", SLP: "slp", Syslog: "syslog",
	TLS: "tls", DTLS: "dtls", QUIC: "quic", HTTP: "http", HTTP2: "http2", FHIR: "fhir",
	SSH: "ssh", Telnet: "telnet", FTP: "ftp", FTPData: "ftp-data", TFTP: "tftp",
	SMB1: "smb1", SMB2: "smb2", DCERPC: "dcerpc", Kerberos: "kerberos", LDAP: "ldap", RDP: "rdp", VNC: "vnc", RADIUS: "radius",
	SMTP: "smtp", POP3: "pop3", IMAP: "imap", SIP: "sip", RTP: "rtp", RTCP: "rtcp", RTSP: "rtsp", STUN: "stun",
	MQTT: "mqtt", CoAP: "coap", AMQP: "amqp",
	Modbus: "modbus", BACnet: "bacnet", DNP3: "dnp3", IEC104: "iec104", S7comm: "s7comm", ENIP: "enip", OPCUA: "opcua",
	HL7: "hl7", DICOM: "dicom", IEEE11073: "ieee11073",
	PostgreSQL: "postgresql", MySQL: "mysql", MSSQL: "mssql", MongoDB: "mongodb", Redis: "redis", Memcached: "memcached",
	NFS: "nfs", SOCKS: "socks", BitTorrent: "bittorrent", OpenVPN: "openvpn", WireGuard: "wireguard", IPsec: "ipsec",
	LLDP: "lldp", CDP: "cdp", ARP: "arp",
}

// String returns the lower-case token of p.
func (p Protocol) String() string {
	if p >= protocolCount {
		return fmt.Sprintf("protocol(%d)", uint8(p))
	}
	return protocolTokens[p]
}

// ParseProtocol returns the protocol with that token.
func ParseProtocol(token string) (Protocol, error) {
	for p, t := range protocolTokens {
		if t == token {
			return Protocol(p), nil
		}
	}
	return Unknown, fmt.Errorf("unknown protocol token %q", token)
}

// MarshalText writes the token.
func (p Protocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a token.
func (p *Protocol) UnmarshalText(b []byte) error {
	v, err := ParseProtocol(string(b))
	if err != nil {
		return err
	}
	*p = v
	return nil
}
