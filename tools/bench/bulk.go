package main

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
)

// bulk makes the frames of transfers that fill a clinic's links, in turn:
// images by DICOM, and data of no protocol that anybody knows.
type bulk struct {
	transfers [48]transfer
	turn      int
	random    [segment]byte
}

// transfer is one TCP connection over which the client sends without end.
type transfer struct {
	n       byte // of its addresses and ports
	images  bool
	frames  int
	seq     [2]uint32 // of client and server
	pending []string  // what both say before the data, beginning with the client
}

const (
	headers = 14 + 20 + 20
	segment = 1400 // bytes of payload; a frame has 1454
	// perPDU is how many segments one P-DATA-TF takes (DICOM PS3.8 §9.3.5).
	perPDU = 8
)

func newBulk() *bulk {
	b := new(bulk)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b.random {
		b.random[i] = byte(r.Uint32())
	}
	for i := range b.transfers {
		t := &b.transfers[i]
		t.n, t.images = byte(i), i%2 == 0
		if t.images {
			t.pending = []string{association(1), association(2)}
		}
	}
	return b
}

// next returns the next frame, which is good until the one after it.
func (b *bulk) next() []byte {
	t := &b.transfers[b.turn%len(b.transfers)]
	b.turn++
	t.frames++
	const syn, ack = 0x02, 0x10
	switch {
	case t.frames == 1:
		return t.frame(0, syn, nil)
	case t.frames == 2:
		return t.frame(1, syn|ack, nil)
	case len(t.pending) > 0:
		said := t.pending[0]
		t.pending = t.pending[1:]
		return t.frame(1-len(t.pending), ack, []byte(said))
	}
	data := b.random
	if t.images && t.frames%perPDU == 5 { // the first behind the association
		copy(data[:], []byte{4, 0})
		binary.BigEndian.PutUint32(data[2:], perPDU*segment-6)
		binary.BigEndian.PutUint32(data[6:], perPDU*segment-10)
		copy(data[10:], []byte{1, 0}) // presentation context, a piece of a data set
	}
	return t.frame(0, ack, data[:])
}

// frame makes a frame from the client (0) or the server (1).
func (t *transfer) frame(from int, flags byte, data []byte) []byte {
	f := make([]byte, headers+len(data))
	copy(f, []byte{2, 0, 0, 0, byte(1 - from), t.n, 2, 0, 0, 0, byte(from), t.n, 8, 0})
	ip, tcp := f[14:], f[34:]
	copy(ip, []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 200, byte(from), t.n, 10, 200, byte(1 - from), t.n})
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
	ports := [2]uint16{50000 + uint16(t.n), 7000 + uint16(t.n)}
	if t.images {
		ports[1] = 104
	}
	binary.BigEndian.PutUint16(tcp, ports[from])
	binary.BigEndian.PutUint16(tcp[2:], ports[1-from])
	binary.BigEndian.PutUint32(tcp[4:], t.seq[from])
	binary.BigEndian.PutUint32(tcp[8:], t.seq[1-from])
	copy(tcp[12:], []byte{5 << 4, flags, 0xff, 0xff})
	copy(f[headers:], data)
	t.seq[from] += uint32(len(data)) + uint32(flags>>1&1)
	return f
}

// association makes an A-ASSOCIATE-RQ (1) or -AC (2) for CT images in Explicit
// VR Little Endian (DICOM PS3.8 §9.3.2 and §9.3.3).
func association(kind byte) string {
	item := func(kind byte, body string) string {
		return string([]byte{kind, 0, byte(len(body) >> 8), byte(len(body))}) + body
	}
	context := item(0x40, "1.2.840.10008.1.2.1")
	if kind == 1 {
		context = item(0x30, "1.2.840.10008.5.1.4.1.1.2") + context
	}
	body := "\x00\x01\x00\x00" + "PACS            " + "CT1             " + strings.Repeat("\x00", 32) +
		item(0x10, "1.2.840.10008.3.1.1.1") + item(0x1f+kind, "\x01\x00\x00\x00"+context) +
		item(0x50, item(0x51, "\x00\x01\x00\x00")+item(0x52, "1.2.3.4"))
	return string([]byte{kind, 0, 0, 0, byte(len(body) >> 8), byte(len(body))}) + body
}
