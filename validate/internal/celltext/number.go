package celltext

import (
	"regexp"
	"strings"
)

// NumberForm is how a code of digits looks after a program read it as a number.
type NumberForm uint8

// The forms.
const (
	NoNumber NumberForm = iota
	Decimal             // 10001.0
	Grouped             // 10,001
	Exponent            // 1.0001E4
)

// What programs make of a code of digits. A point before three zeros separates
// thousands, unless more than three digits are in front of it.
var (
	decimalNumber  = regexp.MustCompile(`^[0-9]+(?:,0+|\.0{1,2}|\.0{4,})$|^[0-9]{4,}\.000$`)
	exponentNumber = regexp.MustCompile(`^[0-9](?:[.,][0-9]*)?[eE]\+?[0-9]{1,3}$`)
	groupedNumber  = regexp.MustCompile(`^[0-9]{1,3}(?:(?:\.[0-9]{3})+|(?:,[0-9]{3})+|(?:'[0-9]{3})+)$`)
)

// ReadNumberForm returns the form of a code of digits that a program read as a
// number and wrote out as one. v is trimmed.
func ReadNumberForm(v string) NumberForm {
	switch {
	case !strings.ContainsAny(v, ".,'eE"):
		return NoNumber
	case decimalNumber.MatchString(v):
		return Decimal
	case exponentNumber.MatchString(v):
		return Exponent
	case groupedNumber.MatchString(v):
		return Grouped
	}
	return NoNumber
}
