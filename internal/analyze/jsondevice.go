package analyze

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// appendDevice writes a device as encoding/json does, which a test holds it
// to, at a fifth of the price: a clinic's devices are a tenth of the work of a
// short run.
func appendDevice(b []byte, d *cordon.Device) []byte {
	b = appendText(b, `{"type":"device","id":`, string(d.ID))
	b = appendText(b, `,"name":`, d.Name)
	b = appendList(b, `,"macs":`, d.MACs, func(b []byte, m *netid.MAC) []byte { return appendText(b, "", m.String()) })
	b = appendList(b, `,"ips":`, d.IPs, appendIP)
	b = appendList(b, `,"hostnames":`, d.Hostnames, func(b []byte, s *string) []byte { return appendText(b, "", *s) })
	if d.VLAN != 0 {
		b = appendUint(b, `,"vlan":`, uint64(d.VLAN))
	}
	b = strconv.AppendBool(append(b, `,"random_mac":`...), d.RandomMAC)
	b = appendText(b, `,"vendor":`, d.Vendor)
	b = appendText(b, `,"kind":`, string(d.Kind))
	b = appendText(b, `,"model":`, d.Model)
	b = appendText(b, `,"os":`, d.OS)
	b = appendText(b, `,"software":`, d.Software)
	b = appendNumber(b, `,"confidence":`, d.Confidence)
	b = appendList(b, `,"claims":`, d.Claims, appendClaim)
	b = appendList(b, `,"evidence":`, d.Evidence, appendEvidence)
	b = appendCare(b, &d.Care)
	b = appendList(b, `,"services":`, d.Services, appendService)
	b = appendTime(b, `,"first_seen":`, d.FirstSeen)
	b = appendTime(b, `,"last_seen":`, d.LastSeen)
	return append(b, '}')
}

func appendClaim(b []byte, c *cordon.Claim) []byte {
	b = appendText(b, `{"attribute":`, string(c.Attribute))
	b = appendText(b, `,"value":`, c.Value)
	b = appendNumber(b, `,"confidence":`, c.Confidence)
	return append(b, '}')
}

func appendEvidence(b []byte, e *cordon.Evidence) []byte {
	b = appendText(b, `{"source":`, e.Source)
	b = appendText(b, `,"field":`, e.Field)
	b = appendText(b, `,"value":`, e.Value)
	b = appendText(b, `,"says":`, string(e.Says))
	b = appendText(b, `,"claim":`, e.Claim)
	b = appendNumber(b, `,"weight":`, e.Weight)
	b = appendText(b, `,"rule":`, e.Rule)
	b = appendTime(b, `,"first":`, e.First)
	return append(b, '}')
}

func appendCare(b []byte, c *cordon.Care) []byte {
	b = appendText(b, `,"care":{"function":`, c.Function)
	b = appendText(b, `,"criticality":`, string(c.Criticality))
	b = appendText(b, `,"location":`, c.Location)
	b = appendText(b, `,"in_use":`, string(c.InUse))
	if c.InUseSince != nil {
		b = appendTime(b, `,"in_use_since":`, *c.InUseSince)
	}
	b = appendList(b, `,"overridden":`, c.Overridden, func(b []byte, s *string) []byte { return appendText(b, "", *s) })
	return append(b, '}')
}

func appendService(b []byte, s *cordon.Service) []byte {
	b = appendText(b, `{"role":`, string(s.Role))
	b = appendText(b, `,"transport":`, s.Transport)
	b = appendUint(b, `,"port":`, uint64(s.Port))
	b = appendText(b, `,"protocol":`, s.Protocol.String())
	b = appendTime(b, `,"first_seen":`, s.FirstSeen)
	b = appendTime(b, `,"last_seen":`, s.LastSeen)
	return append(b, '}')
}

func appendIP(b []byte, a *netip.Addr) []byte {
	if !a.IsValid() {
		return append(b, `""`...)
	}
	return append(a.AppendTo(append(b, '"')), '"')
}

// appendList writes a list, null if it is nil.
func appendList[T any](b []byte, name string, list []T, write func([]byte, *T) []byte) []byte {
	b = append(b, name...)
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = write(b, &list[i])
	}
	return append(b, ']')
}

// appendText writes a string; what must be escaped in it is left to
// encoding/json.
func appendText(b []byte, name, s string) []byte {
	b = append(b, name...)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string has a JSON form
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendNumber writes a share between 0 and 1, or any other number.
func appendNumber(b []byte, name string, f float64) []byte {
	b = append(b, name...)
	if f == 0 || f >= 1e-6 && f < 1e21 {
		return strconv.AppendFloat(b, f, 'f', -1, 64)
	}
	number, err := json.Marshal(f)
	if err != nil { // infinite, or no number
		return append(b, "null"...)
	}
	return append(b, number...)
}

// appendTime writes a time to the nanosecond.
func appendTime(b []byte, name string, t time.Time) []byte {
	b = append(b, name...)
	if ns := t.UnixNano(); ns >= 0 && t.Location() == time.UTC && t.Equal(time.Unix(0, ns)) {
		return append(appendNano(append(b, '"'), ns), '"')
	}
	text, _ := json.Marshal(t)
	return append(b, text...)
}
