package sqlstore

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/store"
)

// table is one table of the schema. The first column is its key.
type table struct {
	name    string
	columns []string
}

var (
	devicesTable = table{"devices", []string{
		"id", "name_key", "kind", "vendor_key", "confidence", "first_seen", "last_seen", "search", "doc",
	}}
	conversationsTable = table{"conversations", []string{
		"id", "client", "server", "protocol", "bytes", "first_seen", "last_seen", "doc",
	}}
	findingsTable = table{"findings", []string{
		"id", "severity", "severity_rank", "src", "dst", "last", "doc",
	}}
	timelineTable  = table{"timeline", []string{"id", "device", "at", "doc"}}
	overridesTable = table{"overrides", []string{"device", "doc"}}
	metaTable      = table{"meta", []string{"key", "value"}}
)

// maxID bounds the length of an id in bytes.
const maxID = 200

// checkID refuses ids that not every engine can keep as text.
func checkID(what, id string) error {
	if !validID(id) {
		return fmt.Errorf("%s has the id %.40q: an id is 1 to %d bytes of UTF-8 without NUL", what, id, maxID)
	}
	return nil
}

func validID(id string) bool {
	return id != "" && len(id) <= maxID && utf8.ValidString(id) && !strings.Contains(id, "\x00")
}

func deviceRow(d cordon.Device) ([]any, error) {
	if err := checkID("a device", string(d.ID)); err != nil {
		return nil, err
	}
	cleanDevice(&d)
	doc, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encode device %s: %w", d.ID, err)
	}
	return []any{
		string(d.ID), store.SortKey(d.Name), plain(string(d.Kind)), store.SortKey(d.Vendor), millionths(d.Confidence),
		d.FirstSeen.UnixMicro(), d.LastSeen.UnixMicro(), store.SearchText(&d), string(doc),
	}, nil
}

// cleanDevice makes the values of d such as the contract promises to return.
// It copies the lists it changes.
func cleanDevice(d *cordon.Device) {
	d.FirstSeen, d.LastSeen = instant(d.FirstSeen), instant(d.LastSeen)
	d.Confidence = finite(d.Confidence)
	d.Claims = mapped(d.Claims, func(c *cordon.Claim) { c.Confidence = finite(c.Confidence) })
	d.Evidence = mapped(d.Evidence, func(e *cordon.Evidence) { e.First, e.Weight = instant(e.First), finite(e.Weight) })
	d.Services = mapped(d.Services, func(s *cordon.Service) {
		s.FirstSeen, s.LastSeen = instant(s.FirstSeen), instant(s.LastSeen)
	})
	if since := d.Care.InUseSince; since != nil {
		t := instant(*since)
		d.Care.InUseSince = &t
	}
}

func conversationRow(c cordon.Conversation) ([]any, error) {
	if err := checkID("a conversation", string(c.ID)); err != nil {
		return nil, err
	}
	c.FirstSeen, c.LastSeen = instant(c.FirstSeen), instant(c.LastSeen)
	doc, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode conversation %s: %w", c.ID, err)
	}
	return []any{
		string(c.ID), plain(string(c.Client.Device)), plain(string(c.Server.Device)), c.Protocol.String(),
		number(c.BytesOut) + min(number(c.BytesIn), math.MaxInt64-number(c.BytesOut)),
		c.FirstSeen.UnixMicro(), c.LastSeen.UnixMicro(), string(doc),
	}, nil
}

func findingRow(f cordon.Finding) ([]any, error) {
	if err := checkID("a finding", string(f.ID)); err != nil {
		return nil, err
	}
	f.First, f.Last = instant(f.First), instant(f.Last)
	f.Confidence = finite(f.Confidence)
	doc, err := json.Marshal(f)
	if err != nil {
		// A number that JSON has no form for must not keep a finding from being
		// kept.
		f.Evidence, _ = finiteDeep(f.Evidence, 8).(map[string]any)
		if doc, err = json.Marshal(f); err != nil {
			return nil, fmt.Errorf("encode finding %s: %w", f.ID, err)
		}
	}
	return []any{
		string(f.ID), plain(string(f.Severity)), severityRank(f.Severity),
		plain(string(f.SrcDevice)), plain(string(f.DstDevice)), f.Last.UnixMicro(), string(doc),
	}, nil
}

// severityRank grows with gravity.
func severityRank(s cordon.Severity) int64 {
	switch s {
	case cordon.SeverityCritical:
		return 4
	case cordon.SeverityHigh:
		return 3
	case cordon.SeverityMedium:
		return 2
	case cordon.SeverityLow:
		return 1
	case cordon.SeverityInfo:
		return 0
	}
	return 0
}

// timelineRow identifies an entry by what it says, so that saying it again
// adds nothing. device is where it belongs now, after merges.
func timelineRow(e cordon.TimelineEntry) ([]any, error) {
	if err := checkID("a timeline entry's device", string(e.Device)); err != nil {
		return nil, err
	}
	e.Time = instant(e.Time)
	doc, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode a timeline entry of device %s: %w", e.Device, err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q %q", e.Device, e.Time.UnixMicro(), e.Event, e.Text))
	return []any{hex.EncodeToString(sum[:16]), string(e.Device), e.Time.UnixMicro(), string(doc)}, nil
}

func overrideRow(id cordon.DeviceID, o cordon.Override) ([]any, error) {
	if err := checkID("an override's device", string(id)); err != nil {
		return nil, err
	}
	doc, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("encode the override of device %s: %w", id, err)
	}
	return []any{string(id), string(doc)}, nil
}

func decode[T any](doc string) (T, error) {
	var v T
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		return v, fmt.Errorf("%w (%v)", store.ErrDamaged, err)
	}
	return v, nil
}

// The instants that JSON can carry (RFC 3339 has four digits of year).
var (
	earliest = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)
)

// instant puts t into UTC, cuts it to microseconds, and keeps it within what
// JSON can carry: the time of a packet is whatever a file claims.
func instant(t time.Time) time.Time {
	switch {
	case t.Before(earliest):
		return earliest
	case t.After(latest):
		return latest
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

// finite makes 0 of what JSON has no number for.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// finiteDeep replaces numbers that JSON has no form for by their names, and
// drops what is nested deeper than depth.
func finiteDeep(v any, depth int) any {
	if depth == 0 {
		return nil
	}
	switch v := v.(type) {
	case float64:
		if f := finite(v); f != v {
			return fmt.Sprint(v)
		}
		return v
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = finiteDeep(e, depth-1)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = finiteDeep(e, depth-1)
		}
		return out
	case []float64:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = finiteDeep(e, depth-1)
		}
		return out
	}
	if _, err := json.Marshal(v); err != nil {
		return fmt.Sprint(v)
	}
	return v
}

// millionths makes a number of 0 to 1 an integer, so that engines compare it
// alike.
func millionths(f float64) int64 { return int64(math.Round(min(max(finite(f), 0), 1) * 1e6)) }

// number fits n into the integers of SQL.
func number(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

// plain is text as every engine takes it, for columns that are compared; the
// true text is in the document.
func plain(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// mapped returns a copy of s with f applied to each element.
func mapped[T any](s []T, f func(*T)) []T {
	out := slices.Clone(s)
	for i := range out {
		f(&out[i])
	}
	return out
}
