package dissect

// maxSpareParsers bounds, for each dissector, the parsers that wait to be used
// again.
const maxSpareParsers = 256

// newParser makes a parser, or takes one that a flow has done with.
func (c *candidates) newParser(row int8) Parser {
	if n := len(c.spare[row]); n > 0 {
		p := c.spare[row][n-1]
		c.spare[row] = c.spare[row][:n-1]
		return p
	}
	return c.rows[row].New()
}

// reuse keeps the parser of a session that ends for another flow, if it can
// forget.
func (s *session) reuse() {
	r, ok := s.parser.(Resetter)
	if !ok {
		return
	}
	if spare := &s.of.spare[s.best]; len(*spare) < maxSpareParsers {
		r.Reset()
		*spare = append(*spare, s.parser)
	}
}
