// Package reporttext makes text fit for the cells of a report, whatever its
// format, and formats counts in English.
package reporttext

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/formula"
)

// Guard makes a cell inert for spreadsheet programs, including one that splits
// lines at another delimiter than ours: see formula.Guard.
func Guard(cell string) string { return formula.Guard(cell) }

// Unguard undoes Guard: Unguard(Guard(s)) == s for every s.
func Unguard(cell string) string { return formula.Unguard(cell) }

// LinkCell returns a link as a cell holds it. An apostrophe of Guard inside it
// would break it, so a ; or , or | before a formula is written as a URL may
// write it: %3B, %2C, %7C.
func LinkCell(link string) string {
	if Guard(link) == link {
		return link
	}
	link = strings.NewReplacer(";", "%3B", ",", "%2C", "|", "%7C").Replace(link)
	return Clean(link)
}

// Clean makes text fit for every format, so that they agree. U+FFFD replaces
// invalid UTF-8 and each unsafe character (see IsUnsafe) but TAB, LF and CR. A
// CR LF becomes LF.
func Clean(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s // most text
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r != '\t' && r != '\n' && r != '\r' && IsUnsafe(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// IsUnsafe reports whether a character must not reach a terminal or a file that
// people read: it is a control character, reorders the text around it, or is
// not allowed in XML 1.0. TAB and line ends are among them.
func IsUnsafe(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp) || r == '\uFFFE' || r == '\uFFFF'
}

var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// IsDecimal reports whether s is a number in JSON's notation, without exponent.
func IsDecimal(s string) bool { return decimal.MatchString(s) }

// GroupDigits puts commas between the thousands of a decimal number. It
// returns other text unchanged.
func GroupDigits(s string) string {
	if !IsDecimal(s) {
		return s
	}
	whole, _, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// FormatCount formats a count with commas between its thousands.
func FormatCount(n int) string { return GroupDigits(strconv.Itoa(n)) }

// CountNoun formats n things: "1 row", "2,000 rows".
func CountNoun(n int, thing string) string { return FormatCount(n) + " " + Plural(n, thing, thing+"s") }

// Plural returns one for n = 1, else more.
func Plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}
