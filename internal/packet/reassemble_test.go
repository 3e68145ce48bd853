package packet_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cordonhq/cordon/internal/packet"
)

// adder feeds frames to a Reassembler, a millisecond apart.
type adder struct {
	*packet.Reassembler
	d    packet.Decoder
	time int64
}

func newAdder(c packet.ReassemblerConfig) *adder {
	return &adder{Reassembler: packet.NewReassembler(c)}
}

func (a *adder) add(frame []byte) (packet.Packet, bool) {
	a.time += int64(time.Millisecond)
	p := packet.Packet{Time: a.time}
	a.d.Decode(&p, packet.LinkRaw, frame, 0)
	whole := a.Add(&p)
	return p, whole
}

// cut4 and cut6 cut the transport message into pieces of size bytes.
func cut4(proto, id, size int, message []byte) [][]byte {
	var frames [][]byte
	for at := 0; at < len(message); at += size {
		end := min(at+size, len(message))
		frames = append(frames, ip4Fragment(proto, id, at, end < len(message), a4, b4, message[at:end]))
	}
	return frames
}

func cut6(next, id, size int, message []byte) [][]byte {
	var frames [][]byte
	for at := 0; at < len(message); at += size {
		end := min(at+size, len(message))
		frames = append(frames, ip6(44, a6, b6, frag6(next, id, at, end < len(message), message[at:end])))
	}
	return frames
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return b
}

func TestReassemblerPutsDatagramsTogetherInAnyOrder(t *testing.T) {
	payload := pattern(3000)
	message := udp(7, 9, payload)
	tests := []struct {
		name   string
		frames [][]byte
	}{
		{"ipv4", cut4(17, 1, 1480, message)},
		{"ipv4 in small pieces", cut4(17, 1, 32, message)},
		{"ipv6", cut6(17, 1, 1448, message)},
		{"ipv6 with an extension header in the first piece", cut6(60, 1, 1448, ext6(17, message))},
		{"ipv4 in fragmented ipv4", cut4(4, 1, 1000, ip4(17, a4, b4, message))},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAdder(packet.ReassemblerConfig{})
			for range 20 {
				wire := 0
				order := random.Perm(len(tt.frames))
				for i, at := range order {
					p, whole := a.add(tt.frames[at])
					wire += len(tt.frames[at])
					if last := i == len(order)-1; whole != last {
						t.Fatalf("piece %d of %d: whole = %t", i, len(order), whole)
					} else if !last {
						continue
					}
					if !bytes.Equal(p.Payload, payload) || p.SrcPort != 7 || p.DstPort != 9 || p.Proto != packet.ProtoUDP {
						t.Fatalf("got %d>%d protocol %d, %d bytes, want 7>9, 17 and the %d sent", p.SrcPort, p.DstPort, p.Proto, len(p.Payload), len(payload))
					}
					if p.Fragment || p.Truncated || int(p.PayloadLen) != len(payload) || p.Malformed != packet.WellFormed {
						t.Errorf("not a whole datagram: %+v", p)
					}
					if int(p.WireLen) != wire || int(p.Fragments) != len(tt.frames) {
						t.Errorf("WireLen %d over %d frames, want %d over %d", p.WireLen, p.Fragments, wire, len(tt.frames))
					}
				}
			}
			if n, size := a.Pending(); n != 0 || size != 0 {
				t.Errorf("%d datagrams of %d bytes are left, want none", n, size)
			}
			if got := a.Stats(); got.Datagrams != 20 || got.Overlaps+got.Invalid+got.Evicted+got.Expired != 0 {
				t.Errorf("stats %+v", got)
			}
		})
	}
}

func TestReassemblerEntersFragmentsInsideFragments(t *testing.T) {
	payload := pattern(200)
	a := newAdder(packet.ReassemblerConfig{})
	for i, inner := range cut4(17, 5, 104, udp(7, 9, payload)) {
		for j, outer := range cut4(4, 6+i, 64, inner) {
			p, whole := a.add(outer)
			if want := i == 1 && j == 1; whole != want {
				t.Fatalf("inner piece %d, outer piece %d: whole = %t", i, j, whole)
			}
			if whole && (!bytes.Equal(p.Payload, payload) || p.Tunnels != 1) {
				t.Errorf("got %d bytes through %d tunnels", len(p.Payload), p.Tunnels)
			}
		}
	}
}

