package phone

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// scanDigits removes separators and turns the digits of any script into ASCII.
// It returns digits, at most one + in front, or a code and a message.
func scanDigits(cell string) (digits, code, message string) {
	if plain := strings.TrimPrefix(cell, "+"); len(plain) >= 3 && len(plain) <= 15 && strings.Trim(plain, "0123456789") == "" {
		return cell, "", ""
	}
	var b strings.Builder
	n := 0
	for i, r := range cell {
		d := digitValue(r)
		switch {
		case d >= 0:
			b.WriteByte(byte('0' + d))
			n++
		case (r == '+' || r == '\uff0b') && b.Len() == 0:
			b.WriteByte('+')
		case r == '+' || r == '\uff0b':
			return "", CodeFormat, fmt.Sprintf("has a + at position %d, where none is allowed. Write one number only, with the + in front", celltext.Position(cell, i))
		case unicode.IsLetter(r) && n >= 6:
			return "", CodeExtension, "has letters after the number, as for an extension. Write only the number"
		case unicode.IsLetter(r):
			return "", CodeLetters, "has letters. Write only digits"
		case r == '#' && n >= 6:
			return "", CodeExtension, "has an extension. Write only the number"
		case r == '(' || r == '\uff08' || b.Len() > 0 && isSeparator(r):
		default:
			return "", CodeFormat, fmt.Sprintf("has a character at position %d that is not allowed there. Write one number only, as + and digits", celltext.Position(cell, i))
		}
	}
	switch digits = b.String(); {
	case n == 0:
		return "", CodeFormat, "has no digits. Write the number as + and digits"
	case n < 3:
		return "", CodeInvalid, "is too short for a phone number. Write it with + and country code"
	case n > 17 || n > 15 && !strings.HasPrefix(digits, "00"):
		return "", CodeInvalid, fmt.Sprintf("has %d digits, but a phone number has at most 15. Write one number only", n)
	}
	return digits, "", ""
}

// digitValue returns the value of a decimal digit of any script, or -1. The
// digits of a script follow each other in Unicode, in groups of ten.
func digitValue(r rune) int {
	if r <= '9' {
		return int(max(r-'0', -1))
	}
	if r < 0x80 || !unicode.IsDigit(r) {
		return -1
	}
	if r >= 0x1d7ce && r <= 0x1d7ff { // mathematical digits: five alphabets in a row
		return int(r-0x1d7ce) % 10
	}
	zero := r
	for unicode.IsDigit(zero-1) && r-zero < 9 {
		zero--
	}
	return int(r - zero)
}

// isSeparator reports whether a character may be written between groups of digits.
func isSeparator(r rune) bool {
	switch r {
	case '-', '.', '/', ')', '\uff0d', '\uff0e', '\uff0f', '\uff09', '\u2212', '\u30fc':
		return true
	}
	return unicode.Is(unicode.Zs, r) || r >= '\u2010' && r <= '\u2015'
}
