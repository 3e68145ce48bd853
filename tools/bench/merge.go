package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cordonhq/cordon/internal/capture"
)

// merged is a capture that is being put together.
type merged struct {
	w     *capture.Writer
	clock int64 // ns, of the next frame
	bulk  *bulk // nil for none
	size
}

type size struct{ packets, bytes int64 }

// everyNth frame of a capture with bulk is one of bulk.
const everyNth = 7

// merge writes all Ethernet captures of nDPI's test set one after the other,
// in time order and as often as asked, each copy with other IPv4 addresses, so
// that flows are as many as frames suggest.
func merge(corpus, path string, copies int, withBulk bool) (size, error) {
	files, err := filepath.Glob(filepath.Join(corpus, "pcap", "ndpi", "*.pcap*"))
	if err != nil {
		return size{}, err
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, ".out") })
	if len(files) == 0 {
		return size{}, fmt.Errorf("no captures under %s", corpus)
	}
	out, err := os.Create(path)
	if err != nil {
		return size{}, err
	}
	defer out.Close()
	w, err := capture.NewWriter(out, capture.LinkEthernet, 0)
	if err != nil {
		return size{}, err
	}
	m := &merged{w: w, clock: int64(1_700_000_000e9)}
	if withBulk {
		m.bulk = newBulk()
	}
	for n := range copies {
		for _, file := range files {
			if err := m.add(file, byte(n)); err != nil {
				return size{}, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return m.size, w.Flush()
}

// longestPause bounds, in nanoseconds, the time between two frames: some
// captures of the set have times from another century.
const longestPause = int64(10 * time.Second)

// add copies one capture, its first packet at the clock's time.
func (m *merged) add(file string, n byte) error {
	src, err := capture.Open(file)
	if err != nil {
		return err
	}
	defer src.Close()
	var f capture.Frame
	var before int64
	for {
		err := src.Next(&f)
		var damage *capture.DamageError
		if err == io.EOF || errors.As(err, &damage) || err == nil && f.Link != capture.LinkEthernet {
			m.clock += int64(time.Millisecond)
			return nil
		}
		if err != nil {
			return err
		}
		if before != 0 {
			m.clock += min(max(f.Time-before, 0), longestPause)
		}
		before, f.Time = f.Time, m.clock
		alter(f.Data, n)
		if err := m.write(&f); err != nil {
			return err
		}
		if m.bulk != nil && m.packets%everyNth == everyNth-1 {
			if err := m.write(&capture.Frame{Time: m.clock, Link: capture.LinkEthernet, Data: m.bulk.next()}); err != nil {
				return err
			}
		}
	}
}

func (m *merged) write(f *capture.Frame) error {
	m.packets++
	m.bytes += int64(len(f.Data))
	return m.w.Write(f)
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
