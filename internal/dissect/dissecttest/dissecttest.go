// Package dissecttest runs single dissectors in tests: over messages built in
// code, over captures, and over random bytes cut at random places. Only tests
// import it.
package dissecttest

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/packet"
)

// Piece is bytes that one side sends: a TCP segment's payload or a datagram.
type Piece struct {
	Dir  flow.Direction
	Data []byte
}

// Out is a piece from the side that opened the flow.
func Out[T ~string | ~[]byte](data T) Piece { return Piece{flow.Out, []byte(data)} }

// In is a piece towards the side that opened the flow.
func In[T ~string | ~[]byte](data T) Piece { return Piece{flow.In, []byte(data)} }

// Seen is what an Engine made of one flow.
type Seen struct {
	Flow         flow.Flow
	Observations []observation.Observation // copies, as values rather than pointers
	Facts        []string                  // as "sender field=value"
	Stats        dissect.Stats
}

// Run feeds pieces to an Engine that knows only d, on a flow to d's first
// port, over TCP if d reads it, else UDP.
func Run(d dissect.Dissector, pieces ...Piece) *Seen {
	s := &Seen{Flow: flow.Flow{Proto: packet.ProtoTCP, SrcPort: 49152}}
	if d.Over&dissect.OverTCP == 0 {
		s.Flow.Proto = packet.ProtoUDP
	}
	if len(d.Ports) > 0 {
		s.Flow.DstPort = d.Ports[0]
	}
	e := dissect.NewEngine(dissect.Config{}, dissect.Table{Flows: []dissect.Dissector{d}}, s.Add)
	for _, p := range pieces {
		e.Payload(&s.Flow, p.Dir, p.Data, 1)
	}
	e.Closed(&s.Flow)
	s.Stats = e.Stats()
	return s
}

// RunLink feeds one frame's payload to a link-layer dissector.
func RunLink(d dissect.LinkDissector, payload []byte) *Seen {
	s := &Seen{}
	d.Parse(dissect.NewContext(nil, s.Add), payload)
	return s
}

// Add is a dissect.Sink that keeps a copy of the observation and its facts.
func (s *Seen) Add(e *dissect.Event) {
	s.Observations = append(s.Observations, Clone(e.Observation))
	e.Observation.Facts(func(f observation.Fact) {
		s.Facts = append(s.Facts, fmt.Sprintf("%s %s=%s", subjects[f.About], f.Field, f.Value))
	})
}

var subjects = map[observation.Subject]string{
	observation.Sender: "sender", observation.Receiver: "receiver", observation.Bound: "bound",
}

// Clone copies an observation that its dissector will reuse. A pointer becomes
// the value that it points at, if that is an observation too.
func Clone(o observation.Observation) observation.Observation {
	v := reflect.ValueOf(o)
	if v.Kind() == reflect.Pointer {
		if e, ok := deepCopy(v.Elem()).Interface().(observation.Observation); ok {
			return e
		}
	}
	return deepCopy(v).Interface().(observation.Observation)
}

func deepCopy(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(deepCopy(v.Elem()))
		}
	case reflect.Slice:
		if v.Len() == 0 {
			out.SetZero()
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(deepCopy(v.Index(i)))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if out.Field(i).CanSet() {
				out.Field(i).Set(deepCopy(v.Field(i)))
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			out.Index(i).Set(deepCopy(v.Index(i)))
		}
	}
	return out
}

// Allocs returns how many allocations it costs on average to parse pieces
// again, by a parser that has read them before. Each piece must hold whole
// messages.
func Allocs(d dissect.Dissector, pieces ...Piece) float64 {
	c := dissect.NewContext(flowOf(d), func(*dissect.Event) {})
	p := d.New()
	read := func() {
		for _, piece := range pieces {
			c.Dir = piece.Dir
			for rest := piece.Data; len(rest) > 0; {
				n := p.Parse(c, rest)
				if n <= 0 {
					return
				}
				rest = rest[min(n, len(rest)):]
			}
		}
	}
	read()
	return testing.AllocsPerRun(100, read)
}
