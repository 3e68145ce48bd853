package wsd

import "bytes"

// scanner is the rest of an XML document. It finds tags and the text behind
// them; it knows neither nesting nor namespaces.
type scanner []byte

// next returns the local name of the next tag, the text up to the tag after
// it, and whether it is an end tag. An empty-element tag reads as a start tag
// without text.
func (s *scanner) next() (name, text []byte, closing, ok bool) {
	for {
		_, after, found := bytes.Cut(*s, []byte{'<'})
		if !found {
			return nil, nil, false, false
		}
		if skipped, comment := skipComment(after); comment {
			*s = skipped
			continue
		}
		tag, rest, found := bytes.Cut(after, []byte{'>'})
		if !found {
			return nil, nil, false, false
		}
		*s = rest
		if len(tag) == 0 || tag[0] == '?' || tag[0] == '!' {
			continue
		}
		if tag[0] == '/' {
			closing, tag = true, tag[1:]
		} else if end := bytes.IndexByte(rest, '<'); end >= 0 {
			text = rest[:end]
		} else {
			text = rest
		}
		if i := bytes.IndexAny(tag, " \t\r\n/"); i >= 0 {
			tag = tag[:i]
		}
		return tag[bytes.IndexByte(tag, ':')+1:], text, closing, true
	}
}

// skipComment passes over a comment, of which b holds what follows "<".
func skipComment(b []byte) (rest []byte, ok bool) {
	if !bytes.HasPrefix(b, []byte("!--")) {
		return b, false
	}
	_, rest, _ = bytes.Cut(b, []byte("-->"))
	return rest, true
}
