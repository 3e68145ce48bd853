package nbns

import (
	"bytes"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// encodedLen is the length of a name in first-level encoding (RFC 1001
// §14.1): each half octet as a letter from A to P.
const encodedLen = 32

// rawName is a decoded name before it becomes text.
type rawName [16]byte

// readName eats a name with its scope. An empty name, or a pointer to one
// that was read before, leaves out as it is.
func readName(r *wire.Reader, out *rawName) bool {
	at := *r
	var n uint8
	if !at.U8(&n) {
		return false
	}
	if n >= 0xc0 {
		if !at.Skip(1) {
			return false
		}
		*r = at
		return true
	}
	var label []byte
	if n != encodedLen || !at.Bytes(&label, encodedLen) || !out.decode(label) {
		return false
	}
	// Scope labels follow; 255 bytes bound the whole (RFC 1002 §4.1).
	for range 127 {
		if !at.U8(&n) {
			return false
		}
		switch {
		case n == 0:
			*r = at
			return true
		case n >= 0xc0:
			if !at.Skip(1) {
				return false
			}
			*r = at
			return true
		case n >= 0x40 || !at.Skip(int(n)):
			return false
		}
	}
	return false
}

func (n *rawName) decode(label []byte) bool {
	for i := range n {
		high, low := label[2*i]-'A', label[2*i+1]-'A'
		if high > 15 || low > 15 {
			return false
		}
		n[i] = high<<4 | low
	}
	return true
}

func (n *rawName) text(c *dissect.Context) observation.NetBIOSName {
	return observation.NetBIOSName{Name: c.Text(trim(n[:15])), Suffix: n[15]}
}

// trim takes the padding off a name of fixed length.
func trim(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return bytes.TrimRight(b, " ")
}
