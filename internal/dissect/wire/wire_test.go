package wire_test

import (
	"bytes"
	"testing"

	"github.com/cordonhq/cordon/internal/dissect/wire"
)

func TestNumbers(t *testing.T) {
	data := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}
	tests := []struct {
		name string
		read func(r *wire.Reader) (uint64, bool)
		want uint64
		eats int
	}{
		{"u8", func(r *wire.Reader) (uint64, bool) { var v uint8; ok := r.U8(&v); return uint64(v), ok }, 0x01, 1},
		{"u16", func(r *wire.Reader) (uint64, bool) { var v uint16; ok := r.U16(&v); return uint64(v), ok }, 0x0102, 2},
		{"u24", func(r *wire.Reader) (uint64, bool) { var v uint32; ok := r.U24(&v); return uint64(v), ok }, 0x010203, 3},
		{"u32", func(r *wire.Reader) (uint64, bool) { var v uint32; ok := r.U32(&v); return uint64(v), ok }, 0x01020304, 4},
		{"u64", func(r *wire.Reader) (uint64, bool) { var v uint64; ok := r.U64(&v); return v, ok }, 0x0102030405060708, 8},
		{"le16", func(r *wire.Reader) (uint64, bool) { var v uint16; ok := r.LE16(&v); return uint64(v), ok }, 0x0201, 2},
		{"le32", func(r *wire.Reader) (uint64, bool) { var v uint32; ok := r.LE32(&v); return uint64(v), ok }, 0x04030201, 4},
		{"le64", func(r *wire.Reader) (uint64, bool) { var v uint64; ok := r.LE64(&v); return v, ok }, 0x0807060504030201, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := wire.Reader(data)
			if got, ok := tt.read(&r); !ok || got != tt.want || r.Len() != len(data)-tt.eats {
				t.Errorf("read %#x, %v with %d left; want %#x with %d left", got, ok, r.Len(), tt.want, len(data)-tt.eats)
			}
			short := wire.Reader(data[:tt.eats-1])
			if _, ok := tt.read(&short); ok || short.Len() != tt.eats-1 {
				t.Errorf("read of %d bytes: ok %v, %d left; want refusal that eats nothing", tt.eats-1, ok, short.Len())
			}
		})
	}
}

func TestSlices(t *testing.T) {
	var (
		sub wire.Reader
		out []byte
	)
	r := wire.Reader{2, 'a', 'b', 0, 1, 'c', 0, 0, 2, 'd', 'e', 'k', '=', 'v'}
	if !r.SubU8(&sub) || string(sub) != "ab" || !r.SubU16(&sub) || string(sub) != "c" || !r.SubU24(&sub) || string(sub) != "de" {
		t.Fatalf("length-prefixed reads ended at %q with %q", r, sub)
	}
	if sub.Skip(3) || !sub.Skip(2) || !sub.Empty() {
		t.Error("a sub-reader must end where its parent said")
	}
	if r.Until(&out, ';') || !r.Until(&out, '=') || string(out) != "k" {
		t.Errorf("Until read %q, left %q", out, r)
	}
	if r.Skip(-1) || r.Bytes(&out, -1) || r.Sub(&sub, -1) || r.Len() != 1 {
		t.Error("negative lengths must be refused and eat nothing")
	}
	if got := r.Rest(); !bytes.Equal(got, []byte("v")) || len(r.Rest()) != 0 {
		t.Errorf("Rest = %q", got)
	}
	long := wire.Reader{200, 1}
	if long.SubU8(&sub) || long.SubU16(&sub) || long.SubU24(&sub) || long.Len() != 2 {
		t.Error("a length beyond the end must be refused and eat nothing")
	}
}

// The examples of RFC 9000 appendix A.1.
func TestVarint(t *testing.T) {
	tests := []struct {
		in   wire.Reader
		want uint64
	}{
		{wire.Reader{0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c}, 151288809941952652},
		{wire.Reader{0x9d, 0x7f, 0x3e, 0x7d}, 494878333},
		{wire.Reader{0x7b, 0xbd}, 15293},
		{wire.Reader{0x25}, 37},
	}
	for _, tt := range tests {
		r := tt.in
		var v uint64
		if !r.Varint(&v) || v != tt.want || !r.Empty() {
			t.Errorf("Varint(% x) = %d, %d left; want %d", []byte(tt.in), v, r.Len(), tt.want)
		}
		short := tt.in[:len(tt.in)-1]
		if n := short.Len(); short.Varint(&v) || short.Len() != n {
			t.Errorf("Varint(% x) must be refused and eat nothing", []byte(short))
		}
	}
}
