package observation

import "github.com/cordonhq/cordon"

// Syslog is one message of syslog, in the old form (RFC 3164) or the new
// (RFC 5424). Its text is not kept: devices log what concerns patients.
type Syslog struct {
	Facility, Severity uint8
	// Structured is true for the form of RFC 5424.
	Structured bool
	// Hostname and App are who logs, as the message says; a relay sends what
	// others have logged.
	Hostname, App string
}

// Protocol implements Observation.
func (o Syslog) Protocol() cordon.Protocol { return cordon.Syslog }

// Facts implements Observation.
func (o Syslog) Facts(yield func(Fact)) {
	fact(yield, Sender, "hostname", o.Hostname)
	fact(yield, Sender, "app", o.App)
}
