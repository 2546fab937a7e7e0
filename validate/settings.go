package validate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/validate/phone"
)

// Validate reports the first setting that no row could be right under: a
// region that libphonenumber does not know, a default value for a field that
// has none or that breaks the field's own rule, an added field without a name
// or with the name of another.
func (r *Rules) Validate() error {
	if r.PhoneRegion != "" && r.PhoneRegion != RegionColumn && !phone.IsRegion(r.PhoneRegion) {
		return fmt.Errorf("phone region is not a two-letter country code in capitals, such as DE, nor the word column")
	}
	fields := Fields()
	for _, name := range slices.Sorted(maps.Keys(r.Defaults)) {
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
		if i < 0 || !fields[i].Defaultable {
			return fmt.Errorf("field %q cannot have a default value: only %s can", name, strings.Join(DefaultableFields(), ", "))
		}
	}
	if p, bad := r.defaultFault(); bad {
		return fmt.Errorf("default value of %s %s", p.Field, p.Message)
	}
	if err := r.Values.check(); err != nil {
		return err
	}
	for i, name := range r.Extra {
		switch {
		case name == "":
			return fmt.Errorf("added field %d has no name", i+1)
		case slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name }):
			return fmt.Errorf("added field %q is one of the partner's own fields: map its column instead", name)
		case slices.Contains(r.Extra[:i], name):
			return fmt.Errorf("added field %q is given twice", name)
		}
	}
	return nil
}

// defaultFault checks the default values by the rules of their fields.
func (r *Rules) defaultFault() (Problem, bool) {
	only := Rules{Defaults: r.Defaults}
	for _, p := range only.Check(Raw{Email: "a@b.cd"}).Problems {
		if r.Defaults[p.Field] != "" && !p.Warning {
			return p, true
		}
	}
	return Problem{}, false
}
