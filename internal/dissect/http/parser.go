package http

import (
	"bytes"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/observation"
)

// state is where one direction of a connection stands.
type state uint8

const (
	startLine state = iota
	header
	body      // of left bytes
	chunkSize // before a chunk
	chunk     // of left bytes and its line end
	trailer   // behind the last chunk
	toClose   // body without a length: everything that follows
	lost      // within something unknown: passed over up to the next head
)

// parser reads one connection. Requests and responses are told apart by their
// first line, since a flow picked up midway may have its direction wrong.
type parser struct {
	sides    [2]side
	asked    [maxPipeline]question // requests without a response yet
	waiting  int
	fhir     bool
	request  observation.HTTPRequest
	response observation.HTTPResponse
	page     observation.HTTPPage
	fhirSeen *fhirScan // nil before the first resource
	scratch  []byte
}

// question is what must be known of a request to read its response.
type question uint8

const (
	ordinary question = iota
	head              // the response has no body
	connect           // a tunnel follows a success
)

// maxPipeline bounds the requests that are remembered; those beyond count as
// ordinary.
const maxPipeline = 16

// maxSkip keeps what Parse returns an int everywhere.
const maxSkip = 1 << 30

type side struct {
	state    state
	passing  bool // over the rest of a long line
	request  bool
	left     int64 // of the body or chunk
	question question
	message  message
	look     look // at the body, which has not begun yet
}

// message is what the header fields say of the body.
type message struct {
	length     int64 // -1 if not stated
	chunked    bool
	compressed bool
	fields     int
}

// look is what is sought in the first bytes of a body.
type look uint8

const (
	lookAway look = iota
	lookForTitle
	lookForFHIR
)

// maxLook is how much of a body is looked at.
const maxLook = 4 << 10

// Reset implements dissect.Resetter.
func (p *parser) Reset() { *p = parser{scratch: p.scratch[:0]} }

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	s := &p.sides[c.Dir]
	if s.passing {
		n := bytes.IndexByte(data, '\n')
		if n < 0 {
			return len(data)
		}
		s.passing = false
		return n + 1
	}
	switch s.state {
	case body, chunk:
		return p.body(c, s, data)
	case toClose:
		return p.unbounded(c, s, data)
	}
	line, n := s.line(data)
	if n == 0 {
		return 0
	}
	if !p.read(c, s, line) {
		return dissect.Stop
	}
	return n
}

// line returns the first line of data without its end, and how much to eat; 0
// if it has not ended yet. Of a long line the first maxLine bytes are the line.
func (s *side) line(data []byte) ([]byte, int) {
	near := data[:min(len(data), maxLine)]
	i := bytes.IndexByte(near, '\n')
	switch {
	case i >= 0:
		return bytes.TrimSuffix(near[:i], []byte{'\r'}), i + 1
	case len(near) < maxLine:
		return nil, 0
	}
	s.passing = true
	return near, maxLine
}

// read takes one line. It reports false if the flow needs no more inspection.
func (p *parser) read(c *dissect.Context, s *side, line []byte) bool {
	switch s.state {
	case startLine:
		if len(line) > 0 {
			p.start(c, s, line)
		}
	case lost:
		p.find(c, s, line)
	case header:
		if len(line) > 0 {
			p.field(c, s, line)
			return true
		}
		return p.endOfHead(c, s)
	case chunkSize:
		n, ok := hexSize(line)
		switch {
		case !ok:
			s.state = lost
		case n == 0:
			s.state = trailer
		default:
			s.state, s.left = chunk, n+2
		}
	case trailer:
		if len(line) == 0 {
			s.state = startLine
		}
	}
	return true
}

// start reads a request or status line.
func (p *parser) start(c *dissect.Context, s *side, line []byte) {
	s.message = message{length: -1}
	s.question = ordinary
	if isResponse(line) {
		s.request, s.state = false, header
		p.response = observation.HTTPResponse{
			FHIR:   p.fhir,
			Status: uint16(line[9]-'0')*100 + uint16(line[10]-'0')*10 + uint16(line[11]-'0'),
		}
		return
	}
	method, target, ok := RequestLine(line)
	if !ok && s.passing { // the version stands beyond what is read of the line
		method, target, ok = bytes.Cut(line, []byte{' '})
	}
	if known, _ := methodOf(line); !ok || known == "" {
		s.state = lost
		return
	}
	s.request, s.state = true, header
	switch string(method) {
	case "HEAD":
		s.question = head
	case "CONNECT":
		s.question = connect
	}
	p.request = observation.HTTPRequest{FHIR: p.fhir, Method: c.Text(method)}
	p.target(c, target, s.question == connect)
}

