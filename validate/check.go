package validate

import "strings"

// Check applies every rule to one row and reports all of its problems at once.
// It keeps nothing, so that one Rules serves any number of goroutines as long
// as nobody changes it. A Raw.Extra shorter than Rules.Extra has empty cells.
//
// Checking the values of the User once more gives the same User.
func (r *Rules) Check(raw Raw) Result {
	c := checking{rules: r, raw: raw}
	if raw.Email == "" && isBarelyFilled(raw) {
		c.bad("", CodeNoCustomer, "holds next to nothing of a customer, as a total or a remark below a list does. delete the row, or fill it in")
		return Result{Problems: c.problems}
	}
	country := r.RowCountry(raw.CountryCode)
	c.rowCountry = country
	var u User
	var identity string
	u.FirstName = c.name(FieldFirstName, raw.FirstName, raw.LastName)
	u.LastName = c.name(FieldLastName, raw.LastName, raw.FirstName)
	c.wholeNames(u.FirstName, u.LastName)
	u.Email, identity = c.email(raw.Email)
	u.PhoneNumber = c.phone(raw.PhoneNumber, country)
	u.AccountPurpose = c.purpose(raw.AccountPurpose)
	u.IPAddress = c.ip(raw.IPAddress)
	u.Terms = c.terms(raw.Terms)
	u.Program = c.program(raw.Program)
	u.WalletAddress = c.wallet(raw.WalletAddress, u.Program)
	u.RedirectURL = c.redirect(raw.RedirectURL)
	u.Address = c.part(FieldAddress, raw.Address)
	u.City = c.part(FieldCity, raw.City)
	u.Region = c.part(FieldRegion, raw.Region)
	u.PostalCode = c.postal(raw.PostalCode, country)
	u.CountryCode = c.country(raw.CountryCode)
	u.Extra = c.extra(raw.Extra)
	return Result{User: u, Identity: identity, Problems: append(c.problems, c.warnings...), Changes: c.changes}
}

// isBarelyFilled reports whether a row without an e-mail has at most one of the
// fields that every customer needs. A short number, such as the count beside the word
// total, fills none. What such a row lacks is not worth a list.
func isBarelyFilled(raw Raw) bool {
	filled := 0
	for _, f := range fields() {
		if !f.Required {
			continue
		}
		if v := strings.TrimSpace(*f.Cell(&raw)); v != "" && (len(v) > 6 || strings.Trim(v, "0123456789.,") != "") {
			filled++
		}
	}
	return filled <= 1
}

// checking is one Check under way.
type checking struct {
	rules      *Rules
	raw        Raw
	rowCountry string // that the row names, "" if it names none
	problems   []Problem
	warnings   []Problem
	changes    []Change
}

// bad notes what makes the row invalid. Messages have the form "what is wrong.
// what to do", without the value.
func (c *checking) bad(field, code, message string) {
	c.problems = append(c.problems, Problem{Field: field, Code: code, Message: message})
}

// warn notes what is accepted but worth saying.
func (c *checking) warn(field, code, message string) {
	c.warnings = append(c.warnings, Problem{Field: field, Code: code, Message: message, Warning: true})
}

// changed notes a normalisation.
func (c *checking) changed(field, kind string) {
	c.changes = append(c.changes, Change{Field: field, Kind: kind})
}
