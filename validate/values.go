package validate

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// RegionColumn as Rules.PhoneRegion reads each phone number as one of its row's
// country.
const RegionColumn = "column"

// Values says what words of the sender mean, by field: the word, as [FoldWord]
// writes it, and the value to read in its place. A word is a whole cell, never a
// pattern. Use [Values.Add] to fill it.
type Values map[string]map[string]string

// FoldWord returns a cell as words are compared: trimmed, without letter case, in NFC.
func FoldWord(cell string) string {
	cell = strings.TrimSpace(cell)
	if cell == "" {
		return ""
	}
	if celltext.IsPlain(cell) {
		return strings.ToLower(cell)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(cell)))
}

// Add adds the meaning of a word. It returns an error, without the word, if the
// field has no words, the word may not mean the value, or it has a meaning already.
func (v Values) Add(field, word, value string) error {
	word, value = FoldWord(word), strings.TrimSpace(value)
	switch {
	case !HasWords(field):
		return fmt.Errorf("%s cannot be given a meaning: only %s can. Correct the cells", field, strings.Join(WordFields(), ", "))
	case word == "":
		return fmt.Errorf("%s: an empty cell has no meaning. Write FIELD:FROM=TO, or use --default for empty cells", field)
	case value == "":
		return fmt.Errorf("%s: a word needs a meaning. Write FIELD:FROM=TO", field)
	}
	if field == FieldTerms {
		if !isYes(value) {
			return fmt.Errorf("%s: a word can only mean true. Leave out the customers who have not accepted", field)
		}
		if value = "true"; strings.ContainsAny(word, "*?%") {
			return fmt.Errorf("%s: the terms are accepted word by word. Write each word of the list, without * ? or %%", field)
		}
		if celltext.SaysNo(word) {
			return fmt.Errorf("%s: a word that says no cannot mean true", field)
		}
	}
	if other, isTwice := v[field][word]; isTwice && other != value {
		return fmt.Errorf("%s: one word is given two meanings", field)
	}
	if v[field] == nil {
		v[field] = map[string]string{}
	}
	v[field][word] = value
	return nil
}

// Clone returns a copy that shares nothing.
func (v Values) Clone() Values {
	out := make(Values, len(v))
	for field, words := range v {
		out[field] = maps.Clone(words)
	}
	return out
}

// All yields every word by field, in a fixed order.
func (v Values) All() iter.Seq2[string, [2]string] {
	return func(yield func(string, [2]string) bool) {
		for _, field := range slices.Sorted(maps.Keys(v)) {
			for _, word := range slices.Sorted(maps.Keys(v[field])) {
				if !yield(field, [2]string{word, v[field][word]}) {
					return
				}
			}
		}
	}
}

// String returns the canonical text of all meanings.
func (v Values) String() string {
	var b strings.Builder
	for field, word := range v.All() {
		fmt.Fprintf(&b, " %s:%q=%q", field, word[0], word[1])
	}
	return b.String()
}

// MayMeanConsent reports whether a folded word is one that senders write for yes or
// accepted. It decides nothing: an operator does, with [Values.Add].
func MayMeanConsent(word string) bool { return celltext.MayMeanYes(word) }

// IsCross reports whether a folded word is a cross. It may mean consent, but not in a
// column that has ticks or circles, see [IsTick].
func IsCross(word string) bool { return celltext.IsCross(word) }

// IsTick reports whether a folded word is a tick or a circle.
func IsTick(word string) bool { return celltext.IsTick(word) }

// WordFields returns the names of the fields whose words may be given a meaning. Who
// customers are, where they registered from and what their wallet is has none.
func WordFields() []string { return Fields().namesOf(hasWords) }

// HasWords reports whether the words of a field may be given a meaning.
func HasWords(field string) bool {
	return slices.ContainsFunc(Fields(), func(f Field) bool { return f.Name == field && hasWords(&f) })
}

func hasWords(f *Field) bool {
	return f.IsBool || f.Defaultable && f.Name != FieldIPAddress
}

// check returns an error if a value breaks the rules of its field, or is itself a
// word with another meaning.
func (v Values) check() error {
	table := Fields()
	for field, word := range v.All() {
		i := slices.IndexFunc(table, func(f Field) bool { return f.Name == field })
		if i < 0 || !hasWords(&table[i]) {
			return fmt.Errorf("%s cannot be given a meaning: only %s can", field, strings.Join(WordFields(), ", "))
		}
		if again, isWord := v[field][FoldWord(word[1])]; isWord && again != word[1] {
			return fmt.Errorf("%s: a meaning is itself a word with another meaning. Give each word its final meaning", field)
		}
		raw := Raw{Email: "a@b.cd"}
		*table[i].Cell(&raw) = word[1]
		for _, p := range new(Rules).Check(raw).Problems {
			if p.Field == field && !p.Warning {
				return fmt.Errorf("the meaning of a word in %s %s", field, p.Message)
			}
		}
	}
	return nil
}

// read replaces the cells of a row that hold a word with a meaning.
func (v Values) read(raw *Raw, changed func(field string)) {
	for field, words := range v {
		cell := raw.cellOf(field)
		if cell == nil || *cell == "" {
			continue
		}
		if value, isWord := words[FoldWord(*cell)]; isWord && value != *cell {
			*cell = value
			changed(field)
		}
	}
}

// cellOf returns the cell of a field, nil for a name that is none. It is the table of
// [Fields] without its cost, for every row.
func (r *Raw) cellOf(field string) *string {
	switch field {
	case FieldFirstName:
		return &r.FirstName
	case FieldLastName:
		return &r.LastName
	case FieldEmail:
		return &r.Email
	case FieldPhoneNumber:
		return &r.PhoneNumber
	case FieldAccountPurpose:
		return &r.AccountPurpose
	case FieldIPAddress:
		return &r.IPAddress
	case FieldTerms:
		return &r.Terms
	case FieldProgram:
		return &r.Program
	case FieldWalletAddress:
		return &r.WalletAddress
	case FieldRedirectURL:
		return &r.RedirectURL
	case FieldAddress:
		return &r.Address
	case FieldCity:
		return &r.City
	case FieldRegion:
		return &r.Region
	case FieldPostalCode:
		return &r.PostalCode
	case FieldCountryCode:
		return &r.CountryCode
	}
	return nil
}

// RegionOf returns the country that a phone number without a country code is of,
// by the country of its row; "" if it is not known.
func (r *Rules) RegionOf(country string) string {
	if r.PhoneRegion == RegionColumn {
		return country
	}
	return r.PhoneRegion
}
