package validate

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Largest lengths in code points after NFC, from the partner's create-user
// page. A page that says "characters" may count bytes or UTF-16 units; code
// points are what people count, and the partner's 422 tells the rest.
const (
	MaxName    = 100
	MaxPurpose = 200
)

// ExampleFirstName marks the example row of a template. Such a row is refused
// by its own code, so that nobody onboards it by accident.
const ExampleFirstName = "Example (delete this row)"

// name takes one name of a person. other is the cell of the other name.
func (c *checking) name(field, raw, other string) string {
	v, ok := c.required(field, raw, prose)
	if !ok || !c.short(field, v, MaxName) {
		return ""
	}
	if c.wordForNothing(field, v, other) {
		return ""
	}
	if field == fieldFirstName && len(v) == len(ExampleFirstName) && strings.EqualFold(v, ExampleFirstName) {
		c.bad(field, CodeExampleRow, "is the example row of the template. delete the row")
		return ""
	}
	return v
}

func (c *checking) purpose(raw string) string {
	v, ok := c.required(fieldAccountPurpose, raw, prose)
	if !ok || !c.short(fieldAccountPurpose, v, MaxPurpose) {
		return ""
	}
	return v
}

// short holds a value to its length in code points.
func (c *checking) short(field, v string, limit int) bool {
	if len(v) <= limit {
		return true
	}
	n := utf8.RuneCountInString(v)
	if n > limit {
		c.bad(field, CodeTooLong, fmt.Sprintf("has %d characters. shorten it to %d at most", n, limit))
	}
	return n <= limit
}

// NameText is what recognises a person under another e-mail: first name, last
// name (NFC, case-folded) and phone number, joined by line ends, which none of
// them can hold. It is "" unless all three are there.
func (u User) NameText() string {
	if u.FirstName == "" || u.LastName == "" || u.PhoneNumber == "" {
		return ""
	}
	return foldName(u.FirstName) + "\n" + foldName(u.LastName) + "\n" + u.PhoneNumber
}

func foldName(s string) string {
	if plain(s) {
		return strings.ToLower(s)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
}

// DetailValues are the values whose change is worth telling, in this order:
// firstName, lastName, phoneNumber, accountPurpose, ipAddress, program,
// walletAddress, redirectUrl, address, city, region, postalCode, countryCode,
// and all extra fields joined so that no two lists give the same text.
func (u User) DetailValues() []string {
	return []string{u.FirstName, u.LastName, u.PhoneNumber, u.AccountPurpose, u.IPAddress, u.Program,
		u.WalletAddress, u.RedirectURL, u.Address, u.City, u.Region, u.PostalCode, u.CountryCode, joinExtra(u.Extra)}
}

// joinExtra puts its length before each text, so that no separator can be
// mistaken for content.
func joinExtra(extra []Extra) string {
	var b strings.Builder
	for _, e := range extra {
		fmt.Fprintf(&b, "%d:%s%d:%s", len(e.Name), e.Name, len(e.Value), e.Value)
	}
	return b.String()
}
