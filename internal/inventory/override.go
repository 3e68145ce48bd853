package inventory

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cordonhq/cordon"
)

// ErrUnknownDevice is returned for the id of no device.
var ErrUnknownDevice = errors.New("there is no such device")

// criticalities are the values that a person may choose.
var criticalities = []cordon.Criticality{cordon.LifeSustaining, cordon.CareCritical, cordon.CareSupporting, cordon.NonClinical}

// Override replaces what people said of a device, or of the one that it turned
// out to be, by o and returns the device as it then is. It returns an error that wraps ErrUnknownDevice, or one that
// says which field has no valid value.
func (v *Inventory) Override(id cordon.DeviceID, o cordon.Override) (cordon.Device, error) {
	d := v.named(id)
	if d == nil {
		return cordon.Device{}, fmt.Errorf("override %q: %w", id, ErrUnknownDevice)
	}
	id = d.id
	if err := checkOverride(&o); err != nil {
		return cordon.Device{}, fmt.Errorf("override %q: %w", id, err)
	}
	if o == (cordon.Override{}) {
		delete(v.overrides, id)
	} else {
		v.overrides[id] = o
	}
	v.touch(d)
	return v.build(d), nil
}

func checkOverride(o *cordon.Override) error {
	if o.Kind != nil {
		if _, err := cordon.ParseKind(string(*o.Kind)); err != nil {
			return fmt.Errorf("kind: %w", err)
		}
	}
	if o.Criticality != nil && !slices.Contains(criticalities, *o.Criticality) {
		return fmt.Errorf("criticality: %q is none of %v", *o.Criticality, criticalities)
	}
	states := []cordon.InUse{cordon.InUseUnknown, cordon.InUseYes, cordon.InUseNo}
	if o.InUse != nil && !slices.Contains(states, *o.InUse) {
		return fmt.Errorf("in_use: %q is none of %v", *o.InUse, states)
	}
	return nil
}

// inherit hands what people said of a device to the one that it turned out to
// be; where both were spoken of, what was said of the latter stays.
func (v *Inventory) inherit(old, into cordon.DeviceID) {
	from, ok := v.overrides[old]
	if !ok || into == "" {
		return
	}
	delete(v.overrides, old)
	to := v.overrides[into]
	fill(&to.Name, from.Name)
	fill(&to.Vendor, from.Vendor)
	fill(&to.Kind, from.Kind)
	fill(&to.Model, from.Model)
	fill(&to.Function, from.Function)
	fill(&to.Criticality, from.Criticality)
	fill(&to.Location, from.Location)
	fill(&to.InUse, from.InUse)
	v.overrides[into] = to
	v.touch(v.devices[into])
}

func fill[T any](to **T, from *T) {
	if *to == nil {
		*to = from
	}
}

// lay completes a device by the defaults of its kind, and lays what people
// said over all.
func (v *Inventory) lay(d *cordon.Device) {
	o := v.overrides[d.ID]
	say(d, cordon.AttrVendor, &d.Vendor, o.Vendor)
	if o.Kind != nil {
		kind := string(*o.Kind)
		old := string(d.Kind)
		say(d, cordon.AttrKind, &old, &kind)
		d.Kind, d.Confidence = *o.Kind, 1
	}
	say(d, cordon.AttrModel, &d.Model, o.Model)
	d.Name = bestName(d)
	say(d, cordon.AttrName, &d.Name, o.Name)

	info := d.Kind.Info()
	d.Care = cordon.Care{Function: info.Function, Criticality: info.Criticality, InUse: cordon.InUseUnknown, Overridden: []string{}}
	set(&d.Care.Function, o.Function)
	set(&d.Care.Criticality, o.Criticality)
	set(&d.Care.Location, o.Location)
	set(&d.Care.InUse, o.InUse)
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"name", o.Name != nil}, {"vendor", o.Vendor != nil}, {"kind", o.Kind != nil}, {"model", o.Model != nil},
		{"function", o.Function != nil}, {"criticality", o.Criticality != nil}, {"location", o.Location != nil}, {"in_use", o.InUse != nil},
	} {
		if f.set {
			d.Care.Overridden = append(d.Care.Overridden, f.name)
		}
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// say lays a person's word over an attribute, its claim and its evidence.
func say(d *cordon.Device, a cordon.Attribute, to *string, said *string) {
	if said == nil {
		return
	}
	*to = *said
	d.Claims = slices.DeleteFunc(d.Claims, func(c cordon.Claim) bool { return c.Attribute == a })
	d.Claims = append(d.Claims, cordon.Claim{Attribute: a, Value: *said, Confidence: 1})
	slices.SortStableFunc(d.Claims, func(x, y cordon.Claim) int {
		return slices.Index(cordon.Attributes, x.Attribute) - slices.Index(cordon.Attributes, y.Attribute)
	})
	d.Evidence = append([]cordon.Evidence{{
		Source: "person", Field: string(a), Value: *said, Says: a, Claim: *said, Weight: 1, Rule: "override", First: d.LastSeen,
	}}, d.Evidence...)
}
