package celltext

import "strings"

// NumberForm is how a code of digits looks after a program read it as a number.
type NumberForm uint8

// The forms.
const (
	NoNumber NumberForm = iota
	Decimal             // 10001.0
	Grouped             // 10,001
	Exponent            // 1.0001E4
)

// ReadNumberForm returns the form of a code of digits that a program read as a
// number and wrote out as one. v is trimmed.
func ReadNumberForm(v string) NumberForm {
	if len(v) < 3 || !IsDigit(v[0]) {
		return NoNumber
	}
	digits := strings.TrimLeft(v, "0123456789")
	if digits == "" {
		return NoNumber
	}
	whole, rest := len(v)-len(digits), digits[1:]
	switch mark := digits[0]; {
	case mark == '.' || mark == ',':
		if isZeros(rest) && (mark != '.' || len(rest) != 3 || whole > 3) {
			return Decimal
		}
		if isExponent(strings.TrimLeft(rest, "0123456789")) && whole == 1 {
			return Exponent
		}
		if whole <= 3 && isGrouped(rest, mark) {
			return Grouped
		}
	case mark == '\'' && whole <= 3 && isGrouped(rest, mark):
		return Grouped
	case whole == 1 && isExponent(digits):
		return Exponent
	}
	return NoNumber
}

func isZeros(s string) bool { return s != "" && strings.Trim(s, "0") == "" }

// isExponent reports whether s is like E4, E+10 or e+04.
func isExponent(s string) bool {
	if len(s) < 2 || s[0]|0x20 != 'e' {
		return false
	}
	digits := s[1:]
	if digits[0] == '+' {
		digits = digits[1:]
	}
	return digits != "" && len(digits) <= 3 && strings.Trim(digits, "0123456789") == ""
}

// isGrouped reports whether rest is like 001 or 001,000, which follow the first
// separator.
func isGrouped(rest string, mark byte) bool {
	for group := range strings.SplitSeq(rest, string(mark)) {
		if len(group) != 3 || strings.Trim(group, "0123456789") != "" {
			return false
		}
	}
	return true
}
