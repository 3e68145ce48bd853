package identify

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cordonhq/cordon"
)

// Identity is what facts make believe of a device.
type Identity struct {
	Vendor, Model, OS, Software string
	// Kind is cordon.KindUnknown if nothing speaks for any.
	Kind cordon.Kind
	// Names are the names that the device goes by, the surest first.
	Names []string
	// Confidence is that of Kind if it is known, else of the surest attribute.
	Confidence float64
	Claims     []cordon.Claim
	Evidence   []cordon.Evidence
}

// Bounds of what is worth telling.
const (
	// certain is the most that evidence alone can reach; only a person's word
	// is beyond doubt.
	certain = 0.99
	// slight is the least confidence that is believed.
	slight = 0.1
	// maxEvidence bounds the evidence told, weightiest first.
	maxEvidence = 64
	maxNames    = 8
)

// Identify weighs facts. The order of facts does not matter.
//
// Details from one source are not independent: of those that make the same
// claim, the weightiest counts. Sources are taken to be independent of one
// another, so that a claim w is believed with 1 − Π(1 − w) over them. Claims
// that contradict each other compete: each is as likely as that it is true and
// all others are not, against the chance that none is.
func (r *Rules) Identify(facts []Fact) Identity {
	var evidence []cordon.Evidence
	for _, f := range facts {
		b := r.index[indexKey{f.Source, f.Field}]
		if b == nil {
			continue
		}
		for _, s := range r.match(b, f.Value) {
			if !s.rule.applies(facts) {
				continue
			}
			for _, c := range s.claims {
				evidence = append(evidence, r.evidence(f, s.rule, c))
			}
		}
	}
	slices.SortFunc(evidence, compareEvidence)
	evidence = slices.CompactFunc(evidence, func(a, b cordon.Evidence) bool {
		return a.Source == b.Source && a.Field == b.Field && a.Value == b.Value && a.Says == b.Says && a.Claim == b.Claim
	})
	id := Identity{Kind: cordon.KindUnknown}
	for _, attribute := range cordon.Attributes {
		believed := weigh(attribute, evidence)
		if len(believed) == 0 || believed[0].Confidence < slight {
			continue
		}
		id.take(attribute, believed)
	}
	id.Evidence = strongest(evidence, &id)
	return id
}

// evidence makes the readable link from a fact to a claim.
func (r *Rules) evidence(f Fact, by *rule, c cordon.Claim) cordon.Evidence {
	weight := c.Confidence
	if f.Source == "oui" && c.Attribute == cordon.AttrVendor && r.vendors.parts[c.Value] {
		weight /= 2
	}
	return cordon.Evidence{
		Source: f.Source, Field: f.Field, Value: f.Value, Says: c.Attribute, Claim: c.Value,
		Weight: weight, Rule: by.id, First: time.Unix(0, f.First).UTC(),
	}
}

// compareEvidence orders by weight, then by all that tells pieces apart, so
// that the same facts always give the same order.
func compareEvidence(a, b cordon.Evidence) int {
	return cmp.Or(
		cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Field, b.Field),
		cmp.Compare(a.Value, b.Value), cmp.Compare(a.Says, b.Says), cmp.Compare(a.Claim, b.Claim),
		a.First.Compare(b.First), cmp.Compare(a.Rule, b.Rule),
	)
}

// take notes what an attribute is believed to be.
func (id *Identity) take(attribute cordon.Attribute, believed []cordon.Claim) {
	best := believed[0]
	id.Claims = append(id.Claims, best)
	switch {
	case attribute == cordon.AttrKind:
		id.Confidence = best.Confidence
	case attribute != cordon.AttrName && id.Kind == cordon.KindUnknown:
		id.Confidence = max(id.Confidence, best.Confidence)
	}
	switch attribute {
	case cordon.AttrVendor:
		id.Vendor = best.Value
	case cordon.AttrKind:
		id.Kind = cordon.Kind(best.Value)
	case cordon.AttrModel:
		id.Model = best.Value
	case cordon.AttrOS:
		id.OS = best.Value
	case cordon.AttrSoftware:
		id.Software = best.Value
	case cordon.AttrName:
		for _, c := range believed[:min(len(believed), maxNames)] {
			id.Names = append(id.Names, c.Value)
		}
	}
}

