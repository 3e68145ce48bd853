package attack_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/attack"
	"github.com/cordonhq/cordon/internal/platform/corpus"
)

var update = flag.Bool("update", false, "rewrite the page about the attacks")

func TestScenariosAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, c := range attack.Scenarios {
		t.Run(c.Name, func(t *testing.T) {
			if names[c.Name] || !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(c.Name) {
				t.Errorf("name %q is not of unique words with hyphens", c.Name)
			}
			names[c.Name] = true
			if c.Title == "" || c.About == "" || len(c.Techniques) == 0 || len(c.Services) == 0 {
				t.Error("title, description, techniques or services are missing")
			}
			if c.Duration < attack.MinDuration || c.Duration > attack.MaxDuration {
				t.Errorf("duration %s is out of bounds", c.Duration)
			}
			if c.From == "" && len(c.Victims) == 0 {
				t.Error("neither attacker nor victims")
			}
			for _, d := range append(c.VictimsFrom(c.From), c.From) {
				if _, err := lab.Find(d); d != "" && err != nil {
					t.Error(err)
				}
			}
			if slices.Contains(c.Victims, c.From) {
				t.Error("the attacker is its own victim")
			}
			for _, s := range c.Services {
				if !slices.Contains([]string{"tcp", "udp", "icmp", "arp"}, s.Transport) {
					t.Errorf("transport %q", s.Transport)
				}
			}
			ics := 0
			for _, q := range c.TechniquesOf() {
				if q.Name == "" {
					t.Errorf("technique %s has no name", q.ID)
				}
				if q.Matrix == "ics" {
					ics++
				}
			}
			if ics == 0 || ics == len(c.Techniques) {
				t.Errorf("techniques %v: give at least one of ICS and one of Enterprise", c.Techniques)
			}
		})
	}
}

// The ICS techniques are as MITRE names them; the Enterprise bundle is not in
// the corpus.
func TestTechniquesAreOfATTACK(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(corpus.Dir(t), "attack", "ics-attack.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		Objects []struct {
			Type       string
			Name       string
			Revoked    bool
			Deprecated bool `json:"x_mitre_deprecated"`
			References []struct {
				Source string `json:"source_name"`
				ID     string `json:"external_id"`
			} `json:"external_references"`
		}
	}
	if err := json.Unmarshal(text, &bundle); err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for _, o := range bundle.Objects {
		for _, r := range o.References {
			if o.Type == "attack-pattern" && !o.Revoked && !o.Deprecated && r.Source == "mitre-attack" {
				known[r.ID] = o.Name
			}
		}
	}
	for _, c := range attack.Scenarios {
		for _, q := range c.TechniquesOf() {
			switch {
			case q.Matrix == "ics" && known[q.ID] != q.Name:
				t.Errorf("%s: ATT&CK for ICS calls %s %q, not %q", c.Name, q.ID, known[q.ID], q.Name)
			case q.Matrix == "enterprise" && !regexp.MustCompile(`^T1\d{3}(\.\d{3})?$`).MatchString(q.ID):
				t.Errorf("%s: %s is no technique of Enterprise", c.Name, q.ID)
			}
		}
	}
}

func TestThePageSaysWhatIsPlayed(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "lab-attacks.md")
	want := attack.Page()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/lab-attacks.md is not of this table: run this test with -update")
	}
}
