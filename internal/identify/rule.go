package identify

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/cordonhq/cordon"
)

// ruleSpec is one rule as its file states it.
type ruleSpec struct {
	ID string `yaml:"id" json:"id,omitempty"`
	// Source is a protocol token, "oui", "role" or "stack"; Field is the
	// detail's name in the protocol's own words.
	Source words `yaml:"source" json:"source,omitempty"`
	Field  words `yaml:"field" json:"field,omitempty"`
	// Exactly one of these says which values speak. All of them disregard
	// case. Match is an RE2 expression that may match anywhere; Table gives
	// claims per value, compared as By says.
	Match    string                                 `yaml:"match" json:"match,omitempty"`
	Equals   words                                  `yaml:"equals" json:"equals,omitempty"`
	Prefix   words                                  `yaml:"prefix" json:"prefix,omitempty"`
	Contains words                                  `yaml:"contains" json:"contains,omitempty"`
	Table    map[string]map[cordon.Attribute]string `yaml:"table" json:"table,omitempty"`
	By       string                                 `yaml:"by" json:"by,omitempty"`
	// Maker matches values that name a maker of vendors.yaml: "is" when the
	// whole value does, "begins" when its first words do. $0 is the name.
	Maker string `yaml:"maker" json:"maker,omitempty"`
	// When lists what else must be known of the device.
	When *conditionSpec `yaml:"when" json:"when,omitempty"`
	// Says holds the claims, with $1… for what Match captured and $0 for all
	// that it matched.
	Says map[cordon.Attribute]string `yaml:"says" json:"says,omitempty"`
	// Weight is how far to believe a claim if nothing else is known, above 0
	// and below 1; Weights overrides it per attribute.
	Weight  float64                      `yaml:"weight" json:"weight,omitempty"`
	Weights map[cordon.Attribute]float64 `yaml:"weights" json:"weights,omitempty"`
	// Examples are values that the rule must match; a test holds it to them.
	Examples []string `yaml:"examples" json:"-"`
	// Note says where the rule comes from.
	Note string `yaml:"note" json:"-"`
}

type conditionSpec struct {
	All  []factSpec `yaml:"all" json:"all,omitempty"`
	Any  []factSpec `yaml:"any" json:"any,omitempty"`
	None []factSpec `yaml:"none" json:"none,omitempty"`
}

type factSpec struct {
	Source   words  `yaml:"source" json:"source,omitempty"`
	Field    words  `yaml:"field" json:"field,omitempty"`
	Match    string `yaml:"match" json:"match,omitempty"`
	Equals   words  `yaml:"equals" json:"equals,omitempty"`
	Prefix   words  `yaml:"prefix" json:"prefix,omitempty"`
	Contains words  `yaml:"contains" json:"contains,omitempty"`
}

// words is one word or a list of them.
type words []string

// UnmarshalYAML accepts both forms.
func (w *words) UnmarshalYAML(decode func(any) error) error {
	var one string
	if err := decode(&one); err == nil {
		*w = words{one}
		return nil
	}
	var many []string
	if err := decode(&many); err != nil {
		return err
	}
	*w = many
	return nil
}

// rule is one compiled rule; a table becomes one rule a row.
type rule struct {
	id       string
	sources  []string
	fields   []string
	test     matcher
	says     []claim
	all, any []*condition
	none     []*condition
	examples []string
}

// claim is what a rule says of one attribute.
type claim struct {
	attribute cordon.Attribute
	template  string
	weight    float64
}

// condition asks for a fact of the device.
type condition struct {
	sources, fields []string
	test            matcher
}

func (c *condition) holds(facts []Fact) bool {
	for i := range facts {
		if c.about(&facts[i]) {
			return true
		}
	}
	return false
}

func (c *condition) about(f *Fact) bool {
	return slices.Contains(c.sources, f.Source) && slices.Contains(c.fields, f.Field) && c.test.matches(f.Value, strings.ToLower(f.Value))
}

func (r *rule) applies(facts []Fact) bool {
	for _, c := range r.all {
		if !c.holds(facts) {
			return false
		}
	}
	for _, c := range r.none {
		if c.holds(facts) {
			return false
		}
	}
	return len(r.any) == 0 || slices.ContainsFunc(r.any, func(c *condition) bool { return c.holds(facts) })
}

// matcher compares a value, without regard to case.
type matcher struct {
	equals, prefix, contains []string // in lower case
	expression               string
	literal                  string // in lower case; a match contains it
	compile                  func() *regexp.Regexp
	maker                    func(value string) string // "" if it names none
}

