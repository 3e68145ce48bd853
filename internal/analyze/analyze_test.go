package analyze_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"testing"

	"github.com/cordonhq/cordon/internal/analyze"
	"github.com/cordonhq/cordon/internal/identify"
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
