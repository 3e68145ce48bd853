package analyze

import (
	"cmp"
	_ "embed" // the page's template
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	"github.com/cordonhq/cordon"
)

//go:embed report.html.tmpl
var pageSource string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"bytes": bytesText, "quantity": quantity, "peer": peerName, "service": func(c cordon.Conversation) string { return serviceName(&c) },
	"percent": func(f float64) string { return fmt.Sprintf("%.0f%%", f*100) },
	"time":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"more":    func(shown, all int) int { return all - shown },
}).Parse(pageSource))

// HTML writes a report as one self-contained page that loads nothing from
// anywhere.
type HTML struct {
	Tables
	out     io.Writer
	version string
}

// maxPageRows bounds the conversations on a page, so that a browser opens it at
// once; devices and findings are all shown.
const maxPageRows = 1000

// NewHTML makes a report that writes to w at the end; version names the program
// that wrote it.
func NewHTML(w io.Writer, version string) *HTML { return &HTML{out: w, version: version} }

type pageGroup struct {
	Name    string
	Devices []cordon.Device
}

type pageProtocol struct {
	Protocol cordon.Protocol
	ProtocolCount
	Share float64 // of all bytes, 0 to 1
}

// Summary writes the page.
func (h *HTML) Summary(s *Summary) error {
	slices.SortStableFunc(h.conversations, func(a, b cordon.Conversation) int {
		return cmp.Compare(b.BytesIn+b.BytesOut, a.BytesIn+a.BytesOut)
	})
	shown := h.conversations[:min(len(h.conversations), maxPageRows)]
	var protocols []pageProtocol
	for _, p := range protocolsByBytes(s) {
		c := s.Protocols[p]
		protocols = append(protocols, pageProtocol{p, c, float64(c.Bytes) / float64(max(s.Bytes, 1))})
	}
	return page.Execute(h.out, map[string]any{
		"Headline": headline(s, h.devices, h.findings), "Span": span(s), "Notes": notes(s), "Version": h.version,
		"Groups": h.groups(), "Findings": h.findings, "Protocols": protocols,
		"Conversations": shown, "AllConversations": len(h.conversations), "ShownConversations": len(shown),
	})
}

// groups gathers devices by the larger class of their kind, in the order of
// cordon.Kinds.
func (h *HTML) groups() []pageGroup {
	var out []pageGroup
	for _, k := range cordon.Kinds {
		for i := range h.devices {
			if h.devices[i].Kind != k.Kind {
				continue
			}
			if len(out) == 0 || out[len(out)-1].Name != k.Group {
				out = append(out, pageGroup{Name: k.Group})
			}
			g := &out[len(out)-1]
			g.Devices = append(g.Devices, h.devices[i])
		}
	}
	return out
}
