package attack

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// The commands and options of Telnet (RFC 854, RFC 857, RFC 858).
const (
	telnetIAC  = 255
	telnetDO   = 253
	telnetWILL = 251
	telnetSB   = 250
	telnetSE   = 240
	echoOption = 1
	goAhead    = 3 // suppress it
)

// console is the maintenance console of an old device: it asks for a name and a
// password in the clear, and hangs up when they are wrong.
type console struct {
	title, user, password string
}

const (
	consoleIdle = 30 * time.Second
	longestLine = 128
)

// serve answers calls until ctx ends.
func (c *console) serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		go c.answer(ctx, conn)
	}
}

// answer holds one session. The caller may hang up at any time.
func (c *console) answer(ctx context.Context, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(consoleIdle)); err != nil {
		return
	}
	_, err := conn.Write([]byte{telnetIAC, telnetWILL, echoOption, telnetIAC, telnetWILL, goAhead, telnetIAC, telnetDO, goAhead})
	if err != nil {
		return
	}
	_, _ = fmt.Fprintf(conn, "\r\n%s\r\n\r\n", c.title) // a failure shows at the next read
	r := bufio.NewReaderSize(conn, longestLine)
	name := ""
	for name == "" { // an empty line asks again
		if name, err = ask(conn, r, "login: ", true); err != nil {
			return
		}
	}
	password, err := ask(conn, r, "Password: ", false)
	if err != nil {
		return
	}
	if name != c.user || password != c.password {
		_, _ = io.WriteString(conn, "\r\nLogin incorrect\r\n\r\n")
		return
	}
	c.command(conn, r)
}

// command lets the signed-in caller look at the panel.
func (c *console) command(conn net.Conn, r *bufio.Reader) {
	_, _ = io.WriteString(conn, "\r\nType status or exit.\r\n")
	for {
		line, err := ask(conn, r, "panel> ", true)
		if err != nil {
			return
		}
		switch line {
		case "status":
			_, err = io.WriteString(conn, "\r\nO2 4.1 bar normal, AIR 4.0 bar normal, VAC -0.6 bar normal\r\n")
		case "exit", "quit":
			return
		default:
			_, err = io.WriteString(conn, "\r\ncommands: status, exit\r\n")
		}
		if err != nil {
			return
		}
	}
}

// ask reads one line after a prompt, without Telnet's commands, and echoes it
// if told to. What does not fit in a line is dropped.
func ask(w io.Writer, r *bufio.Reader, prompt string, echo bool) (string, error) {
	if _, err := io.WriteString(w, prompt); err != nil {
		return "", err
	}
	var line []byte
	for {
		b, err := r.ReadByte()
		if err != nil {
			return "", err
		}
		switch {
		case b == telnetIAC:
			if err := skipCommand(r); err != nil {
				return "", err
			}
		case b == '\n' || b == 0: // follows a carriage return
		case b == '\r':
			_, err := io.WriteString(w, "\r\n")
			return string(line), err
		case len(line) < longestLine:
			line = append(line, b)
			if echo {
				if _, err := w.Write([]byte{b}); err != nil {
					return "", err
				}
			}
		}
	}
}

// skipCommand reads past one Telnet command, whose first byte has been read.
func skipCommand(r *bufio.Reader) error {
	b, err := r.ReadByte()
	if err != nil || b < telnetSB {
		return err
	}
	if b != telnetSB { // WILL, WONT, DO, DONT and an option
		_, err = r.ReadByte()
		return err
	}
	for previous := byte(0); ; previous = b {
		if b, err = r.ReadByte(); err != nil || (previous == telnetIAC && b == telnetSE) {
			return err
		}
	}
}
