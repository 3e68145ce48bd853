package flow

import (
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// opener reports whether the sender of p, the first packet seen of a flow,
// opened the flow; else p answers a packet that was not captured.
func opener(p *packet.Packet) bool {
	if isGroup(p) {
		return true
	}
	switch p.Proto {
	case packet.ProtoTCP:
		if p.TCPFlags&packet.SYN != 0 {
			return p.TCPFlags&packet.ACK == 0
		}
	case packet.ProtoSCTP:
		// RFC 9260 §3.2: chunk types INIT and INIT ACK.
		if len(p.Payload) > 0 && (p.Payload[0] == 1 || p.Payload[0] == 2) {
			return p.Payload[0] == 1
		}
	case packet.ProtoUDP:
	case packet.ProtoICMP:
		return !isEchoReply4(p.ICMPType)
	case packet.ProtoICMPv6:
		return p.ICMPType != 129 // Echo Reply, RFC 4443 §4.2
	default:
		return true
	}
	return rank(p.SrcPort) <= rank(p.DstPort)
}

// isGroup reports whether p goes to many. Nothing that is sent to a group
// answers anything.
func isGroup(p *packet.Packet) bool {
	if p.DstMAC.IsGroup() {
		return true
	}
	d := &p.Dst
	if d.Is4() {
		// RFC 5771 and the limited broadcast of RFC 919 §7.
		return d[12]&0xf0 == 0xe0 || *d == netid.AddrFrom4([4]byte{255, 255, 255, 255})
	}
	return d[0] == 0xff // RFC 4291 §2.7
}

// isEchoReply4 knows the replies of RFC 792: echo, timestamp, information, and
// address mask (RFC 950).
func isEchoReply4(t uint8) bool { return t == 0 || t == 14 || t == 16 || t == 18 }

// rank says how likely a port is a server's, against the port at the other end.
func rank(port uint16) int {
	known := servicePorts[port>>6]>>(port&63)&1 != 0
	switch {
	case known && port < 1024:
		return 4
	case known && port < 32768:
		return 3
	case known: // among the ports that Linux and others take for clients
		return 2
	case port < 1024:
		return 1
	default:
		return 0
	}
}

// servicePorts is a set of the ports that servers listen on, one bit each.
var servicePorts = portSet(
	// Below 1024 only those that their clients don't use as their own too.
	7, 9, 13, 17, 19, 21, 22, 23, 25, 37, 43, 49, 53, 67, 69, 70, 79, 80, 81, 88,
	102, 104, 109, 110, 111, 113, 119, 123, 135, 137, 138, 139, 143, 161, 162,
	179, 194, 264, 389, 427, 443, 444, 445, 464, 465, 500, 502, 512, 513, 514,
	515, 520, 523, 524, 543, 544, 547, 548, 554, 563, 587, 593, 623, 631, 636,
	639, 646, 666, 853, 860, 873, 902, 989, 990, 992, 993, 995,
	// Registered with IANA, or what products listen on.
	1080, 1089, 1090, 1091, 1098, 1099, 1194, 1214, 1344, 1352, 1433, 1434, 1494,
	1521, 1604, 1645, 1646, 1701, 1718, 1719, 1720, 1723, 1755, 1812, 1813, 1883,
	1900, 1911, 1935, 1962, 2000, 2049, 2083, 2087, 2123, 2152, 2181, 2222, 2223,
	2375, 2376, 2379, 2380, 2404, 2427, 2455, 2574, 2575, 2598, 2727, 2761, 2762,
	3050, 3128, 3260, 3268, 3269, 3306, 3310, 3388, 3389, 3478, 3479, 3632, 3689,
	3690, 3702, 3784, 3785, 3799, 3868, 4000, 4070, 4171, 4242, 4369, 4444, 4500,
	4567, 4711, 4712, 4713, 4786, 4789, 4840, 4843, 4899, 4911, 5000, 5001, 5004,
	5005, 5006, 5007, 5044, 5050, 5060, 5061, 5094, 5190, 5222, 5223, 5228, 5246,
	5247, 5269, 5351, 5353, 5355, 5357, 5358, 5432, 5540, 5555, 5556, 5601, 5631,
	5632, 5666, 5671, 5672, 5683, 5684, 5800, 5900, 5901, 5902, 5903, 5938, 5984,
	5985, 5986, 6000, 6001, 6002, 6080, 6129, 6343, 6346, 6379, 6443, 6514, 6600,
	6633, 6653, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 6697,
	6881, 6969, 7000, 7001, 7070, 7171, 7547, 7680, 7777, 8000, 8001, 8002, 8006,
	8008, 8009, 8042, 8080, 8081, 8082, 8083, 8086, 8088, 8089, 8090, 8123, 8140,
	8181, 8200, 8291, 8333, 8443, 8500, 8530, 8531, 8554, 8765, 8800, 8834, 8880,
	8883, 8884, 8888, 8889, 9000, 9001, 9042, 9080, 9090, 9091, 9092, 9093, 9100,
	9160, 9200, 9300, 9418, 9443, 9600, 9999, 10000, 10001, 10050, 10051, 10080,
	10161, 10162, 10443, 11112, 11211, 11434, 12345, 13724, 15672, 16992, 16993,
	18245, 18246, 20000, 20547, 23399, 25565, 27015, 27017, 27018, 27019, 28017,
	// Within the range of clients' own ports.
	34962, 34963, 34964, 34980, 37777, 44818, 47808, 47809, 47810, 48898, 48899,
	49151, 51820, 55000, 55553, 61613, 61616,
)

func portSet(ports ...uint16) (set [65536 / 64]uint64) {
	for _, p := range ports {
		set[p>>6] |= 1 << (p & 63)
	}
	return set
}
