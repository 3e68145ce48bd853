package inventory

import (
	"crypto/sha256"
	"encoding/base32"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

var loopback = netid.Addr{15: 1} // of IPv6 (RFC 4291 §2.5.3)

// isLocal reports whether an address can only be one of the clinic's own:
// private (RFC 1918, RFC 4193), link-local (RFC 3927, RFC 4291 §2.5.6),
// loopback or shared between a provider and its customers (RFC 6598 §7).
func isLocal(a netid.Addr) bool {
	if a.Is4() {
		switch b := a[13]; a[12] {
		case 10, 127:
			return true
		case 100:
			return b&0xc0 == 64
		case 169:
			return b == 254
		case 172:
			return b&0xf0 == 16
		case 192:
			return b == 168
		default:
			return false
		}
	}
	return a[0]&0xfe == 0xfc || a[0] == 0xfe && a[1]&0xc0 == 0x80 || a == loopback
}

var broadcast = netid.AddrFrom4([4]byte{255, 255, 255, 255})

// isGroup reports whether an address stands for several devices: multicast, or
// IPv4 broadcast (RFC 919 §7).
func isGroup(a netid.Addr) bool {
	if a.Is4() {
		return a[12]>>4 == 0xe || a == broadcast
	}
	return a[0] == 0xff
}

// unspecified is the IPv4 address that a host uses before it has one
// (RFC 1122 §3.2.1.3).
var unspecified = netid.AddrFrom4([4]byte{})

// endpointOf makes an Endpoint of what a packet states: the address of who has
// none yet is left out.
func endpointOf(mac netid.MAC, ip netid.Addr) Endpoint {
	if ip == unspecified {
		ip = netid.Addr{}
	}
	return Endpoint{mac, ip}
}

// isLinkLocal reports whether no router forwards the address (RFC 3927 §2.7,
// RFC 4291 §2.5.6).
func isLinkLocal(a netid.Addr) bool {
	if a.Is4() {
		return a[12] == 169 && a[13] == 254
	}
	return a[0] == 0xfe && a[1]&0xc0 == 0x80
}

// subnet is what several addresses of one network card have in common: the
// address itself for IPv4, and the /64 for IPv6, where a card takes several of
// one (RFC 4862, RFC 8981).
func subnet(a netid.Addr) netid.Addr {
	if a.Is4() {
		return a
	}
	clear(a[8:])
	return a
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// digest makes a stable name of parts: 80 bits, so that chance never gives two
// things of one site the same.
func digest(parts ...[]byte) [10]byte {
	text := make([]byte, 0, 256)
	for _, p := range parts {
		text = append(text, byte(len(p)), byte(len(p)>>8))
		text = append(text, p...)
	}
	sum := sha256.Sum256(text)
	return [10]byte(sum[:])
}

// idText is how digests are written.
func idText(prefix string, d [10]byte) string {
	return prefix + base32Lower.EncodeToString(d[:])
}

func macID(m netid.MAC) cordon.DeviceID {
	return cordon.DeviceID(idText("dev-", digest([]byte("mac"), m[:])))
}

func ipID(a netid.Addr) cordon.DeviceID {
	return cordon.DeviceID(idText("dev-", digest([]byte("ip"), a[:])))
}
