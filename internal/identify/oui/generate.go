//go:build ignore

// Command generate builds registry.bin from the registry files of the IEEE
// as Debian packages them (ieee-data): /usr/share/ieee-data/{oui,mam,oui36,iab}.csv.

package main

import (
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
	if err := os.WriteFile("registry.bin", encode(prefixes), 0o644); err != nil {
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

// encode writes what Organization searches in place, all numbers big-endian:
// for 24, 28 and 36 bits the count of entries in 4 bytes; then the entries of
// each in rising order, 8 bytes with the prefix in the upper 36 bits and the
// place of its name in the others; then the names, each ended by a newline.
func encode(prefixes map[int]map[uint64]string) []byte {
	places := map[string]uint64{}
	for _, table := range prefixes {
		for _, org := range table {
			places[org] = 0
		}
	}
	var names []byte
	for _, org := range slices.Sorted(maps.Keys(places)) {
		places[org] = uint64(len(names))
		names = append(append(names, org...), '\n')
	}
	var counts, entries []byte
	for _, bits := range []int{24, 28, 36} {
		table := prefixes[bits]
		counts = binary.BigEndian.AppendUint32(counts, uint32(len(table)))
		for _, prefix := range slices.Sorted(maps.Keys(table)) {
			entries = binary.BigEndian.AppendUint64(entries, prefix<<28|places[table[prefix]])
		}
	}
	return slices.Concat(counts, entries, names)
}
