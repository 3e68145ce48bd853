package http

import "bytes"

// json walks a JSON object (RFC 8259) that may be cut off, and calls enter,
// value and leave. It keeps to what it needs: strings with their escapes,
// numbers and words, objects and arrays.
func (f *fhirScan) json(data []byte) {
	var (
		arrays [maxDepth + 1]bool // whether the container at that depth is an array
		open   int                // containers
		key    []byte
		isKey  bool
	)
	f.depth = 0
	for len(data) > 0 {
		b := data[0]
		data = data[1:]
		switch b {
		case '{', '[':
			// An array is no step of the path: its elements have its key.
			if open == maxDepth {
				return
			}
			open++
			arrays[open] = b == '['
			if open > 1 && !arrays[open-1] {
				f.keys[f.depth] = key
				f.depth++
			}
			isKey = b == '{'
		case '}', ']':
			if open == 0 || arrays[open] != (b == ']') {
				return
			}
			if b == '}' {
				f.leave()
			}
			open--
			if open > 0 && !arrays[open] && f.depth > 0 {
				f.depth--
			}
			isKey = false
		case ',':
			isKey = open > 0 && !arrays[open]
		case ':':
			isKey = false
		case '"':
			s, rest, ok := jsonString(data)
			if !ok {
				return
			}
			data = rest
			if isKey {
				key = s
			} else {
				f.scalar(key, s, open > 0 && arrays[open])
			}
		}
	}
}

// scalar takes a string of an object, or an element of an array of strings.
func (f *fhirScan) scalar(key, v []byte, element bool) {
	if element {
		f.value(v)
		return
	}
	if string(key) == "resourceType" {
		f.enter(v)
		return
	}
	if f.depth == maxDepth {
		return
	}
	f.keys[f.depth] = key
	f.depth++
	f.value(v)
	f.depth--
}

// jsonString reads a string behind its opening quote. One with escapes keeps
// only what stands before the first: names of makers and models have none that
// matter.
func jsonString(data []byte) (s, rest []byte, ok bool) {
	end, cut := 0, -1
	for end < len(data) && data[end] != '"' {
		if data[end] == '\\' {
			if cut < 0 {
				cut = end
			}
			end++
		}
		end++
	}
	if end >= len(data) {
		return nil, nil, false
	}
	if cut < 0 {
		cut = end
	}
	return data[:cut], data[end+1:], true
}

// xml walks the elements of a FHIR resource in XML that may be cut off. Values
// are attributes named value; resources are the elements that start with a
// capital (FHIR R4 §2.6.1).
func (f *fhirScan) xml(data []byte) {
	f.depth = 0
	for {
		i := bytes.IndexByte(data, '<')
		if i < 0 {
			return
		}
		data = data[i+1:]
		end := bytes.IndexByte(data, '>')
		if end <= 0 {
			return
		}
		tag := data[:end]
		data = data[end+1:]
		switch tag[0] {
		case '?', '!':
			continue
		case '/':
			f.leave()
			if f.depth == 0 {
				return
			}
			f.depth--
			continue
		}
		if !f.element(tag) {
			return
		}
	}
}

// element takes a start tag, or an empty element.
func (f *fhirScan) element(tag []byte) bool {
	empty := tag[len(tag)-1] == '/'
	tag = bytes.TrimSuffix(tag, []byte{'/'})
	name, attributes, _ := bytes.Cut(tag, []byte{' '})
	if f.depth == maxDepth || len(name) == 0 {
		return false
	}
	f.keys[f.depth] = name
	f.depth++
	if name[0] >= 'A' && name[0] <= 'Z' {
		f.enter(name)
	}
	if v, ok := valueOf(attributes); ok {
		f.value(v)
	}
	if empty {
		f.leave()
		f.depth--
	}
	return true
}

func valueOf(attributes []byte) ([]byte, bool) {
	i := bytes.Index(attributes, []byte("value="))
	if i < 0 || len(attributes) < i+len("value=")+2 {
		return nil, false
	}
	quote := attributes[i+len("value=")]
	v := attributes[i+len("value=")+1:]
	end := bytes.IndexByte(v, quote)
	if end < 0 {
		return nil, false
	}
	return v[:end], true
}
