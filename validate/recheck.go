package validate

import (
	"cmp"
	"slices"
)

// Recheck is [Rules.CheckPresent] for a row that was checked before: by other rules,
// or with other cells, that differ in what they say of the changed fields only. It
// costs a fraction where those are the phone number, the terms or the country.
func (r *Rules) Recheck(raw Raw, before *Result, changed ...string) Result {
	if raw.Email == "" { // such a row may be no customer, and all its cells count
		return r.CheckPresent(raw)
	}
	c := r.newRowCheck(raw)
	u, redone := before.User, make([]string, 0, len(changed)+3)
	for _, field := range changed {
		switch field {
		case FieldPhoneNumber, FieldTerms:
			redone = append(redone, field)
		case FieldCountryCode: // which these are compared with
			redone = append(redone, FieldPhoneNumber, FieldCity, FieldPostalCode, FieldCountryCode)
		default:
			return r.CheckPresent(raw)
		}
	}
	c.changes = slices.DeleteFunc(c.changes, func(x Change) bool { return !slices.Contains(redone, x.Field) })
	if slices.Contains(redone, FieldPhoneNumber) {
		u.PhoneNumber = c.checkPhone(c.raw.PhoneNumber, c.rowCountry)
	}
	if slices.Contains(redone, FieldTerms) {
		u.Terms = c.checkTerms(c.raw.Terms)
	}
	if slices.Contains(redone, FieldCountryCode) {
		u.City = c.checkAddressPart(FieldCity, c.raw.City)
		u.PostalCode = c.checkPostalCode(c.raw.PostalCode, c.rowCountry)
		u.CountryCode = c.checkCountry(c.raw.CountryCode)
	}
	return before.replaceFields(redone, &c, u)
}

// replaceFields returns a result with what was said of some fields replaced.
func (r *Result) replaceFields(fields []string, c *rowCheck, u User) Result {
	changes := slices.DeleteFunc(slices.Clone(r.Changes), func(x Change) bool { return slices.Contains(fields, x.Field) })
	var problems, warnings []Problem
	for _, p := range r.Problems {
		switch {
		case slices.Contains(fields, p.Field), p.Code == CodeForetold:
		case p.Warning:
			warnings = append(warnings, p)
		default:
			problems = append(problems, p)
		}
	}
	problems = append(inFieldOrder(problems, c.problems), inFieldOrder(warnings, c.warnings)...)
	return Result{User: u, Identity: r.Identity, Problems: problems, Changes: append(changes, c.changes...)}
}

// inFieldOrder returns two lists of problems as one, in the order of the fields.
func inFieldOrder(a, b []Problem) []Problem {
	if len(a) == 0 || len(b) == 0 {
		return append(a, b...)
	}
	place := func(p Problem) int {
		return slices.IndexFunc(fieldsOnce(), func(f Field) bool { return f.Name == p.Field })
	}
	all := append(a, b...)
	slices.SortStableFunc(all, func(x, y Problem) int { return cmp.Compare(place(x), place(y)) })
	return all
}

// CheckShared returns the phone number and the wallet address of a user, as
// [Rules.Check] does, and no other field: those by which rows are compared with each
// other.
func (r *Rules) CheckShared(raw Raw) User {
	c := r.newRowCheck(raw)
	return User{PhoneNumber: c.checkPhone(c.raw.PhoneNumber, c.rowCountry), WalletAddress: c.checkWallet(c.raw.WalletAddress, "")}
}
