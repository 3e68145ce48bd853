package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/cordonhq/cordon/internal/capture"
)

// read returns copies of all frames of a capture and the error that ended it,
// nil for io.EOF.
func read(r io.Reader) ([]capture.Frame, error) {
	src, err := capture.NewReader("test", r)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	var frames []capture.Frame
	for {
		var f capture.Frame
		if err := src.Next(&f); err == io.EOF {
			return frames, nil
		} else if err != nil {
			if again := src.Next(&f); again != err {
				return frames, errors.New("the error of Next did not stay")
			}
			return frames, err
		}
		f.Data = bytes.Clone(f.Data)
		frames = append(frames, f)
	}
}

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

// resolution is the option if_tsresol.
func resolution(o binary.AppendByteOrder, v byte) []byte { return ngOption(o, 9, []byte{v}) }

func TestReadsEveryFormat(t *testing.T) {
	one, two := []byte("first frame"), []byte("second")
	const second = 1_000_000_000
	micro := cat(pcapFile(le, 0xa1b2c3d4), pcapFrame(le, 5, 6, 100, nil, one), pcapFrame(le, 7, 8, len(two), nil, two))
	frames := func(t1, t2 int64) []capture.Frame {
		return []capture.Frame{
			{Time: t1, Number: 1, Data: one, WireLen: 100, Link: 1},
			{Time: t2, Number: 2, Data: two, WireLen: uint32(len(two)), Link: 1},
		}
	}
	want := frames(5*second+6000, 7*second+8000)
	tests := []struct {
		name string
		file []byte
		want []capture.Frame
	}{
		{"pcap", micro, want},
		{"pcap big-endian", cat(pcapFile(be, 0xa1b2c3d4), pcapFrame(be, 5, 6, 100, nil, one), pcapFrame(be, 7, 8, len(two), nil, two)), want},
		{"pcap nanoseconds", cat(pcapFile(le, 0xa1b23c4d), pcapFrame(le, 5, 6, 100, nil, one), pcapFrame(le, 7, 8, len(two), nil, two)), frames(5*second+6, 7*second+8)},
		{"pcap nanoseconds big-endian", cat(pcapFile(be, 0xa1b23c4d), pcapFrame(be, 5, 6, 100, nil, one), pcapFrame(be, 7, 8, len(two), nil, two)), frames(5*second+6, 7*second+8)},
		{"modified pcap", cat(pcapFile(le, 0xa1b2cd34), pcapFrame(le, 5, 6, 100, make([]byte, 8), one), pcapFrame(le, 7, 8, len(two), make([]byte, 8), two)), want},
		{"pcap whose wire length is too small", cat(pcapFile(le, 0xa1b2c3d4), pcapFrame(le, 0, 0, 3, nil, one)),
			[]capture.Frame{{Number: 1, Data: one, WireLen: uint32(len(one)), Link: 1}}},
		{"pcap gzip", pack(t, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, micro), want},
		{"pcap gzip in two members", cat(pack(t, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, micro[:30]),
			pack(t, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, micro[30:])), want},
		{"pcap zstd", pack(t, newZstd, micro), want},
		{"pcap zstd behind a skippable frame", cat([]byte{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4}, pack(t, newZstd, micro)), want},
		{"pcapng", cat(ngSection(le), ngInterface(le, 1, 0), ngEnhanced(le, 0, 5_000_006, 100, one), ngEnhanced(le, 0, 7_000_008, len(two), two)), want},
		{"pcapng big-endian", cat(ngSection(be), ngInterface(be, 1, 0), ngEnhanced(be, 0, 5_000_006, 100, one), ngEnhanced(be, 0, 7_000_008, len(two), two)), want},
		{"pcapng with blocks and options to skip",
			cat(ngSection(le), ngBlock(le, 10, []byte("secrets")), ngInterface(le, 1, 0, ngOption(le, 2, []byte("eth0"))),
				ngEnhanced(le, 0, 5_000_006, 100, one, ngOption(le, 1, []byte("a comment")), ngOption(le, 0, nil)),
				ngBlock(le, 5, make([]byte, 12)), ngEnhanced(le, 0, 7_000_008, len(two), two), ngBlock(le, 0x0bad, make([]byte, 1<<20))), want},
		{"pcapng obsolete packet block", cat(ngSection(le), ngInterface(le, 1, 0), ngObsolete(le, 0, 9, 5_000_006, 100, one), ngObsolete(le, 0, 9, 7_000_008, len(two), two)), want},
		{"pcapng simple packet block", cat(ngSection(le), ngInterface(le, 1, 0), ngEnhanced(le, 0, 5_000_006, 100, one), ngSimple(le, len(two), two)), frames(5*second+6000, 5*second+6000)},
		{"pcapng simple packet block cut to the snap length", cat(ngSection(le), ngInterface(le, 1, 5), ngSimple(le, len(one), one[:5])),
			[]capture.Frame{{Number: 1, Data: one[:5], WireLen: uint32(len(one)), Link: 1}}},
		{"pcapng with interfaces of other kinds and clocks",
			cat(ngSection(le), ngInterface(le, 1, 0, resolution(le, 9)), ngInterface(le, 101, 0, resolution(le, 3), ngOption(le, 14, le.AppendUint64(nil, 10))),
				ngEnhanced(le, 0, 5, len(one), one), ngEnhanced(le, 1, 2500, len(two), two)),
			[]capture.Frame{
				{Time: 5, Number: 1, Data: one, WireLen: uint32(len(one)), Link: 1},
				{Time: 12*second + 500_000_000, Number: 2, Data: two, WireLen: uint32(len(two)), Link: 101},
			}},
		{"pcapng sections in both byte orders",
			cat(ngSection(le), ngInterface(le, 113, 0), ngEnhanced(le, 0, 1, len(one), one), ngSection(be), ngInterface(be, 1, 0), ngEnhanced(be, 0, 2, len(two), two)),
			[]capture.Frame{
				{Time: 1000, Number: 1, Data: one, WireLen: uint32(len(one)), Link: 113},
				{Time: 2000, Number: 2, Data: two, WireLen: uint32(len(two)), Link: 1},
			}},
		{"pcapng frame in a block larger than the window",
			cat(ngSection(le), ngInterface(le, 1, 0), ngEnhanced(le, 0, 5_000_006, 100, one, hugeOptions()), ngEnhanced(le, 0, 7_000_008, len(two), two)), want},
		{"pcap without frames", pcapFile(be, 0xa1b2c3d4), nil},
		{"pcapng without frames", ngSection(le), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			readers := []struct {
				name string
				r    io.Reader
			}{{"at once", bytes.NewReader(tt.file)}, {"in halves", iotest.HalfReader(bytes.NewReader(tt.file))}, {"with the error at once", iotest.DataErrReader(bytes.NewReader(tt.file))}}
			for _, r := range readers {
				got, err := read(r.r)
				if err != nil {
					t.Errorf("%s: %v", r.name, err)
				}
				if !slices.EqualFunc(got, tt.want, sameFrame) {
					t.Errorf("%s: got %v, want %v", r.name, got, tt.want)
				}
			}
		})
	}
}

