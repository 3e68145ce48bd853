// Package ndpitest reads what nDPI expects to see in its own test captures, so
// that dissectors can be held to it. Only tests import it.
package ndpitest

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/platform/corpus"
)

// Flow is one line of a result: a flow and what nDPI says of it.
type Flow struct {
	// Ends are the flow's two sides, in the order in which Ends sorts them.
	Ends Ends
	// Protocol is the base protocol's name, as "TLS" in "TLS.Google".
	Protocol string
	// ByContent is true if the payload decided, false for guesses.
	ByContent bool
	// Details are the labelled values of the line, such as "JA4".
	Details map[string]string
}

// Ends names a flow whichever side is seen first.
type Ends [2]netip.AddrPort

// EndsOf returns the name of f.
func EndsOf(f *flow.Flow) Ends { return sorted(f.SrcAddrPort(), f.DstAddrPort()) }

func sorted(a, b netip.AddrPort) Ends {
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	return Ends{a, b}
}

// Captures lists the captures that have a result, as names below pcap/ndpi.
func Captures(t testing.TB) []string {
	t.Helper()
	results, err := filepath.Glob(filepath.Join(corpus.Dir(t), "pcap", "ndpi", "*.out"))
	if err != nil || len(results) == 0 {
		t.Fatalf("no results of nDPI in the corpus (%v)", err)
	}
	names := make([]string, len(results))
	for i, r := range results {
		names[i] = strings.TrimSuffix(filepath.Base(r), ".out")
	}
	return names
}

var (
	flowLine = regexp.MustCompile(`^\t\d+\t(?:TCP|UDP) (\S+) <?->? (\S+) (?:\[VLAN: \d+\])?\[proto: [^/\]]+/([^.\]]+)`)
	detail   = regexp.MustCompile(`\[([A-Za-z0-9() /-]+): ([^\]]*)\]`)
)

// Results reads the result of one capture: its TCP and UDP flows.
func Results(t testing.TB, capture string) []Flow {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(corpus.Dir(t), "pcap", "ndpi", capture+".out"))
	if err != nil {
		t.Fatal(err)
	}
	var flows []Flow
	for line := range strings.Lines(string(raw)) {
		m := flowLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		a, errA := netip.ParseAddrPort(m[1])
		b, errB := netip.ParseAddrPort(m[2])
		if errA != nil || errB != nil {
			continue
		}
		f := Flow{Ends: sorted(a, b), Protocol: m[3], Details: map[string]string{}}
		for _, d := range detail.FindAllStringSubmatch(line, -1) {
			f.Details[d[1]] = d[2]
		}
		f.ByContent = f.Details["Confidence"] == "DPI"
		flows = append(flows, f)
	}
	return flows
}

// Agree runs a table over a capture and holds it to nDPI: among the flows that
// nDPI knew by their content, exactly those that it calls name must be seen as
// p. It returns how many there were. nDPI does not tell connections between the
// same ends apart, so one of them that is recognised is enough.
func Agree(t *testing.T, table dissect.Table, capture, name string, p cordon.Protocol) int {
	t.Helper()
	seen := map[Ends]bool{}
	for _, s := range dissecttest.Replay(t, table, "ndpi", capture) {
		ends := EndsOf(&s.Flow)
		seen[ends] = seen[ends] || s.Flow.Protocol == p
	}
	count := 0
	for _, f := range Results(t, capture) {
		is, known := seen[f.Ends]
		if !known || !f.ByContent {
			continue
		}
		if is != (f.Protocol == name) {
			t.Errorf("%s %v: seen as %v: %v, nDPI says %s", capture, f.Ends, p, is, f.Protocol)
		}
		if f.Protocol == name {
			count++
		}
	}
	return count
}
