package report

import (
	"strings"
	"unicode/utf8"
)

// Guard makes a cell inert for spreadsheet programs: one that, after any
// leading apostrophes, begins with = + - @ TAB CR or a full-width form of
// them gets one leading apostrophe. A plain number (-12.50) and a plus with
// digits (+14155551234) stay as they are. Unguard undoes it exactly.
//
// Source of the rule: OWASP, "CSV Injection".
func Guard(cell string) string {
	if triggers(cell) {
		return "'" + cell
	}
	return cell
}

// Unguard takes off the apostrophe that Guard put on, and no other one:
// Unguard(Guard(s)) == s for every s.
func Unguard(cell string) string {
	if strings.HasPrefix(cell, "'") && triggers(cell) {
		return cell[1:]
	}
	return cell
}

// triggers reports whether a program may take cell for a formula, now or once
// its leading apostrophes are gone.
func triggers(cell string) bool {
	if cell == "" || cell[0] >= '0' && cell[0] <= '9' || cell[0] >= 'A' && cell[0] <= 'z' {
		return false // nearly every cell there is
	}
	cell = strings.TrimLeft(cell, "'")
	switch r, _ := utf8.DecodeRuneInString(cell); r {
	case '+', '-':
		return !plainNumber(cell[1:])
	case '=', '@', '\t', '\r', '＝', '＋', '－', '＠':
		return true
	}
	return false
}

// plainNumber reports whether s is digits, with at most one point between them.
func plainNumber(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	return digits(whole) && (!point || digits(fraction))
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
