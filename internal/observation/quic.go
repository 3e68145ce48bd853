package observation

import "github.com/cordonhq/cordon"

// QUICConnection is the beginning of a QUIC connection (RFC 9000). What its
// hellos offer and choose are a TLSClientHello and a TLSServerHello.
type QUICConnection struct {
	// Version is that of the first packet.
	Version uint32
}

// Protocol implements Observation.
func (o QUICConnection) Protocol() cordon.Protocol { return cordon.QUIC }

// Facts implements Observation.
func (o QUICConnection) Facts(func(Fact)) {}

// GQUICHello is the client's hello of Google's QUIC before it was standardised.
type GQUICHello struct {
	Version    string // such as "Q043"
	ServerName string
	UserAgent  string
}

// Protocol implements Observation.
func (o GQUICHello) Protocol() cordon.Protocol { return cordon.QUIC }

// Facts implements Observation.
func (o GQUICHello) Facts(yield func(Fact)) {
	fact(yield, Sender, "sni", o.ServerName)
	fact(yield, Receiver, "server-name", o.ServerName)
	fact(yield, Sender, "user-agent", o.UserAgent)
}
