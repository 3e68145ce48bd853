package dissecttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

// Fuzzer holds d to its contract on any bytes: neither Probe nor Parse panics or
// stands still, facts are printable and bounded, and a stream yields the same
// observations however it is cut. Each seed is one conversation.
func Fuzzer(f *testing.F, d dissect.Dissector, seeds ...[]Piece) {
	for i, s := range seeds {
		var sides [2][]byte
		for _, p := range s {
			sides[p.Dir] = append(sides[p.Dir], p.Data...)
		}
		f.Add(sides[flow.Out], sides[flow.In], uint64(i+1))
		f.Add(sides[flow.Out][:len(sides[flow.Out])/2], sides[flow.In][:len(sides[flow.In])*2/3], uint64(i+2))
	}
	window := d.Window
	if window == 0 {
		window = dissect.DefaultWindow
	}
	f.Fuzz(func(t *testing.T, out, in []byte, cuts uint64) {
		sides := [2][]byte{clip(out, window), clip(in, window)}
		probe(t, d, sides)
		whole := parse(t, d, sides, 0)
		if d.Over&dissect.OverTCP == 0 {
			return
		}
		if cut := parse(t, d, sides, cuts|1); !slices.Equal(whole, cut) {
			t.Errorf("cut by %d the stream shows\n  %s\nbut in one piece\n  %s", cuts, strings.Join(cut, "\n  "), strings.Join(whole, "\n  "))
		}
	})
}

// LinkFuzzer does for a link-layer dissector what Fuzzer does for the others.
func LinkFuzzer(f *testing.F, d dissect.LinkDissector, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
		f.Add(s[:len(s)*2/3])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d.Parse(dissect.NewContext(nil, func(e *dissect.Event) { describe(t, e) }), clip(data, 2048))
	})
}

func clip(b []byte, n int) []byte { return b[:min(len(b), n-1)] }

func probe(t *testing.T, d dissect.Dissector, sides [2][]byte) {
	for dir, data := range sides {
		for _, n := range []int{1, 2, 3, 5, 8, 13, 21, len(data)} {
			if n > len(data) || n == 0 {
				continue
			}
			h := dissect.Head{Data: data[:n], Dir: flow.Direction(dir), Other: sides[1-dir], Flow: flowOf(d), Hint: n%2 == 0, Midway: n%3 == 0}
			if v := d.Probe(&h); v < dissect.More || v > 100 {
				t.Errorf("verdict %d of %q", v, data[:n])
			}
		}
	}
}

func flowOf(d dissect.Dissector) *flow.Flow {
	f := &flow.Flow{Proto: packet.ProtoTCP, SrcPort: 49152}
	if d.Over&dissect.OverTCP == 0 {
		f.Proto = packet.ProtoUDP
	}
	if len(d.Ports) > 0 {
		f.DstPort = d.Ports[0]
	}
	return f
}

// parse gives one direction after the other to a fresh parser, in pieces whose
// sizes follow from cuts, or whole if cuts is 0.
func parse(t *testing.T, d dissect.Dissector, sides [2][]byte, cuts uint64) (heard []string) {
	if d.New == nil {
		return nil
	}
	c := dissect.NewContext(flowOf(d), func(e *dissect.Event) { heard = append(heard, describe(t, e)) })
	s := stream{t: t, parser: d.New(), datagrams: d.Over&dissect.OverTCP == 0}
	for dir, rest := range sides {
		c.Dir = flow.Direction(dir)
		s.kept, s.skip = nil, 0
		for len(rest) > 0 {
			n := len(rest)
			if cuts != 0 {
				cuts = cuts*6364136223846793005 + 1442695040888963407
				n = min(n, 1+int(cuts>>58))
			}
			if !s.feed(c, rest[:n]) {
				return heard
			}
			rest = rest[n:]
		}
	}
	return heard
}

// stream does what an Engine does for one direction, without its bounds.
type stream struct {
	t         *testing.T
	parser    dissect.Parser
	datagrams bool
	kept      []byte
	skip      int
}

// feed reports false when the parser wants no more.
func (s *stream) feed(c *dissect.Context, piece []byte) bool {
	n := min(s.skip, len(piece))
	s.skip -= n
	s.kept = append(s.kept, piece[n:]...)
	for len(s.kept) > 0 {
		// What a parser keeps of its data must not be the data.
		lent := append([]byte(nil), s.kept...)
		n := s.parser.Parse(c, lent)
		clear(lent)
		switch {
		case n < dissect.Stop:
			s.t.Fatalf("Parse returned %d", n)
		case n == dissect.Stop:
			return false
		case s.datagrams:
			return true
		case n == 0:
			return true
		}
		s.skip = max(0, n-len(s.kept))
		s.kept = s.kept[min(n, len(s.kept)):]
	}
	return true
}

// describe prints an event in full and checks its facts.
func describe(t *testing.T, e *dissect.Event) string {
	s := fmt.Sprintf("%s %+v", e.Dir, Clone(e.Observation))
	e.Observation.Facts(func(f observation.Fact) {
		s += fmt.Sprintf(" %d %s=%s", f.About, f.Field, f.Value)
		if f.Value == "" || len(f.Value) > observation.MaxValue || !utf8.ValidString(f.Value) || f.Field == "" {
			t.Errorf("%T: bad fact %s=%q", e.Observation, f.Field, f.Value)
		}
	})
	if b, ok := e.Observation.(observation.Binder); ok {
		b.Bindings(func(b observation.Binding) { s += fmt.Sprintf(" %+v", b) })
	}
	return s
}
