package packet_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/cordonhq/cordon/internal/capture"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/corpus"
)

// BenchmarkDecodeCorpus decodes real frames of all kinds, as they come.
func BenchmarkDecodeCorpus(b *testing.B) {
	files, err := capture.Files([]string{filepath.Join(corpus.Dir(b), "pcap", "ndpi")})
	if err != nil {
		b.Fatal(err)
	}
	var frames []capture.Frame
	for _, file := range files {
		src, err := capture.Open(file.Name)
		if err != nil {
			b.Fatal(err)
		}
		var f capture.Frame
		for src.Next(&f) == nil {
			f.Data = bytes.Clone(f.Data)
			frames = append(frames, f)
		}
		src.Close()
	}
	b.ReportAllocs()
	var d packet.Decoder
	var p packet.Packet
	for b.Loop() {
		for i := range frames {
			f := &frames[i]
			d.Decode(&p, packet.LinkType(f.Link), f.Data, f.WireLen)
		}
	}
	b.ReportMetric(float64(len(frames))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mframes/s")
}
