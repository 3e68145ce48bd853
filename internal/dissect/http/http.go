// Package http reads HTTP/1 (RFC 9112) over TCP, and HL7 FHIR over it: the
// heads of requests and responses, the titles of pages, and what FHIR servers
// and devices say of themselves. Bodies are otherwise passed over; secrets,
// queries and cookies' values are not kept.
package http

import (
	"bytes"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.HTTP,
		Over:     dissect.OverTCP,
		Ports:    []uint16{80, 8080, 8000, 8888, 3128, 5985},
		First:    func(b byte) bool { return b >= 'A' && b <= 'Z' || b == '\r' || b == '\n' },
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   2 * maxLine,
	}
}

const (
	// maxLine is how much of a line is read; what is longer is passed over.
	maxLine = 4 << 10
	// telling is how much of a target without an end is believed to be one.
	telling = 256
)

// methods are those of RFC 9110 §9.3, PATCH, and those of WebDAV, UPnP eventing
// and RPC over HTTP that are seen in offices.
var methods = [...]string{
	"GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "DELETE", "PATCH", "TRACE",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "MKCALENDAR",
	"SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY", "MERGE", "CHECKOUT", "BITS_POST", "CCM_POST",
	"RPC_IN_DATA", "RPC_OUT_DATA", "RPC_CONNECT", "SOURCE", "QUERY",
}

func probe(h *dissect.Head) dissect.Verdict {
	data := bytes.TrimLeft(h.Data, "\r\n")
	if len(data) < len(h.Data)-4 {
		return dissect.NotMine
	}
	if isResponse(data) {
		return dissect.Sure
	}
	known, partial := methodOf(data)
	switch {
	case known == "" && (partial || bytes.HasPrefix([]byte("HTTP/1."), data[:min(len(data), 7)])):
		return dissect.More
	case known == "":
		return dissect.NotMine
	}
	return probeTarget(known, data[len(known)+1:])
}

// methodOf returns the method that data begins with, or whether data may
// become one.
func methodOf(data []byte) (known string, partial bool) {
	if len(data) > 0 && (data[0] < 'A' || data[0] > 'Z') {
		return "", false
	}
	for _, m := range methods {
		switch {
		case len(data) > len(m):
			if data[len(m)] == ' ' && string(data[:len(m)]) == m {
				return m, false
			}
		case string(data) == m[:len(data)]:
			partial = true
		}
	}
	return "", partial
}

// probeTarget judges what follows the method: SIP, RTSP and others share the
// methods, but not the version at the end of the line.
func probeTarget(method string, rest []byte) dissect.Verdict {
	line, ended := rest, false
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		line, ended = bytes.TrimRight(rest[:i], "\r"), true
	}
	for _, c := range line[:min(len(line), telling)] {
		if c < ' ' || c == 0x7f {
			return dissect.NotMine
		}
	}
	switch {
	case ended && hasVersion(line):
		return dissect.Sure
	case ended:
		return dissect.NotMine
	case len(line) >= telling && (line[0] == '/' || bytes.HasPrefix(line, []byte("http"))) && method != "SOURCE":
		return dissect.Likely
	}
	return dissect.More
}

// hasVersion reports whether a request line ends in HTTP/1.x.
func hasVersion(line []byte) bool {
	line = bytes.TrimRight(line, " ")
	i := len(line) - len(" HTTP/1.1")
	return i > 0 && string(line[i:len(line)-1]) == " HTTP/1." && line[len(line)-1]-'0' <= 9
}

// isResponse reports whether data begins with a status line.
func isResponse(data []byte) bool {
	if len(data) < len("HTTP/1.1 200") || string(data[:7]) != "HTTP/1." || data[7]-'0' > 9 || data[8] != ' ' {
		return false
	}
	return data[9] >= '1' && data[9] <= '5' && data[10]-'0' <= 9 && data[11]-'0' <= 9
}

// RequestLine splits the first line of a request, without its end, into method
// and target; ok is false if it is none. SSDP uses the same line over UDP.
func RequestLine(line []byte) (method, target []byte, ok bool) {
	if !hasVersion(line) {
		return nil, nil, false
	}
	method, rest, _ := bytes.Cut(line, []byte{' '})
	end := bytes.LastIndexByte(bytes.TrimRight(rest, " "), ' ')
	if len(method) == 0 || end <= 0 {
		return nil, nil, false
	}
	return method, bytes.TrimSpace(rest[:end]), true
}
