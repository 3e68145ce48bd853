package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordonhq/cordon"
)

// OverridePatch is a JSON merge patch (RFC 7396) of cordon.Override.
type OverridePatch struct {
	Name        Change[string]             `json:"name,omitzero" minLength:"1" maxLength:"100"`
	Vendor      Change[string]             `json:"vendor,omitzero" maxLength:"100"`
	Kind        Change[cordon.Kind]        `json:"kind,omitzero"`
	Model       Change[string]             `json:"model,omitzero" maxLength:"100"`
	Function    Change[string]             `json:"function,omitzero" maxLength:"100" doc:"Clinical function in a clinician's words"`
	Criticality Change[cordon.Criticality] `json:"criticality,omitzero"`
	Location    Change[string]             `json:"location,omitzero" maxLength:"100"`
	InUse       Change[cordon.InUse]       `json:"in_use,omitzero"`
}

// Apply returns o with the changes of p.
func (p OverridePatch) Apply(o cordon.Override) cordon.Override {
	p.Name.apply(&o.Name)
	p.Vendor.apply(&o.Vendor)
	p.Kind.apply(&o.Kind)
	p.Model.apply(&o.Model)
	p.Function.apply(&o.Function)
	p.Criticality.apply(&o.Criticality)
	p.Location.apply(&o.Location)
	p.InUse.apply(&o.InUse)
	return o
}

// Resolve refuses text that no person means to type.
func (p *OverridePatch) Resolve(_ huma.Context, prefix *huma.PathBuffer) []error {
	var errs []error
	for _, f := range []struct {
		name string
		text *Change[string]
	}{{"name", &p.Name}, {"vendor", &p.Vendor}, {"model", &p.Model}, {"function", &p.Function}, {"location", &p.Location}} {
		if strings.ContainsFunc(f.text.Value, unicode.IsControl) {
			errs = append(errs, &huma.ErrorDetail{
				Message: "must not contain control characters", Location: prefix.With(f.name), Value: f.text.Value,
			})
		}
		f.text.Value = strings.TrimSpace(f.text.Value)
	}
	if p.Name.Set && !p.Name.Null && p.Name.Value == "" {
		errs = append(errs, &huma.ErrorDetail{Message: "must not be blank: send null to take the name back", Location: prefix.With("name"), Value: ""})
	}
	return errs
}

// Change is one field of a merge patch: absent, null, or a value.
type Change[T ~string] struct {
	Set   bool // the field was in the patch
	Null  bool // and it was null
	Value T
}

// UnmarshalJSON is only called for fields that are in the patch.
func (c *Change[T]) UnmarshalJSON(b []byte) error {
	c.Set = true
	if bytes.Equal(b, []byte("null")) {
		c.Null = true
		return nil
	}
	return json.Unmarshal(b, &c.Value)
}

// MarshalJSON writes null or the value; an absent field is left out by its
// omitzero.
func (c Change[T]) MarshalJSON() ([]byte, error) {
	if c.Null {
		return []byte("null"), nil
	}
	return json.Marshal(c.Value)
}

// Schema is that of the value, or null.
func (Change[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), false, "")
	for s.Ref != "" {
		s = *r.SchemaFromRef(s.Ref)
	}
	s.Nullable = true
	if s.Enum != nil {
		s.Enum = append(append([]any{}, s.Enum...), nil)
	}
	return &s
}

func (c Change[T]) apply(to **T) {
	switch {
	case !c.Set:
	case c.Null:
		*to = nil
	default:
		v := c.Value
		*to = &v
	}
}
