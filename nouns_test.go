package cordon_test

import (
	"encoding/json"
	"testing"

	"github.com/cordonhq/cordon"
)

func TestProtocolTokens(t *testing.T) {
	seen := map[string]bool{}
	for p := cordon.Protocol(0); ; p++ {
		token := p.String()
		back, err := cordon.ParseProtocol(token)
		if err != nil {
			if p < 50 {
				t.Fatalf("protocol %d has no token", p)
			}
			break
		}
		if back != p || token == "" || seen[token] {
			t.Errorf("protocol %d has the token %q, which reads back as %d", p, token, back)
		}
		seen[token] = true
	}
	for _, token := range []string{"unknown", "dicom", "hl7", "fhir", "mqtt", "bacnet", "smb2", "dhcpv6"} {
		if !seen[token] {
			t.Errorf("no protocol has the token %q", token)
		}
	}
	if b, err := json.Marshal(struct{ P cordon.Protocol }{cordon.DICOM}); err != nil || string(b) != `{"P":"dicom"}` {
		t.Errorf("in JSON: %s, %v", b, err)
	}
}

func TestKinds(t *testing.T) {
	groups := map[string]int{} // group to the index of its last kind
	for i, k := range cordon.Kinds {
		if k.Kind == "" || k.Title == "" || k.Group == "" || k.Criticality == "" {
			t.Errorf("kind %d is incomplete: %+v", i, k)
		}
		if last, ok := groups[k.Group]; ok && last != i-1 {
			t.Errorf("the group %q is not in one piece at %s", k.Group, k.Kind)
		}
		groups[k.Group] = i
		if got, err := cordon.ParseKind(string(k.Kind)); err != nil || got != k.Kind {
			t.Errorf("ParseKind(%q) = %q, %v", k.Kind, got, err)
		}
		if (k.Criticality == cordon.LifeSustaining) && k.Function == "" {
			t.Errorf("%s sustains life but has no clinical function", k.Kind)
		}
	}
	if _, err := cordon.ParseKind("toaster"); err == nil {
		t.Error("a toaster is a kind of device")
	}
	if got := cordon.Kind("toaster").Info().Kind; got != cordon.KindUnknown {
		t.Errorf("an undefined kind answers as %q, want %q", got, cordon.KindUnknown)
	}
}
