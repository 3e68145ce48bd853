package identify

import (
	"fmt"
	"strings"
	"unicode"
)

// vendorSpec is one maker as a file states it.
type vendorSpec struct {
	// Name is the one spelling that Cordon uses.
	Name string `yaml:"name" json:"name,omitempty"`
	// Aliases are other spellings, compared without case, punctuation and
	// legal forms ("Inc.", "GmbH"). One that ends in "*" stands for all names
	// that begin so.
	Aliases []string `yaml:"aliases" json:"aliases,omitempty"`
	// Part is true for makers of modules and network cards that sit in other
	// makers' devices: their MAC prefix says little.
	Part bool `yaml:"part" json:"part,omitempty"`
	// Software is true for makers whose programs run on others' devices: a
	// text that begins with their name tells no vendor.
	Software bool `yaml:"software" json:"software,omitempty"`
}

// vendorNames turns the many spellings of makers into one each.
type vendorNames struct {
	exact    map[string]string
	starts   map[string][]prefixName
	parts    map[string]bool
	software map[string]bool
}

type prefixName struct{ prefix, name string }

func newVendorNames() vendorNames {
	return vendorNames{exact: map[string]string{}, starts: map[string][]prefixName{}, parts: map[string]bool{}, software: map[string]bool{}}
}

func (v *vendorNames) add(s *vendorSpec) error {
	if strings.TrimSpace(s.Name) == "" {
		return fmt.Errorf("a vendor has no name")
	}
	if key := vendorKey(s.Name); key != "" {
		v.exact[key] = s.Name
	}
	for _, alias := range s.Aliases {
		begins, isPrefix := strings.CutSuffix(alias, "*")
		key := vendorKey(begins)
		if key == "" {
			return fmt.Errorf("vendor %q: alias %q holds nothing to compare", s.Name, alias)
		}
		if !isPrefix {
			v.exact[key] = s.Name
			continue
		}
		first, _, _ := strings.Cut(key, " ")
		v.starts[first] = append(v.starts[first], prefixName{key, s.Name})
	}
	v.parts[s.Name], v.software[s.Name] = s.Part, s.Software
	return nil
}

// canonical returns the one spelling of a maker's name. An unknown name loses
// its legal form and shouting.
func (v *vendorNames) canonical(name string) string {
	if known := v.named(name); known != "" {
		return known
	}
	if vendorKey(name) == "" {
		return ""
	}
	return tidy(name)
}

// begins returns the maker that the first words of a text name, "" if they
// name none.
func (v *vendorNames) begins(text string) string {
	const most = 4
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:/_-", r) })
	for n := min(len(words), most); n > 0; n-- {
		if known := v.named(strings.Join(words[:n], " ")); known != "" && !v.software[known] {
			return known
		}
	}
	return ""
}

// named returns the one spelling of a maker that is known, "" for others.
func (v *vendorNames) named(name string) string {
	key := vendorKey(name)
	if known, ok := v.exact[key]; ok {
		return known
	}
	first, _, _ := strings.Cut(key, " ")
	best := prefixName{}
	for _, p := range v.starts[first] {
		if len(p.prefix) > len(best.prefix) && (key == p.prefix || strings.HasPrefix(key, p.prefix+" ")) {
			best = p
		}
	}
	return best.name
}

// legalForms are the words that companies carry at the end of their names.
var legalForms = map[string]bool{
	"inc": true, "incorporated": true, "corp": true, "corporation": true, "co": true, "company": true, "ltd": true, "limited": true,
	"llc": true, "lp": true, "llp": true, "plc": true, "gmbh": true, "ag": true, "kg": true, "kgaa": true, "se": true, "sa": true,
	"sas": true, "sarl": true, "srl": true, "spa": true, "bv": true, "nv": true, "ab": true, "as": true, "aps": true, "oy": true,
	"oyj": true, "kk": true, "pty": true, "pte": true, "pvt": true, "private": true, "sro": true, "zoo": true, "sp": true,
	"mbh": true, "ev": true, "bhd": true, "sdn": true, "tbk": true, "pt": true, "doo": true, "kft": true, "the": true,
}

// vendorKey reduces a name to what tells makers apart: words in lower case
// without punctuation, legal forms at the end dropped.
func vendorKey(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case r == '.' || r == '\'' || r == '’':
			// "S.p.A." and "Bio's" are one word each.
		default:
			b.WriteByte(' ')
		}
	}
	fields := strings.Fields(b.String())
	for len(fields) > 1 && legalForms[fields[len(fields)-1]] {
		fields = fields[:len(fields)-1]
	}
	return strings.Join(fields, " ")
}

// tidy drops legal forms from the end of a name and lowers names that shout.
func tidy(name string) string {
	fields := strings.Fields(strings.ReplaceAll(name, ",", ", "))
	for len(fields) > 1 {
		last := vendorKey(fields[len(fields)-1])
		if last != "" && !legalForms[last] {
			break
		}
		fields = fields[:len(fields)-1]
	}
	tidied := strings.TrimRight(strings.Join(fields, " "), " ,;")
	if len(fields) == 1 && len(tidied) <= 4 || tidied != strings.ToUpper(tidied) {
		return tidied
	}
	var words []string
	for _, w := range strings.Fields(strings.ToLower(tidied)) {
		r := []rune(w)
		r[0] = unicode.ToUpper(r[0])
		words = append(words, string(r))
	}
	return strings.Join(words, " ")
}
