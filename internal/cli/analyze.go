package cli

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/cordonhq/cordon/internal/analyze"
	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/platform/atomicfile"
)

type analyzeFlags struct {
	json    bool
	html    string
	rules   string
	quiet   bool
	devices int
}

func analyzeCommand(s streams) *cobra.Command {
	var f analyzeFlags
	cmd := &cobra.Command{
		Use:   "analyze FILE…",
		Short: "Read captures and say what they show",
		Long: `Read packet captures and say which devices they show, what those are and why,
who talks to whom, and what looks wrong.

FILE is a pcap or pcapng capture, plain or compressed with gzip or zstd, a
directory of them, or - for standard input. A damaged capture is read up to
its damage. Nothing is written but the answer, and nothing is sent.`,
		Example: `  cordon analyze ward.pcap
  cordon analyze --json captures/ | jq 'select(.type=="device")'
  cordon analyze --html report.html ward.pcap
  tcpdump -i eth0 -w - -c 10000 | cordon analyze -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("analyze needs at least one capture file, a directory, or - for standard input")
			}
			if f.json && f.html != "" {
				return usagef("--json and --html exclude each other: run analyze twice for both")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runAnalyze(cmd, s, f, args) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.json, "json", false, "print JSON Lines: flows, devices, findings, summary")
	flags.StringVar(&f.html, "html", "", "write one self-contained HTML page to `FILE`")
	flags.StringVar(&f.rules, "rules", "", "also read identification rules from `DIR`")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress on standard error")
	flags.IntVar(&f.devices, "rows", 40, "print at most `N` rows a table, 0 for all")
	return cmd
}

// The garbage collector's pace for a command that ends soon, in percent of what
// lives: memory is cheaper than its time, up to a limit in bytes.
const (
	batchGC     = 3200 // of the least heap, 4 MiB: nothing is collected below 128 MiB
	batchMemory = 1 << 30
)

func runAnalyze(cmd *cobra.Command, s streams, f analyzeFlags, args []string) error {
	debug.SetGCPercent(batchGC)
	debug.SetMemoryLimit(batchMemory)
	rules, err := identify.Load(f.rules)
	if err != nil {
		return err
	}
	// The key lives as long as the run: pseudonyms join what one run says of a
	// patient and nothing beyond it.
	key := make([]byte, 32)
	rand.Read(key)
	cfg := analyze.Config{
		Paths: args, Stdin: s.in, Rules: rules, PseudonymKey: key,
		Log: slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{ReplaceAttr: dropTime})),
	}
	if bar := progress(s.err, f.quiet); bar != nil {
		cfg.Progress = bar
		defer fmt.Fprint(s.err, "\r\x1b[K")
	}
	if f.html == "" {
		return analyze.Run(cmd.Context(), cfg, report(s.out, f))
	}
	var page bytes.Buffer
	if err := analyze.Run(cmd.Context(), cfg, analyze.NewHTML(&page, Version())); err != nil {
		return err
	}
	if err := atomicfile.Write(f.html, page.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	fmt.Fprintf(s.err, "Wrote %s\n", f.html)
	return nil
}

func report(out io.Writer, f analyzeFlags) analyze.Report {
	if f.json {
		return analyze.NewJSONLines(out)
	}
	colours, width := false, 0
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		colours = os.Getenv("NO_COLOR") == ""
		width, _, _ = term.GetSize(int(file.Fd()))
	}
	return analyze.NewTables(out, analyze.TableConfig{Colours: colours, Width: width, Rows: f.devices})
}

// dropTime leaves the time out of messages of a command that ends soon.
func dropTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// worthABar is the input size in bytes from which on a progress bar is shown.
const worthABar = 32 << 20

// progress returns a function that draws a bar with rate on a terminal, or nil
// where none is wanted.
func progress(w io.Writer, quiet bool) func(read, total int64) {
	file, ok := w.(*os.File)
	if quiet || !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	var bar *progressbar.ProgressBar
	return func(read, total int64) {
		if total > 0 && total < worthABar {
			return
		}
		if bar == nil || bar.GetMax64() != total {
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(w),
				progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
		}
		_ = bar.Set64(read) // a progress bar that cannot be drawn is no reason to stop
	}
}
