package analyze

import (
	"bufio"
	"encoding/json"
	"io"
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// JSONLines writes a report as one JSON object a line: flow*, device*,
// finding*, summary. Field names are stable and only ever added to.
type JSONLines struct {
	w      *bufio.Writer
	file   string
	quoted []byte // file as a JSON string
}

// NewJSONLines makes a report that writes to w; Summary flushes it.
func NewJSONLines(w io.Writer) *JSONLines {
	return &JSONLines{w: bufio.NewWriterSize(w, 256<<10)}
}

// Flow writes one flow. It is on the packet path, so the object is put
// together by hand.
func (j *JSONLines) Flow(file string, f *flow.Flow) error {
	if file != j.file || j.quoted == nil {
		quoted, err := json.Marshal(file)
		if err != nil {
			return err
		}
		j.file, j.quoted = file, quoted
	}
	b := append(j.w.AvailableBuffer(), `{"type":"flow","file":`...)
	b = append(b, j.quoted...)
	b = append(b, `,"first":"`...)
	b = appendInstant(b, f.First)
	b = append(b, `","last":"`...)
	b = appendInstant(b, f.Last)
	b = append(b, `","transport":"`...)
	b = append(b, packet.ProtoName(f.Proto)...)
	b = append(b, `","src":"`...)
	b = appendAddr(b, f.Src)
	b = appendUint(b, `","src_port":`, uint64(f.SrcPort))
	b = append(b, `,"dst":"`...)
	b = appendAddr(b, f.Dst)
	b = appendUint(b, `","dst_port":`, uint64(f.DstPort))
	b = append(b, `,"protocol":"`...)
	b = append(b, f.Protocol.String()...)
	b = appendUint(b, `","packets_out":`, f.Packets[flow.Out])
	b = appendUint(b, `,"packets_in":`, f.Packets[flow.In])
	b = appendUint(b, `,"bytes_out":`, f.Bytes[flow.Out])
	b = appendUint(b, `,"bytes_in":`, f.Bytes[flow.In])
	b = append(b, "}\n"...)
	_, err := j.w.Write(b)
	return err
}

// appendAddr prints an address. In a flow the zero value is one that was seen:
// IPv6's unspecified address (RFC 4291 §2.5.2).
func appendAddr(b []byte, a netid.Addr) []byte {
	if a.IsZero() {
		return append(b, "::"...)
	}
	return a.Netip().AppendTo(b)
}

func appendUint(b []byte, name string, v uint64) []byte {
	return strconv.AppendUint(append(b, name...), v, 10)
}

// object writes v as an object with its type first.
func (j *JSONLines) object(kind string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	line := append(j.w.AvailableBuffer(), `{"type":"`...)
	line = append(line, kind...)
	line = append(line, `",`...)
	line = append(line, b[1:]...)
	_, err = j.w.Write(append(line, '\n'))
	return err
}

// Device writes one device.
func (j *JSONLines) Device(d *cordon.Device) error {
	_, err := j.w.Write(append(appendDevice(j.w.AvailableBuffer(), d), '\n'))
	return err
}

// Finding writes one finding.
func (j *JSONLines) Finding(f *cordon.Finding) error { return j.object("finding", f) }

// Summary writes the last line and flushes.
func (j *JSONLines) Summary(s *Summary) error {
	err := j.object("summary", struct {
		Files     int     `json:"files"`
		Packets   uint64  `json:"packets"`
		Bytes     uint64  `json:"bytes"`
		Malformed uint64  `json:"malformed"`
		Seconds   float64 `json:"seconds"`
		Flows     uint64  `json:"flows"`
		Devices   int     `json:"devices"`
		Findings  int     `json:"findings"`
		Damaged   int     `json:"files_damaged"`
		Failed    int     `json:"files_failed"`
		Panics    uint64  `json:"dissector_panics"`
		Shed      uint64  `json:"payloads_not_inspected"`
	}{
		s.Files, s.Packets, s.Bytes, s.Malformed, s.Elapsed.Seconds(), s.Flows, s.Devices, s.Findings,
		s.Damaged, s.Failed, s.Dissect.Panics, s.Dissect.Shed + s.Dissect.Overlong,
	})
	if err != nil {
		return err
	}
	return j.w.Flush()
}
