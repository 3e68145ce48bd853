package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

// consolePort is where Cordon answers inside of the gateway, on loopback.
const consolePort = "127.0.0.1:8443"

// cordon is Cordon itself, at the gateway's mirror port.
func (l *Lab) cordon() (program, error) {
	self, err := os.Executable()
	if err != nil {
		return program{}, err
	}
	d := &Device{Name: "cordon"}
	p := program{name: "cordon", at: GatewayNamespace, path: self, dir: l.folder(d), answers: "tcp " + consolePort, spare: true}
	p.args = []string{"up", "--interface", MirrorPort, "--listen", consolePort, "--data", l.folder(d), "--name", "Clinic in a box"}
	return p, nil
}

// listenConsole opens a loopback address of this machine for the console.
func listenConsole(address string) (*os.File, error) {
	if host, _, err := net.SplitHostPort(address); err != nil || !net.ParseIP(host).IsLoopback() {
		return nil, fmt.Errorf("open the console on %q: give a loopback address and a port, such as 127.0.0.1:8443", address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &HintError{fmt.Errorf("open the console: %w", err), "Give another address: cordon lab up --with-cordon --console 127.0.0.1:8444"}
	}
	defer l.Close()
	return l.(*net.TCPListener).File()
}

// relay hands connections from outside of the lab to the console inside, until
// ctx ends.
func relay(ctx context.Context, from *os.File) error {
	l, err := net.FileListener(from)
	if err != nil {
		return fmt.Errorf("open the console: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("open the console: %w", err)
		}
		go carry(ctx, c.(*net.TCPConn))
	}
}

// carry joins one connection with a new one to the console.
func carry(ctx context.Context, outside *net.TCPConn) {
	stop := context.AfterFunc(ctx, func() { outside.Close() })
	defer stop()
	defer outside.Close()
	c, err := GatewayNamespace.Dial(ctx, "tcp", consolePort)
	if err != nil {
		return // the browser sees a closed connection
	}
	defer c.Close()
	inside := c.(*net.TCPConn)
	var both sync.WaitGroup
	pass := func(to, from *net.TCPConn) {
		_, err := io.Copy(to, from)
		err = errors.Join(err, to.CloseWrite())
		if err != nil {
			_ = from.Close() // nobody takes what still comes
		}
	}
	both.Go(func() { pass(inside, outside) })
	both.Go(func() { pass(outside, inside) })
	both.Wait()
}
