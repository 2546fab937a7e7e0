package validate

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The table has every member of Raw and of User, and each of its accessors gives
// its own.
func TestFieldsAreTheMembers(t *testing.T) {
	var raw Raw
	var user User
	var tags []string
	cells, values := reflect.ValueOf(&raw).Elem(), reflect.ValueOf(&user).Elem()
	for i := range cells.NumField() {
		if tag := cells.Type().Field(i).Tag.Get("csv"); tag != "-" {
			tags = append(tags, tag)
			cells.Field(i).SetString(tag)
		}
	}
	for i, tag := range tags {
		if tag != FieldTerms {
			values.Field(i).SetString(tag)
		}
	}
	table := Fields()
	if names := table.Names(); !slices.Equal(tags, names) || !slices.Equal(table.Cells(&raw), names) {
		t.Errorf("Raw has %v, the table %v with cells %v", tags, names, table.Cells(&raw))
	}
	if values.NumField() != len(table)+1 { // and Extra
		t.Errorf("User has %d members, the table %d fields", values.NumField(), len(table))
	}
	for _, f := range table {
		if got := f.Value(&user); got != f.Name && (f.Name != FieldTerms || got != "false" || !f.IsBool) {
			t.Errorf("the value of %s is %q", f.Name, got)
		}
	}
}

// The details of earlier versions are compared with those of now: their names may not
// change.
func TestDetailNames(t *testing.T) {
	want := []string{"firstName", "lastName", "phoneNumber", "accountPurpose", "ipAddress", "program",
		"walletAddress", "redirectUrl", "address", "city", "region", "postalCode", "countryCode", "extra"}
	var got []string
	for name := range Fields().Details(&User{}) {
		got = append(got, name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAliasesNameOneField(t *testing.T) {
	owner := map[string]string{}
	for _, f := range Fields() {
		if f.Rule == "" || f.Example == "" {
			t.Errorf("%s: no rule or no example", f.Name)
		}
		if !slices.Contains(f.Aliases(), strings.ToLower(f.Name)) {
			t.Errorf("%s: its own name is no alias", f.Name)
		}
		for _, a := range f.Aliases() {
			if strings.Trim(a, "abcdefghijklmnopqrstuvwxyzß0123456789") != "" {
				t.Errorf("%s: alias %q has more than lower-case letters without accents and digits", f.Name, a)
			}
			if other, ok := owner[a]; ok {
				t.Errorf("alias %q is of %s and of %s", a, other, f.Name)
			}
			owner[a] = f.Name
		}
	}
}

func TestExamplesPass(t *testing.T) {
	var raw Raw
	for _, f := range Fields() {
		*cell(t, &raw, f.Name) = f.Example
	}
	if r := new(Rules).Check(raw); len(r.Problems) > 0 || len(r.Changes) > 1 {
		t.Errorf("got %v %v", r.Problems, r.Changes)
	}
	raw.FirstName = ExampleFirstName
	if got := findings(new(Rules).Check(raw)); !slices.Equal(got, []string{"firstName:example_row"}) {
		t.Errorf("the template's row: got %v", got)
	}
}

func TestDefaultableFields(t *testing.T) {
	want := []string{"accountPurpose", "ipAddress", "program", "redirectUrl", "address", "city", "region", "postalCode", "countryCode"}
	if got := DefaultableFields(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRulesValidate(t *testing.T) {
	for _, c := range []struct {
		rules Rules
		want  string // part of the error, "" for none
	}{
		{Rules{}, ""},
		{Rules{PhoneRegion: "DE", PhonePlus: true, Live: true, Extra: []string{"nationality"}}, ""},
		{Rules{Defaults: map[string]string{"accountPurpose": "savings", "ipAddress": "203.0.113.9", "program": "Non-Custodial", "countryCode": "de"}}, ""},
		{Rules{PhoneRegion: "de"}, "phone region"},
		{Rules{PhoneRegion: "XX"}, "phone region"},
		{Rules{Defaults: map[string]string{"email": "a@b.cd"}}, "cannot have a default"},
		{Rules{Defaults: map[string]string{FieldTerms: "TRUE"}}, "cannot have a default"},
		{Rules{Defaults: map[string]string{"programme": "custodial"}}, "cannot have a default"},
		{Rules{Defaults: map[string]string{"ipAddress": "10.0.0.1"}}, "ipAddress is a private address"},
		{Rules{Defaults: map[string]string{"redirectUrl": "http://x.de"}}, "redirectUrl is http"},
		{Rules{Extra: []string{""}}, "no name"},
		{Rules{Extra: []string{"email"}}, "partner's own"},
		{Rules{Extra: []string{"a", "a"}}, "twice"},
	} {
		err := c.rules.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.rules, err, c.want)
		}
	}
}

// A header that names a part of a field names no field, and a status is no
// value that a field's own rules could want.
func TestPartsAreNoAliases(t *testing.T) {
	aliases := map[string]string{}
	for _, f := range Fields() {
		for _, a := range f.Aliases() {
			aliases[a] = f.Name
		}
	}
	for _, f := range Fields() {
		seen := map[string]bool{}
		for _, header := range slices.Concat(f.Parts(), f.AdjacentParts(), f.Foreign()) {
			if aliases[header] != "" && !slices.Contains(f.Foreign(), header) || seen[header] || strings.Trim(header, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
				t.Errorf("%s: %q is twice, an alias of %q, or not written like one", f.Name, header, aliases[header])
			}
			seen[header] = true
		}
	}
}