func sameFrame(a, b capture.Frame) bool {
	return a.Time == b.Time && a.Number == b.Number && a.WireLen == b.WireLen && a.Link == b.Link && bytes.Equal(a.Data, b.Data)
}

// hugeOptions are comments of 600 KB in all.
func hugeOptions() []byte {
	return bytes.Repeat(ngOption(le, 1, make([]byte, 60_000)), 10)
}

func newZstd(w io.Writer) io.WriteCloser {
	z, _ := zstd.NewWriter(w)
	return z
}

func pack(t testing.TB, with func(io.Writer) io.WriteCloser, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := with(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestTimestampResolutions(t *testing.T) {
	const second = 1_000_000_000
	tests := []struct {
		name       string
		resolution byte
		ts         uint64
		want       int64
	}{
		{"seconds", 0, 3, 3 * second},
		{"nanoseconds", 9, 3, 3},
		{"picoseconds", 12, 3_000, 3},
		{"10^-30", 30, 1 << 63, 0},
		{"2^0 seconds", 0x80, 3, 3 * second},
		{"2^-10 seconds", 0x80 | 10, 1536, second + second/2},
		{"2^-32 seconds", 0x80 | 32, 3<<32 | 1<<31, 3*second + second/2},
		{"2^-64 seconds", 0x80 | 64, 1 << 63, second / 2},
		{"2^-100 seconds", 0x80 | 100, math.MaxUint64, 0},
		{"past what fits", 0, math.MaxUint64, math.MaxInt64},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := read(bytes.NewReader(cat(ngSection(le), ngInterface(le, 1, 0, resolution(le, tt.resolution)), ngEnhanced(le, 0, tt.ts, 1, []byte("x")))))
			if err != nil || len(got) != 1 {
				t.Fatalf("%d frames, %v", len(got), err)
			}
			if got[0].Time != tt.want {
				t.Errorf("time %d, want %d", got[0].Time, tt.want)
			}
		})
	}
}

