package flow_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cordonhq/cordon/internal/capture"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/corpus"
)

// captures lists the corpus's captures in a stable order.
func captures(t *testing.T) []string {
	root := filepath.Join(corpus.Dir(t), "pcap")
	var paths []string
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		switch filepath.Ext(path) {
		case ".pcap", ".pcapng", ".cap", ".trace":
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captures under %s: %v", root, err)
	}
	return paths
}

// flowsOf returns for each frame the flow that it was counted to, by frame
// number; frames without TCP or UDP are left out.
func flowsOf(t *testing.T, path string) map[uint64]string {
	src, err := capture.Open(path)
	if err != nil {
		t.Logf("%s: %v", filepath.Base(path), err)
		return nil
	}
	defer src.Close()
	var (
		of        = make(map[uint64]string)
		d         packet.Decoder
		p         packet.Packet
		frame     capture.Frame
		fragments = packet.NewReassembler(packet.ReassemblerConfig{})
		tab       = flow.New(flow.Config{}.Untimed(), nothing{}) // tshark has no timeouts either
	)
	for src.Next(&frame) == nil {
		d.Decode(&p, packet.LinkType(frame.Link), frame.Data, frame.WireLen)
		p.Time, p.Number = frame.Time, frame.Number
		if p.Fragment {
			fragments.Add(&p)
		}
		f := tab.Add(&p)
		switch {
		case f == nil:
		case f.Proto == packet.ProtoTCP:
			of[p.Number] = fmt.Sprintf("tcp %d", f.ID)
		case f.Proto == packet.ProtoUDP:
			of[p.Number] = fmt.Sprintf("udp %d", f.ID)
		}
	}
	return of
}

// streamsOf returns for each frame the stream that tshark counts it to. Frames
// whose innermost network layer carries neither TCP nor UDP have "": what
// tshark names there is the tunnel around it, or what an ICMP error quotes.
func streamsOf(t *testing.T, path string) map[uint64]string {
	cmd := exec.Command("tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=l", "-E", "separator=/t",
		"-e", "frame.number", "-e", "frame.protocols", "-e", "tcp.stream", "-e", "udp.stream")
	text, err := cmd.Output()
	if err != nil {
		t.Logf("%s: tshark: %v", filepath.Base(path), err)
	}
	of := make(map[uint64]string)
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		number, err := strconv.ParseUint(fields[0], 10, 64)
		if err != nil || len(fields) < 4 || fields[2]+fields[3] == "" {
			continue
		}
		of[number] = ""
		layers := strings.Split(fields[1], ":")
		if slices.Contains(layers, "icmp") || slices.Contains(layers, "icmpv6") {
			continue
		}
		for _, layer := range slices.Backward(layers) {
			if layer == "tcp" && fields[2] != "" {
				of[number] = "tcp " + fields[2]
			} else if layer == "udp" && fields[3] != "" {
				of[number] = "udp " + fields[3]
			} else if !slices.Contains([]string{"ip", "ipv6", "arp"}, layer) {
				continue
			}
			break
		}
	}
	return of
}

// The reasons for which we and tshark differ.
const (
	byPort    = "tshark splits the flow where its dissector asks for conversations by one port"
	fragments = "tshark reads the ports of a first fragment whose datagram is never whole"
	tunnelled = "tshark looks into a tunnel that we don't, or the other way round"
)

