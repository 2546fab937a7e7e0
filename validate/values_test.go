package validate

import (
	"strings"
	"testing"
)

func TestValues(t *testing.T) {
	v := Values{}
	for _, add := range [][3]string{
		{FieldTerms, " Ja ", "true"}, {FieldTerms, "x", "TRUE"}, {FieldTerms, "O\u0308K", "yes"}, {FieldCountryCode, "Deutschland", "DE"}, {FieldProgram, "Custody", "custodial"},
	} {
		if err := v.Add(add[0], add[1], add[2]); err != nil {
			t.Fatal(add, err)
		}
	}
	rules := &Rules{Values: v}
	if err := rules.Validate(); err != nil {
		t.Fatal(err)
	}
	for cell, isGood := range map[string]bool{"ja": true, "JA": true, "\u00a0ja\t": true, "x": true, "\u00d6k": true, "ja, aber": false, "nein": false, "": false, "jaja": false, "xx": false} {
		raw := sound()
		raw.Terms, raw.CountryCode, raw.Program = cell, "deutschland", "custody"
		raw.PhoneNumber = "+4915123456789"
		if r := rules.Check(raw); r.Valid() != isGood || isGood && (r.User.CountryCode != "DE" || r.User.Program != custodial || !r.User.Terms) {
			t.Errorf("%q: %v %+v", cell, findings(r), r.Valid())
		}
	}
	if rules.RowCountry("DEUTSCHLAND ") != "DE" {
		t.Error("the country of a row is not that of its word")
	}
}

// What a word cannot mean is refused, and the refusal names no word.
func TestValuesRefused(t *testing.T) {
	for _, tt := range []struct{ field, from, to, says string }{
		{FieldTerms, "*", "true", "word by word"},
		{FieldTerms, "j*", "true", "word by word"},
		{FieldTerms, "", "true", "empty cell"},
		{FieldTerms, "  ", "true", "empty cell"},
		{FieldTerms, "nein", "true", "says no"},
		{FieldTerms, "No", "true", "says no"},
		{FieldTerms, "n/a", "true", "says no"},
		{FieldTerms, "ja", "false", "can only mean true"},
		{FieldTerms, "ja", "ja", "can only mean true"},
		{FieldEmail, "secret", "b@c.de", "cannot be given a meaning"},
		{FieldPhoneNumber, "secret", "+1", "cannot be given a meaning"},
		{FieldIPAddress, "secret", "203.0.113.1", "cannot be given a meaning"},
		{"height", "secret", "b", "cannot be given a meaning"},
		{FieldCountryCode, "secret", "", "needs a meaning"},
	} {
		err := Values{}.Add(tt.field, tt.from, tt.to)
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s:%s=%s: %v", tt.field, tt.from, tt.to, err)
		}
	}
	v := Values{}
	_ = v.Add(FieldCountryCode, "D", "DE")
	if err := v.Add(FieldCountryCode, "d", "DK"); err == nil {
		t.Error("one word has two meanings")
	}
	for _, to := range []string{"Germany", "IR"} {
		if err := (&Rules{Values: Values{FieldCountryCode: {"x": to}}}).Validate(); err == nil {
			t.Errorf("a word means %s", to)
		}
	}
	if err := (&Rules{Values: Values{FieldCountryCode: {"x": "DE", "de": "AT"}}}).Validate(); err == nil {
		t.Error("a meaning has another meaning")
	}
}

func TestPhoneOfTheRow(t *testing.T) {
	rules := &Rules{PhoneRegion: RegionColumn}
	if err := rules.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ phone, country, want string }{
		{"0151 23456789", "DE", "+4915123456789"}, {"06 12 34 56 78", "FR", "+33612345678"}, {"0802 123 4567", "NG", "+2348021234567"},
		{"0151 23456789", "", ""}, {"0151 23456789", "AQ", ""}, {"+33612345678", "DE", "+33612345678"}, {"0033612345678", "DE", "+33612345678"},
	} {
		raw := sound()
		raw.PhoneNumber, raw.CountryCode = tt.phone, tt.country
		if r := rules.Check(raw); r.User.PhoneNumber != tt.want {
			t.Errorf("%s in %s: %q, want %q: %v", tt.phone, tt.country, r.User.PhoneNumber, tt.want, r.Problems)
		}
	}
}

// The cells by name are those of the table of fields.
func TestCellOf(t *testing.T) {
	var raw Raw
	for _, f := range Fields() {
		if raw.cellOf(f.Name) != f.Cell(&raw) {
			t.Errorf("%s has the wrong cell", f.Name)
		}
	}
	if raw.cellOf("height") != nil {
		t.Error("a name that is no field has a cell")
	}
}
