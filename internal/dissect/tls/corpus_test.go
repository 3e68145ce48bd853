package tls_test

import (
	"strings"
	"testing"

	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/ndpitest"
	"github.com/cordonhq/cordon/internal/dissect/tls"
	"github.com/cordonhq/cordon/internal/observation"
)

// shown adds what one flow shows to m, under nDPI's names. What was there
// before stays, for nDPI does not tell connections between the same ends apart.
func shown(s *Seen, m map[string]string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	set := func(k, v string) {
		if _, ok := m[k]; !ok && v != "" {
			m[k] = v
		}
	}
	for _, o := range s.Observations {
		switch o := o.(type) {
		case observation.TLSClientHello:
			set("JA3C", o.JA3)
			set("JA4", o.JA4)
			set("Hostname/SNI", o.ServerName)
			set("(Advertised) ALPNs", strings.Join(o.ALPN, ";"))
		case observation.TLSServerHello:
			set("JA3S", o.JA3S)
			set("(Negotiated) ALPN", o.ALPN)
		case observation.TLSCertificate:
			set("Validity", o.NotBefore.Format("2006-01-02 15:04:05")+" - "+o.NotAfter.Format("2006-01-02 15:04:05"))
		}
	}
	return m
}

// canonical drops from a detail what nDPI has another view of: it appends
// "(WEAK)" to a JA3S, says in a JA4 that a host was named when it guessed the
// name, takes the second letter of the ALPN where the method says the last
// one, and hashes an empty list where the method says zeros.
func canonical(field, v string) string {
	v = strings.TrimSuffix(v, " (WEAK)")
	if field == "JA4" && len(v) > 10 {
		v = strings.ReplaceAll(v[:3]+v[4:8]+v[10:], "e3b0c44298fc", "000000000000")
	}
	return v
}

// TestAgainstNDPI compares each flow that nDPI took for TLS with what nDPI saw
// in it. A few flows need tunnels or retransmissions that Replay does not do.
func TestAgainstNDPI(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{tls.Dissector()}}
	compared, missing := 0, 0
	for _, capture := range ndpitest.Captures(t) {
		got := map[ndpitest.Ends]map[string]string{}
		for _, f := range ndpitest.Results(t, capture) {
			if f.Details["JA4"] == "" || f.Protocol != "TLS" {
				continue
			}
			if len(got) == 0 {
				for _, s := range Replay(t, table, "ndpi", capture) {
					ends := ndpitest.EndsOf(&s.Flow)
					got[ends] = shown(s, got[ends])
				}
			}
			for _, field := range []string{"JA3C", "JA4", "JA3S", "Hostname/SNI", "(Advertised) ALPNs", "(Negotiated) ALPN", "Validity"} {
				want := canonical(field, f.Details[field])
				if want == "" {
					continue
				}
				compared++
				switch got := canonical(field, got[f.Ends][field]); got {
				case want:
				case "":
					missing++
				default:
					t.Errorf("%s %v: %s is %q, nDPI says %q", capture, f.Ends, field, got, want)
				}
			}
		}
	}
	t.Logf("compared %d details, %d missing", compared, missing)
	if missing*20 > compared {
		t.Errorf("%d of %d details missing", missing, compared)
	}
}
