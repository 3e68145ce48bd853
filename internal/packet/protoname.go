package packet

import "strconv"

// ProtoName returns the lower-case name of an IP protocol number (IANA
// "Assigned Internet Protocol Numbers"), or "ip-N" for one without a name here.
func ProtoName(proto uint8) string {
	switch proto {
	case ProtoICMP:
		return "icmp"
	case ProtoIGMP:
		return "igmp"
	case 4:
		return "ipip"
	case ProtoTCP:
		return "tcp"
	case ProtoUDP:
		return "udp"
	case 41:
		return "ipv6"
	case ProtoGRE:
		return "gre"
	case ProtoESP:
		return "esp"
	case ProtoAH:
		return "ah"
	case ProtoICMPv6:
		return "icmpv6"
	case 88:
		return "eigrp"
	case 89:
		return "ospf"
	case 103:
		return "pim"
	case 112:
		return "vrrp"
	case ProtoSCTP:
		return "sctp"
	default:
		return "ip-" + strconv.Itoa(int(proto))
	}
}
