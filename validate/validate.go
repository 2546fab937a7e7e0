// Package validate holds the field rules: the text of one row in, a normalised user
// and a list of problems out. It uses no files, network, clock or log, and everything
// in it may be used by any number of goroutines.
//
// Start at [Rules.Check]. The fields are in one table, [Fields]. The rules come from
// the partner's create-user page (v2). Where a rule has another source, its function
// names it.
package validate

// Raw is one row as the sheet has it, before any rule. The csv tags are the
// canonical field names; header matching translates the sender's headers to
// them. The zero value is a row of empty cells.
type Raw struct {
	FirstName      string `csv:"firstName"`
	LastName       string `csv:"lastName"`
	Email          string `csv:"email"`
	PhoneNumber    string `csv:"phoneNumber"`
	AccountPurpose string `csv:"accountPurpose"`
	IPAddress      string `csv:"ipAddress"`
	Terms          string `csv:"isTermsOfServiceAccepted"`
	Program        string `csv:"program"`
	WalletAddress  string `csv:"walletAddress"`
	RedirectURL    string `csv:"redirectUrl"`
	Address        string `csv:"address"`
	City           string `csv:"city"`
	Region         string `csv:"region"`
	PostalCode     string `csv:"postalCode"`
	CountryCode    string `csv:"countryCode"`

	// Extra holds the cells of the fields named by Rules.Extra, in that order.
	Extra []string `csv:"-"`
}

// Problem is one thing that is wrong, or worth a warning, in one field of one
// row. Message says what is wrong and what to do, holds no value of the row
// (it is shown in logs and terminals), no ';' and no line end.
type Problem struct {
	Field   string // canonical field name, "" for the row as a whole
	Code    string // stable, snake_case; listed by `bulkonboard help statuses`
	Message string
	Warning bool // accepted, said; changes no status
}

// Change is one normalisation that was applied to a field. It names the kind,
// never the value.
type Change struct {
	Field string
	Kind  string // trimmed, nfc, line_ends, punycode, e164, spelling, default or value
}

// Rules are the field rules with the operator's settings. The zero value is
// usable: no default values, phone numbers only with a country code.
type Rules struct {
	PhoneRegion string            // ISO 3166-1 alpha-2 for phone numbers written without a country code; RegionColumn = that of the row; "" = refuse them
	PhonePlus   bool              // read cells of digits only as international numbers that lost their '+'
	Defaults    map[string]string // canonical field name → value for empty cells; see DefaultableFields
	Values      Values            // what words of the sender mean
	Extra       []string          // names of the fields that --send adds, parallel to Raw.Extra
	Strict      bool              // a postal code that seems to have lost its zero is a problem, not a warning
	Live        bool              // a real wallet pays: warn of example addresses and numbers, throw-away mail and service numbers
}

// Result is what Check says of one row. User is complete only if Valid.
type Result struct {
	User     User
	Identity string    // see Identity; "" when the e-mail has none. Set for invalid rows too, when the e-mail itself is sound
	Problems []Problem // problems first in field order, then warnings
	Changes  []Change

	Corrected *Corrected // nil if the row is valid, or nothing of it has one right form
}

// Corrected is what an invalid row becomes once those of its problems are corrected
// that have one right form. Only the sound fields of the user are filled in.
type Corrected struct {
	User     User
	Identity string
}

// Valid reports whether there is no problem but warnings.
func (r Result) Valid() bool {
	for _, p := range r.Problems {
		if !p.Warning {
			return false
		}
	}
	return true
}
