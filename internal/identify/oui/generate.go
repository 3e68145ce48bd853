//go:build ignore

// Command generate builds registry.bin.gz from the registry files of the IEEE
// as Debian packages them (ieee-data): /usr/share/ieee-data/{oui,mam,oui36,iab}.csv.

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const source = "/usr/share/ieee-data"

func main() {
	log.SetFlags(0)
	// Prefixes by their length in bits, as left-aligned 36-bit numbers.
	prefixes := map[int]map[uint64]string{24: {}, 28: {}, 36: {}}
	for _, file := range []string{"oui.csv", "mam.csv", "oui36.csv", "iab.csv"} {
		read(filepath.Join(source, file), prefixes)
	}
	if err := os.WriteFile("registry.bin.gz", encode(prefixes), 0o644); err != nil {
		log.Fatal(err)
	}
}

func read(path string, prefixes map[int]map[uint64]string) {
	f, err := os.Open(path)
	if err != nil {
		log.Fatalf("%v: install Debian's package ieee-data", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		log.Fatalf("read %s: %v", path, err)
	}
	for _, row := range rows[1:] {
		digits, org := row[1], strings.Join(strings.Fields(row[2]), " ")
		if org == "" || org == "Private" || org == "IEEE Registration Authority" {
			continue
		}
		raw, err := hex.DecodeString((digits + "0000000000")[:10])
		if err != nil {
			log.Fatalf("read %s: assignment %q: %v", path, digits, err)
		}
		bits := 4 * len(digits)
		value := binary.BigEndian.Uint64(append([]byte{0, 0, 0}, raw...)) >> 4
		table := prefixes[bits]
		if other, ok := table[value]; !ok || org < other {
			table[value] = org
		}
	}
}

// encode writes, gzipped: the names, each ended by a newline, and an empty
// one; then for 24, 28 and 36 bits a count and, in rising order, the distance
// to the prefix before it and the number of its name, all as uvarints.
func encode(prefixes map[int]map[uint64]string) []byte {
	names := map[string]uint64{}
	for _, table := range prefixes {
		for _, org := range table {
			names[org] = 0
		}
	}
	var b bytes.Buffer
	for i, org := range slices.Sorted(maps.Keys(names)) {
		names[org] = uint64(i)
		b.WriteString(org + "\n")
	}
	b.WriteByte('\n')
	for _, bits := range []int{24, 28, 36} {
		table := prefixes[bits]
		b.Write(binary.AppendUvarint(nil, uint64(len(table))))
		last := uint64(0)
		for _, prefix := range slices.Sorted(maps.Keys(table)) {
			b.Write(binary.AppendUvarint(nil, prefix-last))
			b.Write(binary.AppendUvarint(nil, names[table[prefix]]))
			last = prefix
		}
	}
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if _, err := z.Write(b.Bytes()); err != nil {
		log.Fatal(err)
	}
	if err := z.Close(); err != nil {
		log.Fatal(err)
	}
	return out.Bytes()
}
