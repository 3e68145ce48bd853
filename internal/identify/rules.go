// Package identify weighs what a device shows into what it is: its vendor,
// kind, model, operating system, software and names, each with a confidence
// and the evidence that a person can read. What a detail means is stated by
// rules, which are data: the files of rules/, one per vendor or protocol, which
// are built in, and a folder of the user's own that is laid over them. It keeps
// no state of devices; package inventory brings the facts.
package identify

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/cordonhq/cordon"
)

// Fact is one detail that a device showed.
type Fact struct {
	// Source is a protocol token, "oui" for the MAC registry, "role" for what
	// the device does on the network, "stack" for how its TCP/IP behaves.
	Source string
	// Field names the detail in the protocol's own words; Value is the detail.
	Field, Value string
	// First is when it was first shown, in nanoseconds since the Unix epoch.
	First int64
}

// Rules is a set of identification rules. It may be used by several goroutines.
type Rules struct {
	index   map[indexKey]*bucket
	vendors *vendorNames
	rules   []*rule

	mu    sync.Mutex
	known int // answers remembered in all buckets
}

type indexKey struct{ source, field string }

// bucket holds the rules of one source and field.
type bucket struct {
	equals map[string][]*rule // by value in lower case
	others []*rule
	asked  []*condition        // by rules elsewhere
	known  map[string][]saying // by value; under mu
}

// saying is what one rule says of one fact.
type saying struct {
	rule   *rule
	claims []cordon.Claim
}

// maxKnown bounds the remembered answers.
const maxKnown = 1 << 14

// ruleFile is the content of one file of rules.
type ruleFile struct {
	Rules   []ruleSpec   `yaml:"rules" json:"rules"`
	Vendors []vendorSpec `yaml:"vendors" json:"vendors"`
}

// Load takes the built-in rules and, unless userDir is empty, lays the .yaml
// files of that folder over them: a rule with a known id replaces the built-in
// one, another adds to them. A file that cannot be understood is refused with
// its name, line and what to do; nothing is then loaded, so that a site never
// runs on half of what its user meant.
func Load(userDir string) (*Rules, error) {
	set := newRuleSet()
	if err := set.addBuiltin(); err != nil {
		return nil, fmt.Errorf("load built-in rules: %w", err)
	}
	if userDir != "" {
		info, err := os.Stat(userDir)
		if err != nil {
			return nil, fmt.Errorf("load rules: %w", err)
		}
		if !info.IsDir() {
			return nil, fmt.Errorf("load rules: %s is no folder: give the folder that holds the rule files", userDir)
		}
		if err := set.addAll(os.DirFS(userDir), ".", strings.TrimSuffix(userDir, "/")+"/"); err != nil {
			return nil, err
		}
	}
	return set.build(), nil
}

// ruleSet gathers rules file by file.
type ruleSet struct {
	byID    map[string][]*rule
	order   []string
	seen    map[string]string // id to the file of this layer that has it
	vendors vendorNames
}

func newRuleSet() *ruleSet {
	return &ruleSet{byID: map[string][]*rule{}, seen: map[string]string{}, vendors: newVendorNames()}
}

func (s *ruleSet) addAll(fsys fs.FS, dir, shown string) error {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		ext := path.Ext(e.Name())
		if e.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		content, err := fs.ReadFile(fsys, path.Join(dir, e.Name()))
		if err == nil {
			err = s.add(shown+e.Name(), content)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (s *ruleSet) add(name string, content []byte) error {
	f, err := parse(content)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for i := range f.Vendors {
		if err := s.vendors.add(&f.Vendors[i]); err != nil {
			return fmt.Errorf("%s:%d: %w", name, lineOf(content, "name", f.Vendors[i].Name), err)
		}
	}
	c := compiler{vendors: &s.vendors}
	for i := range f.Rules {
		spec := &f.Rules[i]
		compiled, err := c.rule(spec)
		if err == nil && s.seen[spec.ID] != "" {
			err = fmt.Errorf("rule %q is already defined in %s: choose another id", spec.ID, s.seen[spec.ID])
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, lineOf(content, "id", spec.ID), err)
		}
		s.seen[spec.ID] = name
		s.put(spec.ID, compiled)
	}
	return nil
}

func (s *ruleSet) put(id string, compiled []*rule) {
	if _, replaces := s.byID[id]; !replaces {
		s.order = append(s.order, id)
	}
	s.byID[id] = compiled
}

// parse reads a file of rules. The YAML library panics on some malformed tags;
// that must not take down a site whose user has made a typing mistake.
func parse(content []byte) (f *ruleFile, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("this is no YAML that can be read (%v): look for stray tags (!), anchors (&) and brackets", r)
		}
	}()
	f = new(ruleFile)
	if err := yaml.UnmarshalWithOptions(content, f, yaml.Strict()); err != nil {
		return nil, yamlError(err)
	}
	return f, nil
}

