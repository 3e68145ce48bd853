package capture_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/cordonhq/cordon/internal/capture"
)

// FuzzOpen holds the reader of all formats to its promises on any bytes: it
// ends, with an error of a known type, and each frame lies within the input.
func FuzzOpen(f *testing.F) {
	data := []byte("some frame")
	seeds := [][]byte{
		cat(pcapFile(le, 0xa1b2c3d4), pcapFrame(le, 5, 6, 100, nil, data), pcapFrame(le, 5, 6, 10, nil, data)),
		cat(pcapFile(be, 0xa1b23c4d), pcapFrame(be, 5, 6, 100, nil, data)),
		cat(pcapFile(le, 0xa1b2cd34), pcapFrame(le, 5, 6, 100, make([]byte, 8), data)),
		cat(ngSection(le), ngInterface(le, 1, 0, resolution(le, 9), ngOption(le, 14, make([]byte, 8))), ngEnhanced(le, 0, 5, 100, data), ngSimple(le, len(data), data), ngBlock(le, 5, data)),
		cat(ngSection(be), ngInterface(be, 113, 4, resolution(be, 0x8a)), ngObsolete(be, 0, 1, 5, 100, data), ngSection(le), ngInterface(le, 1, 0), ngSimple(le, 4, data)),
	}
	for _, s := range seeds {
		f.Add(s)
		f.Add(s[:len(s)-3])
		f.Add(pack(f, newZstd, s))
		f.Add(pack(f, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			t.Skip("larger inputs show nothing more")
		}
		src, err := capture.NewReader("fuzz", bytes.NewReader(b))
		if err != nil {
			return
		}
		defer src.Close()
		var frame capture.Frame
		for n := uint64(1); ; n++ {
			err := src.Next(&frame)
			var damage *capture.DamageError
			if err == io.EOF || errors.As(err, &damage) {
				if again := src.Next(&frame); again != err {
					t.Fatalf("the end %v was followed by %v", err, again)
				}
				return
			}
			if err != nil {
				t.Fatalf("an error of no known type: %v", err)
			}
			if frame.Number != n || int(frame.WireLen) < len(frame.Data) || len(frame.Data) > 256<<10 {
				t.Fatalf("frame %d: %d bytes of %d, number %d", n, len(frame.Data), frame.WireLen, frame.Number)
			}
		}
	})
}