// strongest keeps the weightiest evidence, and of each attribute's own claim
// at least one piece.
func strongest(evidence []cordon.Evidence, id *Identity) []cordon.Evidence {
	if len(evidence) <= maxEvidence {
		return evidence
	}
	kept := slices.Clone(evidence[:maxEvidence])
	for _, c := range id.Claims {
		speaks := func(e cordon.Evidence) bool { return e.Says == c.Attribute && strings.EqualFold(e.Claim, c.Value) }
		if slices.ContainsFunc(kept, speaks) {
			continue
		}
		if i := slices.IndexFunc(evidence, speaks); i >= 0 {
			kept = append(kept, evidence[i])
		}
	}
	return kept
}

// candidate is one value that an attribute may have.
type candidate struct {
	value   string
	folded  string
	weights map[string]float64 // by source
	belief  float64
}

// weigh returns what an attribute may be, the surest first.
func weigh(attribute cordon.Attribute, evidence []cordon.Evidence) []cordon.Claim {
	candidates := gather(attribute, evidence)
	candidates = absorb(attribute, candidates)
	for _, c := range candidates {
		doubt := 1.0
		for _, source := range sortedKeys(c.weights) {
			doubt *= 1 - c.weights[source]
		}
		c.belief = 1 - doubt
	}
	if attribute != cordon.AttrSoftware && attribute != cordon.AttrName {
		compete(candidates)
	}
	claims := make([]cordon.Claim, 0, len(candidates))
	for _, c := range candidates {
		claims = append(claims, cordon.Claim{Attribute: attribute, Value: c.value, Confidence: round(min(c.belief, certain))})
	}
	slices.SortStableFunc(claims, func(a, b cordon.Claim) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Value, b.Value))
	})
	return claims
}

// round keeps three digits: more would pretend.
func round(p float64) float64 { return float64(int(p*1000+0.5)) / 1000 }

// gather collects the candidates in the order of their weightiest evidence.
func gather(attribute cordon.Attribute, evidence []cordon.Evidence) []*candidate {
	var all []*candidate
	byValue := map[string]*candidate{}
	for i := range evidence {
		e := &evidence[i]
		if e.Says != attribute {
			continue
		}
		folded := strings.ToLower(e.Claim)
		c := byValue[folded]
		if c == nil {
			c = &candidate{value: e.Claim, folded: folded, weights: map[string]float64{}}
			byValue[folded] = c
			all = append(all, c)
		}
		c.weights[e.Source] = max(c.weights[e.Source], e.Weight)
	}
	return all
}

// absorb has the general support the special: that something is a server does
// not speak against a database server, nor "Windows" against "Windows 10". The
// general claim lends half its weight and stands back.
func absorb(attribute cordon.Attribute, all []*candidate) []*candidate {
	const lent = 0.5
	kept := make([]*candidate, 0, len(all))
	type loan struct {
		to   *candidate
		from map[string]float64
	}
	var loans []loan
	for _, general := range all {
		absorbed := false
		for _, special := range all {
			if special != general && includes(attribute, general.folded, special.folded) && strength(special) >= strength(general)/3 {
				loans = append(loans, loan{special, general.weights})
				absorbed = true
			}
		}
		if !absorbed {
			kept = append(kept, general)
		}
	}
	for _, l := range loans {
		for source, w := range l.from {
			l.to.weights[source] = max(l.to.weights[source], w*lent)
		}
	}
	return kept
}

func strength(c *candidate) float64 {
	best := 0.0
	for _, w := range c.weights {
		best = max(best, w)
	}
	return best
}

// includes reports whether general is a class that special belongs to.
func includes(attribute cordon.Attribute, general, special string) bool {
	switch attribute {
	case cordon.AttrKind:
		return slices.Contains(wider[cordon.Kind(special)], cordon.Kind(general))
	case cordon.AttrOS, cordon.AttrModel, cordon.AttrSoftware:
		rest, ok := strings.CutPrefix(special, general)
		return ok && rest != "" && strings.ContainsRune(" /-(.", rune(rest[0]))
	default:
		return false
	}
}

// compete sets each belief to how likely the candidate is the one true value.
// Nobody else being true is a factor that all share but one's own.
func compete(all []*candidate) {
	none := 1.0
	for _, c := range all {
		none *= 1 - c.belief
	}
	total := none
	odds := make([]float64, len(all))
	for i, c := range all {
		odds[i] = none * c.belief / max(1-c.belief, 1e-9)
		total += odds[i]
	}
	for i, c := range all {
		if total > 0 {
			c.belief = odds[i] / total
		}
	}
}

func sortedKeys(m map[string]float64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
