package analyze

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/flow"
)

// TableConfig says how Tables looks.
type TableConfig struct {
	Colours bool
	// Width in columns; 0 for no limit.
	Width int
	// Rows is the most rows of a table; 0 for all.
	Rows int
}

// Tables writes a report for people at a terminal.
type Tables struct {
	cfg           TableConfig
	w             *bufio.Writer
	devices       []cordon.Device
	conversations []cordon.Conversation
	findings      []cordon.Finding
}

// NewTables makes a report that writes to w at the end.
func NewTables(w io.Writer, cfg TableConfig) *Tables {
	return &Tables{cfg: cfg, w: bufio.NewWriter(w)}
}

// Flow keeps nothing: flows are summed as conversations.
func (t *Tables) Flow(string, *flow.Flow) error { return nil }

// Device adds a device.
func (t *Tables) Device(d *cordon.Device) error {
	t.devices = append(t.devices, *d)
	return nil
}

// Conversation adds a conversation.
func (t *Tables) Conversation(c *cordon.Conversation) error {
	t.conversations = append(t.conversations, *c)
	return nil
}

// Finding adds a finding.
func (t *Tables) Finding(f *cordon.Finding) error {
	t.findings = append(t.findings, *f)
	return nil
}

// Summary writes all of the report.
func (t *Tables) Summary(s *Summary) error {
	fmt.Fprintln(t.w, t.bold(headline(s, t.devices, t.findings)))
	fmt.Fprintln(t.w, t.dim(span(s)))
	t.writeFindings()
	t.writeDevices()
	t.writeConversations()
	t.writeProtocols(s)
	for _, note := range notes(s) {
		fmt.Fprintln(t.w, "\n"+note)
	}
	return t.w.Flush()
}

// headline is the answer in one sentence.
func headline(s *Summary, devices []cordon.Device, findings []cordon.Finding) string {
	unknown := 0
	for i := range devices {
		if devices[i].Kind == cordon.KindUnknown {
			unknown++
		}
	}
	text := fmt.Sprintf("%s in %s", plural(len(devices), "device"), plural(s.Files, "capture"))
	if unknown > 0 {
		text += fmt.Sprintf(", %d not identified yet", unknown)
	}
	if len(findings) == 0 {
		return text + "; no findings."
	}
	return text + "; " + plural(len(findings), "finding") + "."
}

func span(s *Summary) string {
	rate := ""
	if sec := s.Elapsed.Seconds(); sec > 0 {
		rate = fmt.Sprintf(", read in %s (%s packets/s)", s.Elapsed.Round(time.Millisecond), quantity(uint64(float64(s.Packets)/sec)))
	}
	if s.Packets == 0 {
		return "no packets" + rate
	}
	return fmt.Sprintf("%s packets, %s, %s flows over %s from %s%s", quantity(s.Packets), bytesText(s.Bytes), quantity(s.Flows),
		s.Last.Sub(s.First).Round(time.Second), s.First.Local().Format("2 Jan 2006 15:04:05 MST"), rate)
}

// notes are what a reader must know of the reading itself.
func notes(s *Summary) []string {
	var out []string
	if s.Failed > 0 {
		out = append(out, plural(s.Failed, "file")+" could not be read; the messages above say why.")
	}
	if s.Damaged > 0 {
		out = append(out, plural(s.Damaged, "capture")+" ended in damage and was read up to it.")
	}
	if s.Malformed > 0 {
		out = append(out, fmt.Sprintf("%s of %s packets could not be decoded to their end.", quantity(s.Malformed), quantity(s.Packets)))
	}
	return out
}

func (t *Tables) writeFindings() {
	if len(t.findings) == 0 {
		return
	}
	rows := [][]string{{"FINDING", "SEVERITY", "TECHNIQUE", "TIMES", "FIRST PACKET"}}
	for _, f := range t.findings {
		where := ""
		if len(f.Packets) > 0 {
			where = fmt.Sprintf("%s #%d", f.Packets[0].File, f.Packets[0].Number)
		}
		rows = append(rows, []string{f.Title, string(f.Severity), f.Technique, quantity(f.Count), where})
	}
	t.table("Findings", rows)
}

