// Package formula keeps spreadsheet programs from evaluating untrusted text as a formula.
// Start with Guard.
package formula

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Guard makes a cell inert: one that, after any leading apostrophes, quotation
// marks and invisible characters, begins with = + - @ or a full-width form
// of them gets one leading apostrophe. So does one that begins with TAB or CR. A
// plain number (-12.50) and a plus with digits (+14155551234) stay as they are.
//
// The same holds for what follows a separator inside a cell (; , | TAB, a line
// end, a full-width form). Quotation marks around the cell do not help there. A program
// that splits lines at another delimiter than the file's (a German Excel splits at ;)
// treats a mark inside a field as text, so it finds a formula in Jane;=1+1, quoted or
// not. Each place where it may begin a field must be inert by itself: Jane;'=1+1.
//
// Source of the rule: OWASP, "CSV Injection".
func Guard(cell string) string {
	return eachStart(cell, func(out *strings.Builder, isFormula bool, rest string) string {
		if isFormula {
			out.WriteByte('\'')
		}
		return rest
	})
}

// Unguard removes the apostrophes that Guard added, and no others:
// Unguard(Guard(s)) == s for every s.
func Unguard(cell string) string {
	return eachStart(cell, func(_ *strings.Builder, isFormula bool, rest string) string {
		if isFormula {
			return strings.TrimPrefix(rest, "'")
		}
		return rest
	})
}

// eachStart copies a cell. At its beginning and behind each separator it calls at
// with whether a formula begins there and the rest of the cell; it goes on with
// what that returns, which must not be shorter than up to the next separator.
func eachStart(cell string, at func(out *strings.Builder, isFormula bool, rest string) string) string {
	var out strings.Builder
	rest := at(&out, beginsFormula(cell) || beginsBlank(cell), cell)
	for {
		i := strings.IndexFunc(rest, isSeparator)
		if i < 0 {
			out.WriteString(rest)
			return out.String()
		}
		_, size := utf8.DecodeRuneInString(rest[i:])
		out.WriteString(rest[:i+size])
		rest = rest[i+size:]
		rest = at(&out, beginsFormula(rest), rest)
	}
}

// beginsFormula reports whether a program may evaluate text as a formula, now or once the
// apostrophes before it are removed.
func beginsFormula(text string) bool {
	sign, after := firstSign(text)
	return sign != 0 && (sign != '+' && sign != '-' || !isPlainNumber(after))
}

// firstSign returns the sign that text begins with as programs see it, 0 if it is
// none that begins a formula, and what follows it.
func firstSign(text string) (sign rune, after string) {
	text = strings.TrimLeftFunc(text, isSkipped)
	switch r, size := utf8.DecodeRuneInString(text); r {
	case '+', '-', '=', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫':
		return r, text[size:]
	}
	return 0, ""
}

// HasInnerSign reports whether a sign that begins a formula, or a number, follows a
// separator inside a cell. Such a cell of a CSV file belongs into quotation marks:
// to a program that splits at that separator the number would go on with the next
// cell (x;-5,1+1), which a mark at its end prevents.
func HasInnerSign(cell string) bool {
	for {
		i := strings.IndexFunc(cell, isSeparator)
		if i < 0 {
			return false
		}
		_, size := utf8.DecodeRuneInString(cell[i:])
		cell = cell[i+size:]
		if sign, _ := firstSign(cell); sign != 0 {
			return true
		}
	}
}

// beginsBlank reports whether a cell begins with TAB or CR, which programs skip.
func beginsBlank(cell string) bool {
	cell = strings.TrimLeft(cell, "'")
	return strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r")
}

// isSkipped reports whether a program may overlook r before a formula.
func isSkipped(r rune) bool {
	return r == '\'' || r == '"' || !isSeparator(r) && (unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}

// isSeparator reports whether a program may begin a field or a line after r.
func isSeparator(r rune) bool {
	return strings.ContainsRune(";,|\t\n\r\v\f\u0085\u2028\u2029；，｜、", r)
}

// isPlainNumber reports whether s is digits, with at most one point between them.
func isPlainNumber(s string) bool {
	whole, fraction, hasPoint := strings.Cut(s, ".")
	return isDigits(whole) && (!hasPoint || isDigits(fraction))
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
