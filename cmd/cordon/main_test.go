package main

import (
	"bytes"
	"compress/gzip"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cordonhq/cordon/internal/capture"
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
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, capture.LinkEthernet, 0)
	if err != nil {
		return err
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC).UnixNano()
	for i, frame := range hello() {
		f := capture.Frame{Time: at + int64(i)*int64(time.Millisecond), Data: frame, WireLen: uint32(len(frame)), Link: capture.LinkEthernet}
		if err := w.Write(&f); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(b.Bytes()); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"hello.pcap":        b.Bytes(),
		"hello.pcap.gz":     zipped.Bytes(),
		"truncated.pcap":    b.Bytes()[:b.Len()-7],
		"empty.pcap":        {},
		"header-only.pcap":  b.Bytes()[:24],
		"garbage.pcap":      bytes.Repeat([]byte("not a capture "), 100),
		"folder/hello.pcap": b.Bytes(),
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

// hello is one HTTP exchange, from SYN to FIN.
func hello() [][]byte {
	client := host{net.HardwareAddr{0x00, 0x1b, 0x21, 1, 2, 3}, net.IPv4(10, 1, 0, 5), 50123}
	server := host{net.HardwareAddr{0x00, 0x1b, 0x21, 9, 9, 9}, net.IPv4(10, 1, 0, 80), 80}
	const request = "GET /ward HTTP/1.1\r\nHost: intranet\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)\r\n\r\n"
	const response = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 2\r\n\r\nok"
	q, r := uint32(len(request)), uint32(len(response))
	return [][]byte{
		client.segment(server, layers.TCP{SYN: true, Seq: 100}, ""),
		server.segment(client, layers.TCP{SYN: true, ACK: true, Seq: 700, Ack: 101}, ""),
		client.segment(server, layers.TCP{ACK: true, Seq: 101, Ack: 701}, ""),
		client.segment(server, layers.TCP{ACK: true, PSH: true, Seq: 101, Ack: 701}, request),
		server.segment(client, layers.TCP{ACK: true, PSH: true, Seq: 701, Ack: 101 + q}, response),
		client.segment(server, layers.TCP{ACK: true, FIN: true, Seq: 101 + q, Ack: 701 + r}, ""),
		server.segment(client, layers.TCP{ACK: true, FIN: true, Seq: 701 + r, Ack: 102 + q}, ""),
		client.segment(server, layers.TCP{ACK: true, Seq: 102 + q, Ack: 702 + r}, ""),
	}
}

type host struct {
	mac  net.HardwareAddr
	ip   net.IP
	port uint16
}

func (h host) segment(to host, tcp layers.TCP, payload string) []byte {
	eth := layers.Ethernet{SrcMAC: h.mac, DstMAC: to.mac, EthernetType: layers.EthernetTypeIPv4}
	ip := layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: h.ip, DstIP: to.ip}
	tcp.SrcPort, tcp.DstPort, tcp.Window = layers.TCPPort(h.port), layers.TCPPort(to.port), 64240
	if err := tcp.SetNetworkLayerForChecksum(&ip); err != nil {
		panic(err)
	}
	b := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(b, opts, &eth, &ip, &tcp, gopacket.Payload(payload)); err != nil {
		panic(err)
	}
	return b.Bytes()
}
