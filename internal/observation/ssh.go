package observation

import "github.com/cordonhq/cordon"

// SSHBanner is the line with which a side of SSH says what it is
// (RFC 4253 §4.2).
type SSHBanner struct {
	Server bool
	// Banner is the whole line; Version, Software and Comments are its parts,
	// as in "SSH-2.0-OpenSSH_9.2p1 Debian-2".
	Banner, Version, Software, Comments string
}

// Protocol implements Observation.
func (o SSHBanner) Protocol() cordon.Protocol { return cordon.SSH }

// Facts implements Observation.
func (o SSHBanner) Facts(yield func(Fact)) {
	fact(yield, Sender, "banner", o.Banner)
	software := o.Software
	if o.Comments != "" {
		software += " " + o.Comments
	}
	fact(yield, Sender, "software", software[:min(len(software), MaxValue)])
}

// SSHKeyExchange is what a side offers for the key exchange (RFC 4253 §7.1).
// The lists are in its order of preference and hold at most 64 names; ciphers
// and MACs are those of the sender's own direction.
type SSHKeyExchange struct {
	Server       bool
	KeyExchanges []string
	HostKeys     []string
	Ciphers      []string
	MACs         []string
	Compressions []string
	// HASSH is the fingerprint of a client or of a server, an MD5 in
	// hexadecimal.
	HASSH string
}

// Protocol implements Observation.
func (o SSHKeyExchange) Protocol() cordon.Protocol { return cordon.SSH }

// Facts implements Observation.
func (o SSHKeyExchange) Facts(yield func(Fact)) {
	if o.Server {
		fact(yield, Sender, "hassh-server", o.HASSH)
	} else {
		fact(yield, Sender, "hassh", o.HASSH)
	}
}
