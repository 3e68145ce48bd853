package flow

import "time"

// Config bounds a Table. Fields that are zero or below take their default.
type Config struct {
	// MaxFlows is the number of flows held at once; a flow takes 256
	// bytes and up to 21 in the index. Default 1,048,576.
	MaxFlows int

	// How long a flow may be idle, in packet time. It ends within 1% after
	// that, or when a packet with its key comes later than that.
	TCPOpening     time.Duration // handshake not complete; default 60 s
	TCPOneSided    time.Duration // data of one side only; default 5 min
	TCPEstablished time.Duration // default 2 h 4 min, the least of RFC 5382 §5
	TCPClosing     time.Duration // one FIN; default 4 min (RFC 5382 §5)
	TCPEnded       time.Duration // both FINs or a RST, for what trails; default 30 s
	UDPOneSided    time.Duration // default 2 min (RFC 4787 §4.3)
	UDPAnswered    time.Duration // default 5 min (RFC 4787 §4.3)
	OtherOneSided  time.Duration // default 2 min
	OtherAnswered  time.Duration // default 5 min

	// Hard ends a flow however busy it is. Default 7 days: what comes after it
	// is picked up midway, so a connection that a device keeps for weeks should
	// not meet it often.
	Hard time.Duration

	// ReassemblyBytes bounds what all TCP streams together hold while bytes
	// before it are missing, ReassemblyStream what one direction of one flow
	// holds, both rounded up to segments of 2 KiB. Defaults 32 MiB and 256 KiB.
	ReassemblyBytes  int
	ReassemblyStream int
	// HoleTimeout is how long missing bytes are waited for. Default 10 s.
	HoleTimeout time.Duration
}

// The longest time and the largest number of flows that are taken as given.
const (
	maxTimeout = 10 * 365 * 24 * time.Hour
	maxFlows   = 1 << 28
)

// Untimed returns c without timeouts, for captures that are read whole: a flow
// then ends with its connection, with its capture, or when MaxFlows are
// reached, and flows are those that tshark and nDPI count.
func (c Config) Untimed() Config {
	for _, d := range []*time.Duration{
		&c.TCPOpening, &c.TCPOneSided, &c.TCPEstablished, &c.TCPClosing, &c.TCPEnded,
		&c.UDPOneSided, &c.UDPAnswered, &c.OtherOneSided, &c.OtherAnswered, &c.Hard,
	} {
		*d = maxTimeout
	}
	return c
}

func (c Config) withDefaults() Config {
	number := func(v *int, std, most int) {
		if *v <= 0 {
			*v = std
		}
		*v = min(*v, most)
	}
	number(&c.MaxFlows, 1<<20, maxFlows)
	number(&c.ReassemblyBytes, 32<<20, 1<<36)
	number(&c.ReassemblyStream, 256<<10, maxAhead)

	for _, d := range []struct {
		v   *time.Duration
		std time.Duration
	}{
		{&c.TCPOpening, 60 * time.Second},
		{&c.TCPOneSided, 5 * time.Minute},
		{&c.TCPEstablished, 2*time.Hour + 4*time.Minute},
		{&c.TCPClosing, 4 * time.Minute},
		{&c.TCPEnded, 30 * time.Second},
		{&c.UDPOneSided, 2 * time.Minute},
		{&c.UDPAnswered, 5 * time.Minute},
		{&c.OtherOneSided, 2 * time.Minute},
		{&c.OtherAnswered, 5 * time.Minute},
		{&c.Hard, 7 * 24 * time.Hour},
		{&c.HoleTimeout, 10 * time.Second},
	} {
		if *d.v <= 0 {
			*d.v = d.std
		}
		*d.v = min(*d.v, maxTimeout)
	}
	return c
}
