package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Stdin is the name that stands for standard input.
const Stdin = "-"

// File is one capture that Files found.
type File struct {
	// Name is a path, or Stdin.
	Name string
	// Size in bytes on disk, 0 if it is not known.
	Size int64
}

// Files lists the captures at paths. A path that is a directory stands for
// the files in it and below it, in the order of their names, that look like
// captures; links to directories are not followed. Every other path, Stdin
// too, stands for itself, so that what cannot be read is told by Open.
func Files(paths []string) ([]File, error) {
	if len(paths) == 0 {
		return nil, fmt.Errorf("no capture was named: give a file, a directory, or %s for standard input", Stdin)
	}
	var files []File
	for _, path := range paths {
		st, err := os.Stat(path)
		switch {
		case path == Stdin || err != nil:
			files = append(files, File{Name: path})
		case st.IsDir():
			files = append(files, walk(path)...)
		default:
			files = append(files, File{Name: path, Size: sizeOf(st)})
		}
	}
	return files, nil
}

// walk lists the captures below dir. Folders that cannot be read, and dir
// itself if there are none, are listed too: Open then says why.
func walk(dir string) []File {
	var files []File
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			files = append(files, File{Name: path})
			return nil
		}
		if d.IsDir() {
			return nil
		}
		st, err := os.Stat(path) // through a link to a file
		if err == nil && st.Mode().IsRegular() && looksLikeCapture(path) {
			files = append(files, File{Name: path, Size: sizeOf(st)})
		}
		return nil
	})
	if len(files) == 0 {
		return []File{{Name: dir}}
	}
	return files
}

func sizeOf(st fs.FileInfo) int64 {
	if st.Mode().IsRegular() {
		return st.Size()
	}
	return 0
}

// looksLikeCapture reports whether a file begins like a capture, unpacked if
// need be, or cannot be read.
func looksLikeCapture(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return true
	}
	defer f.Close()
	in, err := newInput(path, f, 4096)
	if err != nil {
		return false
	}
	defer in.Close()
	magic := in.peek(4)
	return magic != nil && formatOf(binary.LittleEndian.Uint32(magic)) != notCapture
}

// Open opens the capture file at path; Stdin stands for standard input. It
// returns a *FormatError if that is no capture.
func Open(path string) (Source, error) {
	if path == Stdin {
		return NewReader("standard input", os.Stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open capture: %w", err)
	}
	if st, err := f.Stat(); err == nil && st.IsDir() {
		f.Close()
		return nil, &FormatError{path, "is a directory that holds no captures (pcap or pcapng files, plain or compressed with gzip or zstd)"}
	}
	src, err := newReader(path, f, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return src, nil
}

// NewReader reads the capture that r delivers; name is what errors call it.
// The caller closes r after the Source.
func NewReader(name string, r io.Reader) (Source, error) { return newReader(name, r, nil) }

func newReader(name string, r io.Reader, file io.Closer) (Source, error) {
	if name == Stdin {
		name = "standard input"
	}
	in, err := newInput(name, r, bufferSize)
	if err != nil {
		return nil, err
	}
	src, err := newSource(in)
	if err != nil {
		in.Close()
		return nil, err
	}
	in.file = file
	return src, nil
}

// format is a capture format, by its first four bytes.
type format uint8

const (
	notCapture format = iota
	formatPcap
	formatPcapng
)

// newSource looks at the magic number and reads the header behind it.
func newSource(in *input) (Source, error) {
	b := in.peek(4)
	if b == nil {
		return nil, notACapture(in)
	}
	magic := binary.LittleEndian.Uint32(b)
	switch formatOf(magic) {
	case formatPcap:
		return newPcap(in, magic)
	case formatPcapng:
		return newPcapng(in)
	}
	return nil, notACapture(in)
}

func formatOf(magic uint32) format {
	if magic == blockSection {
		return formatPcapng
	}
	if _, ok := pcapVariants[magic]; ok {
		return formatPcap
	}
	return notCapture
}

// others are beginnings of files that people take for captures Cordon reads.
var others = []struct{ magic, reason string }{
	{"BZh", "is compressed with bzip2; unpack it first: bunzip2 FILE"},
	{"\xfd7zXZ\x00", "is compressed with xz; unpack it first: unxz FILE"},
	{"\x04\x22\x4d\x18", "is compressed with lz4; unpack it first: unlz4 FILE"},
	{"PK\x03\x04", "is a zip archive; unpack it first: unzip FILE"},
	{"snoop\x00\x00\x00", "is a snoop capture; convert it first: editcap -F pcapng FILE new.pcapng"},
	{"GMBU", "is a Network Monitor capture; convert it first: editcap -F pcapng FILE new.pcapng"},
	{"RTSS", "is a Network Monitor capture; convert it first: editcap -F pcapng FILE new.pcapng"},
	{"\x1c\x00\x01\xac", "is an IXIA capture; convert it first: editcap -F pcapng FILE new.pcapng"},
	{"\xac\x01\x00\x1c", "is an IXIA capture; convert it first: editcap -F pcapng FILE new.pcapng"},
}

// notACapture says what the input is instead, as far as its first bytes tell.
func notACapture(in *input) error {
	in.peek(8)
	head := in.buf[in.start:min(in.end, in.start+8)]
	switch {
	case in.unreadable():
		return fmt.Errorf("read %s: %w", in.name, in.err)
	case len(head) == 0:
		return &FormatError{in.name, "is empty; a capture has at least a header: was it still being written?"}
	}
	for _, o := range others {
		if len(head) >= len(o.magic) && string(head[:len(o.magic)]) == o.magic {
			return &FormatError{in.name, o.reason}
		}
	}
	return &FormatError{in.name, "is not a packet capture; give a pcap or pcapng file, plain or compressed with gzip or zstd"}
}