// yamlError makes the parser's error one line that starts with the position.
func yamlError(err error) error {
	message := yaml.FormatError(err, false, false)
	if at, rest, ok := strings.Cut(strings.TrimPrefix(message, "["), "] "); ok && strings.HasPrefix(message, "[") {
		message = "line " + strings.Replace(at, ":", ", column ", 1) + ": " + rest
	}
	if strings.Contains(message, "unknown field") {
		message += ": correct its spelling or remove it"
	}
	return errors.New(message)
}

// lineOf returns the line on which key has that value, counted from 1.
func lineOf(content []byte, key, value string) int {
	for i, line := range strings.Split(string(content), "\n") {
		line = strings.TrimLeft(line, " -")
		if rest, ok := strings.CutPrefix(line, key+":"); ok && strings.Trim(strings.TrimSpace(rest), `"'`) == value {
			return i + 1
		}
	}
	return 1
}

func (s *ruleSet) build() *Rules {
	r := &Rules{index: map[indexKey]*bucket{}, vendors: &s.vendors}
	for _, id := range s.order {
		for _, compiled := range s.byID[id] {
			r.rules = append(r.rules, compiled)
			r.enter(compiled)
		}
	}
	return r
}

func (r *Rules) bucket(source, field string) *bucket {
	key := indexKey{source, field}
	b := r.index[key]
	if b == nil {
		b = &bucket{equals: map[string][]*rule{}, known: map[string][]saying{}}
		r.index[key] = b
	}
	return b
}

func (r *Rules) enter(compiled *rule) {
	for _, source := range compiled.sources {
		for _, field := range compiled.fields {
			b := r.bucket(source, field)
			if compiled.test.equals == nil {
				b.others = append(b.others, compiled)
			}
			for _, value := range compiled.test.equals {
				b.equals[value] = append(b.equals[value], compiled)
			}
		}
	}
	for _, list := range [][]*condition{compiled.all, compiled.any, compiled.none} {
		for _, c := range list {
			for _, source := range c.sources {
				for _, field := range c.fields {
					b := r.bucket(source, field)
					b.asked = append(b.asked, c)
				}
			}
		}
	}
}

// Speaks reports whether any rule has something to say of the detail, or asks
// for it: others need not be kept.
func (r *Rules) Speaks(source, field, value string) bool {
	b := r.index[indexKey{source, field}]
	if b == nil {
		return false
	}
	if len(r.match(b, value)) > 0 {
		return true
	}
	f := Fact{Source: source, Field: field, Value: value}
	return slices.ContainsFunc(b.asked, func(c *condition) bool { return c.about(&f) })
}

// match returns what the rules of a bucket say of a value, conditions aside.
func (r *Rules) match(b *bucket, value string) []saying {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := b.known[value]; ok {
		return known
	}
	var found []saying
	lower := strings.ToLower(value)
	for _, rule := range b.equals[lower] {
		found = append(found, r.say(rule, value))
	}
	for _, rule := range b.others {
		if rule.test.matches(value, lower) {
			found = append(found, r.say(rule, value))
		}
	}
	if r.known >= maxKnown {
		for _, b := range r.index {
			clear(b.known)
		}
		r.known = 0
	}
	b.known[value] = found
	r.known++
	return found
}

func (r *Rules) say(rule *rule, value string) saying {
	s := saying{rule: rule}
	for _, c := range rule.says {
		said := rule.test.expand(c.template, value)
		if c.attribute == cordon.AttrVendor {
			said = r.vendors.canonical(said)
		}
		if said != "" {
			s.claims = append(s.claims, cordon.Claim{Attribute: c.attribute, Value: said, Confidence: c.weight})
		}
	}
	return s
}
