package quic

import (
	"slices"

	"github.com/cordonhq/cordon/internal/dissect/wire"
)

// Bounds of what is kept of one side's handshake.
const (
	maxPieces = 64
	maxCrypto = 16 << 10 // bytes
)

// assembly puts the CRYPTO frames of one side together, which come in any
// order and may overlap.
type assembly struct {
	pieces []piece
	size   int
}

type piece struct {
	offset uint64
	data   []byte
}

func (a *assembly) add(offset uint64, data []byte) {
	if len(data) == 0 || len(a.pieces) == maxPieces || a.size+len(data) > maxCrypto || offset > maxCrypto {
		return
	}
	for _, p := range a.pieces {
		if p.offset == offset && len(p.data) >= len(data) {
			return // sent again
		}
	}
	a.size += len(data)
	a.pieces = append(a.pieces, piece{offset, slices.Clone(data)})
}

// whole returns the first message with its header once all of it is there, else
// nil. Its length is a 24-bit number behind the type, as in TLS; Google's own
// handshake, which has no such length, is whole as soon as it starts.
func (a *assembly) whole() []byte {
	slices.SortStableFunc(a.pieces, func(x, y piece) int { return int(x.offset) - int(y.offset) })
	var b []byte
	for _, p := range a.pieces {
		if p.offset > uint64(len(b)) {
			break
		}
		if skip := uint64(len(b)) - p.offset; skip < uint64(len(p.data)) {
			b = append(b, p.data[skip:]...)
		}
	}
	r := wire.Reader(b)
	var kind uint8
	var body wire.Reader
	if len(b) >= 4 && string(b[:4]) == "CHLO" {
		return b
	}
	if !r.U8(&kind) || !r.SubU24(&body) {
		return nil
	}
	return b[:4+len(body)]
}