// find looks for a head in the line of a side that was picked up within a body:
// a request starts a line, a response may follow a body without a line end.
func (p *parser) find(c *dissect.Context, s *side, line []byte) {
	if i := bytes.LastIndex(line, []byte("HTTP/1.")); i >= 0 && isResponse(line[i:]) {
		p.start(c, s, line[i:])
	} else if known, _ := methodOf(line); known != "" && hasVersion(line) {
		p.start(c, s, line)
	}
}

// endOfHead tells the message and finds out where its body ends.
func (p *parser) endOfHead(c *dissect.Context, s *side) bool {
	s.state, s.look = startLine, lookAway
	if s.request {
		c.Emit(&p.request)
		if p.waiting < maxPipeline {
			p.asked[p.waiting] = s.question
			p.waiting++
		}
		if s.question == connect {
			return true
		}
	} else {
		status := p.response.Status
		c.Emit(&p.response)
		if status == 101 { // another protocol follows
			return false
		}
		if status < 200 {
			return true
		}
		switch p.answered() {
		case connect:
			if status < 300 {
				return false
			}
		case head:
			return true
		}
		if status == 204 || status == 304 {
			return true
		}
	}
	p.beginBody(s)
	return true
}

// answered takes the oldest request off the queue.
func (p *parser) answered() question {
	if p.waiting == 0 {
		return ordinary
	}
	q := p.asked[0]
	p.waiting--
	copy(p.asked[:], p.asked[1:1+p.waiting])
	return q
}

// beginBody applies RFC 9112 §6.3.
func (p *parser) beginBody(s *side) {
	switch {
	case s.message.chunked:
		s.state = chunkSize
	case s.message.length > 0:
		s.state, s.left = body, s.message.length
	case s.message.length < 0 && !s.request:
		s.state = toClose
	default:
		return
	}
	if !s.message.compressed {
		s.look = p.interest(s)
	}
}

// interest decides what to seek in a body by its media type.
func (p *parser) interest(s *side) look {
	kind := p.response.ContentType
	if s.request {
		kind = p.request.ContentType
	}
	switch {
	case isFHIR(kind), p.fhir && (kind == "application/json" || kind == "application/xml" || kind == "text/xml"):
		return lookForFHIR
	case kind == "text/html" && !s.request:
		return lookForTitle
	}
	return lookAway
}

// body passes over a body or chunk of known length, and looks at its first
// bytes if they are of interest. Of a chunked body only the first chunk is.
func (p *parser) body(c *dissect.Context, s *side, data []byte) int {
	if s.look != lookAway {
		want := int(min(s.left, maxLook))
		if len(data) < want {
			return 0
		}
		p.lookAt(c, s, data[:want])
		s.look = lookAway
	}
	n := min(s.left, maxSkip)
	s.left -= n
	if s.left == 0 {
		if s.state == chunk {
			s.state = chunkSize
		} else {
			s.state = startLine
		}
	}
	return int(n)
}

// unbounded passes over a body that ends with the connection. What it holds
// must be told as soon as it is there, for the end is not announced.
func (p *parser) unbounded(c *dissect.Context, s *side, data []byte) int {
	if s.look == lookAway {
		return len(data)
	}
	near := data[:min(len(data), maxLook)]
	if len(near) < maxLook && (s.look != lookForTitle || indexFold(near, endOfTitle) < 0) {
		return 0
	}
	p.lookAt(c, s, near)
	s.look = lookAway
	return len(data)
}

func (p *parser) lookAt(c *dissect.Context, s *side, data []byte) {
	switch s.look {
	case lookForTitle:
		if p.page.Title = p.title(c, data); p.page.Title != "" {
			c.Emit(&p.page)
		}
	case lookForFHIR:
		if p.fhirSeen == nil {
			p.fhirSeen = new(fhirScan)
		}
		p.fhirSeen.read(c, data, s.request)
	}
}

// isFHIR reports whether a media type is one of FHIR's (R4 §3.1.0.1.9, and
// DSTU2's older ones).
func isFHIR(kind string) bool {
	switch kind {
	case "application/fhir+json", "application/fhir+xml", "application/json+fhir", "application/xml+fhir", "application/fhir+ndjson":
		return true
	}
	return false
}

// noteFHIR marks the flow as FHIR's.
func (p *parser) noteFHIR(c *dissect.Context) {
	if !p.fhir {
		p.fhir = true
		c.Refine(cordon.FHIR, dissect.Sure)
	}
}
