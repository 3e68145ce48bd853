// Package wire reads fixed-size and length-prefixed fields off the front of a
// byte slice, for parsers of hostile input. Each read reports whether there
// was enough; one that fails eats nothing. Nothing here allocates, panics or
// reads beyond its slice, and a sub-reader cannot reach beyond its parent.
package wire

// Reader is the bytes not read yet. It converts from and to []byte freely.
type Reader []byte

// take is the only place that does index arithmetic. It eats and returns the
// next n bytes.
func (r *Reader) take(n int) ([]byte, bool) {
	if n < 0 || n > len(*r) {
		return nil, false
	}
	b := (*r)[:n:n]
	*r = (*r)[n:]
	return b, true
}

// Len returns how many bytes are left.
func (r Reader) Len() int { return len(r) }

// Empty reports whether none are left.
func (r Reader) Empty() bool { return len(r) == 0 }

// Rest eats and returns all that is left, which may be nothing.
func (r *Reader) Rest() []byte {
	b, _ := r.take(len(*r))
	return b
}

// Skip eats n bytes; it refuses n < 0.
func (r *Reader) Skip(n int) bool {
	_, ok := r.take(n)
	return ok
}

// Bytes eats n bytes and points out at them; it refuses n < 0. They alias the
// reader's slice.
func (r *Reader) Bytes(out *[]byte, n int) bool {
	b, ok := r.take(n)
	if ok {
		*out = b
	}
	return ok
}

// Sub eats n bytes and makes out a reader of them alone; it refuses n < 0.
func (r *Reader) Sub(out *Reader, n int) bool {
	b, ok := r.take(n)
	if ok {
		*out = b
	}
	return ok
}

// SubU8 eats an 8-bit length and so many bytes, as a reader.
func (r *Reader) SubU8(out *Reader) bool {
	at := *r
	var n uint8
	if !at.U8(&n) || !at.Sub(out, int(n)) {
		return false
	}
	*r = at
	return true
}

// SubU16 eats a 16-bit big-endian length and so many bytes, as a reader.
func (r *Reader) SubU16(out *Reader) bool {
	at := *r
	var n uint16
	if !at.U16(&n) || !at.Sub(out, int(n)) {
		return false
	}
	*r = at
	return true
}

// SubU24 eats a 24-bit big-endian length and so many bytes, as a reader.
func (r *Reader) SubU24(out *Reader) bool {
	at := *r
	var n uint32
	if !at.U24(&n) || !at.Sub(out, int(n)) {
		return false
	}
	*r = at
	return true
}

// Until eats up to and including the first sep, and points out at what stands
// before it. Without a sep it eats nothing and reports false.
func (r *Reader) Until(out *[]byte, sep byte) bool {
	for i, b := range *r {
		if b == sep {
			v, _ := r.take(i + 1)
			*out = v[:i:i]
			return true
		}
	}
	return false
}

// U8 eats one byte.
func (r *Reader) U8(out *uint8) bool {
	b, ok := r.take(1)
	if ok {
		*out = b[0]
	}
	return ok
}

// U16 eats a 16-bit big-endian number.
func (r *Reader) U16(out *uint16) bool {
	b, ok := r.take(2)
	if ok {
		*out = uint16(b[0])<<8 | uint16(b[1])
	}
	return ok
}

// U24 eats a 24-bit big-endian number.
func (r *Reader) U24(out *uint32) bool {
	b, ok := r.take(3)
	if ok {
		*out = uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
	}
	return ok
}

// U32 eats a 32-bit big-endian number.
func (r *Reader) U32(out *uint32) bool {
	b, ok := r.take(4)
	if ok {
		*out = uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	}
	return ok
}

// U64 eats a 64-bit big-endian number.
func (r *Reader) U64(out *uint64) bool {
	at := *r
	var hi, lo uint32
	if !at.U32(&hi) || !at.U32(&lo) {
		return false
	}
	*r = at
	*out = uint64(hi)<<32 | uint64(lo)
	return true
}

// LE16 eats a 16-bit little-endian number.
func (r *Reader) LE16(out *uint16) bool {
	b, ok := r.take(2)
	if ok {
		*out = uint16(b[1])<<8 | uint16(b[0])
	}
	return ok
}

// LE32 eats a 32-bit little-endian number.
func (r *Reader) LE32(out *uint32) bool {
	b, ok := r.take(4)
	if ok {
		*out = uint32(b[3])<<24 | uint32(b[2])<<16 | uint32(b[1])<<8 | uint32(b[0])
	}
	return ok
}

// LE64 eats a 64-bit little-endian number.
func (r *Reader) LE64(out *uint64) bool {
	at := *r
	var hi, lo uint32
	if !at.LE32(&lo) || !at.LE32(&hi) {
		return false
	}
	*r = at
	*out = uint64(hi)<<32 | uint64(lo)
	return true
}

// Varint eats a QUIC variable-length integer (RFC 9000 §16).
func (r *Reader) Varint(out *uint64) bool {
	if len(*r) == 0 {
		return false
	}
	b, ok := r.take(1 << ((*r)[0] >> 6))
	if !ok {
		return false
	}
	v := uint64(b[0] & 0x3f)
	for _, c := range b[1:] {
		v = v<<8 | uint64(c)
	}
	*out = v
	return true
}
