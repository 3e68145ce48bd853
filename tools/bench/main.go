// Command bench measures how many packets a second Cordon analyses on one
// core, with every dissector on and the flows written out, against ndpiReader
// on the same merged capture in the same run. It is run by `make bench`.
package main

import (
	"cmp"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cordonhq/cordon/internal/capture"
)

func main() {
	corpus := flag.String("corpus", cmp.Or(os.Getenv("CORDON_CORPUS"), "../shared/corpus"), "folder of the corpus")
	binary := flag.String("cordon", "bin/cordon", "program under test")
	copies := flag.Int("copies", 10, "times that the captures are repeated, with other addresses")
	rounds := flag.Int("rounds", 5, "measured rounds")
	keep := flag.String("keep", "", "also leave the merged capture in `FILE`")
	atLeast := flag.Float64("at-least", 0, "fail if the median ratio is below this")
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

func run(corpus, binary, merged string, copies, rounds int) (float64, error) {
	dir, err := os.MkdirTemp("", "cordon-bench")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if merged == "" {
		merged = filepath.Join(dir, "merged.pcap")
	}
	packets, bytes, err := merge(corpus, merged, copies)
	if err != nil {
		return 0, fmt.Errorf("merge captures: %w", err)
	}
	fmt.Printf("merged capture: %d packets, %d MB, mean %d bytes\n", packets, bytes/1e6, bytes/packets)
	flows := filepath.Join(dir, "flows.jsonl")
	ours := []string{"taskset", "-c", "0", binary, "analyze", "--json", "--quiet", merged}
	theirs := []string{"taskset", "-c", "0", "ndpiReader", "-q", "-i", merged}
	for _, warm := range [][]string{ours, theirs} {
		if _, err := measure(warm, flows); err != nil {
			return 0, err
		}
	}
	var a, b, ratios []float64
	for i := range rounds {
		x, err := measure(ours, flows)
		if err != nil {
			return 0, err
		}
		y, err := measure(theirs, filepath.Join(dir, "ndpi.txt"))
		if err != nil {
			return 0, err
		}
		a, b, ratios = append(a, x.Seconds()), append(b, y.Seconds()), append(ratios, y.Seconds()/x.Seconds())
		fmt.Printf("round %d: cordon %.3f s, ndpiReader %.3f s, ratio %.1f\n", i+1, x.Seconds(), y.Seconds(), y.Seconds()/x.Seconds())
	}
	ratio := median(ratios)
	fmt.Printf("median of %d: cordon %.0f packets/s, ndpiReader %.0f packets/s, ratio %.1f\n",
		rounds, float64(packets)/median(a), float64(packets)/median(b), ratio)
	return ratio, nil
}

// measure runs a command with its output in a file and returns its wall time.
func measure(args []string, out string) (time.Duration, error) {
	f, err := os.Create(out)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var errText strings.Builder
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = f, &errText
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, errText.String())
	}
	return time.Since(began), nil
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

// merge writes all Ethernet captures of nDPI's test set one after the other,
// in time order and as often as asked, each copy with other IPv4 addresses, so
// that flows are as many as frames suggest.
func merge(corpus, path string, copies int) (packets, bytes int64, err error) {
	files, err := filepath.Glob(filepath.Join(corpus, "pcap", "ndpi", "*.pcap*"))
	if err != nil {
		return 0, 0, err
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, ".out") })
	if len(files) == 0 {
		return 0, 0, fmt.Errorf("no captures under %s", corpus)
	}
	out, err := os.Create(path)
	if err != nil {
		return 0, 0, err
	}
	defer out.Close()
	w, err := capture.NewWriter(out, capture.LinkEthernet, 0)
	if err != nil {
		return 0, 0, err
	}
	clock := int64(1_700_000_000e9)
	for n := range copies {
		for _, file := range files {
			clock, err = appendCapture(w, file, byte(n), clock, &packets, &bytes)
			if err != nil {
				return 0, 0, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return packets, bytes, w.Flush()
}

// longestPause bounds, in nanoseconds, the time between two frames: some
// captures of the set have times from another century.
const longestPause = int64(10 * time.Second)

// appendCapture copies one capture, its first packet at the given time, and
// returns the time after its last.
func appendCapture(w *capture.Writer, file string, n byte, clock int64, packets, bytes *int64) (int64, error) {
	src, err := capture.Open(file)
	if err != nil {
		return clock, err
	}
	defer src.Close()
	var f capture.Frame
	var before int64
	for {
		err := src.Next(&f)
		var damage *capture.DamageError
		if err == io.EOF || errors.As(err, &damage) || err == nil && f.Link != capture.LinkEthernet {
			return clock + 1e6, nil
		}
		if err != nil {
			return clock, err
		}
		if before != 0 {
			clock += min(max(f.Time-before, 0), longestPause)
		}
		before, f.Time = f.Time, clock
		alter(f.Data, n)
		if err := w.Write(&f); err != nil {
			return clock, err
		}
		*packets++
		*bytes += int64(len(f.Data))
	}
}

// alter flips bits in the second octet of both IPv4 addresses of an untagged
// frame: the same way for both, so that conversations stay conversations.
func alter(frame []byte, n byte) {
	const ipv4, src, dst = 14, 26, 30
	if len(frame) < dst+4 || binary.BigEndian.Uint16(frame[12:]) != 0x0800 || frame[ipv4]>>4 != 4 || frame[dst] >= 224 {
		return
	}
	frame[src+1] ^= n
	frame[dst+1] ^= n
}
