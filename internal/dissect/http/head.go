package http

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"slices"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/patient"
	"github.com/cordonhq/cordon/internal/dissect/spnego"
	"github.com/cordonhq/cordon/internal/observation"
)

// maxFields bounds the header fields of a message that are read.
const maxFields = 128

// target reads the request target (RFC 9112 §3.2).
func (p *parser) target(c *dissect.Context, target []byte, authority bool) {
	r := &p.request
	if authority {
		r.Host, r.Proxied = c.Text(withoutPort(target)), true
		return
	}
	if i := bytes.Index(target, []byte("://")); i > 0 && i < 8 {
		target = target[i+3:]
		host := target
		if i := bytes.IndexByte(target, '/'); i >= 0 {
			host, target = target[:i], target[i:]
		} else {
			target = []byte{'/'}
		}
		r.Host, r.Proxied = c.Text(withoutPort(host)), true
	}
	if i := bytes.IndexAny(target, "?#"); i >= 0 {
		target = target[:i]
	}
	p.scratch = patient.AppendPath(c, slices.Grow(p.scratch[:0], len(target)), target)
	r.Path = c.Text(p.scratch)
}

func withoutPort(host []byte) []byte {
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		return host[:i]
	}
	return host
}

// field reads one header field.
func (p *parser) field(c *dissect.Context, s *side, line []byte) {
	if s.message.fields++; s.message.fields > maxFields {
		return
	}
	name, value, ok := bytes.Cut(line, []byte{':'})
	if !ok || len(name) > 32 {
		return
	}
	var buf [32]byte
	value = bytes.TrimSpace(value)
	switch lower := lowered(buf[:0], name); string(lower) {
	case "content-length":
		s.message.length = decimal(value)
	case "transfer-encoding":
		s.message.chunked = indexFold(value, []byte("chunked")) >= 0
	case "content-encoding":
		s.message.compressed = len(value) > 0 && !bytes.EqualFold(value, []byte("identity"))
	case "content-type":
		kind := mediaType(c, value)
		if isFHIR(kind) {
			p.noteFHIR(c)
		}
		if s.request {
			p.request.ContentType, p.request.FHIR = kind, p.fhir
		} else {
			p.response.ContentType, p.response.FHIR = kind, p.fhir
		}
	default:
		if s.request {
			p.requestField(c, lower, value)
		} else {
			p.responseField(c, lower, value)
		}
	}
}

func (p *parser) requestField(c *dissect.Context, name, value []byte) {
	r := &p.request
	switch string(name) {
	case "host":
		if r.Host == "" {
			r.Host = c.Text(withoutPort(value))
		}
	case "user-agent":
		r.UserAgent = c.Text(value)
	case "authorization", "proxy-authorization":
		r.AuthScheme = scheme(c, value)
		p.windows(c, r.AuthScheme, value)
	case "soapaction":
		r.SOAPAction = c.Text(bytes.Trim(value, `"`))
	case "accept":
		if indexFold(value, []byte("application/fhir+")) >= 0 || indexFold(value, []byte("+fhir")) >= 0 {
			p.noteFHIR(c)
			r.FHIR = true
		}
	}
}

func (p *parser) responseField(c *dissect.Context, name, value []byte) {
	r := &p.response
	switch string(name) {
	case "server":
		r.Server = c.Text(value)
	case "x-powered-by":
		r.PoweredBy = c.Text(value)
	case "www-authenticate", "proxy-authenticate":
		offered := scheme(c, value)
		p.windows(c, offered, value)
		r.Challenge = cmp.Or(r.Challenge, offered)
		if r.Realm == "" {
			r.Realm = realm(c, value)
		}
	case "set-cookie":
		if name, _, ok := bytes.Cut(value, []byte{'='}); ok && r.Cookie == "" && len(name) <= 64 {
			r.Cookie = c.Text(name)
		}
	}
}

// scheme returns the first word of a challenge or of credentials.
func scheme(c *dissect.Context, value []byte) string {
	word, _, _ := bytes.Cut(value, []byte{' '})
	if len(word) > 16 { // credentials without a scheme
		return ""
	}
	var buf [16]byte
	return c.Text(lowered(buf[:0], word))
}

