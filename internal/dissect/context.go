package dissect

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"hash"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// Context is what a parser may use while it reads one piece of a flow. It is
// valid only during the call.
type Context struct {
	// Flow is nil for link-layer protocols.
	Flow *flow.Flow
	Dir  flow.Direction
	// Now is packet time in nanoseconds since the Unix epoch.
	Now int64

	event  Event
	engine *Engine
}

// NewContext returns a Context outside of an Engine, for tests and fuzz
// targets of a single parser; f may be nil. What is emitted goes to sink.
func NewContext(f *flow.Flow, sink Sink) *Context {
	e := NewEngine(Config{}, Table{}, sink)
	e.ctx.Flow = f
	e.ctx.event.Flow = f
	return &e.ctx
}

// Emit delivers an observation of the message being read. o may be reused
// after the call.
func (c *Context) Emit(o observation.Observation) {
	c.event.Observation = o
	c.event.Dir = c.Dir
	c.event.Time = c.Now
	c.engine.observations++
	c.engine.sink(&c.event)
	c.event.Observation = nil
}

// Refine corrects the flow's protocol once its messages tell more than its
// first bytes did, as FHIR over HTTP.
func (c *Context) Refine(p cordon.Protocol, confidence Verdict) {
	if c.Flow != nil {
		c.Flow.Protocol = p
		c.Flow.Confidence = uint8(confidence)
	}
}

// Text returns b as a string fit for a Fact's value: cut to
// observation.MaxValue bytes, surrounding white space trimmed, and bytes that
// are no printable UTF-8 replaced. Texts that recur are made only once.
func (c *Context) Text(b []byte) string { return c.engine.texts.get(b) }

// Pseudonym returns a stable stand-in for a patient's identifier, keyed by the
// site's secret, so that what was said about one patient can be joined without
// keeping who that is.
func (c *Context) Pseudonym(b []byte) string { return c.engine.pseudonym.of(b) }

type pseudonymizer struct{ mac hash.Hash }

func newPseudonymizer(key []byte) pseudonymizer {
	return pseudonymizer{hmac.New(sha256.New, key)}
}

// of keeps 80 bits: enough that two patients of one site don't collide.
func (p pseudonymizer) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	p.mac.Reset()
	p.mac.Write(b)
	return "p-" + base32.HexEncoding.EncodeToString(p.mac.Sum(nil)[:10])
}
