package keyed

import "strings"

// PlainNumber returns a customer number as its sender knows it. It removes what a program
// adds that treats it as a quantity: 1001.0, 1,001 and 1.001E3 are 1001. It returns any
// other text unchanged, without leading and trailing white space.
func PlainNumber(text string) string {
	text = strings.TrimSpace(text)
	if len(text) < 3 || text[0] < '0' || text[0] > '9' {
		return text
	}
	whole, rest, mark := cutDigits(text)
	if rest == "" {
		return text
	}
	decimals, exponent, _ := cutDigits(rest)
	switch {
	case mark == '.' && exponent == "" && strings.Trim(decimals, "0") == "" && decimals != "":
		return whole
	case (mark == '.' || mark == ',') && len(whole) == 1 && isExponentOf(exponent, len(decimals)):
		return whole + decimals
	case mark == ',' || mark == '\'':
		return ungrouped(text, whole, string(mark))
	}
	return text
}

// cutDigits splits a text behind the digits that it begins with, at one mark.
func cutDigits(text string) (digits, rest string, mark byte) {
	rest = strings.TrimLeft(text, "0123456789")
	digits = text[:len(text)-len(rest)]
	if rest == "" {
		return digits, "", 0
	}
	if rest[0]|0x20 == 'e' {
		return digits, rest, 'e'
	}
	return digits, rest[1:], rest[0]
}

// isExponentOf reports whether text is an exponent such as E4 or e+04 that equals the
// number of decimals, so that no digit is missing. With fewer decimals the number may
// have been rounded.
func isExponentOf(exponent string, decimals int) bool {
	if exponent == "" || exponent[0]|0x20 != 'e' {
		return false
	}
	n, digits := 0, strings.TrimPrefix(exponent[1:], "+")
	if digits == "" || len(digits) > 2 || strings.Trim(digits, "0123456789") != "" {
		return false
	}
	for _, d := range digits {
		n = n*10 + int(d-'0')
	}
	return n > 0 && n == decimals
}

// ungrouped removes the thousands separators. A decimal part of zeros may follow if the
// separator is a comma.
func ungrouped(text, first, mark string) string {
	plain, decimals, _ := strings.Cut(text, ".")
	if len(first) > 3 || strings.Trim(decimals, "0") != "" {
		return text
	}
	groups := strings.Split(plain, mark)
	for _, group := range groups[1:] {
		if len(group) != 3 || strings.Trim(group, "0123456789") != "" {
			return text
		}
	}
	return strings.Join(groups, "")
}
