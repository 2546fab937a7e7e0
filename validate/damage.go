package validate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// hasDamage adds a problem, and reports it, for what a spreadsheet does to any
// value: error values, rounded numbers, and dates made of something else.
func (c *rowCheck) hasDamage(field, v string, t tolerance) bool {
	switch {
	case celltext.IsErrorValue(v):
		c.addProblem(field, CodeExcelError, "shows a spreadsheet error. Correct the formula, or enter the value itself")
		return true
	case celltext.IsRounded(v):
		c.addProblem(field, CodeExcelRounded, "Excel rounded this number and digits are lost. Format the column as text, then enter the number again from its source")
		return true
	case t.isText():
		return c.hasTextDamage(field, v, t)
	}
	return c.hasDate(field, v, t)
}

// hasTextDamage is hasDamage for the fields without a grammar of their own.
func (c *rowCheck) hasTextDamage(field, v string, t tolerance) bool {
	if c.hasNotation(field, v) {
		return true
	}
	if strings.Contains(v, "?") && hasLostLetters(field, v) {
		c.addProblem(field, CodeBadEncoding, "has a question mark, which programs write in place of a letter that they cannot save. Type the letter, and save the file as UTF-8")
		return true
	}
	if c.hasDate(field, v, t) || field == FieldPostalCode && c.hasNumberDamage(field, v) {
		return true
	}
	return c.hasMisplaced(field, v)
}

// hasLostLetters reports whether a name of a user or place went through an encoding
// without its letters: ?ukasz, ?ód?, ul. D?uga 5. An address and a purpose may hold
// questions: there, only a mark inside a word or before one is a lost letter.
func hasLostLetters(field, v string) bool {
	if field != FieldAddress && field != FieldAccountPurpose {
		return len(v) > 1 && strings.ContainsFunc(v, unicode.IsLetter)
	}
	if strings.Contains(v, "://") || strings.Contains(v, "www.") {
		return false
	}
	last := ' '
	for i, r := range v {
		if r == '?' && (unicode.IsLetter(last) || last == ' ') {
			next, _ := utf8.DecodeRuneInString(v[i+1:])
			if unicode.IsLetter(next) || field == FieldAddress && unicode.IsLetter(last) && next == ' ' {
				return true
			}
		}
		last = r
	}
	return false
}