// windows reads a sign-in of Windows (RFC 4559), in which both sides name
// themselves.
func (p *parser) windows(c *dissect.Context, scheme string, value []byte) {
	if scheme != "ntlm" && scheme != "negotiate" || len(value) <= len(scheme)+1 {
		return
	}
	token := bytes.TrimSpace(value[len(scheme)+1:])
	p.scratch = slices.Grow(p.scratch[:0], base64.StdEncoding.DecodedLen(len(token)))
	// A token cut off at maxLine is decoded as far as it goes.
	n, _ := base64.StdEncoding.Decode(p.scratch[:cap(p.scratch)], token)
	spnego.Read(c, cordon.HTTP, p.scratch[:n])
}

// realm returns the realm parameter of a challenge (RFC 9110 §11.5).
func realm(c *dissect.Context, value []byte) string {
	i := indexFold(value, []byte("realm="))
	if i < 0 {
		return ""
	}
	value = value[i+len("realm="):]
	if len(value) > 0 && value[0] == '"' {
		value = value[1:]
		if i := bytes.IndexByte(value, '"'); i >= 0 {
			value = value[:i]
		}
	} else if i := bytes.IndexByte(value, ','); i >= 0 {
		value = value[:i]
	}
	return c.Text(value)
}

// mediaType returns a Content-Type without its parameters, in lower case.
func mediaType(c *dissect.Context, value []byte) string {
	value, _, _ = bytes.Cut(value, []byte{';'})
	var buf [64]byte
	return c.Text(lowered(buf[:0], bytes.TrimSpace(value)[:min(len(bytes.TrimSpace(value)), len(buf))]))
}

func lowered(out, b []byte) []byte {
	for _, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	return out
}

// indexFold is bytes.Index without regard to case; sep is in lower case.
func indexFold(b, sep []byte) int {
	for i := 0; i+len(sep) <= len(b); i++ {
		j := 0
		for j < len(sep) && (b[i+j] == sep[j] || b[i+j] >= 'A' && b[i+j] <= 'Z' && b[i+j]+'a'-'A' == sep[j]) {
			j++
		}
		if j == len(sep) {
			return i
		}
	}
	return -1
}

// maxLength bounds a length that is believed, in bytes.
const maxLength = 1 << 50

// decimal returns a Content-Length, or -1 if it is none.
func decimal(b []byte) int64 {
	if len(b) == 0 {
		return -1
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' || n > maxLength {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// hexSize reads the size of a chunk (RFC 9112 §7.1), extensions ignored.
func hexSize(line []byte) (int64, bool) {
	line, _, _ = bytes.Cut(line, []byte{';'})
	line = bytes.TrimSpace(line)
	if len(line) == 0 || len(line) > 12 {
		return 0, false
	}
	var n int64
	for _, c := range line {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		n = n<<4 | int64(c)
	}
	return n, true
}

var (
	startOfTitle = []byte("<title")
	endOfTitle   = []byte("</title")
)

// title returns the title of an HTML page, entities resolved for the commonest
// and white space folded.
func (p *parser) title(c *dissect.Context, data []byte) string {
	i := indexFold(data, startOfTitle)
	if i < 0 {
		return ""
	}
	data = data[i+len(startOfTitle):]
	if i = bytes.IndexByte(data, '>'); i < 0 {
		return ""
	}
	data = data[i+1:]
	if i = indexFold(data, endOfTitle); i < 0 {
		return ""
	}
	return c.Text(p.plain(data[:i]))
}

var entities = [...]struct{ name, text string }{
	{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", `"`}, {"&#39;", "'"}, {"&nbsp;", " "}, {"&reg;", "®"}, {"&trade;", "™"}, {"&copy;", "©"},
}

func (p *parser) plain(data []byte) []byte {
	out := p.scratch[:0]
next:
	for len(data) > 0 && len(out) < observation.MaxValue {
		for _, e := range entities {
			if bytes.HasPrefix(data, []byte(e.name)) {
				out, data = append(out, e.text...), data[len(e.name):]
				continue next
			}
		}
		b := data[0]
		data = data[1:]
		if b == '\n' || b == '\r' || b == '\t' || b == ' ' {
			if len(out) == 0 || out[len(out)-1] == ' ' {
				continue
			}
			b = ' '
		}
		out = append(out, b)
	}
	p.scratch = out
	return out
}
