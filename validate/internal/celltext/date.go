package celltext

import (
	"strconv"
	"strings"
)

// MayBeDate reports whether a closer look for a date is worth it: a date is
// short, begins or ends in a digit, and has something between its numbers. Nearly
// no cell does.
func MayBeDate(v string) bool {
	return len(v) >= 4 && len(v) <= 32 && (IsDigit(v[0]) || IsDigit(v[len(v)-1]) && v[0] > '9') && strings.ContainsAny(v, "-/.: ")
}

// IsDate reports whether v is day, month and year of this or the last century in
// any of the usual orders, with or without a time behind it, or a time alone. Such
// a value is no phone number of any country.
func IsDate(v string) bool {
	if len(v) < 4 || len(v) > 32 || !IsDigit(v[0]) {
		return false
	}
	if isClockTime(v) {
		return true
	}
	p, sep, ok := splitDate(v)
	if !ok {
		return false
	}
	return isBetween(p[0], 4, 1900, 2099) && isBetween(p[1], 2, 1, 12) && isBetween(p[2], 2, 1, 31) ||
		isYear(p[2], sep) && (isBetween(p[0], 2, 1, 12) && isBetween(p[1], 2, 1, 31) || isBetween(p[0], 2, 1, 31) && (isBetween(p[1], 2, 1, 12) || isMonth(p[1])))
}

// splitDate splits v at its separator into three parts, without a time behind them.
func splitDate(v string) (p [3]string, sep byte, ok bool) {
	i := strings.IndexAny(v, "-/.")
	if i < 1 || i > 4 {
		return p, 0, false
	}
	sep = v[i]
	rest := v[i+1:]
	j := strings.IndexByte(rest, sep)
	if j < 1 {
		return p, 0, false
	}
	p = [3]string{v[:i], rest[:j], rest[j+1:]}
	if k := strings.IndexAny(p[2], " T"); k >= 0 {
		p[2] = p[2][:k]
	}
	return p, sep, true
}

// IsShortDate reports whether v is like 12-Mar or Mar-04, which spreadsheets make
// of 12-3, 3/12, MAR4 and MARCH 4, in the languages whose headers are known.
func IsShortDate(v string) bool {
	for _, sep := range []string{"-", "/", " "} {
		first, second, ok := strings.Cut(v, sep)
		if !ok {
			continue
		}
		first, second = strings.TrimSuffix(first, "."), strings.TrimSuffix(strings.TrimSpace(second), ".")
		return isMonth(second) && isBetween(first, 2, 1, 31) ||
			isMonth(first) && (len(second) <= 2 && isBetween(second, 2, 0, 99) || isBetween(second, 4, 1900, 2099))
	}
	return false
}

// IsAmbiguousDate reports whether v is a date like 03/04/1990, which is in March for some and in April for
// others, and 01/01/90, whose isYear may be any of the three. With dots, the day
// comes first wherever they are used.
func IsAmbiguousDate(v string) bool {
	if !IsDate(v) {
		return false
	}
	p, sep, ok := splitDate(v)
	if ok && sep == '/' && len(p[0]) <= 2 && len(p[2]) == 2 {
		return true
	}
	if !ok || sep == '.' || !isBetween(p[0], 2, 1, 12) || !isBetween(p[1], 2, 1, 12) {
		return false
	}
	return strings.TrimPrefix(p[0], "0") != strings.TrimPrefix(p[1], "0")
}

// isClockTime reports whether v is like 12:30 or 12:30:00.
func isClockTime(v string) bool {
	hours, rest, ok := strings.Cut(v, ":")
	if !ok || !isBetween(hours, 4, 0, 9999) {
		return false
	}
	minutes, seconds, more := strings.Cut(rest, ":")
	return len(minutes) == 2 && isBetween(minutes, 2, 0, 59) && (!more || len(seconds) == 2 && isBetween(seconds, 2, 0, 59))
}

// isYear reports whether s is a full year, or two digits where the separator leaves
// no doubt.
func isYear(s string, sep byte) bool {
	return isBetween(s, 4, 1900, 2099) && len(s) == 4 || sep == '/' && len(s) == 2 && isBetween(s, 2, 0, 99)
}

// isMonth reports whether s is the name of a month, whole or as spreadsheets
// shorten it.
func isMonth(s string) bool {
	switch strings.ToLower(strings.TrimSuffix(s, ".")) {
	case "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
		"january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
		"mrz", "mär", "mai", "okt", "dez", "januar", "februar", "märz", "juni", "juli", "oktober", "dezember", // German
		"janv", "févr", "mars", "avr", "juin", "juil", "août", "déc", "janvier", "février", "avril", "juillet", "septembre", "octobre", "novembre", "décembre", // French
		"ene", "abr", "ago", "dic", "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre", // Spanish
		"fev", "set", "out", "janeiro", "fevereiro", "março", "maio", "junho", "julho", "setembro", "outubro", "novembro", "dezembro", // Portuguese
		"gen", "mag", "giu", "lug", "ott", "gennaio", "febbraio", "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre", "dicembre", // Italian
		"mrt", "mei", "maart", "januari", "februari", "augustus": // Dutch
		return true
	}
	return false
}

// isBetween reports whether s is at most width digits, and a number from low to high.
func isBetween(s string, width, low, high int) bool {
	if len(s) > width || !isDigits(s) {
		return false
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && low <= int(n) && int(n) <= high
}
