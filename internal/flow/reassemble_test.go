package flow_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
)

const (
	out = flow.Out
	in  = flow.In
)

// handshake opens the connection: the client's data begins at 101, the
// server's at 501.
func handshake(rest ...*packet.Packet) []*packet.Packet {
	return append([]*packet.Packet{
		tcp(out, S, 100, 0, ""), tcp(in, SA, 500, 101, ""), tcp(out, A, 101, 501, ""),
	}, rest...)
}

func cut(n uint32, p *packet.Packet) *packet.Packet {
	p.Truncated = true
	p.PayloadLen += n
	return p
}

func TestReassembly(t *testing.T) {
	const wrap = 1<<32 - 3
	for _, c := range []struct {
		name string
		ps   []*packet.Packet
		want string // before the end, then after "|" what the end brings
	}{
		{"in order", handshake(tcp(out, A, 101, 501, "ab"), tcp(in, A, 501, 103, "xy"), tcp(out, A, 103, 503, "cd")),
			">ab <xy >cd |"},
		{"out of order", handshake(tcp(out, A, 103, 501, "cd"), tcp(out, A, 105, 501, "ef"), tcp(out, A, 101, 501, "ab")),
			">ab >cdef |"},
		{"hole behind a hole", handshake(tcp(out, A, 107, 501, "gh"), tcp(out, A, 103, 501, "cd"), tcp(out, A, 101, 501, "ab"),
			tcp(out, A, 105, 501, "ef")), ">ab >cd >ef >gh |"},
		{"retransmitted", handshake(tcp(out, A, 101, 501, "ab"), tcp(out, A, 101, 501, "ab"), tcp(out, A, 103, 501, "cd")),
			">ab >cd |"},
		{"retransmitted with more", handshake(tcp(out, A, 101, 501, "ab"), tcp(out, A, 101, 501, "XXcd")), ">ab >cd |"},
		{"first stands, held", handshake(tcp(out, A, 103, 501, "cd"), tcp(out, A, 101, 501, "abXXef")), ">ab >cd >ef |"},
		{"first stands, among held", handshake(tcp(out, A, 103, 501, "c"), tcp(out, A, 105, 501, "e"), tcp(out, A, 102, 501, "bXdXf"),
			tcp(out, A, 101, 501, "a")), ">a >b >cd >ef |"},
		{"first stands, all covered", handshake(tcp(out, A, 103, 501, "cdef"), tcp(out, A, 104, 501, "XX"), tcp(out, A, 101, 501, "ab")),
			">ab >cdef |"},
		{"sequence wraps", []*packet.Packet{tcp(out, S, wrap-1, 0, ""), tcp(out, A, 1, 0, "ef"), tcp(out, A, wrap, 0, "abcd")},
			">abcd >ef |"},
		{"data with the SYN", []*packet.Packet{tcp(out, S, 100, 0, "ab"), tcp(in, SA, 500, 103, ""), tcp(out, A, 103, 501, "cd")},
			">ab >cd |"},
		{"data with the SYN, sent again", []*packet.Packet{tcp(out, S, 100, 0, "ab"), tcp(out, S, 100, 0, "ab"), tcp(out, A, 103, 0, "cd")},
			">ab >cd |"},
		{"picked up midway", []*packet.Packet{tcp(out, A, 7000, 1, "ab"), tcp(out, A, 7002, 1, "cd"), tcp(out, A, 6998, 1, "no")},
			">ab >cd |"},
		{"picked up at a keep-alive", []*packet.Packet{tcp(in, A, 1, 7000, ""), tcp(out, A, 6999, 1, "?"), tcp(out, A, 7000, 1, "ab")},
			">ab |"},
		{"keep-alive", handshake(tcp(out, A, 101, 501, "ab"), tcp(out, A, 102, 501, "?"), tcp(out, A, 102, 501, ""), tcp(out, A, 103, 501, "c")),
			">ab >c |"},
		{"zero-window probe", handshake(tcp(out, A, 101, 501, "a"), tcp(out, A, 101, 501, "a"), tcp(out, A, 101, 501, "ab")), ">a >b |"},
		{"FIN with data", handshake(tcp(out, FA, 103, 501, "cd"), tcp(out, A, 101, 501, "ab")), ">ab >cd |"},
		{"RST with data", handshake(tcp(out, A, 101, 501, "ab"), tcp(out, R, 103, 0, "why")), ">ab >why |"},
		{"RST gives up", handshake(tcp(out, A, 103, 501, "cd"), tcp(in, RA, 501, 101, "")), ">[2] >cd |"},
		{"end gives up", handshake(tcp(out, A, 103, 501, "cd")), "|>[2] >cd"},
		{"cut by the snap length", handshake(cut(3, tcp(out, A, 101, 501, "ab")), tcp(out, A, 106, 501, "fg")), ">ab >[3] >fg |"},
		{"cut to the header", handshake(cut(5, tcp(out, A, 101, 501, "")), tcp(out, A, 106, 501, "fg")), ">[5] >fg |"},
		{"cut and held", handshake(cut(3, tcp(out, A, 103, 501, "c")), tcp(out, A, 107, 501, "g"), tcp(out, A, 101, 501, "ab")),
			">ab >c >[3] >g |"},
		{"cut and filled partly", handshake(cut(3, tcp(out, A, 101, 501, "ab")), tcp(out, A, 101, 501, "abcdef")), ">ab >[3] >f |"},
		{"lost, acknowledged before", handshake(tcp(in, A, 501, 103, ""), tcp(out, A, 103, 501, "cd")), ">[2] >cd |"},
		{"lost, acknowledged once", handshake(tcp(out, A, 103, 501, "cd"), tcp(in, A, 501, 105, ""), tcp(out, A, 101, 501, "ab")), ">ab >cd |"},
		{"lost, acknowledged twice", handshake(tcp(out, A, 103, 501, "cd"), tcp(in, A, 501, 105, "xy"), tcp(in, A, 503, 105, "")),
			"<xy >[2] >cd |"},
		{"acknowledged twice up to a hole only", handshake(tcp(out, A, 103, 501, "cd"), tcp(out, A, 107, 501, "gh"),
			tcp(in, A, 501, 105, ""), tcp(in, A, 501, 105, "")), ">[2] >cd |>[2] >gh"},
		{"astray", handshake(tcp(out, A, 101+1<<30, 501, "XX"), tcp(out, A, 101, 501, "ab")), ">ab |"},
		{"astray for good", handshake(tcp(out, A, 1<<30, 501, "1"), tcp(out, A, 1<<30+1, 501, "2"), tcp(out, A, 1<<30+2, 501, "3"),
			tcp(out, A, 1<<30+3, 501, "4"), tcp(out, A, 1<<30+4, 501, "5")), ">[1] >4 >5 |"},
		{"waited too long", handshake(tcp(out, A, 103, 501, "cd"), after(11*time.Second, tcp(in, A, 501, 101, ""))), ">[2] >cd |"},
		{"forged reset", handshake(tcp(out, A, 101, 501, "ab"), tcp(out, R, 1<<31, 0, ""), tcp(out, A, 103, 501, "cd")), ">ab >cd |"},
		{"ignored", handshake(tcp(out, A, 103, 501, "!"), tcp(out, A, 105, 501, "ef"), tcp(out, A, 101, 501, "ab"), tcp(out, A, 104, 501, "d"),
			tcp(in, A, 501, 107, "xy")), ">ab >! |"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRecorder()
			r.ignore = "!"
			tab := flow.New(flow.Config{}, r)
			for _, p := range c.ps {
				tab.Add(p)
			}
			got := r.String() + " |"
			r.words = nil
			tab.Flush()
			if got += r.String(); got != c.want && got != " "+c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if tab.Stats().Held != 0 {
				t.Errorf("%d bytes are held after the end", tab.Stats().Held)
			}
		})
	}
}

