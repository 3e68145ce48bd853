package capture_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/cordonhq/cordon/internal/capture"
)

// Frames of 483 bytes are the mean of a mix of bulk and chatter.
const (
	benchFrames = 400_000
	benchLength = 483
)

// benchFile writes a capture of benchFrames frames to a temporary file.
func benchFile(b *testing.B, write func(io.Writer)) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "bench")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	write(f)
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

func benchPcap(w io.Writer) {
	out, _ := capture.NewWriter(w, capture.LinkEthernet, 0)
	data := make([]byte, benchLength)
	for i := range benchFrames {
		binary.BigEndian.PutUint64(data[20:], uint64(i)*0x9e3779b97f4a7c15)
		_ = out.Write(&capture.Frame{Time: int64(i) * 1000, Data: data, Link: capture.LinkEthernet})
	}
	_ = out.Flush()
}

func benchPcapng(w io.Writer) {
	b := new(bytes.Buffer)
	b.Write(ngSection(le))
	b.Write(ngInterface(le, 1, 0))
	data := make([]byte, benchLength)
	for i := range benchFrames {
		b.Write(ngEnhanced(le, 0, uint64(i), len(data), data))
		if b.Len() > 1<<20 {
			_, _ = b.WriteTo(w)
		}
	}
	_, _ = b.WriteTo(w)
}

func BenchmarkRead(b *testing.B) {
	formats := []struct {
		name  string
		write func(io.Writer)
	}{
		{"pcap", benchPcap},
		{"pcapng", benchPcapng},
		{"pcap.gz", func(w io.Writer) { z := gzip.NewWriter(w); benchPcap(z); _ = z.Close() }},
		{"pcap.zst", func(w io.Writer) { z, _ := zstd.NewWriter(w); benchPcap(z); _ = z.Close() }},
	}
	for _, f := range formats {
		b.Run(f.name, func(b *testing.B) {
			path := benchFile(b, f.write)
			b.ReportAllocs()
			for b.Loop() {
				src, err := capture.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := count(src); n != benchFrames || err != nil {
					b.Fatalf("%d frames, %v", n, err)
				}
				src.Close()
			}
			b.ReportMetric(float64(benchFrames)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mframes/s")
		})
	}
}
