// Package oui answers to which organization the IEEE has assigned a MAC
// address: MA-L, MA-M and MA-S blocks of 24, 28 and 36 bits and the older IAB,
// from the public listing as Debian packages it. It judges nothing of what the
// organization makes.
package oui

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

//go:generate go run generate.go

//go:embed registry.bin.gz
var packed []byte

// Organization returns the organization that the longest matching block of mac
// is assigned to, in the registry's spelling; "" if it is not assigned, or is
// a group or locally administered address, which names no maker.
func Organization(mac netid.MAC) string {
	if mac.IsZero() || mac.IsGroup() || mac.IsLocal() {
		return ""
	}
	r := registry()
	value := binary.BigEndian.Uint64([]byte{0, 0, 0, mac[0], mac[1], mac[2], mac[3], mac[4]}) >> 4
	for i := len(r.blocks) - 1; i >= 0; i-- {
		b := &r.blocks[i]
		masked := value &^ (1<<(36-b.bits) - 1)
		if at, ok := slices.BinarySearch(b.prefixes, masked); ok {
			return r.name(b.names[at])
		}
	}
	return ""
}

// table is the unpacked registry.
type table struct {
	text   string   // all names, one after the other
	ends   []uint32 // where each name ends in text
	blocks [3]block // by rising length
}

type block struct {
	bits     uint
	prefixes []uint64 // left-aligned in 36 bits, rising
	names    []uint16
}

func (t *table) name(n uint16) string {
	start := uint32(0)
	if n > 0 {
		start = t.ends[n-1]
	}
	return t.text[start:t.ends[n]]
}

// registry unpacks on first use, which takes a few milliseconds. The data is
// our own and a test reads all of it, so a fault in it is a defect of the
// build.
var registry = sync.OnceValue(func() *table {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic("oui: " + err.Error())
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		panic("oui: " + err.Error())
	}
	list, numbers, _ := bytes.Cut(raw, []byte("\n\n"))
	t := &table{}
	var text strings.Builder
	text.Grow(len(list))
	for name := range bytes.SplitSeq(list, []byte("\n")) {
		text.Write(name)
		t.ends = append(t.ends, uint32(text.Len()))
	}
	t.text = text.String()
	for i, bits := range [...]uint{24, 28, 36} {
		t.blocks[i], numbers = readBlock(bits, numbers)
	}
	return t
})

func readBlock(bits uint, numbers []byte) (block, []byte) {
	next := func() uint64 {
		v, n := binary.Uvarint(numbers)
		if n <= 0 {
			panic("oui: registry.bin.gz is damaged: run go generate")
		}
		numbers = numbers[n:]
		return v
	}
	count := next()
	b := block{bits: bits, prefixes: make([]uint64, count), names: make([]uint16, count)}
	last := uint64(0)
	for i := range b.prefixes {
		last += next()
		b.prefixes[i], b.names[i] = last, uint16(next())
	}
	return b, numbers
}