func TestDamageIsToldAfterWhatCameBefore(t *testing.T) {
	one := []byte("first frame.")
	head := cat(pcapFile(le, 0xa1b2c3d4), pcapFrame(le, 5, 6, 100, nil, one))
	ng := cat(ngSection(le), ngInterface(le, 1, 0), ngEnhanced(le, 0, 5, 100, one))
	badTrailer := ngEnhanced(le, 0, 5, 100, one)
	badTrailer[len(badTrailer)-1] ^= 1
	badTrailerSkipped := ngBlock(le, 5, make([]byte, 12))
	badTrailerSkipped[len(badTrailerSkipped)-1] ^= 1
	longFrame := le.AppendUint32(le.AppendUint32(make([]byte, 8), 1<<20), 1<<20)
	gzipped := pack(t, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, head)
	manyBytes := bytes.Repeat(one, 1<<16)
	tests := []struct {
		name   string
		file   []byte
		offset int
		reason string
	}{
		{"record header cut", cat(head, make([]byte, 15)), len(head), "ends inside the header of a frame"},
		{"record cut", cat(head, pcapFrame(le, 0, 0, 5, nil, one)[:20]), len(head), "ends inside a frame"},
		{"frame too long", cat(head, longFrame, manyBytes), len(head), "more than any frame"},
		{"block header cut", cat(ng, make([]byte, 7)), len(ng), "ends inside the header of a block"},
		{"block cut", cat(ng, ngEnhanced(le, 0, 5, 100, one)[:40]), len(ng), "ends inside a frame"},
		{"skipped block cut", cat(ng, ngBlock(le, 5, make([]byte, 12))[:20]), len(ng) + 20, "ends inside a block"},
		{"block shorter than a block", cat(ng, le.AppendUint32(le.AppendUint32(nil, 6), 8), one), len(ng), "fewer than its own header"},
		{"frame longer than its block", cat(ng, ngBlock(le, 6, cat(make([]byte, 12), le.AppendUint32(nil, 20), le.AppendUint32(nil, 20), one))), len(ng), "longer than its block"},
		{"unknown interface", cat(ng, ngEnhanced(le, 1, 5, 100, one)), len(ng), "of interface 1, but only 1 are described"},
		{"no interface", cat(ngSection(le), ngInterface(le, 1, 0), ngEnhanced(le, 0, 5, 100, one), ngSection(be), ngSimple(be, 5, one)), len(ng) + 28, "not described"},
		{"lengths differ", cat(ng, badTrailer), len(ng), "lengths at both ends"},
		{"lengths of a skipped block differ", cat(ng, badTrailerSkipped), len(ng) + 20, "lengths at both ends"},
		{"no byte order mark", cat(ng, ngBlock(le, 0x0a0d0d0a, make([]byte, 16))), len(ng), "no byte order mark"},
		{"gzip cut", gzipped[:len(gzipped)-4], len(head), "what follows cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := read(bytes.NewReader(tt.file))
			var damage *capture.DamageError
			if !errors.As(err, &damage) {
				t.Fatalf("error %v, want a DamageError", err)
			}
			if len(got) != 1 || !bytes.Equal(got[0].Data, one) {
				t.Errorf("frames %v, want the one before the damage", got)
			}
			if damage.Path != "test" || damage.Offset != int64(tt.offset) || !strings.Contains(damage.Reason, tt.reason) {
				t.Errorf("got %v; want offset %d and %q", damage, tt.offset, tt.reason)
			}
		})
	}
}

func TestAReadErrorIsDamageWithItsCause(t *testing.T) {
	cause := errors.New("the disk is on fire")
	file := cat(pcapFile(le, 0xa1b2c3d4), pcapFrame(le, 5, 6, 100, nil, []byte("x")))
	got, err := read(io.MultiReader(bytes.NewReader(file), iotest.ErrReader(cause)))
	if len(got) != 1 || !errors.Is(err, cause) {
		t.Errorf("%d frames and %v, want one and the cause", len(got), err)
	}
}

func TestWhatIsNoCaptureSaysWhatToDo(t *testing.T) {
	tests := []struct{ name, file, says string }{
		{"empty", "", "is empty"},
		{"text", "hello, world", "is not a packet capture; give a pcap"},
		{"one byte", "x", "is not a packet capture"},
		{"xz", "\xfd7zXZ\x00 and so on", "unxz"},
		{"bzip2", "BZh91AY", "bunzip2"},
		{"snoop", "snoop\x00\x00\x00\x00\x00\x00\x02", "editcap"},
		{"pcap header cut", string(pcapFile(le, 0xa1b2c3d4)[:20]), "ends inside its pcap header"},
		{"pcapng header cut", string(ngSection(le)[:8]), "ends inside its pcapng header"},
		{"pcapng without byte order", string(ngBlock(le, 0x0a0d0d0a, make([]byte, 16))), "no byte order mark"},
		{"gzip of text", string(pack(t, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, []byte("hello, world"))), "is not a packet capture"},
		{"gzip, broken", "\x1f\x8b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "begins like gzip"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.pcap")
			if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := capture.Open(path)
			var format *capture.FormatError
			if !errors.As(err, &format) || format.Path != path || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want a FormatError that says %q", err, tt.says)
			}
		})
	}
}