// TestReassemblyOfAnything cuts streams at random into segments that overlap,
// repeat, are shuffled within a window and wrap, and expects them back.
func TestReassemblyOfAnything(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		want := [2][]byte{}
		var pieces []*packet.Packet
		isn := [2]uint32{rnd.Uint32(), rnd.Uint32()}
		for d := out; d <= in; d++ {
			want[d] = make([]byte, rnd.IntN(60_000))
			for i := range want[d] {
				want[d][i] = byte(rnd.Uint32())
			}
			for at := 0; at < len(want[d]); {
				n := 1 + rnd.IntN(1+rnd.IntN(5000))
				from := max(0, at-rnd.IntN(1+rnd.IntN(400)))
				to := min(len(want[d]), at+n)
				for range 1 + rnd.IntN(2) {
					pieces = append(pieces, tcp(d, A, isn[d]+1+uint32(from), isn[d^1], string(want[d][from:to])))
				}
				at = to
			}
		}
		window := 1 + rnd.IntN(40)
		for i := range pieces {
			j := min(len(pieces)-1, i+rnd.IntN(window))
			pieces[i], pieces[j] = pieces[j], pieces[i]
		}
		got := &collector{}
		tab := flow.New(flow.Config{ReassemblyStream: 4 << 20}, got)
		tab.Add(tcp(out, S, isn[out], 0, ""))
		tab.Add(tcp(in, SA, isn[in], isn[out]+1, ""))
		for _, p := range pieces {
			tab.Add(p)
		}
		for d := range want {
			if !bytes.Equal(got.data[d], want[d]) || got.gaps != 0 {
				t.Fatalf("seed %d: direction %d: %d bytes and %d gaps, want %d bytes", seed, d, len(got.data[d]), got.gaps, len(want[d]))
			}
		}
		if held := tab.Stats().Held; held != 0 {
			t.Fatalf("seed %d: %d bytes still held", seed, held)
		}
		tab.Flush()
	}
}

