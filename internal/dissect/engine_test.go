package dissect_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

// said is the observation of the test protocol: one line of text.
type said struct{ line string }

func (said) Protocol() cordon.Protocol { return cordon.Telnet }
func (s said) Facts(yield func(observation.Fact)) {
	yield(observation.Fact{Field: "line", Value: s.line})
}

// lines is a protocol of lines that begin with '>'. "SKIP n" is followed by n
// bytes to pass over, "PANIC" panics, "STOP" ends.
type lines struct{}

func (lines) Parse(c *dissect.Context, data []byte) int {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		return 0
	}
	line := string(data[:i])
	var n int
	if _, err := fmt.Sscanf(line, ">SKIP %d", &n); err == nil {
		return i + 1 + n
	}
	switch line {
	case ">PANIC":
		panic("as asked")
	case ">STOP":
		return dissect.Stop
	}
	c.Emit(said{c.Dir.String() + line})
	return i + 1
}

var lineProtocol = dissect.Dissector{
	Protocol: cordon.Telnet,
	Over:     dissect.OverTCP | dissect.OverUDP,
	Ports:    []uint16{2323},
	Probe: func(h *dissect.Head) dissect.Verdict {
		switch {
		case h.Data[0] != '>':
			return dissect.NotMine
		case len(h.Data) < 2:
			return dissect.More
		}
		return dissect.Sure
	},
	New: func() dissect.Parser { return lines{} },
}

// run feeds pieces of a conversation and returns what was said.
type run struct {
	engine *dissect.Engine
	flow   flow.Flow
	heard  []string
}

func start(cfg dissect.Config) *run {
	r := &run{flow: flow.Flow{Proto: packet.ProtoTCP, DstPort: 2323}}
	r.engine = dissect.NewEngine(cfg, dissect.Table{Flows: []dissect.Dissector{lineProtocol}}, func(e *dissect.Event) {
		r.heard = append(r.heard, e.Observation.(said).line)
	})
	return r
}

func (r *run) say(dir flow.Direction, s string) {
	if !r.flow.Ignore {
		r.engine.Payload(&r.flow, dir, []byte(s), 1)
	}
}

func TestEngine(t *testing.T) {
	for _, tc := range []struct {
		name  string
		speak func(r *run)
		want  string
	}{
		{"one message", func(r *run) { r.say(flow.Out, ">a\n") }, "out>a"},
		{"both directions", func(r *run) { r.say(flow.Out, ">a\n"); r.say(flow.In, ">b\n") }, "out>a in>b"},
		{"undecided bytes are kept", func(r *run) { r.say(flow.Out, ">"); r.say(flow.Out, "a\n>b\n") }, "out>a out>b"},
		{"the side that spoke first is parsed first", func(r *run) { r.say(flow.In, ">"); r.say(flow.Out, ">b\n"); r.say(flow.In, "a\n") }, "out>b in>a"},
		{"skip within the piece", func(r *run) { r.say(flow.Out, ">SKIP 3\nxyz>a\n") }, "out>a"},
		{"skip beyond the piece", func(r *run) { r.say(flow.Out, ">SKIP 5\nxy"); r.say(flow.Out, "zzz>a\n") }, "out>a"},
		{"gap inside of a skip", func(r *run) {
			r.say(flow.Out, ">SKIP 9\nxy")
			r.engine.Gap(&r.flow, flow.Out, 6, 1)
			r.say(flow.Out, "z>a\n")
		}, "out>a"},
		{"gap ends a direction, not the other", func(r *run) {
			r.say(flow.Out, ">a\n")
			r.engine.Gap(&r.flow, flow.Out, 6, 1)
			r.say(flow.Out, ">lost\n")
			r.say(flow.In, ">b\n")
		}, "out>a in>b"},
		{"stop", func(r *run) { r.say(flow.Out, ">a\n>STOP\n>b\n"); r.say(flow.In, ">c\n") }, "out>a"},
		{"a panic costs its flow", func(r *run) { r.say(flow.Out, ">a\n>PANIC\n"); r.say(flow.Out, ">b\n") }, "out>a"},
		{"a message over the window ends its direction", func(r *run) {
			r.say(flow.Out, ">a\n")
			r.say(flow.Out, strings.Repeat("x", dissect.DefaultWindow))
			r.say(flow.Out, "\n>b\n")
			r.say(flow.In, ">c\n")
		}, "out>a in>c"},
		{"another protocol", func(r *run) { r.say(flow.Out, "GET / HTTP/1.1\r\n"); r.say(flow.In, "HTTP") }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := start(dissect.Config{})
			tc.speak(r)
			if got := strings.Join(r.heard, " "); got != tc.want {
				t.Errorf("heard %q, want %q", got, tc.want)
			}
		})
	}
}

