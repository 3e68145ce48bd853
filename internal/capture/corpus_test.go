package capture_test

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cordonhq/cordon/internal/capture"
	"github.com/cordonhq/cordon/internal/platform/corpus"
)

// count reads src to its end and returns the number of frames.
func count(src capture.Source) (uint64, error) {
	var f capture.Frame
	for n := uint64(0); ; n++ {
		if err := src.Next(&f); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}

// capinfos returns the packet counts of files as Wireshark's tool tells them.
// It complains of damaged files and counts what came before.
func capinfos(t *testing.T, files []capture.File) map[string]uint64 {
	t.Helper()
	bin, err := exec.LookPath("capinfos")
	if err != nil {
		t.Skip("capinfos is not installed: apt-get install wireshark-common")
	}
	counts := map[string]uint64{}
	for len(files) > 0 {
		n := min(len(files), 200)
		args := []string{"-T", "-r", "-M", "-c"}
		for _, f := range files[:n] {
			args = append(args, f.Name)
		}
		files = files[n:]
		var out bytes.Buffer
		cmd := exec.Command(bin, args...)
		cmd.Stdout = &out
		_ = cmd.Run() // fails if one of the files is damaged
		for line := range strings.Lines(out.String()) {
			name, text, ok := strings.Cut(strings.TrimSpace(line), "\t")
			if n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64); ok && err == nil {
				counts[name] = n
			}
		}
	}
	return counts
}

func TestEveryCorpusCaptureIsReadAsWiresharkReadsIt(t *testing.T) {
	dir := filepath.Join(corpus.Dir(t), "pcap")
	files, err := capture.Files([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	want := capinfos(t, files)
	frames := uint64(0)
	for _, f := range files {
		src, err := capture.Open(f.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		n, err := count(src)
		src.Close()
		frames += n
		var damage *capture.DamageError
		if err != nil && !errors.As(err, &damage) {
			t.Errorf("%s: %v", f.Name, err)
		}
		if err != nil {
			t.Logf("%v, after %d frames", err, n)
		}
		if w, ok := want[f.Name]; !ok {
			t.Logf("%s: capinfos does not read it, we read %d frames", f.Name, n)
		} else if n != w {
			t.Errorf("%s: %d frames, capinfos counts %d", f.Name, n, w)
		}
	}
	t.Logf("%d captures, %d frames", len(files), frames)
}
