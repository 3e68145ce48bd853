// Command agreement compares the protocol that Cordon gives each flow with
// nDPI's expected results for the same captures, and prints recall and
// precision per protocol. It is run by `make agreement`.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// listed are the protocols that the sensor is held to; nDPI's other labels
// count only against precision, where Cordon gives such a flow a listed token.
var listed = strings.Fields(`dicom hl7 mqtt coap dns mdns llmnr nbns nbdgm nbss dhcp dhcpv6 ssdp wsd snmp ntp http fhir tls
	quic ssh telnet ftp smb1 smb2 dcerpc kerberos ldap rdp modbus bacnet icmp icmpv6 igmp`)

func main() {
	corpus := flag.String("corpus", cmp.Or(os.Getenv("CORDON_CORPUS"), "../shared/corpus"), "folder of the corpus")
	names := flag.String("map", "../shared/ndpi-map.tsv", "table from nDPI's names to tokens")
	binary := flag.String("cordon", "bin/cordon", "program under test")
	verbose := flag.Bool("v", false, "print each disagreement")
	recall := flag.Float64("recall", 0, "fail below this recall")
	precision := flag.Float64("precision", 0, "fail below this precision")
	flag.Parse()
	s, err := compare(*corpus, *names, *binary, *verbose)
	if err != nil {
		fmt.Fprintln(os.Stderr, "agreement:", err)
		os.Exit(1)
	}
	r, p := s.print()
	if r < *recall || p < *precision {
		fmt.Fprintf(os.Stderr, "agreement: below the bar of %.1f%% recall and %.1f%% precision\n", *recall*100, *precision*100)
		os.Exit(1)
	}
}

// tuple is a flow without direction.
type tuple struct {
	transport string
	a, b      netip.AddrPort
}

func newTuple(transport string, a, b netip.AddrPort) tuple {
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	return tuple{transport, a, b}
}

// tally counts the flows of one token.
type tally struct{ right, missed, wrong int }

type scores struct {
	tokens map[string]*tally
	flows  int
}

func (s *scores) of(token string) *tally {
	if s.tokens[token] == nil {
		s.tokens[token] = &tally{}
	}
	return s.tokens[token]
}

func compare(corpus, names, binary string, verbose bool) (*scores, error) {
	accepted, err := readMap(names)
	if err != nil {
		return nil, err
	}
	results, err := filepath.Glob(filepath.Join(corpus, "pcap", "ndpi", "*.out"))
	if err != nil || len(results) == 0 {
		return nil, fmt.Errorf("no results of nDPI under %s (%v)", corpus, err)
	}
	s := &scores{tokens: map[string]*tally{}}
	for _, result := range results {
		capture := strings.TrimSuffix(result, ".out")
		if _, err := os.Stat(capture); err != nil {
			continue
		}
		ours, err := analyze(binary, capture)
		if err != nil {
			return nil, fmt.Errorf("analyze %s: %w", capture, err)
		}
		theirs, err := readResult(result)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", result, err)
		}
		for t, name := range theirs {
			s.judge(filepath.Base(capture), t, name, accepted[name], ours[t], verbose)
		}
	}
	return s, nil
}

// judge counts one flow that nDPI labelled by looking into it.
func (s *scores) judge(capture string, t tuple, name string, right []string, said []string, verbose bool) {
	s.flows++
	for _, token := range right {
		if slices.Contains(said, token) {
			s.of(right[0]).right++
			return
		}
	}
	expected := slices.ContainsFunc(right, func(token string) bool { return slices.Contains(listed, token) })
	if expected {
		s.of(right[0]).missed++
	}
	wrong := slices.DeleteFunc(slices.Clone(said), func(token string) bool { return !slices.Contains(listed, token) })
	if len(wrong) > 0 {
		s.of(wrong[0]).wrong++
	}
	if verbose && (expected || len(wrong) > 0) {
		fmt.Printf("%-40s %s %s %s  nDPI %s, Cordon %v\n", capture, t.transport, t.a, t.b, name, said)
	}
}

