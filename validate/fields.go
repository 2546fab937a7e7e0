package validate

import (
	"fmt"
	"iter"
	"strings"
	"sync"
)

// Field describes one of the partner's personal fields. Whatever knows all
// fields walks over a [FieldTable] of them.
type Field struct {
	Name        string // canonical name: of the request body, of a list's header and of a report
	Required    bool   // the column must exist, or have a default
	Defaultable bool   // --default may fill it; who users are, and what they agreed to, has no default
	IsDetail    bool   // part of a row's details: a report says when it has changed
	IsText      bool   // without a grammar of its own: nothing else notices a value that is another field's
	IsBool      bool   // true or false in the request body, not a text
	MinCounting int    // how many cells that count up from row to row are no chance; 0 = any number is
	Rule        string // one sentence for senders
	Example     string

	Cell  func(*Raw) *string // its cell in a row
	Value func(*User) string // its value as sent, "" if the user has none

	// Words separated by spaces, for the methods of the same names.
	aliases, foreign, parts, adjacentParts, choices string
}

// Aliases returns other headers that senders write: lower case, without spaces,
// punctuation or accents.
func (f *Field) Aliases() []string { return strings.Fields(f.aliases) }

// Foreign returns values that the field never has, written like the aliases. They
// show that an alias means another thing.
func (f *Field) Foreign() []string { return strings.Fields(f.foreign) }

// Parts returns headers of columns that hold a part of the field.
func (f *Field) Parts() []string { return strings.Fields(f.parts) }

// AdjacentParts returns headers that mean a part of the field only right beside the
// column that it is read from.
func (f *Field) AdjacentParts() []string { return strings.Fields(f.adjacentParts) }

// Choices returns the values that a template offers, nil if any value may do.
func (f *Field) Choices() []string { return strings.Fields(f.choices) }

// FieldTable is the personal fields in the order of the request body. It is built
// by [Fields], which costs an allocation: those who handle many rows keep it.
type FieldTable []Field

// ExtraDetail names the last of the details: all fields that --send adds.
const ExtraDetail = "extra"

// Details yields the name and the value of what a report says has changed of a user.
// The fields that --send adds come last, as [ExtraDetail], joined so that no two
// lists of them give the same text.
func (t FieldTable) Details(u *User) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for i := range t {
			if t[i].IsDetail && !yield(t[i].Name, t[i].Value(u)) {
				return
			}
		}
		yield(ExtraDetail, joinExtra(u.Extra))
	}
}

// Cells returns the cells of a row in the order of the fields.
func (t FieldTable) Cells(raw *Raw) []string {
	cells := make([]string, len(t))
	for i := range t {
		cells[i] = *t[i].Cell(raw)
	}
	return cells
}

// Names returns the names of all fields.
func (t FieldTable) Names() []string { return t.namesOf(func(*Field) bool { return true }) }

func (t FieldTable) namesOf(isWanted func(*Field) bool) []string {
	var names []string
	for i := range t {
		if isWanted(&t[i]) {
			names = append(names, t[i].Name)
		}
	}
	return names
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

// DefaultableFields returns the canonical names that Rules.Defaults may have, in
// the order of the request body.
func DefaultableFields() []string {
	return Fields().namesOf(func(f *Field) bool { return f.Defaultable })
}

// fieldsOnce is [Fields] for those who need it for every row. It is not changed.
var fieldsOnce = sync.OnceValue(Fields) //nolint:gochecknoglobals // a constant that takes time to work out

// isDefaultable reports whether --default may fill a field.
func isDefaultable(name string) bool {
	for i := range fieldsOnce() {
		if f := &fieldsOnce()[i]; f.Name == name {
			return f.Defaultable
		}
	}
	return false
}

// Canonical field names, as in the request body.
const (
	FieldFirstName      = "firstName"
	FieldLastName       = "lastName"
	FieldEmail          = "email"
	FieldPhoneNumber    = "phoneNumber"
	FieldAccountPurpose = "accountPurpose"
	FieldIPAddress      = "ipAddress"
	FieldTerms          = "isTermsOfServiceAccepted"
	FieldProgram        = "program"
	FieldWalletAddress  = "walletAddress"
	FieldRedirectURL    = "redirectUrl"
	FieldAddress        = "address"
	FieldCity           = "city"
	FieldRegion         = "region"
	FieldPostalCode     = "postalCode"
	FieldCountryCode    = "countryCode"
)