// known says why captures differ; of the whole corpus no others do.
var known = map[string]string{
	"FAX-Call-t38-CA-TDM-SIP-FB-1.pcap":           byPort,
	"HARTIP.pcap":                                 byPort,
	"hart_ip.pcap":                                byPort,
	"snmp.pcap":                                   byPort,
	"snmp_leak_test.pcapng":                       byPort,
	"snmp_snmp-crash-62790.pcap":                  byPort,
	"snmp_snmpv1_get_short.pcap":                  byPort,
	"snmp_snmpv1_set.pcap":                        byPort,
	"snmp_snmpv2_get.pcap":                        byPort,
	"snmp_snmpv2_get_next.pcap":                   byPort,
	"snmp_snmpv3_get_next.pcap":                   byPort,
	"snmp-v2c-get_SNMPv2c_get_requests.pcap":      byPort,
	"snmpv3_synthetic.pcap":                       byPort,
	"badpackets.pcap":                             fragments,
	"DHCP.pcap":                                   fragments,
	"dhcp6_reconf_asan.pcap":                      fragments,
	"RADIUS.pcap":                                 fragments,
	"capwap.pcap":                                 tunnelled,
	"Tunnels.pcap":                                tunnelled,
	"fuzz-2006-06-26-2594.pcap":                   "bytes altered at random: RTP by port, and a TCP header that contradicts itself",
	"collectd.pcap":                               "the same ports again, 22 years later",
	"smb_data_print-segv.pcap":                    "the same ports again, 21 years later",
	"ndpi_match_string_subprotocol__error.pcapng": "a connection begins, on the ports of an earlier one, with the answer to its SYN",
}

// TestAgreesWithTshark compares flows and the packets of each with tshark's
// streams, frame by frame.
func TestAgreesWithTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("runs tshark on many captures")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	paths := captures(t)
	sample, step := 50, len(paths)/50
	var same int
	for i := range sample {
		path := paths[i*step]
		diff := compare(flowsOf(t, path), streamsOf(t, path))
		why, excused := known[filepath.Base(path)]
		switch {
		case diff == "":
			same++
		case excused:
			t.Logf("%s: %s: %s", filepath.Base(path), why, diff)
		default:
			t.Errorf("%s: %s", filepath.Base(path), diff)
		}
	}
	t.Logf("%d of %d captures agree in every flow and packet", same, sample)
}

// compare says in what two groupings of frames differ, "" if in nothing.
func compare(ours, theirs map[uint64]string) string {
	count := func(of map[uint64]string) map[string]int {
		n := make(map[string]int)
		for _, f := range of {
			n[f]++
		}
		return n
	}
	var missing, extra []uint64
	pairs := make(map[string]map[string]uint64)
	for n, s := range theirs {
		if s == "" {
			delete(ours, n)
			delete(theirs, n)
			continue
		}
		f, ok := ours[n]
		if !ok {
			missing = append(missing, n)
			continue
		}
		if pairs[s] == nil {
			pairs[s] = make(map[string]uint64)
		}
		if first := pairs[s][f]; first == 0 || n < first {
			pairs[s][f] = n
		}
	}
	for n := range ours {
		if _, ok := theirs[n]; !ok {
			extra = append(extra, n)
		}
	}
	var diff []string
	slices.Sort(missing)
	slices.Sort(extra)
	if len(missing) > 0 {
		diff = append(diff, fmt.Sprintf("%d packets only tshark has, first %d", len(missing), missing[0]))
	}
	if len(extra) > 0 {
		diff = append(diff, fmt.Sprintf("%d packets only we have, first %d (%s)", len(extra), extra[0], ours[extra[0]]))
	}
	joined := make(map[string]string)
	for _, s := range slices.Sorted(maps.Keys(pairs)) {
		if len(pairs[s]) > 1 {
			diff = append(diff, fmt.Sprintf("stream %s is ours %v", s, pairs[s]))
		}
		for f := range pairs[s] {
			if other, ok := joined[f]; ok {
				diff = append(diff, fmt.Sprintf("our %s is streams %s and %s", f, s, other))
			}
			joined[f] = s
		}
	}
	if len(diff) == 0 {
		return ""
	}
	if len(diff) > 5 {
		diff = append(diff[:5], fmt.Sprintf("and %d more", len(diff)-5))
	}
	return fmt.Sprintf("%d flows of %d packets, tshark %d of %d: %s", len(count(ours)), len(ours), len(count(theirs)), len(theirs), strings.Join(diff, "; "))
}