func (s *scores) print() (recall, precision float64) {
	fmt.Printf("%-12s %7s %7s %7s %8s %10s\n", "protocol", "right", "missed", "wrong", "recall", "precision")
	var sum tally
	for _, token := range slices.Sorted(maps.Keys(s.tokens)) {
		t := s.tokens[token]
		mark := " "
		if slices.Contains(listed, token) {
			sum.right, sum.missed, sum.wrong = sum.right+t.right, sum.missed+t.missed, sum.wrong+t.wrong
		} else {
			mark = "*"
		}
		fmt.Printf("%-11s%s %7d %7d %7d %7.1f%% %9.1f%%\n", token, mark, t.right, t.missed, t.wrong, 100*ratio(t.right, t.missed), 100*ratio(t.right, t.wrong))
	}
	recall, precision = ratio(sum.right, sum.missed), ratio(sum.right, sum.wrong)
	fmt.Printf("%-12s %7d %7d %7d %7.1f%% %9.1f%%\n", "listed", sum.right, sum.missed, sum.wrong, 100*recall, 100*precision)
	fmt.Printf("%d flows that nDPI labelled by inspection; * is not among the listed protocols\n", s.flows)
	return recall, precision
}

func ratio(right, other int) float64 {
	if right+other == 0 {
		return 1
	}
	return float64(right) / float64(right+other)
}

// readMap reads nDPI's names and the tokens that are right for each.
func readMap(path string) (map[string][]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := map[string][]string{}
	for line := range strings.Lines(string(data)) {
		name, tokens, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if ok && !strings.HasPrefix(line, "#") {
			m[name] = strings.Split(tokens, "|")
		}
	}
	return m, nil
}

var flowLine = regexp.MustCompile(`^\t\d+\t(\S+) (\S+) <?->? (\S+) .*?\[proto: [\d.]+/([^\]]+)\].*?\[Confidence: ([^\]]+)\]`)

// readResult returns nDPI's base protocol of each flow that it labelled by
// inspection.
func readResult(path string) (map[tuple]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := map[tuple]string{}
	for line := range strings.Lines(string(data)) {
		m := flowLine.FindStringSubmatch(line)
		if m == nil || m[5] != "DPI" {
			continue
		}
		a, errA := parseEndpoint(m[2])
		b, errB := parseEndpoint(m[3])
		if errA != nil || errB != nil {
			return nil, fmt.Errorf("line %q: %w", line, cmp.Or(errA, errB))
		}
		base, _, _ := strings.Cut(m[4], ".")
		out[newTuple(strings.ToLower(m[1]), a, b)] = base
	}
	return out, nil
}

// parseEndpoint reads an address and port as nDPI prints them: an address with
// two runs of zeros gets two "::", which stands for nothing; the first is one
// group.
func parseEndpoint(s string) (netip.AddrPort, error) {
	if strings.Count(s, "::") > 1 {
		s = strings.Replace(s, "::", ":0:", 1)
	}
	return netip.ParseAddrPort(s)
}

// analyze returns the tokens that Cordon gives each flow.
func analyze(binary, capture string) (map[tuple][]string, error) {
	var errors bytes.Buffer
	cmd := exec.Command(binary, "analyze", "--json", "--quiet", capture)
	cmd.Stderr = &errors
	data, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, errors.String())
	}
	out := map[tuple][]string{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var f struct {
			Type, Transport, Protocol string
			Src, Dst                  netip.Addr
			SrcPort                   uint16 `json:"src_port"`
			DstPort                   uint16 `json:"dst_port"`
		}
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			return nil, err
		}
		if f.Type != "flow" {
			break
		}
		t := newTuple(f.Transport, netip.AddrPortFrom(f.Src, f.SrcPort), netip.AddrPortFrom(f.Dst, f.DstPort))
		out[t] = append(out[t], f.Protocol)
	}
	return out, lines.Err()
}