func (t *Tables) writeDevices() {
	rows := [][]string{{"DEVICE", "KIND", "VENDOR", "MODEL OR SOFTWARE", "ADDRESS", "SURE", "BECAUSE"}}
	for i := range t.devices {
		d := &t.devices[i]
		because, sure := "", ""
		if len(d.Evidence) > 0 {
			e := d.Evidence[0]
			because = fmt.Sprintf("%s %s %q", e.Source, e.Field, e.Value)
		}
		if d.Confidence > 0 {
			sure = strconv.Itoa(int(d.Confidence*100)) + "%"
		}
		rows = append(rows, []string{d.Name, d.Kind.Info().Title, d.Vendor, cmp.Or(d.Model, d.Software, d.OS), address(d), sure, because})
	}
	t.table("Devices", rows)
}

func address(d *cordon.Device) string {
	switch {
	case len(d.IPs) > 0:
		return d.IPs[0].String()
	case len(d.MACs) > 0:
		return d.MACs[0].String()
	}
	return ""
}

func (t *Tables) writeConversations() {
	slices.SortStableFunc(t.conversations, func(a, b cordon.Conversation) int {
		return cmp.Compare(b.BytesIn+b.BytesOut, a.BytesIn+a.BytesOut)
	})
	rows := [][]string{{"CLIENT", "SERVER", "SERVICE", "FLOWS", "OUT", "IN"}}
	for i := range t.conversations {
		c := &t.conversations[i]
		rows = append(rows, []string{peerName(c.Client), peerName(c.Server), serviceName(c), quantity(c.Flows), bytesText(c.BytesOut), bytesText(c.BytesIn)})
	}
	t.table("Conversations, largest first", rows)
}

func peerName(p cordon.Peer) string {
	if p.Name != "" {
		return p.Name
	}
	return p.IP.String()
}

func serviceName(c *cordon.Conversation) string {
	name := c.Protocol.String()
	if c.Port == 0 {
		return name
	}
	return fmt.Sprintf("%s (%s %d)", name, c.Transport, c.Port)
}

func (t *Tables) writeProtocols(s *Summary) {
	rows := [][]string{{"PROTOCOL", "FLOWS", "PACKETS", "BYTES"}}
	for _, p := range protocolsByBytes(s) {
		c := s.Protocols[p]
		rows = append(rows, []string{p.String(), quantity(c.Flows), quantity(c.Packets), bytesText(c.Bytes)})
	}
	t.table("Protocols", rows)
}

func protocolsByBytes(s *Summary) []cordon.Protocol {
	return slices.SortedFunc(maps.Keys(s.Protocols), func(a, b cordon.Protocol) int {
		return cmp.Or(cmp.Compare(s.Protocols[b].Bytes, s.Protocols[a].Bytes), cmp.Compare(a, b))
	})
}

// maxCell bounds a cell in columns.
const maxCell = 44

// table writes rows under a title; the first row is the heading.
func (t *Tables) table(title string, rows [][]string) {
	if len(rows) == 1 {
		return
	}
	left := 0
	if t.cfg.Rows > 0 && len(rows)-1 > t.cfg.Rows {
		left = len(rows) - 1 - t.cfg.Rows
		rows = rows[:t.cfg.Rows+1]
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i := range row {
			row[i] = clip(row[i], maxCell)
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	fmt.Fprintf(t.w, "\n%s\n", t.bold(title))
	for n, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		text := strings.TrimRight(line.String(), " ")
		if t.cfg.Width > 0 {
			text = clip(text, t.cfg.Width)
		}
		if n == 0 {
			text = t.dim(text)
		}
		fmt.Fprintln(t.w, text)
	}
	if left > 0 {
		fmt.Fprintln(t.w, t.dim(fmt.Sprintf("… and %d more (--rows 0 shows all)", left)))
	}
}

func clip(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}

func (t *Tables) bold(s string) string { return t.style("1", s) }
func (t *Tables) dim(s string) string  { return t.style("2", s) }

func (t *Tables) style(code, s string) string {
	if !t.cfg.Colours {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return quantity(uint64(n)) + " " + what + "s"
}

// quantity groups digits by thousands.
func quantity(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesText prints a number of bytes with an SI unit.
func bytesText(n uint64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return strconv.FormatUint(n, 10) + " B"
	}
	v, i := float64(n)/1000, 0
	for v >= 999.95 && i < len(units)-1 {
		v /= 1000
		i++
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " " + string(units[i]) + "B"
}