// matches takes the value also in lower case, which is made once for all rules.
func (m *matcher) matches(value, lower string) bool {
	switch {
	case m.maker != nil:
		return m.maker(value) != ""
	case m.compile != nil:
		return strings.Contains(lower, m.literal) && m.compile().MatchString(value)
	case m.equals != nil:
		return slices.Contains(m.equals, lower)
	case m.prefix != nil:
		return slices.ContainsFunc(m.prefix, func(p string) bool { return strings.HasPrefix(lower, p) })
	case m.contains != nil:
		return slices.ContainsFunc(m.contains, func(p string) bool { return strings.Contains(lower, p) })
	default:
		return true
	}
}

// expand fills a template from what the matcher captures of value.
func (m *matcher) expand(template, value string) string {
	if !strings.Contains(template, "$") {
		return template
	}
	var filled string
	switch {
	case m.maker != nil:
		filled = strings.ReplaceAll(template, "$0", m.maker(value))
	case m.compile != nil:
		re := m.compile()
		filled = string(re.ExpandString(nil, template, value, re.FindStringSubmatchIndex(value)))
	default:
		filled = strings.ReplaceAll(template, "$0", value)
	}
	return strings.Join(strings.Fields(filled), " ")
}

func (c compiler) matcher(expression string, equals, prefix, contains words) (matcher, error) {
	set := 0
	for _, on := range []bool{expression != "", equals != nil, prefix != nil, contains != nil} {
		if on {
			set++
		}
	}
	if set > 1 {
		return matcher{}, fmt.Errorf("give only one of match, equals, prefix, contains, table and maker")
	}
	m := matcher{equals: lowered(equals), prefix: lowered(prefix), contains: lowered(contains)}
	for _, list := range [][]string{m.equals, m.prefix, m.contains} {
		if slices.Contains(list, "") {
			return matcher{}, fmt.Errorf("an empty value would match too much: remove it")
		}
	}
	if expression == "" {
		return m, nil
	}
	literal, known := c.literals[expression]
	if !known {
		var err error
		if literal, err = requiredLiteral(expression); err != nil {
			return matcher{}, fmt.Errorf("match: %w", err)
		}
	}
	m.expression, m.literal = expression, literal
	m.compile = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("(?i)" + expression) })
	return m, nil
}

func lowered(list []string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(s)
	}
	return out
}

// compiler makes rules ready.
type compiler struct {
	vendors *vendorNames
	// literals holds what requiredLiteral says of each expression in rules that
	// have been checked before; nil for rules that have not.
	literals map[string]string
}

// rule checks a rule and makes it ready. Errors say what to change.
func (c compiler) rule(s *ruleSpec) ([]*rule, error) {
	if s.ID == "" {
		return nil, fmt.Errorf("a rule has no id: give it one that is unique")
	}
	if len(s.Source) == 0 || len(s.Field) == 0 {
		return nil, fmt.Errorf("rule %q: source and field are needed", s.ID)
	}
	base := rule{id: s.ID, sources: s.Source, fields: s.Field, examples: s.Examples}
	if err := c.conditions(&base, s.When); err != nil {
		return nil, fmt.Errorf("rule %q: when: %w", s.ID, err)
	}
	if s.Table != nil {
		return c.table(s, &base)
	}
	if err := c.test(s, &base); err != nil {
		return nil, fmt.Errorf("rule %q: %w", s.ID, err)
	}
	if len(s.Examples) == 0 && c.literals == nil {
		return nil, fmt.Errorf("rule %q: give at least one example of a value that it matches", s.ID)
	}
	var err error
	if base.says, err = c.says(s, s.Says, base.test); err != nil {
		return nil, fmt.Errorf("rule %q: %w", s.ID, err)
	}
	return []*rule{&base}, nil
}

func (c compiler) test(s *ruleSpec, r *rule) error {
	matched := s.Match != "" || s.Equals != nil || s.Prefix != nil || s.Contains != nil
	switch {
	case s.Maker == "" && !matched:
		return fmt.Errorf("say which values it matches by match, equals, prefix, contains, table or maker")
	case s.Maker != "" && matched:
		return fmt.Errorf("give only one of match, equals, prefix, contains, table and maker")
	case s.Maker == "is":
		r.test.maker = c.vendors.named
	case s.Maker == "begins":
		r.test.maker = c.vendors.begins
	case s.Maker != "":
		return fmt.Errorf("maker: %q is none of is, begins", s.Maker)
	default:
		var err error
		r.test, err = c.matcher(s.Match, s.Equals, s.Prefix, s.Contains)
		return err
	}
	return nil
}

