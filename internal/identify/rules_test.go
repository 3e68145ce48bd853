package identify

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
)

func load(t testing.TB) *Rules {
	t.Helper()
	r, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Each rule must match its examples in each of its fields, through the same
// way that facts take, and say something of them.
func TestExamplesMatch(t *testing.T) {
	r := loadFiles(t)
	for _, rule := range r.rules {
		for _, example := range rule.examples {
			for _, source := range rule.sources {
				for _, field := range rule.fields {
					says := r.match(r.index[indexKey{source, field}], example)
					at := slices.IndexFunc(says, func(s saying) bool { return s.rule == rule })
					if at < 0 {
						t.Errorf("rule %s does not match its example %q in %s %s", rule.id, example, source, field)
						continue
					}
					if len(says[at].claims) == 0 {
						t.Errorf("rule %s says nothing of its example %q", rule.id, example)
					}
				}
			}
		}
	}
}

// What rules say of vendors must be the one spelling.
func TestRulesSpellVendorsAlike(t *testing.T) {
	r := loadFiles(t)
	for _, rule := range r.rules {
		for _, c := range rule.says {
			if c.attribute == cordon.AttrVendor && !strings.Contains(c.template, "$") && r.vendors.canonical(c.template) != c.template {
				t.Errorf("rule %s says vendor %q, which is spelled %q in vendors.yaml", rule.id, c.template, r.vendors.canonical(c.template))
			}
		}
		if rule.sources[0] != "oui" || rule.fields[0] != "vendor" {
			continue
		}
		for _, vendor := range rule.examples {
			if r.vendors.canonical(vendor) != vendor {
				t.Errorf("rule %s is for vendor %q, which is spelled %q in vendors.yaml", rule.id, vendor, r.vendors.canonical(vendor))
			}
		}
	}
}

func TestVendorSpellings(t *testing.T) {
	r := load(t)
	for _, c := range []struct{ in, want string }{
		{"GE MEDICAL SYSTEMS", "GE HealthCare"},
		{"GE Healthcare", "GE HealthCare"},
		{"GE Medical System(China) Co., Ltd.", "GE HealthCare"},
		{"SIEMENS", "Siemens"},
		{"Siemens AG, Healthcare Sector", "Siemens Healthineers"},
		{"Siemens Healthcare Diagnostics, Inc", "Siemens Healthineers"},
		{"Philips Medical Systems - Cardiac and Monitoring Systems (CM", "Philips"},
		{"Philips Lighting BV", "Signify"},
		{"Drägerwerk AG & Co. KG aA", "Dräger"},
		{"Draeger Medical Systems, Inc.", "Dräger"},
		{"B.Braun Melsungen AG", "B. Braun"},
		{"ALARIS MEDICAL SYSTEMS, INC.", "BD"},
		{"Carefusion", "BD"},
		{"Becton, Dickinson  and Company", "BD"},
		{"Welch Allyn, Inc.", "Hillrom"},
		{"TOSHIBA_MEC", "Canon Medical"},
		{"FUJIFILM Corporation", "Fujifilm"},
		{"FUJIFILM Business Innovation Corp.", "Fujifilm Business Innovation"},
		{"HangZhou Hikvision Digital Technology Co.,Ltd.", "Hikvision"},
		{"Hewlett Packard Enterprise", "HPE"},
		{"Hewlett Packard", "HP"},
		{"Cisco Systems, Inc", "Cisco"},
		{"Cisco Meraki", "Cisco Meraki"},
		{"NIHON KOHDEN AMERICA", "Nihon Kohden"},
		{"American Power Conversion Corp", "APC"},
		{"Intel Corporate", "Intel"},
		// Unknown makers lose their legal form and their shouting.
		{"ACME WIDGETS CO., LTD.", "Acme Widgets"},
		{"Fr. Sauter AG", "Sauter"},
		{"Müller Meßtechnik GmbH & Co. KG", "Müller Meßtechnik"},
		{"   ", ""},
	} {
		if got := r.vendors.canonical(c.in); got != c.want {
			t.Errorf("%q is spelled %q, want %q", c.in, got, c.want)
		}
	}
}

func TestUserRules(t *testing.T) {
	const replaced = `
rules:
  - id: dicom-modality
    source: dicom
    field: modality
    equals: CT
    says: {kind: pacs}
    weight: 0.9
    examples: [CT]
  - id: ours
    source: dhcp
    field: vendor-class
    match: '^AcmePump/(\d+)'
    says: {vendor: Acme, kind: infusion-pump, model: Pump $1}
    weight: 0.9
    examples: [AcmePump/3]
vendors:
  - {name: Acme Medical, aliases: [Acme]}
`
	dir := t.TempDir()
	write(t, dir, "ours.yaml", replaced)
	write(t, dir, "notes.txt", "not a rule file")
	r, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	id := r.Identify([]Fact{{Source: "dhcp", Field: "vendor-class", Value: "AcmePump/7"}})
	if id.Vendor != "Acme Medical" || id.Kind != cordon.InfusionPump || id.Model != "Pump 7" {
		t.Errorf("own rule: %+v", id)
	}
	if id := r.Identify([]Fact{{Source: "dicom", Field: "modality", Value: "CT"}}); id.Kind != cordon.PACS {
		t.Errorf("replaced rule: %+v", id)
	}
}

func TestWrongUserRulesAreRefused(t *testing.T) {
	const begin = "rules:\n  - id: a\n    source: dhcp\n    field: hostname\n    weight: 0.5\n"
	for _, c := range []struct{ name, content, want string }{
		{"unknown key", begin + "    equals: x\n    sayz: {kind: pacs}\n", `ours.yaml: line 7, column 5: unknown field "sayz": correct its spelling`},
		{"unknown kind", begin + "    equals: x\n    examples: [x]\n    says: {kind: toaster}\n", `ours.yaml:2: rule "a": unknown device kind "toaster"`},
		{"unknown attribute", begin + "    equals: x\n    examples: [x]\n    says: {colour: red}\n", `ours.yaml:2: rule "a": says: unknown attribute`},
		{"wrong expression", begin + "    match: '(x'\n    examples: [x]\n    says: {name: x}\n", "missing closing )"},
		{"capture that is not there", begin + "    match: 'x'\n    examples: [x]\n    says: {name: $1}\n", "uses $1, but match captures only 0"},
		{"no example", begin + "    equals: x\n    says: {name: x}\n", "give at least one example"},
		{"two ways to match", begin + "    equals: x\n    prefix: y\n    examples: [x]\n    says: {name: x}\n", "only one of"},
		{"no way to match", begin + "    examples: [x]\n    says: {name: x}\n", "say which values"},
		{"weight", "rules:\n  - id: a\n    source: x\n    field: y\n    equals: x\n    examples: [x]\n    says: {name: x}\n    weight: 1\n", "above 0 and below 1"},
		{"no id", "rules:\n  - source: x\n    field: y\n", "has no id"},
		{"a stray tag", begin + "    equals: x\n    examples: !y]\n", "look for stray tags"},
		{"not YAML", "rules: [\n", "ours.yaml: line"},
		{"id twice", begin + "    equals: x\n    examples: [x]\n    says: {name: x}\n  - id: a\n    source: dhcp\n    field: hostname\n    weight: 0.5\n    equals: x\n    examples: [x]\n    says: {name: x}\n", "already defined in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "ours.yaml", c.content)
			_, err := Load(dir)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("error %q, want %q in it, and the folder", err, c.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has several lines: %q", err)
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLiteralIsInEveryMatch(t *testing.T) {
	for _, c := range []struct{ expression, want string }{
		{`^OFFIS_DCMTK_(\d)`, "_dcmt"},
		{`a|b`, ""},
		{`(?:abc)?def`, "def"},
		{`(hello)+ wor`, "hello"},
		{`[a-z]+`, ""},
	} {
		got, err := requiredLiteral(c.expression)
		if err != nil || !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%q requires %q, %v; want %q", c.expression, got, err, c.want)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(""); err != nil {
			b.Fatal(err)
		}
	}
}
