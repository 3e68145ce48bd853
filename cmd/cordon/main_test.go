package main

import (
	"bytes"
	"compress/gzip"
	"github.com/rogpeppe/go-internal/testscript"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/cordonhq/cordon/internal/capture/capturetest"
	"github.com/cordonhq/cordon/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"cordon": func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the commands as a user does: one script a behaviour, each in
// a folder with a small capture of ours.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			return writeCaptures(env.WorkDir)
		},
	})
}

// writeCaptures makes hello.pcap, in which a workstation asks a web server for
// a page, and damaged forms of it.
func writeCaptures(dir string) error {
	client := capturetest.Host{MAC: net.HardwareAddr{0x00, 0x1b, 0x21, 1, 2, 3}, IP: net.IPv4(10, 1, 0, 5), Port: 50123}
	hello, err := capturetest.Pcap(capturetest.Browse(client, capturetest.WebServer))
	if err != nil {
		return err
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(hello); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"hello.pcap":        hello,
		"hello.pcap.gz":     zipped.Bytes(),
		"truncated.pcap":    hello[:len(hello)-7],
		"empty.pcap":        {},
		"header-only.pcap":  hello[:24],
		"garbage.pcap":      bytes.Repeat([]byte("not a capture "), 100),
		"folder/hello.pcap": hello,
		"folder/notes.txt":  []byte("no capture"),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
