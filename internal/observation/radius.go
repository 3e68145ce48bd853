package observation

import (
	"strings"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// RADIUS codes (IANA "RADIUS Types").
const (
	RADIUSAccessRequest     = 1
	RADIUSAccessAccept      = 2
	RADIUSAccessReject      = 3
	RADIUSAccountingRequest = 4
	RADIUSAccountingReply   = 5
	RADIUSAccessChallenge   = 11
	RADIUSDisconnectRequest = 40
	RADIUSCoARequest        = 43
)

// RADIUS is one packet of RADIUS (RFC 2865, RFC 2866, RFC 5176). What it says
// of a client on the network comes from the access device that the client is
// on. Passwords are never kept.
type RADIUS struct {
	Code, Identifier uint8
	// User is the name that asks for access; of devices without 802.1X it is
	// mostly their MAC.
	User string
	// Station is Calling-Station-Id, Called is Called-Station-Id: for wireless
	// access the access point's MAC and ":" and the network's name.
	Station, Called string
	// StationMAC is Station if that is a MAC, StationIP Framed-IP-Address.
	StationMAC netid.MAC
	StationIP  netid.Addr
	// NASIP, NASIdentifier and NASPort say which access device and port asks.
	NASIP                  netid.Addr
	NASIdentifier, NASPort string
	// VLAN is Tunnel-Private-Group-ID, as an accept assigns it; Filter is
	// Filter-Id.
	VLAN, Filter string
	// AccountingStatus is 1 start, 2 stop, 3 interim, 0 if absent.
	AccountingStatus uint32
	// EAP and Authenticator tell whether the packet carries EAP and a
	// Message-Authenticator, without which it can be forged (CVE-2024-3596).
	EAP, Authenticator bool
}

// Protocol implements Observation.
func (o RADIUS) Protocol() cordon.Protocol { return cordon.RADIUS }

// Request reports whether the packet comes from an access device.
func (o RADIUS) Request() bool {
	return o.Code == RADIUSAccessRequest || o.Code == RADIUSAccountingRequest
}

// Facts implements Observation.
func (o RADIUS) Facts(yield func(Fact)) {
	if !o.Request() {
		return
	}
	fact(yield, Sender, "nas-identifier", o.NASIdentifier)
	fact(yield, Sender, "role", "network-access-server")
	if o.StationMAC.IsZero() {
		return
	}
	fact(yield, Bound, "nas-port", o.NASPort)
	if i := strings.LastIndexByte(o.Called, ':'); i > 0 {
		fact(yield, Bound, "ssid", o.Called[i+1:])
	}
}

// Bindings implements Binder: the client that the access device speaks of.
func (o RADIUS) Bindings(yield func(Binding)) {
	if o.Request() && !o.StationMAC.IsZero() {
		yield(Binding{MAC: o.StationMAC, IP: o.StationIP})
	}
}
