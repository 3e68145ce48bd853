// Package capturetest makes small captures of our own for tests, out of frames
// that are put together by hand.
package capturetest

import (
	"bytes"
	"fmt"
	"net"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/cordonhq/cordon/internal/capture"
)

// Epoch is the time of the first frame of each capture.
var Epoch = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)

// Pcap returns frames as an Ethernet capture, a millisecond apart.
func Pcap(frames [][]byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, capture.LinkEthernet, 0)
	if err != nil {
		return nil, err
	}
	for i, frame := range frames {
		at := Epoch.UnixNano() + int64(i)*int64(time.Millisecond)
		if err := w.Write(&capture.Frame{Time: at, Data: frame, WireLen: uint32(len(frame)), Link: capture.LinkEthernet}); err != nil {
			return nil, err
		}
	}
	err = w.Flush()
	return b.Bytes(), err
}

// Host is one end of an exchange.
type Host struct {
	MAC  net.HardwareAddr
	IP   net.IP
	Port uint16
}

// Workstation returns the n-th client, in 10.1.0.0/16.
func Workstation(n int) Host {
	return Host{net.HardwareAddr{0x00, 0x1b, 0x21, 1, byte(n >> 8), byte(n)}, net.IPv4(10, 1, byte(1+n>>8), byte(n)), uint16(50000 + n)}
}

// WebServer is the server of Browse.
var WebServer = Host{net.HardwareAddr{0x00, 0x1b, 0x21, 9, 9, 9}, net.IPv4(10, 1, 0, 80), 80}

// Browse is one HTTP exchange, from SYN to FIN: eight frames.
func Browse(client, server Host) [][]byte {
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

func (h Host) segment(to Host, tcp layers.TCP, payload string) []byte {
	eth := layers.Ethernet{SrcMAC: h.MAC, DstMAC: to.MAC, EthernetType: layers.EthernetTypeIPv4}
	ip := layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: h.IP, DstIP: to.IP}
	tcp.SrcPort, tcp.DstPort, tcp.Window = layers.TCPPort(h.Port), layers.TCPPort(to.Port), 64240
	if err := tcp.SetNetworkLayerForChecksum(&ip); err != nil {
		panic(fmt.Sprintf("capturetest: checksum over IPv4: %v", err))
	}
	b := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(b, opts, &eth, &ip, &tcp, gopacket.Payload(payload)); err != nil {
		panic(fmt.Sprintf("capturetest: frame of fixed layers: %v", err))
	}
	return b.Bytes()
}
