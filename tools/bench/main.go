// Command bench measures how many packets a second Cordon analyses on one
// core, with every dissector on and the flows written out, against ndpiReader
// on the same captures in the same run. It is run by `make bench`.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	corpus := flag.String("corpus", cmp.Or(os.Getenv("CORDON_CORPUS"), "../shared/corpus"), "folder of the corpus")
	binary := flag.String("cordon", "bin/cordon", "program under test")
	copies := flag.Int("copies", 10, "times that the captures are repeated, with other addresses")
	rounds := flag.Int("rounds", 5, "measured pairs of runs")
	keep := flag.String("keep", "", "also leave the merged capture, bulk included, in `FILE`")
	atLeast := flag.Float64("at-least", 0, "fail if the ratio of CPU time is below this, with the bulk")
	flag.Parse()
	ratio, err := run(*corpus, *binary, *keep, *copies, *rounds)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if ratio < *atLeast {
		fmt.Fprintf(os.Stderr, "bench: the ratio is below %.1f\n", *atLeast)
		os.Exit(1)
	}
}

// run measures without and with bulk, and returns the ratio of CPU time with.
func run(corpus, binary, keep string, copies, rounds int) (float64, error) {
	dir, err := os.MkdirTemp("", "cordon-bench")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	captures := []struct {
		name, path string
		bulk       bool
	}{
		{"nDPI's captures", filepath.Join(dir, "plain.pcap"), false},
		{"with bulk", cmp.Or(keep, filepath.Join(dir, "bulk.pcap")), true},
	}
	var ratio float64
	for _, c := range captures {
		size, err := merge(corpus, c.path, copies, c.bulk)
		if err != nil {
			return 0, fmt.Errorf("merge captures: %w", err)
		}
		fmt.Printf("%s: %d packets, %d MB, mean %d bytes\n", c.name, size.packets, size.bytes/1e6, size.bytes/size.packets)
		if ratio, err = compare(dir, binary, c.path, rounds, size.packets); err != nil {
			return 0, err
		}
	}
	return ratio, nil
}

// compare runs both programs in turn, so that what else the machine does
// meets both, and prints medians. It returns the ratio of CPU time.
func compare(dir, binary, path string, rounds int, packets int64) (float64, error) {
	ours := []string{"taskset", "-c", "0", binary, "analyze", "--json", "--quiet", path}
	theirs := []string{"taskset", "-c", "0", "ndpiReader", "-q", "-i", path}
	var a, b []cost
	for i := range rounds + 1 {
		x, err := measure(ours, filepath.Join(dir, "flows.jsonl"))
		if err != nil {
			return 0, err
		}
		y, err := measure(theirs, filepath.Join(dir, "ndpi.txt"))
		if err != nil {
			return 0, err
		}
		if i > 0 { // the first pair warms the page cache
			a, b = append(a, x), append(b, y)
		}
	}
	var ratio float64
	for _, by := range []struct {
		name string
		of   func(cost) time.Duration
	}{
		{"wall time", func(c cost) time.Duration { return c.wall }},
		{"CPU time", func(c cost) time.Duration { return c.cpu }},
	} {
		var x, y, ratios []float64
		for i := range a {
			x, y = append(x, by.of(a[i]).Seconds()), append(y, by.of(b[i]).Seconds())
			ratios = append(ratios, y[i]/x[i])
		}
		ratio = median(ratios)
		fmt.Printf("  %-9s cordon %.3f s, %.0f packets/s; ndpiReader %.3f s, %.0f packets/s; ratio %.1f (%.1f to %.1f)\n", by.name,
			median(x), float64(packets)/median(x), median(y), float64(packets)/median(y), ratio, slices.Min(ratios), slices.Max(ratios))
	}
	return ratio, nil
}

type cost struct{ wall, cpu time.Duration }

// measure runs a command with its output in a file.
func measure(args []string, out string) (cost, error) {
	f, err := os.Create(out)
	if err != nil {
		return cost{}, err
	}
	defer f.Close()
	var errText strings.Builder
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = f, &errText
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return cost{}, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, errText.String())
	}
	return cost{time.Since(began), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}