func TestZstdThatLooksBackTooFarIsRefused(t *testing.T) {
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out, zstd.WithWindowSize(256<<20), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = z.Write(pcapFile(le, 0xa1b2c3d4))
	_ = z.Flush()
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	if _, err := read(&out); !errors.Is(err, zstd.ErrWindowSizeExceeded) && !errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		t.Errorf("got %v, want the window refused", err)
	}
}

func TestFilesListsCapturesInOrder(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	b := put("b/2.pcapng", ngSection(le))
	a := put("a.cap", pcapFile(be, 0xa1b23c4d))
	c := put("b/1.gz", pack(t, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, pcapFile(le, 0xa1b2c3d4)))
	text := put("b/readme.txt", []byte("no capture"))
	put("b/empty.pcap", nil)
	put("b/text.gz", pack(t, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, []byte("no capture")))
	link := filepath.Join(dir, "z")
	if err := os.Symlink(a, link); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()

	got, err := capture.Files([]string{dir, text, "-", empty, "gone"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range got {
		names = append(names, f.Name)
	}
	if want := []string{a, c, b, link, text, "-", empty, "gone"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if got[0].Size != 24 {
		t.Errorf("size %d, want 24", got[0].Size)
	}
	var format *capture.FormatError
	if _, err := capture.Open(empty); !errors.As(err, &format) {
		t.Errorf("opening a directory without captures: %v", err)
	}
	if _, err := capture.Open("gone"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("opening what is not there: %v", err)
	}
	if _, err := capture.Files(nil); err == nil {
		t.Error("no paths are no error")
	}
}

func TestProgressEndsAtTheSize(t *testing.T) {
	plain := cat(pcapFile(le, 0xa1b2c3d4), bytes.Repeat(pcapFrame(le, 5, 6, 100, nil, make([]byte, 1000)), 2000))
	for name, b := range map[string][]byte{"plain": plain, "gzip": pack(t, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, plain), "zstd": pack(t, newZstd, plain)} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x")
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			src, err := capture.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			if n, err := count(src); n != 2000 || err != nil {
				t.Fatalf("%d frames, %v", n, err)
			}
			if done, total := src.Progress(); done != int64(len(b)) || total != int64(len(b)) {
				t.Errorf("progress %d of %d, want %d", done, total, len(b))
			}
		})
	}
	src, err := capture.NewReader("pipe", bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, total := src.Progress(); total != -1 {
		t.Errorf("total of a pipe is %d, want -1", total)
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	want := []capture.Frame{
		{Time: 1_700_000_000_123_456_789, Number: 1, Data: []byte("one"), WireLen: 1500, Link: 101},
		{Time: 1, Number: 2, Data: bytes.Repeat([]byte("x"), 70_000), WireLen: 70_000, Link: 101},
		{Time: 1, Number: 3, Data: []byte{}, WireLen: 0, Link: 101},
	}
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, 101, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if err := w.Write(&want[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(&capture.Frame{Link: 1}); err == nil {
		t.Error("a frame of another link type was taken")
	}
	if err := w.Write(&capture.Frame{Link: 101, Time: -1}); err == nil {
		t.Error("a frame before 1970 was taken")
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	got, err := read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, sameFrame) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestReadingAllocatesNothingAFrame(t *testing.T) {
	frame := make([]byte, 100)
	for name, file := range map[string][]byte{
		"pcap":   cat(pcapFile(le, 0xa1b2c3d4), bytes.Repeat(pcapFrame(le, 5, 6, 100, nil, frame), 20_000)),
		"pcapng": cat(ngSection(le), ngInterface(le, 1, 0), bytes.Repeat(ngEnhanced(le, 0, 5, 100, frame), 20_000)),
	} {
		t.Run(name, func(t *testing.T) {
			src, err := capture.NewReader("test", bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			var f capture.Frame
			if n := testing.AllocsPerRun(10_000, func() {
				if err := src.Next(&f); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%v allocations a frame, want 0", n)
			}
		})
	}
}
