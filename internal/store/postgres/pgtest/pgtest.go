// Package pgtest starts a private PostgreSQL server from Debian's postgresql
// package for tests. It listens on a socket in a directory of its own and goes
// away with the process that started it.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Server is a running server.
type Server struct {
	dir       string // holds data and socket
	bin       string
	account   *syscall.Credential // nil: our own
	databases atomic.Int64
}

// Find returns the directory of PostgreSQL's programs, of the newest version
// that Debian's packages have installed.
func Find() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("PostgreSQL is not installed: apt-get install postgresql")
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(found[len(found)-1]), nil
}

// Start makes a cluster and starts its server.
func Start() (*Server, error) {
	bin, err := Find()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	if s.account, err = account(); err != nil {
		return nil, err
	}
	// The path of a socket must be short (unix(7): 108 bytes).
	if s.dir, err = os.MkdirTemp("", "cordon-pg-"); err != nil {
		return nil, err
	}
	if s.account != nil {
		if err := os.Chown(s.dir, int(s.account.Uid), int(s.account.Gid)); err != nil {
			return nil, err
		}
	}
	for _, args := range [][]string{
		{"initdb", "--pgdata", s.data(), "--username", "cordon", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-instructions"},
		{"pg_ctl", "start", "--pgdata", s.data(), "--wait", "--silent", "--log", filepath.Join(s.dir, "log"),
			"--options", "-c listen_addresses='' -c unix_socket_directories='" + s.dir + "' -c max_connections=200"},
	} {
		if err := s.run(args...); err != nil {
			s.Stop()
			return nil, err
		}
	}
	return s, nil
}

// account returns whom to run the server as: PostgreSQL refuses to run as
// root, so then it is Debian's postgres account.
func account() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no other account for it: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) run(args ...string) error {
	c := exec.Command(filepath.Join(s.bin, args[0]), args[1:]...)
	c.Dir = s.dir
	c.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + s.dir}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.account}
	if args[0] == "pg_ctl" {
		// The server would keep a pipe open, and the wait for its end waiting.
		return c.Run()
	}
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", args[0], err, out)
	}
	return nil
}

// Stop ends the server and removes its data.
func (s *Server) Stop() {
	// It may not have started; then there is nothing to stop.
	_ = s.run("pg_ctl", "stop", "--pgdata", s.data(), "--mode", "immediate", "--silent")
	_ = os.RemoveAll(s.dir)
}

// Database makes an empty database and returns its connection string.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	conn, err := pgx.Connect(t.Context(), s.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return s.url(name)
}

func (s *Server) url(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("cordon"), Path: "/" + database, RawQuery: "host=" + url.QueryEscape(s.dir)}
	return u.String()
}
