package observation

import (
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// NTPMode is the association mode of a packet (RFC 5905 §3, figure 10).
type NTPMode uint8

// The modes.
const (
	NTPActive    NTPMode = 1
	NTPPassive   NTPMode = 2
	NTPClient    NTPMode = 3
	NTPServer    NTPMode = 4
	NTPBroadcast NTPMode = 5
	NTPControl   NTPMode = 6 // RFC 9327
	NTPPrivate   NTPMode = 7 // ntpdc, "monlist" among others
)

// NTP is one packet of NTP or SNTP (RFC 5905).
type NTP struct {
	Version uint8
	Mode    NTPMode
	Leap    uint8
	// Stratum is 1 for a server with a clock of its own, 0 if not stated.
	Stratum uint8
	// Poll and Precision are exponents of two, in seconds.
	Poll, Precision int8
	// Reference is the clock of a stratum 1 server, such as "GPS";
	// ReferenceIP the server that a higher stratum follows over IPv4.
	Reference   string
	ReferenceIP netid.Addr
	// Simple is true for a client's packet that holds no clock state but the
	// time of sending, as SNTP clients send it (RFC 5905 §14).
	Simple bool
	// Shape tells the clients of different systems apart by what they leave in
	// the fixed fields: "version/leap/stratum/poll/precision", with "/t" if a
	// time of sending is given. Only for clients.
	Shape string
	// Opcode is that of a control packet, or the request code of a private one.
	Opcode uint8
	// Response is true for an answer to a control or private request.
	Response bool
	// Software, System and Processor come from the answer to a readvar.
	Software, System, Processor string
	// Size is the length of the packet in bytes.
	Size int
}

// Protocol implements Observation.
func (o NTP) Protocol() cordon.Protocol { return cordon.NTP }

// Facts implements Observation.
func (o NTP) Facts(yield func(Fact)) {
	switch o.Mode {
	case NTPClient:
		fact(yield, Sender, "client-shape", o.Shape)
		if o.Simple {
			fact(yield, Sender, "client", "sntp")
		} else {
			fact(yield, Sender, "client", "ntp")
		}
	case NTPServer, NTPBroadcast:
		if o.Stratum > 0 && o.Stratum < 16 {
			fact(yield, Sender, "stratum", strconv.Itoa(int(o.Stratum)))
		}
		fact(yield, Sender, "reference", o.Reference)
	case NTPControl:
		fact(yield, Sender, "version", o.Software)
		fact(yield, Sender, "system", o.System)
		fact(yield, Sender, "processor", o.Processor)
	}
}