// collector joins what it is given; bytes that are missing are zero.
type collector struct {
	data   [2][]byte
	gaps   int
	closed int
}

func (c *collector) Payload(_ *flow.Flow, d flow.Direction, data []byte, _ int64) {
	c.data[d] = append(c.data[d], data...)
}

func (c *collector) Gap(_ *flow.Flow, d flow.Direction, n uint32, _ int64) {
	c.gaps++
	c.data[d] = append(c.data[d], make([]byte, min(n, 1<<22))...)
}

func (c *collector) Closed(*flow.Flow) { c.closed++ }

func TestStreamBudget(t *testing.T) {
	r := &collector{}
	tab := flow.New(flow.Config{ReassemblyStream: 16 << 10}, r)
	for _, p := range handshake() {
		tab.Add(p)
	}
	// The first byte is lost; what follows must come through all the same.
	body := strings.Repeat("0123456789abcdef", 4096)
	for at := 0; at < len(body); at += 1024 {
		tab.Add(tcp(out, A, 102+uint32(at), 501, body[at:at+1024]))
		if held := tab.Stats().Held; held > 16<<10 {
			t.Fatalf("%d bytes held", held)
		}
	}
	if got := string(r.data[out]); got != "\x00"+body {
		t.Errorf("%d bytes came through, want %d", len(got), len(body)+1)
	}
	if s := tab.Stats(); s.OverBudget != 1 || s.Gaps != 1 || s.Missing != 1 {
		t.Errorf("%+v", s)
	}
}

func TestTableBudget(t *testing.T) {
	r := &collector{}
	tab := flow.New(flow.Config{ReassemblyBytes: 64 << 10}, r)
	for i := range 200 {
		p := tcp(out, S, 100, 0, "")
		p.SrcPort += uint16(i)
		tab.Add(p)
		p = tcp(out, A, 1000, 0, strings.Repeat("x", 1+i*40))
		p.SrcPort += uint16(i)
		tab.Add(p)
		if held := tab.Stats().Held; held > 64<<10 {
			t.Fatalf("%d bytes held", held)
		}
	}
	tab.Flush()
	var sent int
	for i := range 200 {
		sent += 1 + i*40
	}
	if s := tab.Stats(); int(s.Delivered) != sent || s.Gaps != 200 || s.Held != 0 {
		t.Errorf("%d bytes sent: %+v", sent, s)
	}
}

