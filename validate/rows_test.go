package validate

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

// sound is a row without any problem.
func sound() Raw {
	return Raw{
		FirstName: "Jane", LastName: "Doe", Email: "jane@company.com", PhoneNumber: "+14155552671",
		AccountPurpose: "personal use", IPAddress: "203.0.113.42", Terms: "TRUE", Program: "custodial",
	}
}

// cell is the cell of a row by its canonical name.
func cell(t testing.TB, raw *Raw, field string) *string {
	t.Helper()
	table := Fields()
	i := slices.Index(table.Names(), field)
	if i < 0 {
		t.Fatalf("no field %q", field)
	}
	return table[i].Cell(raw)
}

// userRaw writes a user back into cells.
func userRaw(r *Rules, u User) Raw {
	raw := Raw{
		FirstName: u.FirstName, LastName: u.LastName, Email: u.Email, PhoneNumber: u.PhoneNumber,
		AccountPurpose: u.AccountPurpose, IPAddress: u.IPAddress, Terms: "TRUE", Program: u.Program,
		WalletAddress: u.WalletAddress, RedirectURL: u.RedirectURL, Address: u.Address, City: u.City,
		Region: u.Region, PostalCode: u.PostalCode, CountryCode: u.CountryCode,
	}
	for _, name := range r.Extra {
		value := ""
		if i := slices.IndexFunc(u.Extra, func(e Extra) bool { return e.Name == name }); i >= 0 {
			value = u.Extra[i].Value
		}
		raw.Extra = append(raw.Extra, value)
	}
	return raw
}

// sent is what goes out for a field.
func sent(t testing.TB, u User, field string) string {
	t.Helper()
	raw := userRaw(&Rules{}, u)
	return *cell(t, &raw, field)
}

// findings are a result's problems as "field:code", warnings as
// "warn:field:code", without those that are foretold.
func findings(r Result) []string {
	var all []string
	for _, p := range r.Problems {
		if p.Code == CodeForetold {
			continue
		}
		s := p.Field + ":" + p.Code
		if p.Warning {
			s = "warn:" + s
		}
		all = append(all, s)
	}
	return all
}

// holds checks what is true of every result whatever the row.
func holds(t testing.TB, rules *Rules, raw Raw, r Result) {
	t.Helper()
	known := map[string]bool{}
	for _, c := range Codes() {
		known[c.Code] = c.Warning
	}
	warned := false
	for _, p := range r.Problems {
		if warning, ok := known[p.Code]; !ok || warning != p.Warning {
			t.Errorf("code %q (warning %v) is not listed so", p.Code, p.Warning)
		}
		if strings.ContainsFunc(p.Message, func(r rune) bool { return r == ';' || unicode.IsControl(r) }) || len(p.Message) < 10 {
			t.Errorf("%s: message not fit for a list: %q", p.Code, p.Message)
		}
		if !p.Warning && warned {
			t.Errorf("a problem stands behind a warning: %v", findings(r))
		}
		warned = p.Warning
	}
	if again, ok := Identity(raw.Email); r.Identity != "" && (!ok || again != r.Identity) {
		t.Errorf("Check has another identity than Identity")
	}
	if !r.Valid() {
		return
	}
	second := rules.Check(userRaw(rules, r.User))
	if !second.Valid() || len(second.Changes) > 0 || second.Identity != r.Identity || !slices.Equal(second.User.Extra, r.User.Extra) {
		t.Errorf("checked again: %v %v", findings(second), second.Changes)
	}
	a, b := userRaw(rules, r.User), userRaw(rules, second.User)
	for _, f := range Fields() {
		if *cell(t, &a, f.Name) != *cell(t, &b, f.Name) {
			t.Errorf("checked again, %s is another", f.Name)
		}
	}
}
