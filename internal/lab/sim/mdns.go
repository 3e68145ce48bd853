package sim

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/ipv4"
)

// Bonjour makes a device known by multicast DNS (RFC 6762) with the services
// that it offers (RFC 6763), and has it look for those of others.
type Bonjour struct {
	Env
	Host     string // without ".local."
	Services []BonjourService
	Seeks    []string // service types, "_ipp._tcp"
}

// BonjourService is one service that a device offers.
type BonjourService struct {
	Instance string // "Lexmark MX722"
	Type     string // "_ipp._tcp"
	Port     uint16
	Text     []string // key=value
}

const (
	bonjourEvery = 2 * time.Minute
	bonjourTTL   = 120 // seconds, for records that name a host (RFC 6762 §10)
)

var bonjourGroup = netip.MustParseAddrPort("224.0.0.251:5353")

// Run announces and asks until ctx ends. Questions of others go unanswered:
// what a sensor sees of a device is its announcement.
func (b *Bonjour) Run(ctx context.Context) error {
	c, err := b.At.ListenPacket(ctx, "udp4", net.JoinHostPort(b.IP, "5353"))
	if err != nil {
		return err
	}
	defer c.Close()
	if err := ipv4.NewPacketConn(c).SetMulticastTTL(255); err != nil { // RFC 6762 §11
		return err
	}
	for {
		for _, make := range []func() ([]byte, error){b.announcement, b.question} {
			message, err := make()
			if err != nil {
				return fmt.Errorf("make a multicast DNS message: %w", err)
			}
			if message == nil {
				continue
			}
			if _, err := c.WriteTo(message, net.UDPAddrFromAddrPort(bonjourGroup)); err != nil && ctx.Err() == nil {
				b.Log.Warn("multicast DNS is not heard", "host", b.Host, "err", err)
			}
		}
		if b.Clock.Pace(ctx, b.about(bonjourEvery)) != nil {
			return nil
		}
	}
}

// announcement is an unsolicited response with all that the device offers; nil
// if it offers nothing.
func (b *Bonjour) announcement() ([]byte, error) {
	if len(b.Services) == 0 {
		return nil, nil
	}
	m := dnsmessage.NewBuilder(nil, dnsmessage.Header{Response: true, Authoritative: true})
	m.EnableCompression()
	if err := m.StartAnswers(); err != nil {
		return nil, err
	}
	host, err := dnsmessage.NewName(b.Host + ".local.")
	if err != nil {
		return nil, err
	}
	address, err := netip.ParseAddr(b.IP)
	if err != nil {
		return nil, err
	}
	const flush = 1 << 15 // the cache-flush bit (RFC 6762 §10.2)
	own := func(n dnsmessage.Name) dnsmessage.ResourceHeader {
		return dnsmessage.ResourceHeader{Name: n, Class: dnsmessage.ClassINET | flush, TTL: bonjourTTL}
	}
	if err := m.AResource(own(host), dnsmessage.AResource{A: address.As4()}); err != nil {
		return nil, err
	}
	for _, s := range b.Services {
		kind, err := dnsmessage.NewName(s.Type + ".local.")
		if err != nil {
			return nil, err
		}
		instance, err := dnsmessage.NewName(s.Instance + "." + s.Type + ".local.")
		if err != nil {
			return nil, err
		}
		shared := dnsmessage.ResourceHeader{Name: kind, Class: dnsmessage.ClassINET, TTL: bonjourTTL}
		if err := m.PTRResource(shared, dnsmessage.PTRResource{PTR: instance}); err != nil {
			return nil, err
		}
		if err := m.SRVResource(own(instance), dnsmessage.SRVResource{Port: s.Port, Target: host}); err != nil {
			return nil, err
		}
		if err := m.TXTResource(own(instance), dnsmessage.TXTResource{TXT: s.Text}); err != nil {
			return nil, err
		}
	}
	return m.Finish()
}

// question asks for services of others; nil if the device seeks none.
func (b *Bonjour) question() ([]byte, error) {
	if len(b.Seeks) == 0 {
		return nil, nil
	}
	m := dnsmessage.NewBuilder(nil, dnsmessage.Header{})
	if err := m.StartQuestions(); err != nil {
		return nil, err
	}
	for _, s := range b.Seeks {
		name, err := dnsmessage.NewName(s + ".local.")
		if err != nil {
			return nil, err
		}
		if err := m.Question(dnsmessage.Question{Name: name, Type: dnsmessage.TypePTR, Class: dnsmessage.ClassINET}); err != nil {
			return nil, err
		}
	}
	return m.Finish()
}
