package identify

import (
	_ "embed"
	"encoding/json"
)

// builtin is the content of rules/*.yaml, read and checked: reading YAML and
// checking expressions takes far longer than everything else that a short run
// of the program does. A test renews it, and fails if it is not what the files
// say.
//
//go:generate go test -run TestBuiltinIsWhatTheFilesSay -update .
//go:embed builtin.json
var builtin []byte

// checkedRules are rules whose files have been read without fault.
type checkedRules struct {
	ruleFile
	// Literals holds what requiredLiteral says of each expression.
	Literals map[string]string `json:"literals"`
}

func (s *ruleSet) addBuiltin() error {
	var f checkedRules
	if err := json.Unmarshal(builtin, &f); err != nil {
		return err
	}
	for i := range f.Vendors {
		if err := s.vendors.add(&f.Vendors[i]); err != nil {
			return err
		}
	}
	c := compiler{vendors: &s.vendors, literals: f.Literals}
	for i := range f.Rules {
		compiled, err := c.rule(&f.Rules[i])
		if err != nil {
			return err
		}
		s.put(f.Rules[i].ID, compiled)
	}
	return nil
}