func TestSegmentLargerThanBudget(t *testing.T) {
	r := &collector{}
	tab := flow.New(flow.Config{ReassemblyStream: 1, ReassemblyBytes: 1}, r)
	body := strings.Repeat("0123456789abcdef", 4000)
	for _, p := range handshake(tcp(out, A, 102, 501, body)) {
		tab.Add(p)
	}
	if got := string(r.data[out]); got != "\x00"+body {
		t.Errorf("%d bytes came through, want %d", len(got), len(body)+1)
	}
}

// FuzzReassembly feeds any segments. What is delivered of a direction must be
// what some segment carried at that place: each byte is made from its sequence
// number, so that it can be checked.
func FuzzReassembly(f *testing.F) {
	f.Add([]byte{0, 2, 0, 0, 1, 1, 4, 0, 0, 9, 0, 0, 8, 5, 0, 0, 0, 4, 9, 1})
	f.Add([]byte("\x00\x02\x00\x00\x00\x00\x10\x01\x00\xff\x00\x10\x00\x10\x03\x01\x10\x01\x00\x01"))
	f.Add(bytes.Repeat([]byte{0, 16, 7, 0, 200, 1, 16, 3, 9, 40}, 20))
	f.Fuzz(func(t *testing.T, script []byte) {
		v := &verifier{t: t}
		tab := flow.New(flow.Config{ReassemblyStream: 8 << 10, ReassemblyBytes: 12 << 10, HoleTimeout: 2 * time.Second}, v)
		v.table = tab
		now := epoch
		var opened uint64
		for len(script) >= 5 && len(script) < 5*4000 {
			op, flags := script[0], packet.TCPFlags(script[1]&0x37)
			seq := uint32(script[2])<<8 | uint32(script[3])
			if op&0x40 != 0 {
				seq -= 1 << 15 // wraps
			}
			if op&0x80 != 0 {
				seq <<= 16 // far away
			}
			n := int(script[4]) << (op >> 3 & 3)
			d := flow.Direction(op & 1)
			start := seq
			if flags&S != 0 {
				start++
			}
			p := tcp(d, flags, seq, seq^uint32(script[4])<<4, string(pattern(start, n)))
			if op&2 != 0 {
				p.PayloadLen += uint32(op)
			}
			if op&4 != 0 {
				now += int64(script[4]) * 1e8
			}
			p.Time = now
			tab.Add(p)
			opened = tab.Stats().Opened
			if held := tab.Stats().Held; held > 12<<10 {
				t.Fatalf("%d bytes held", held)
			}
			script = script[5:]
		}
		tab.Flush()
		if s := tab.Stats(); s.Held != 0 || v.closed != opened || tab.Len() != 0 {
			t.Fatalf("%d flows opened, %d closed, %+v", opened, v.closed, s)
		}
	})
}

// pattern makes the bytes that all segments carry at and after seq: the low
// byte of each one's own number.
func pattern(seq uint32, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(seq + uint32(i))
	}
	return b
}

// verifier checks that bytes follow each other, across gaps too.
type verifier struct {
	t      *testing.T
	table  *flow.Table
	next   [2]byte
	known  [2]bool
	closed uint64
}

func (v *verifier) Payload(_ *flow.Flow, d flow.Direction, data []byte, _ int64) {
	if len(data) == 0 {
		v.t.Fatal("payload without bytes")
	}
	// How much is missing where a stream was found elsewhere is not known.
	if v.known[d] && data[0] != v.next[d] && v.table.Stats().Astray == 0 {
		v.t.Fatalf("%v goes on at %d, want %d", d, data[0], v.next[d])
	}
	for i := range data {
		if data[i] != data[0]+byte(i) {
			v.t.Fatalf("%v: byte %d of %d is %d after %d", d, i, len(data), data[i], data[0])
		}
	}
	v.next[d], v.known[d] = data[0]+byte(len(data)), true
}

func (v *verifier) Gap(_ *flow.Flow, d flow.Direction, n uint32, _ int64) {
	if n == 0 || n > 1<<31 {
		v.t.Fatalf("gap of %d", n)
	}
	v.next[d] += byte(n)
}

func (v *verifier) Closed(*flow.Flow) {
	v.closed++
	v.known = [2]bool{}
}
