package flow

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"

	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// hashKey keys the hash of 5-tuples. Whoever does not know it cannot choose
// tuples that collide.
type hashKey [4]uint64

// shardKey is fixed, so that a replay shares its flows out alike each time.
// The numbers are the first digits of the fractional part of pi.
var shardKey = hashKey{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89}

func randomKey() hashKey {
	return hashKey{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64() | 1}
}

// Hash is equal for both directions of a flow, the same in each run, and
// spreads flows over workers. It is not secret: who knows it can aim flows at
// one worker, which is no more than one fast flow does. Tables hash again with
// a key of their own. Put fragments together before: a piece has no ports.
func Hash(p *packet.Packet) uint32 { return shardKey.of(p) }

// of folds each end on its own and then both, in no order. Each step multiplies
// by a number that depends on the key and keeps all 128 bits of the product.
func (k *hashKey) of(p *packet.Packet) uint32 {
	a := k.end(&p.Src, p.SrcPort)
	b := k.end(&p.Dst, p.DstPort)
	h := fold(a+b^k[3], a^b^uint64(p.Proto)^k[1])
	return uint32(h ^ h>>32)
}

func (k *hashKey) end(addr *netid.Addr, port uint16) uint64 {
	h := fold(binary.NativeEndian.Uint64(addr[:8])^k[0], binary.NativeEndian.Uint64(addr[8:])^k[1])
	return fold(h^uint64(port), k[2])
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
