package validate

import "strings"

// Check applies every rule to one row and returns all of its problems at once. It
// keeps nothing: any number of goroutines may use one Rules that does not change. A
// Raw.Extra shorter than Rules.Extra has empty cells.
//
// Checking the values of the User again returns the same User.
func (r *Rules) Check(raw Raw) Result {
	res := r.CheckPresent(raw)
	if !res.Valid() {
		r.foretell(raw, &res)
	}
	return res
}

// CheckPresent is Check without what is foretold.
func (r *Rules) CheckPresent(raw Raw) Result {
	c := r.newRowCheck(raw)
	raw = c.raw
	if raw.Email == "" && isBarelyFilled(raw) {
		c.addProblem("", CodeNoCustomer, "looks like a total or a remark, not like a customer. Delete the row, or fill it in")
		return Result{Problems: c.problems}
	}
	country := c.rowCountry
	var u User
	var identity string
	u.FirstName = c.checkName(FieldFirstName, raw.FirstName, raw.LastName)
	u.LastName = c.checkName(FieldLastName, raw.LastName, raw.FirstName)
	c.compareNames(u.FirstName, u.LastName)
	u.Email, identity = c.checkEmail(raw.Email)
	u.PhoneNumber = c.checkPhone(raw.PhoneNumber, country)
	u.AccountPurpose = c.checkPurpose(raw.AccountPurpose)
	u.IPAddress = c.checkIP(raw.IPAddress)
	u.Terms = c.checkTerms(raw.Terms)
	u.Program = c.checkProgram(raw.Program)
	u.WalletAddress = c.checkWallet(raw.WalletAddress, u.Program)
	u.RedirectURL = c.checkRedirect(raw.RedirectURL)
	u.Address = c.checkAddressPart(FieldAddress, raw.Address)
	u.City = c.checkAddressPart(FieldCity, raw.City)
	u.Region = c.checkAddressPart(FieldRegion, raw.Region)
	u.PostalCode = c.checkPostalCode(raw.PostalCode, country)
	u.CountryCode = c.checkCountry(raw.CountryCode)
	u.Extra = c.checkExtra(raw.Extra)
	return Result{User: u, Identity: identity, Problems: append(c.problems, c.warnings...), Changes: c.changes}
}

// newRowCheck begins to check a row: it gives the sender's words their meanings.
func (r *Rules) newRowCheck(raw Raw) rowCheck {
	c := rowCheck{rules: r, raw: raw}
	if len(r.Values) > 0 {
		r.Values.read(&c.raw, func(field string) { c.addChange(field, "value") })
	}
	c.rowCountry = r.RowCountry(c.raw.CountryCode)
	return c
}

// isBarelyFilled reports whether a row without an e-mail has at most one of the
// fields that every customer needs. A short number, such as the count beside the word
// total, fills none. What such a row lacks is not worth a list.
func isBarelyFilled(raw Raw) bool {
	filled := 0
	for i := range fieldsOnce() {
		f := &fieldsOnce()[i]
		if !f.Required {
			continue
		}
		if v := strings.TrimSpace(*f.Cell(&raw)); v != "" && (len(v) > 6 || strings.Trim(v, "0123456789.,") != "") {
			filled++
		}
	}
	return filled <= 1
}

// rowCheck is the state of one Check.
type rowCheck struct {
	rules      *Rules
	raw        Raw
	rowCountry string // of the row, "" if it has no sound one
	problems   []Problem
	warnings   []Problem
	changes    []Change
}

// addProblem adds what makes the row invalid. Messages have the form "what is
// wrong. what to do", without the value.
func (c *rowCheck) addProblem(field, code, message string) {
	c.problems = append(c.problems, Problem{Field: field, Code: code, Message: message})
}

// addWarning adds what is accepted but worth a look.
func (c *rowCheck) addWarning(field, code, message string) {
	c.warnings = append(c.warnings, Problem{Field: field, Code: code, Message: message, Warning: true})
}

// addChange adds a normalisation.
func (c *rowCheck) addChange(field, kind string) {
	c.changes = append(c.changes, Change{Field: field, Kind: kind})
}
