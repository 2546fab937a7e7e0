package columns

import (
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/validate"
)

// Place names a row: the index of its file, and its number as a spreadsheet shows
// it.
type Place struct{ File, Row int }

// Finding is one thing that happened to one column, or to several rows alike.
type Finding struct {
	Kind   string   // see the constants
	Field  string   // canonical name, or the header given to AddCell; "" = of the whole input
	Rows   int      // how many
	Groups int      // of the kinds Shared…: how many values are shared; else 0
	First  []Place  // the first few, in order
	Flags  []string // what to add to the command to have it repaired or accepted; nil = no flag can
	Text   string   // what happened and what to do, without any value of the input
}

// Kinds of findings, in the order of Findings.
const (
	KindRounded    = "rounded"           // 14155551234 became 1.41556E+10: digits are lost
	KindPlus       = "plus_lost"         // +14155551234 became 14155551234
	KindCountry    = "country_lost"      // numbers without country code, perhaps without their first 0 too
	KindDecimal    = "decimal_added"     // 14155551234 became 14155551234.0
	KindDate       = "date_made"         // a number or code became a date
	KindZero       = "zero_lost"         // 02139 became 2139
	KindDigits     = "digits_lost"       // of a long number only 15 digits are kept
	KindError      = "error_value"       // #N/A and the like
	KindTwice      = "double_encoded"    // é became Ã©
	KindLetters    = "characters_lost"   // é became a replacement character
	KindNotation   = "foreign_notation"  // é became &eacute;, %C3%A9 or \u00e9
	KindOther      = "other_field"       // the cells are those of another column
	KindNothing    = "nothing_word"      // nothing became nan, None or NULL
	KindCounting   = "counting_up"       // 1 became 1, 2, 3: the fill handle was dragged
	SharedPhone    = "phone_shared"      // one number in three rows or more
	SharedWallet   = "wallet_shared"     // one wallet in three rows or more
	SharedMailbox  = "mailbox_shared"    // e-mails that differ by dots or plus tags only
	SharedUnknown  = "sharing_uncounted" // more rows than the memory for the three above
	firstPlaces    = 5                   // in Finding.First
	sampledNumbers = 10_000              // phone numbers looked at once more, for a hint
)

// KindOf returns the kind of finding that a problem is a sign of, "" if of none.
func KindOf(code string) string {
	switch code {
	case validate.CodeNotation, validate.CodeNotationLikely:
		return KindNotation
	case validate.CodeOtherField, validate.CodeOtherFieldLikely:
		return KindOther
	case validate.CodePlaceholder, validate.CodePlaceholderIgnored, validate.CodeNameNull:
		return KindNothing
	case validate.CodeExcelRounded:
		return KindRounded
	case validate.CodePhonePlusLost:
		return KindPlus
	case validate.CodePhoneNoCountry:
		return KindCountry
	case validate.CodeExcelDecimal:
		return KindDecimal
	case validate.CodeExcelDate:
		return KindDate
	case validate.CodePostalZeroLost, validate.CodePostalShort:
		return KindZero
	case validate.CodeExcelError:
		return KindError
	case validate.CodeDoubleEncoded:
		return KindTwice
	case validate.CodeBadEncoding:
		return KindLetters
	}
	return ""
}

// Flags joins the flags of all findings, each once.
func Flags(list []Finding) []string {
	var all []string
	seen := map[string]bool{}
	for _, d := range list {
		if key := strings.Join(d.Flags, "\x00"); key != "" && !seen[key] {
			seen[key] = true
			all = append(all, d.Flags...)
		}
	}
	return all
}

// Kinds returns all kinds, the most dangerous first. Their words are in package
// pipeline/messages.
func Kinds() []string {
	return []string{KindRounded, KindPlus, KindCountry, KindDecimal, KindDate, KindZero, KindDigits,
		KindError, KindTwice, KindLetters, KindNotation, KindOther, KindNothing, KindCounting, SharedPhone, SharedWallet, SharedMailbox, SharedUnknown}
}

func rankOf(kind string) int { return slices.Index(Kinds(), kind) }
