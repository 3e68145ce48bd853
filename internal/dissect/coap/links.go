package coap

import (
	"bytes"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/patient"
	"github.com/cordonhq/cordon/internal/observation"
)

// maxLinks bounds the resources that are kept of one description.
const maxLinks = 16

// readLinks reads link format (RFC 6690 §2): links separated by commas, each a
// target in angle brackets with parameters behind semicolons. The payload may
// be the first block of several and end anywhere.
func (p *parser) readLinks(c *dissect.Context, data []byte) {
	p.links.Resources = p.links.Resources[:0]
	for len(data) > 0 && len(p.links.Resources) < maxLinks {
		var link []byte
		link, data = cutQuoted(data, ',')
		if r, ok := p.link(c, link); ok {
			p.links.Resources = append(p.links.Resources, r)
		}
	}
	if len(p.links.Resources) > 0 {
		c.Emit(&p.links)
	}
}

func (p *parser) link(c *dissect.Context, link []byte) (r observation.CoAPResource, ok bool) {
	link = bytes.TrimSpace(link)
	end := bytes.IndexByte(link, '>')
	if end < 1 || link[0] != '<' {
		return r, false
	}
	p.scratch = patient.AppendPath(c, p.scratch[:0], link[1:end])
	r.Path = c.Text(p.scratch)
	for rest := link[end+1:]; len(rest) > 0; {
		var parameter []byte
		parameter, rest = cutQuoted(rest, ';')
		name, value, _ := bytes.Cut(parameter, []byte{'='})
		value = bytes.Trim(value, `"`)
		switch string(bytes.TrimSpace(name)) {
		case "rt":
			r.Type = c.Text(value)
		case "if":
			r.Interface = c.Text(value)
		}
	}
	return r, true
}

// cutQuoted cuts b at the first sep that stands outside of quotes and of angle
// brackets.
func cutQuoted(b []byte, sep byte) (before, after []byte) {
	quoted := false
	for i, c := range b {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '<', c == '>':
			quoted = c == '<'
		case c == sep && !quoted:
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}
