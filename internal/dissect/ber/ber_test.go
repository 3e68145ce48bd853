package ber_test

import (
	"bytes"
	"testing"

	"github.com/cordonhq/cordon/internal/dissect/ber"
	"github.com/cordonhq/cordon/internal/dissect/wire"
)

func TestRead(t *testing.T) {
	tests := []struct {
		name string
		in   []byte
		ok   bool
		tag  ber.Tag
		body []byte
		rest int
	}{
		{"short form", []byte{0x04, 2, 'a', 'b', 9}, true, ber.OctetString, []byte("ab"), 1},
		{"empty body", []byte{0x30, 0}, true, ber.Sequence, nil, 0},
		{"long form", []byte{0x04, 0x81, 1, 'x'}, true, ber.OctetString, []byte("x"), 0},
		{"long form of four octets, as Windows pads it", []byte{0x30, 0x84, 0, 0, 0, 1, 'x'}, true, ber.Sequence, []byte("x"), 0},
		{"high tag number", []byte{0x7f, 0x81, 0x05, 1, 'x'}, true, 0x7f, []byte("x"), 0},
		{"indefinite form", []byte{0x30, 0x80, 0, 0}, false, 0, nil, 4},
		{"length of five octets", []byte{0x30, 0x85, 0, 0, 0, 0, 0}, false, 0, nil, 7},
		{"length that would be negative", []byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, false, 0, nil, 6},
		{"body beyond the end", []byte{0x04, 3, 'a', 'b'}, false, 0, nil, 4},
		{"endless tag number", []byte{0x1f, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80}, false, 0, nil, 7},
		{"nothing", nil, false, 0, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := wire.Reader(tt.in)
			var tag ber.Tag
			var body wire.Reader
			ok := ber.Read(&r, &tag, &body)
			if ok != tt.ok || tag != tt.tag || r.Len() != tt.rest || ok && !bytes.Equal(body, tt.body) {
				t.Errorf("Read = %v, tag %#x, body %q, %d left; want %v, %#x, %q, %d", ok, tag, body, r.Len(), tt.ok, tt.tag, tt.body, tt.rest)
			}
		})
	}
}

func TestInt(t *testing.T) {
	tests := []struct {
		in   []byte
		want int64
		ok   bool
	}{
		{[]byte{2, 1, 5}, 5, true},
		{[]byte{2, 1, 0xff}, -1, true},
		{[]byte{2, 2, 0, 0x80}, 128, true},
		{[]byte{2, 8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1<<63 - 1, true},
		{[]byte{2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0, false},
		{[]byte{2, 0}, 0, false},
		{[]byte{10, 1, 5}, 0, false},
	}
	for _, tt := range tests {
		r := wire.Reader(tt.in)
		var v int64
		if ok := ber.Int(&r, ber.Integer, &v); ok != tt.ok || v != tt.want {
			t.Errorf("Int(% x) = %d, %v; want %d, %v", tt.in, v, ok, tt.want, tt.ok)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte{0x30, 0x84, 0, 0, 0, 3, 0x02, 1, 5})
	f.Add([]byte{0x7f, 0x81, 0x05, 1, 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := wire.Reader(b)
		for !r.Empty() {
			before := r.Len()
			var tag ber.Tag
			var body wire.Reader
			if !ber.Read(&r, &tag, &body) {
				if r.Len() != before {
					t.Fatal("a failed read ate something")
				}
				return
			}
			if r.Len() >= before || body.Len() > before {
				t.Fatal("a read ate nothing or gave more than there was")
			}
		}
	})
}
