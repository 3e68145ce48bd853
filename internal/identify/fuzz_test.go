package identify

import (
	"strings"
	"testing"
)

// FuzzRuleFile holds that no file of a user's can do worse than be refused.
func FuzzRuleFile(f *testing.F) {
	const one = "rules:\n  - id: a\n    source: dhcp\n    field: hostname\n    weight: 0.5\n    match: '^x(.)'\n    examples: [xy]\n    says: {name: $1, kind: pacs}\n"
	for _, seed := range []string{
		one, strings.ReplaceAll(one, "match: '^x(.)'", "equals: [x, y]"), "vendors:\n  - {name: Acme, aliases: ['A *', B], part: true}\n",
		"rules:\n  - id: t\n    source: [a, b]\n    field: [c]\n    by: prefix\n    weight: 0.3\n    table: {v: {os: Linux}}\n    when: {none: [{source: a, field: c}]}\n",
		"rules: &a [*a]", "rules: {}", "a: [", "rules:\n  - id: m\n    maker: begins\n    source: x\n    field: y\n    weight: 0.1\n    examples: [x]\n    says: {vendor: $0}\n",
		"", "%", "? a", "rules:\n  - examples: !y]\n", "rules:\n\t- id: a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		if len(content) > 1<<12 {
			return
		}
		set := newRuleSet()
		if err := set.add("fuzz.yaml", []byte(content)); err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz.yaml:") {
				t.Errorf("the error does not begin with the file: %v", err)
			}
			return
		}
		r := set.build()
		for _, rule := range r.rules {
			for _, value := range append(rule.examples, "", "x", content) {
				r.Identify([]Fact{{Source: rule.sources[0], Field: rule.fields[0], Value: value}})
			}
		}
	})
}
