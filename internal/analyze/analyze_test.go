package analyze_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/analyze"
	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/platform/corpus"
)

func config(t testing.TB, paths ...string) analyze.Config {
	t.Helper()
	rules, err := identify.Load("")
	if err != nil {
		t.Fatal(err)
	}
	return analyze.Config{Paths: paths, Rules: rules, PseudonymKey: make([]byte, 32), Log: slog.New(slog.DiscardHandler)}
}

// BenchmarkRun reads the capture that CORDON_BENCH_CAPTURE names, flows
// written out, as `cordon analyze --json` does.
func BenchmarkRun(b *testing.B) {
	path := os.Getenv("CORDON_BENCH_CAPTURE")
	if path == "" {
		b.Skip("set CORDON_BENCH_CAPTURE to a capture; make bench -keep FILE leaves one")
	}
	cfg := config(b, path)
	b.ReportAllocs()
	for b.Loop() {
		if err := analyze.Run(context.Background(), cfg, analyze.NewJSONLines(io.Discard)); err != nil {
			b.Fatal(err)
		}
	}
}

// line is what every line of the contract may hold.
type line struct {
	Type, File, Transport, Src, Dst, Protocol, ID, Kind, Rule, Severity, Technique string

	First, Last         string
	Packets             json.RawMessage
	PacketsOut          uint64 `json:"packets_out"`
	PacketsIn           uint64 `json:"packets_in"`
	Files, Flows        int
	Devices, Findings   int
	Damaged             int      `json:"files_damaged"`
	Panics              uint64   `json:"dissector_panics"`
	MACs, IPs           []string // of devices: never null
	Confidence, Seconds float64
	Evidence            json.RawMessage
}

// TestCorpusKeepsTheContract reads every capture of the corpus: nothing panics,
// every line is one object of the contract, and the lines come in its order.
func TestCorpusKeepsTheContract(t *testing.T) {
	root := filepath.Join(corpus.Dir(t), "pcap")
	var out bytes.Buffer
	if err := analyze.Run(t.Context(), config(t, root), analyze.NewJSONLines(&out)); err != nil {
		t.Fatal(err)
	}
	order := map[string]int{"flow": 0, "device": 1, "finding": 2, "summary": 3}
	counts, at := map[string]int{}, 0
	var packets uint64
	var last line
	for n, text := range bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n")) {
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatalf("line %d: %v: %s", n+1, err, text)
		}
		place, ok := order[l.Type]
		if !ok || place < at {
			t.Fatalf("line %d: %q after %v", n+1, l.Type, at)
		}
		at = place
		counts[l.Type]++
		switch l.Type {
		case "flow":
			packets += l.PacketsOut + l.PacketsIn
			if l.File == "" || l.Transport == "" || l.Src == "" || l.Dst == "" || l.First > l.Last {
				t.Errorf("line %d: incomplete flow: %s", n+1, text)
			}
			if _, err := cordon.ParseProtocol(l.Protocol); err != nil {
				t.Errorf("line %d: %v", n+1, err)
			}
		case "device":
			if _, err := cordon.ParseKind(l.Kind); err != nil || l.ID == "" || l.MACs == nil || l.IPs == nil || l.Confidence >= 1 {
				t.Errorf("line %d: incomplete device (%v): %s", n+1, err, text)
			}
		case "finding":
			if l.Rule == "" || l.Severity == "" || l.Technique == "" || l.Src == "" {
				t.Errorf("line %d: incomplete finding: %s", n+1, text)
			}
		}
		last = l
	}
	if last.Flows != counts["flow"] || last.Devices != counts["device"] || last.Findings != counts["finding"] || counts["summary"] != 1 {
		t.Errorf("the summary says %d flows, %d devices, %d findings; the lines are %v", last.Flows, last.Devices, last.Findings, counts)
	}
	if last.Panics != 0 || last.Files < 900 {
		t.Errorf("%d dissectors panicked; %d files were read", last.Panics, last.Files)
	}
	t.Logf("%v, %d packets in flows", counts, packets)
}

// TestSameCaptureSameAnswer: ids, order and evidence do not depend on the run.
func TestSameCaptureSameAnswer(t *testing.T) {
	root := filepath.Join(corpus.Dir(t), "pcap", "medical")
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := analyze.Run(t.Context(), config(t, root), analyze.NewJSONLines(out)); err != nil {
			t.Fatal(err)
		}
	}
	seconds := regexp.MustCompile(`"seconds":[0-9.e-]+`)
	a, b := seconds.ReplaceAll(first.Bytes(), nil), seconds.ReplaceAll(second.Bytes(), nil)
	if !bytes.Equal(a, b) {
		t.Errorf("two runs differ:\n%s\n%s", a, b)
	}
}

func TestStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	root := filepath.Join(corpus.Dir(t), "pcap", "ndpi")
	if err := analyze.Run(ctx, config(t, root), analyze.NewJSONLines(io.Discard)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled analysis ends with %v", err)
	}
}