func (c compiler) table(s *ruleSpec, base *rule) ([]*rule, error) {
	if s.Match != "" || s.Equals != nil || s.Prefix != nil || s.Contains != nil || s.Maker != "" {
		return nil, fmt.Errorf("rule %q: give only one of match, equals, prefix, contains, table and maker", s.ID)
	}
	rows := make([]rule, 0, len(s.Table))
	rules := make([]*rule, 0, len(s.Table))
	for _, value := range slices.Sorted(maps.Keys(s.Table)) {
		rows = append(rows, *base)
		r := &rows[len(rows)-1]
		var equals, prefix, contains words
		switch s.By {
		case "", "equals":
			equals = words{value}
		case "prefix":
			prefix = words{value}
		case "contains":
			contains = words{value}
		default:
			return nil, fmt.Errorf("rule %q: by: %q is none of equals, prefix, contains", s.ID, s.By)
		}
		var err error
		if r.test, err = c.matcher("", equals, prefix, contains); err != nil {
			return nil, fmt.Errorf("rule %q: table: %w", s.ID, err)
		}
		says := s.Table[value]
		if len(s.Says) > 0 {
			says = maps.Clone(s.Says)
			maps.Copy(says, s.Table[value])
		}
		if r.says, err = c.says(s, says, r.test); err != nil {
			return nil, fmt.Errorf("rule %q: %q: %w", s.ID, value, err)
		}
		r.examples = []string{value}
		rules = append(rules, r)
	}
	return rules, nil
}

func (c compiler) says(s *ruleSpec, says map[cordon.Attribute]string, m matcher) ([]claim, error) {
	if len(says) == 0 {
		return nil, fmt.Errorf("says: name at least one attribute")
	}
	for a := range s.Weights {
		if !slices.Contains(cordon.Attributes, a) {
			return nil, fmt.Errorf("weights: unknown attribute %q: use one of %v", a, cordon.Attributes)
		}
	}
	claims := make([]claim, 0, len(says))
	for _, a := range cordon.Attributes {
		template, ok := says[a]
		if !ok {
			continue
		}
		weight := s.Weight
		if w, ok := s.Weights[a]; ok {
			weight = w
		}
		if !(weight > 0 && weight < 1) {
			return nil, fmt.Errorf("the weight of %s is %v: it must be above 0 and below 1", a, weight)
		}
		if strings.TrimSpace(template) == "" {
			return nil, fmt.Errorf("says: %s is empty", a)
		}
		if a == cordon.AttrKind {
			if _, err := cordon.ParseKind(template); err != nil {
				return nil, err
			}
		}
		claims = append(claims, claim{a, template, weight})
	}
	if len(claims) != len(says) {
		return nil, fmt.Errorf("says: unknown attribute among %v: use %v", slices.Sorted(maps.Keys(says)), cordon.Attributes)
	}
	if c.literals != nil {
		return claims, nil
	}
	return claims, checkCaptures(claims, m)
}

func checkCaptures(claims []claim, m matcher) error {
	if m.compile == nil {
		return nil
	}
	groups := m.compile().NumSubexp()
	for _, c := range claims {
		for n := groups + 1; n <= 9; n++ {
			if strings.Contains(c.template, fmt.Sprintf("$%d", n)) || strings.Contains(c.template, fmt.Sprintf("${%d}", n)) {
				return fmt.Errorf("says: %s uses $%d, but match captures only %d", c.attribute, n, groups)
			}
		}
	}
	return nil
}

func (c compiler) conditions(r *rule, s *conditionSpec) error {
	if s == nil {
		return nil
	}
	for _, part := range []struct {
		specs []factSpec
		out   *[]*condition
	}{{s.All, &r.all}, {s.Any, &r.any}, {s.None, &r.none}} {
		for _, f := range part.specs {
			m, err := c.matcher(f.Match, f.Equals, f.Prefix, f.Contains)
			if err != nil {
				return err
			}
			if len(f.Source) == 0 || len(f.Field) == 0 {
				return fmt.Errorf("source and field are needed")
			}
			*part.out = append(*part.out, &condition{f.Source, f.Field, m})
		}
	}
	return nil
}
