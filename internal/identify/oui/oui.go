// Package oui answers to which organization the IEEE has assigned a MAC
// address: MA-L, MA-M and MA-S blocks of 24, 28 and 36 bits and the older IAB,
// from the public listing as Debian packages it. It judges nothing of what the
// organization makes.
package oui

import (
	_ "embed"
	"sort"
	"strings"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

//go:generate go run generate.go

// registry is searched as it lies in the program, so that a short run does not
// pay for unpacking it; generate.go tells its format.
//
//go:embed registry.bin
var registry string

const (
	headerLen = 3 * 4
	entryLen  = 8
	placeBits = 28 // of an entry, below the prefix
)

// Organization returns the organization that the longest matching block of mac
// is assigned to, in the registry's spelling; "" if it is not assigned, or is
// a group or locally administered address, which names no maker.
func Organization(mac netid.MAC) string {
	if mac.IsZero() || mac.IsGroup() || mac.IsLocal() {
		return ""
	}
	value := uint64(mac[0])<<28 | uint64(mac[1])<<20 | uint64(mac[2])<<12 | uint64(mac[3])<<4 | uint64(mac[4])>>4
	rest := registry[headerLen:]
	var blocks [3]string
	for i := range blocks {
		n := entryLen * int(number(registry[4*i:4*i+4]))
		blocks[i], rest = rest[:n], rest[n:]
	}
	for i, bits := range [...]int{36, 28, 24} {
		block := blocks[len(blocks)-1-i]
		prefix := value &^ (1<<(36-bits) - 1)
		at := sort.Search(len(block)/entryLen, func(i int) bool { return entry(block, i) >= prefix<<placeBits })
		if at == len(block)/entryLen {
			continue
		}
		if e := entry(block, at); e>>placeBits == prefix {
			name, _, _ := strings.Cut(rest[e&(1<<placeBits-1):], "\n")
			return name
		}
	}
	return ""
}

func entry(block string, i int) uint64 { return number(block[i*entryLen : (i+1)*entryLen]) }

// number reads a big-endian number.
func number(s string) uint64 {
	var v uint64
	for i := range len(s) {
		v = v<<8 | uint64(s[i])
	}
	return v
}