func TestReassemblerOverlaps(t *testing.T) {
	message := udp(7, 9, pattern(56)) // 64 bytes
	evil := bytes.Repeat([]byte{0xee}, 64)
	piece4 := func(from, to int, data []byte) []byte {
		return ip4Fragment(17, 1, from, to < 64, a4, b4, data[from:to])
	}
	piece6 := func(from, to int, data []byte) []byte {
		return ip6(44, a6, b6, frag6(17, 1, from, to < 64, data[from:to]))
	}
	tests := []struct {
		name     string
		frames   [][]byte
		whole    bool
		overlaps uint64
	}{
		{"ipv4, first bytes stand before the gap", [][]byte{piece4(0, 32, message), piece4(16, 32, evil), piece4(32, 64, message)}, true, 1},
		{"ipv4, first bytes stand behind the gap", [][]byte{piece4(32, 64, message), piece4(0, 24, message), piece4(24, 40, message)}, true, 1},
		{"ipv4, one piece fills two gaps", [][]byte{piece4(0, 8, message), piece4(24, 32, message), piece4(48, 64, message), piece4(8, 56, message)}, true, 1},
		{"ipv4, duplicate", [][]byte{piece4(0, 32, message), piece4(0, 32, evil), piece4(32, 64, message)}, true, 0},
		{"ipv6, duplicate", [][]byte{piece6(0, 32, message), piece6(0, 32, evil), piece6(32, 64, message)}, true, 0},
		{"ipv6, overlap drops all", [][]byte{piece6(0, 32, message), piece6(24, 48, message), piece6(32, 64, message)}, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAdder(packet.ReassemblerConfig{})
			for i, f := range tt.frames {
				p, whole := a.add(f)
				last := i == len(tt.frames)-1
				if whole != (last && tt.whole) {
					t.Fatalf("piece %d: whole = %t", i, whole)
				}
				if whole && !bytes.Equal(p.Payload, message[8:]) {
					t.Errorf("payload %x, want %x", p.Payload, message[8:])
				}
			}
			if got := a.Stats().Overlaps; got != tt.overlaps {
				t.Errorf("overlaps = %d, want %d", got, tt.overlaps)
			}
		})
	}
}

func TestReassemblerRefusesWhatCannotBeADatagram(t *testing.T) {
	data := pattern(64)
	first := ip4Fragment(17, 1, 0, true, a4, b4, data[:32])
	last := ip4Fragment(17, 1, 32, false, a4, b4, data[32:])
	tests := []struct {
		name string
		bad  []byte
	}{
		{"past 64 KiB", ip4Fragment(17, 1, 65528, false, a4, b4, data)},
		{"empty", ip4Fragment(17, 1, 8, true, a4, b4, nil)},
		{"odd length", ip4Fragment(17, 1, 32, true, a4, b4, data[:7])},
		{"two ends", ip4Fragment(17, 1, 40, false, a4, b4, data[:8])},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAdder(packet.ReassemblerConfig{})
			a.add(first)
			a.add(tt.bad)
			if _, whole := a.add(last); whole {
				t.Error("a datagram with a bad piece was completed")
			}
			if a.Stats().Invalid != 1 {
				t.Errorf("stats %+v, want one invalid piece", a.Stats())
			}
		})
	}
}

func TestReassemblerForgetsByPacketTime(t *testing.T) {
	frames := cut4(17, 1, 16, udp(7, 9, pattern(24)))
	a := newAdder(packet.ReassemblerConfig{MaxAge: time.Second})
	a.add(frames[0])
	a.time += int64(2 * time.Second)
	if _, whole := a.add(frames[1]); whole {
		t.Error("pieces two seconds apart were joined, MaxAge is one")
	}
	if got := a.Stats().Expired; got != 1 {
		t.Errorf("expired = %d, want 1", got)
	}
}

func TestReassemblerStaysWithinItsBounds(t *testing.T) {
	const maxBytes, maxDatagrams = 100_000, 50
	a := newAdder(packet.ReassemblerConfig{MaxBytes: maxBytes, MaxDatagrams: maxDatagrams})
	piece := pattern(1024)
	for id := range 2000 {
		a.add(ip4Fragment(17, id, 8*(id%4), true, a4, b4, piece))
		a.add(ip4Fragment(17, id, 8*(id%4)+1024, true, a4, b4, piece[:8]))
		if n, size := a.Pending(); n > maxDatagrams || size > maxBytes {
			t.Fatalf("after %d datagrams: %d pending of %d bytes", id, n, size)
		}
	}
	for at := range 4096 { // one datagram in all too many pieces
		a.add(ip4Fragment(17, 3, 16*at, true, a4, b4, piece[:8]))
	}
	if n, size := a.Pending(); n > maxDatagrams || size > maxBytes {
		t.Errorf("%d pending of %d bytes", n, size)
	}
	if a.Stats().Evicted == 0 {
		t.Error("nothing was evicted")
	}
}

func TestReassemblerAllocatesNothingInSteadyState(t *testing.T) {
	frames := cut4(17, 1, 1480, udp(7, 9, pattern(4000)))
	a := newAdder(packet.ReassemblerConfig{})
	if n := testing.AllocsPerRun(100, func() {
		for _, f := range frames {
			a.add(f)
		}
	}); n != 0 {
		t.Errorf("%v allocations a datagram, want 0", n)
	}
}

func BenchmarkReassemble(b *testing.B) {
	frames := cut4(17, 1, 1480, udp(7, 9, pattern(4000)))
	a := newAdder(packet.ReassemblerConfig{})
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range frames {
			a.add(f)
		}
	}
}
