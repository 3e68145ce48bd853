package sim

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The framing of HL7 Minimal Lower Layer Protocol, release 1: a start block
// before each message, an end block and a carriage return after it.
const (
	startBlock = 0x0b
	endBlock   = 0x1c
	carriage   = '\r'
	maxMessage = 256 << 10
)

func frame(message string) []byte {
	b := append(make([]byte, 0, len(message)+3), startBlock)
	return append(append(b, message...), endBlock, carriage)
}

// readFrame reads one framed message.
func readFrame(r *bufio.Reader) (string, error) {
	b, err := r.ReadByte()
	if err != nil {
		return "", err
	}
	if b != startBlock {
		return "", fmt.Errorf("an MLLP message begins with 0x0b, not 0x%02x", b)
	}
	var message []byte
	for {
		piece, err := r.ReadSlice(endBlock)
		message = append(message, piece...)
		if len(message) > maxMessage {
			return "", fmt.Errorf("an MLLP message is longer than %d bytes", maxMessage)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
	if end, err := r.ReadByte(); err != nil || end != carriage {
		return "", fmt.Errorf("an MLLP message ends with 0x1c 0x0d: %w", cmpErr(err, io.ErrUnexpectedEOF))
	}
	return string(message[:len(message)-1]), nil
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// Sender holds a connection to a receiver and sends messages over it, each
// until it is acknowledged, as a medical device does: it connects again when
// the line is lost.
type Sender struct {
	env  Env
	to   string
	conn net.Conn
	r    *bufio.Reader
	// Sent and Acknowledged count messages.
	Sent, Acknowledged uint64
}

// NewSender makes a Sender to a numeric address and port.
func NewSender(env Env, to string) *Sender { return &Sender{env: env, to: to} }

// answerWithin bounds how long a receiver may take to acknowledge.
const answerWithin = 5 * time.Second

// Send sends one message and waits for its acknowledgement (HL7 v2.6 §2.9.2).
// It tries again over a new connection once.
func (s *Sender) Send(ctx context.Context, message string) error {
	s.Sent++
	var err error
	for range 2 {
		if err = s.try(ctx, message); err == nil {
			s.Acknowledged++
			return nil
		}
		s.Close()
		if ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("send to %s: %w", s.to, err)
}

func (s *Sender) try(ctx context.Context, message string) error {
	if s.conn == nil {
		dial, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		c, err := s.env.At.Dial(dial, "tcp", s.to)
		if err != nil {
			return err
		}
		s.conn, s.r = c, bufio.NewReader(c)
	}
	if err := s.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	if _, err := s.conn.Write(frame(message)); err != nil {
		return err
	}
	answer, err := readFrame(s.r)
	if err != nil {
		return err
	}
	if !strings.Contains(answer, "\rMSA|AA|") {
		return fmt.Errorf("refused: %q", firstLine(answer))
	}
	return nil
}

// Close drops the connection; the next Send makes a new one.
func (s *Sender) Close() {
	if s.conn != nil {
		_ = s.conn.Close() // nothing is in flight: Send waits for its answer
		s.conn = nil
	}
}

func firstLine(message string) string {
	line, _, _ := strings.Cut(message, "\r")
	return line
}

// Receive listens for HL7 messages, acknowledges each and hands it to take,
// until ctx ends. application is what it calls itself.
func Receive(ctx context.Context, env Env, port int, application string, take func(message string)) error {
	l, err := env.At.Listen(ctx, "tcp", net.JoinHostPort(env.IP, fmt.Sprint(port)))
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		go answer(ctx, env, c, application, take)
	}
}

func answer(ctx context.Context, env Env, c net.Conn, application string, take func(string)) {
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		message, err := readFrame(r)
		if err != nil {
			return // the sender hung up, or talks nonsense: it may connect again
		}
		take(message)
		if _, err := c.Write(frame(acknowledge(message, application, env.Clock.Now()))); err != nil {
			return
		}
	}
}

// acknowledge answers a message with an application accept.
func acknowledge(message, application string, now time.Time) string {
	f := strings.Split(firstLine(message), "|")
	for len(f) < 12 {
		f = append(f, "")
	}
	trigger := f[8]
	if parts := strings.Split(f[8], "^"); len(parts) > 1 {
		trigger = parts[1]
	}
	return join(
		fmt.Sprintf("MSH|^~\\&|%s|%s|%s|%s|%s||ACK^%s^ACK|A%s|P|%s", application, f[5], f[2], f[3], stamp(now), trigger, f[9], f[11]),
		"MSA|AA|"+f[9],
	)
}

// join ends each segment with a carriage return (HL7 v2 §2.5).
func join(segments ...string) string {
	var b bytes.Buffer
	for _, s := range segments {
		b.WriteString(s)
		b.WriteByte(carriage)
	}
	return b.String()
}

// stamp is an HL7 time with its zone (HL7 v2 §2A.3.22, DTM).
func stamp(t time.Time) string { return t.Format("20060102150405-0700") }
