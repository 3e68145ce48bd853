package identify_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// plain are rules whose weights make the arithmetic easy to follow.
const plain = `
rules:
  - {id: t1, source: one, field: f, weight: 0.5, table: {pump: {kind: infusion-pump}, server: {kind: server}, db: {kind: database-server}, win: {os: Windows}, acme: {vendor: Acme}}}
  - {id: t2, source: two, field: f, weight: 0.5, table: {pump: {kind: infusion-pump}, camera: {kind: camera}, db: {kind: database-server}, win10: {os: Windows 10}, nginx: {software: nginx 1.2}}}
  - {id: t3, source: one, field: g, weight: 0.4, table: {pump: {kind: infusion-pump}, sure: {kind: infusion-pump}, openssh: {software: OpenSSH 9}}}
  - {id: t4, source: [three, four, five, six, seven, eight, nine], field: f, weight: 0.9, table: {pump: {kind: infusion-pump}}}
  - id: t5
    source: one
    field: h
    weight: 0.7
    equals: x
    examples: [x]
    says: {model: conditional}
    when: {all: [{source: two, field: f, equals: pump}], none: [{source: one, field: f, equals: win}]}
`

func plainRules(t *testing.T) *identify.Rules {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plain.yaml"), []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := identify.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// f is a fact, written "source field value".
func f(source, field, value string) identify.Fact {
	return identify.Fact{Source: source, Field: field, Value: value, First: time.Unix(1, 0).UnixNano()}
}

func TestWeighing(t *testing.T) {
	r := plainRules(t)
	for _, c := range []struct {
		name  string
		facts []identify.Fact
		kind  cordon.Kind
		want  float64 // confidence
	}{
		{"nothing", nil, cordon.KindUnknown, 0},
		{"one piece counts as its rule says", []identify.Fact{f("one", "f", "pump")}, cordon.InfusionPump, 0.5},
		{"two sources make it surer", []identify.Fact{f("one", "f", "pump"), f("two", "f", "pump")}, cordon.InfusionPump, 0.75},
		{"two details of one source do not", []identify.Fact{f("one", "f", "pump"), f("one", "g", "pump")}, cordon.InfusionPump, 0.5},
		{"contradiction takes away", []identify.Fact{f("one", "f", "pump"), f("two", "f", "camera")}, cordon.Camera, 0.333},
		{"the general speaks for the special", []identify.Fact{f("one", "f", "server"), f("two", "f", "db")}, cordon.DatabaseServer, 0.625},
		{"never certain", []identify.Fact{
			f("three", "f", "pump"), f("four", "f", "pump"), f("five", "f", "pump"), f("six", "f", "pump"), f("seven", "f", "pump"),
			f("eight", "f", "pump"), f("nine", "f", "pump"),
		}, cordon.InfusionPump, 0.99},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := r.Identify(c.facts)
			if id.Kind != c.kind || id.Confidence != c.want {
				t.Errorf("%s with %v, want %s with %v", id.Kind, id.Confidence, c.kind, c.want)
			}
		})
	}
}

func TestSpecialVersionsAbsorbGeneralOnes(t *testing.T) {
	id := plainRules(t).Identify([]identify.Fact{f("one", "f", "win"), f("two", "f", "win10")})
	if id.OS != "Windows 10" || claim(id, cordon.AttrOS) != 0.625 {
		t.Errorf("%q with %v", id.OS, claim(id, cordon.AttrOS))
	}
}

func TestSoftwareDoesNotCompete(t *testing.T) {
	id := plainRules(t).Identify([]identify.Fact{f("two", "f", "nginx"), f("one", "g", "openssh")})
	if id.Software != "nginx 1.2" || claim(id, cordon.AttrSoftware) != 0.5 {
		t.Errorf("%q with %v", id.Software, claim(id, cordon.AttrSoftware))
	}
}

func TestConditions(t *testing.T) {
	r := plainRules(t)
	x, pump, win := f("one", "h", "x"), f("two", "f", "pump"), f("one", "f", "win")
	for _, c := range []struct {
		name  string
		facts []identify.Fact
		want  string
	}{
		{"alone", []identify.Fact{x}, ""},
		{"with what it asks for", []identify.Fact{x, pump}, "conditional"},
		{"with what it excludes", []identify.Fact{x, pump, win}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := r.Identify(c.facts).Model; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if !r.Speaks("two", "f", "pump") || r.Speaks("two", "f", "nonsense") || r.Speaks("nobody", "f", "pump") {
		t.Error("Speaks does not tell what rules ask for")
	}
}

func TestOrderOfFactsDoesNotMatter(t *testing.T) {
	r := plainRules(t)
	facts := []identify.Fact{
		f("one", "f", "pump"), f("two", "f", "camera"), f("one", "g", "pump"), f("two", "f", "pump"), f("one", "f", "win"),
		f("two", "f", "win10"), f("one", "f", "acme"), f("three", "f", "pump"), f("two", "f", "nginx"), f("one", "g", "openssh"),
	}
	want := r.Identify(facts)
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		random.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		if diff := cmp.Diff(want, r.Identify(facts)); diff != "" {
			t.Fatalf("seed %d:\n%s", seed, diff)
		}
	}
}

func TestMaker(t *testing.T) {
	r := plainRules(t)
	mac, _ := netid.ParseMAC("44:19:b6:01:02:03")
	facts := r.Maker(mac, 1)
	id := r.Identify(facts)
	if id.Vendor != "Hikvision" || id.Kind != cordon.Camera {
		t.Errorf("%+v", id)
	}
	mac[0] |= 2
	if facts := r.Maker(mac, 1); facts != nil {
		t.Errorf("a randomised address tells its maker: %+v", facts)
	}
}

func TestEvidenceCanBeRead(t *testing.T) {
	id := plainRules(t).Identify([]identify.Fact{f("one", "f", "pump"), f("two", "f", "camera"), f("one", "g", "pump")})
	i := slices.IndexFunc(id.Evidence, func(e cordon.Evidence) bool { return e.Source == "two" })
	want := cordon.Evidence{
		Source: "two", Field: "f", Value: "camera", Says: cordon.AttrKind, Claim: "camera", Weight: 0.5, Rule: "t2", First: time.Unix(1, 0).UTC(),
	}
	if i < 0 || id.Evidence[i] != want {
		t.Errorf("evidence %+v, want %+v among it", id.Evidence, want)
	}
	if !slices.IsSortedFunc(id.Evidence, func(a, b cordon.Evidence) int { return int(100 * (b.Weight - a.Weight)) }) {
		t.Errorf("not weightiest first: %+v", id.Evidence)
	}
}

func claim(id identify.Identity, a cordon.Attribute) float64 {
	for _, c := range id.Claims {
		if c.Attribute == a {
			return c.Confidence
		}
	}
	return 0
}
