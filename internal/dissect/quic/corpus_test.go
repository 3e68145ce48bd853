package quic_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/ndpitest"
	"github.com/cordonhq/cordon/internal/dissect/quic"
	"github.com/cordonhq/cordon/internal/observation"
)

// shown is what one flow shows, under nDPI's names.
func shown(s *Seen) map[string]string {
	m := map[string]string{}
	for _, o := range s.Observations {
		switch o := o.(type) {
		case observation.TLSClientHello:
			m["Hostname/SNI"], m["JA4"], m["JA3C"] = o.ServerName, o.JA4, o.JA3
			m["User-Agent"] = o.UserAgent
			m["(Advertised) ALPNs"] = strings.Join(o.ALPN, ";")
		case observation.GQUICHello:
			m["Hostname/SNI"], m["User-Agent"] = o.ServerName, o.UserAgent
		}
	}
	return m
}

// canonical drops two parts of a JA4: nDPI takes the second letter of the ALPN
// where the method says the last one, and says that a host was named when it
// knows the name from elsewhere.
func canonical(field, v string) string {
	if field == "JA4" && len(v) > 10 {
		return v[:3] + v[4:8] + v[10:]
	}
	return v
}

// TestAgainstNDPI compares each flow that nDPI took for QUIC by its content.
func TestAgainstNDPI(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{quic.Dissector()}}
	flows, found, compared, missing := 0, 0, 0, 0
	for _, capture := range ndpitest.Captures(t) {
		want := map[ndpitest.Ends]ndpitest.Flow{}
		results := ndpitest.Results(t, capture)
		for _, f := range results {
			want[f.Ends] = f
		}
		if !slices.ContainsFunc(results, func(f ndpitest.Flow) bool { return f.Protocol == "QUIC" }) {
			continue
		}
		for _, s := range Replay(t, table, "ndpi", capture) {
			f := want[ndpitest.EndsOf(&s.Flow)]
			if f.Protocol != "QUIC" {
				if s.Flow.Protocol == cordon.QUIC && f.Protocol != "" {
					t.Errorf("%s %v: is QUIC, nDPI says %s", capture, f.Ends, f.Protocol)
				}
				continue
			}
			if !f.ByContent {
				continue
			}
			flows++
			if s.Flow.Protocol == cordon.QUIC {
				found++
			} else {
				t.Logf("%s %v: not seen as QUIC (%s)", capture, f.Ends, f.Details["QUIC ver"])
			}
			got := shown(s)
			for _, field := range []string{"JA3C", "JA4", "Hostname/SNI", "(Advertised) ALPNs", "User-Agent"} {
				if f.Details[field] == "" {
					continue
				}
				compared++
				switch canonical(field, got[field]) {
				case canonical(field, f.Details[field]):
				case "":
					missing++
					t.Logf("%s %v: no %s (%s)", capture, f.Ends, field, f.Details["QUIC ver"])
				default:
					t.Errorf("%s %v: %s is %q, nDPI says %q", capture, f.Ends, field, got[field], f.Details[field])
				}
			}
		}
	}
	t.Logf("%d of %d flows, %d details compared, %d missing", found, flows, compared, missing)
	if found*100 < flows*95 {
		t.Errorf("%d of %d flows seen", found, flows)
	}
	if missing*10 > compared {
		t.Errorf("%d of %d details missing", missing, compared)
	}
}