func TestEngineCountsWhatItGivesUp(t *testing.T) {
	r := start(dissect.Config{MaxBuffered: 2 << 10})
	r.say(flow.Out, ">PANIC\n")
	if s := r.engine.Stats(); s.Panics != 1 || !r.flow.Ignore {
		t.Errorf("after a panic: stats %+v, ignore %v; want one panic and the flow ignored", s, r.flow.Ignore)
	}
	var shed int
	for range 4 {
		f := &flow.Flow{Proto: packet.ProtoTCP}
		r.engine.Payload(f, flow.Out, []byte(">"), 1)
		if f.Ignore {
			shed++
		}
	}
	if s := r.engine.Stats(); shed != 2 || s.Shed != 2 {
		t.Errorf("with room for two flows, %d of four were given up and %d counted; want 2 and 2", shed, s.Shed)
	}
	r.engine.Shed(true)
	f := &flow.Flow{Proto: packet.ProtoUDP}
	r.engine.Payload(f, flow.Out, []byte(">a\n"), 1)
	if s := r.engine.Stats(); s.Shed != 3 || f.Session != nil {
		t.Errorf("while shedding: %d counted, session %v; want 3 and none", s.Shed, f.Session)
	}
}

// TestEngineCutAnywhere: how a stream is cut into segments changes nothing.
func TestEngineCutAnywhere(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	const stream = ">first\n>SKIP 40\n0123456789012345678901234567890123456789>second\n>SKIP 1\nx>third\n"
	want := []string{"out>first", "out>second", "out>third"}
	for range 300 {
		r := start(dissect.Config{})
		for rest := stream; rest != ""; {
			n := 1 + rng.IntN(min(9, len(rest)))
			r.say(flow.Out, rest[:n])
			rest = rest[n:]
		}
		if !slices.Equal(r.heard, want) {
			t.Fatalf("seed %d: heard %q, want %q", seed, r.heard, want)
		}
	}
}

func TestEngineAllocatesNothingInTheSteadyState(t *testing.T) {
	r := start(dissect.Config{})
	r.say(flow.Out, ">a\n")
	e, f := r.engine, &r.flow
	skip := []byte(strings.Repeat("x", 50))
	e.Payload(f, flow.Out, []byte(">SKIP 1000000000\n"), 1)
	if n := testing.AllocsPerRun(1000, func() { e.Payload(f, flow.Out, skip, 1) }); n != 0 {
		t.Errorf("%v allocations a payload, want none", n)
	}
}

func TestText(t *testing.T) {
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	for _, tc := range []struct{ in, want string }{
		{"  pump-4 \x00\x00", "pump-4"},
		{"B\xc3\xbcro", "Büro"},
		{"a\x01b\xffc", "a.b.c"},
		{strings.Repeat("ü", 200), strings.Repeat("ü", 128)},
		{"x" + strings.Repeat("ü", 200), "x" + strings.Repeat("ü", 127)},
		{"", ""},
	} {
		if got := c.Text([]byte(tc.in)); got != tc.want {
			t.Errorf("Text(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}
