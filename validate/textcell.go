package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// isText reports whether a field has no grammar of its own, so that nothing else
// notices a value that is another field's.
func (t tolerance) isText() bool { return t == proseText || t == multilineText }

func isName(field string) bool { return field == FieldFirstName || field == FieldLastName }

// hasNotation adds a problem or a warning for a value that is still written as
// another format writes it. It reports whether the value cannot be used.
func (c *rowCheck) hasNotation(field, v string) bool {
	n, found := celltext.FindNotation(v)
	if !found {
		return false
	}
	reads := ""
	if n.Reads != "" {
		reads = ", which reads " + n.Reads
	}
	message := fmt.Sprintf("has %s at character %d%s. Export the list again as plain text, or type the value", n.Kind, n.At, reads)
	// Names have no marks around them. Houses and purposes may.
	if n.Sure || n.Reads == "" && isName(field) {
		c.addProblem(field, CodeNotation, message)
		return true
	}
	c.addWarning(field, CodeNotationLikely, message)
	return false
}

// hasMisplaced adds a problem or a warning for a value that belongs in another
// field. It reports whether the value cannot be used.
func (c *rowCheck) hasMisplaced(field, v string) bool {
	kind, sure := findMisplaced(field, v, c.rowCountry)
	if kind == "" {
		return false
	}
	if sure {
		c.addProblem(field, CodeOtherField, "holds "+kind+". Check that the cells are in the right columns, and enter the right value here")
		return true
	}
	c.addWarning(field, CodeOtherFieldLikely, "holds "+kind+", which is unusual here. Check that the cells are in the right columns")
	return false
}

// findMisplaced names what a text cell holds in place of its own value, "" if
// nothing else. sure is false where the field may hold it.
func findMisplaced(field, v, country string) (kind string, sure bool) {
	content := celltext.ReadContent(v)
	switch content {
	case celltext.Text:
		if field == FieldCity && celltext.IsLetteredPostalCode(v) {
			return "a postal code", true
		}
		if field == FieldPostalCode && isASCII(v) && !strings.ContainsAny(v, "0123456789") && celltext.ReadNothing(v) == celltext.Something {
			return "no digit, like a town or a region", !celltext.HasNoPostalCodes(country)
		}
		return "", false
	case celltext.Truth:
		if isName(field) && v == "True" { // a name as it is
			return "", false
		}
		return content.Name(), !isName(field)
	case celltext.Phone, celltext.Digits:
		return findMisplacedDigits(field, v, content)
	case celltext.Web, celltext.Program:
		return content.Name(), field != FieldAccountPurpose
	}
	return content.Name(), true
}

// findMisplacedDigits judges a cell of digits and separators. Postal codes are
// that, some regions have short numbers, and some villages number their houses
// and have no street.
func findMisplacedDigits(field, v string, content celltext.Content) (kind string, sure bool) {
	switch field {
	case FieldPostalCode:
		if v[0] != '+' && len(v) <= len("12345-67890") {
			return "", false
		}
	case FieldRegion:
		if len(v) <= 3 {
			return "", false
		}
	case FieldAddress, FieldAccountPurpose:
		return content.Name(), content == celltext.Phone
	}
	return content.Name(), true
}

// hasNumberDamage adds a problem, and reports it, for a code of digits that a
// program read as a number.
func (c *rowCheck) hasNumberDamage(field, v string) bool {
	code, message := explainNumber(v)
	if code == "" {
		return false
	}
	c.addProblem(field, code, message)
	return true
}

// CustomerNumberProblem returns what is wrong with the sender's own number of a
// customer, if a program read it as a quantity and wrote 1001.0, 1,001 or 1.001E3. Numbers in parts (1.001) and of hexadecimal digits (1E4) are sound.
func CustomerNumberProblem(v string) (p Problem, found bool) {
	v = strings.TrimSpace(v)
	switch celltext.ReadNumberForm(v) {
	case celltext.NoNumber:
		return Problem{}, false
	case celltext.Grouped:
		if strings.Contains(v, ".") {
			return Problem{}, false
		}
	case celltext.Exponent:
		if !strings.ContainsAny(v, ".,+") {
			return Problem{}, false
		}
	}
	code, message := explainNumber(v)
	return Problem{Code: code, Message: "customer number: " + message}, true
}

// explainNumber returns what is wrong with a code of digits that a program read as a
// number, "" twice if nothing is.
func explainNumber(v string) (code, message string) {
	switch celltext.ReadNumberForm(v) {
	case celltext.Decimal:
		return CodeExcelDecimal, "ends in .0, which programs add to numbers that they read as decimals. Export the column as text"
	case celltext.Grouped:
		return CodeExcelDecimal, "has thousands separators, which programs add to numbers. Export the column as text"
	case celltext.Exponent:
		return CodeExcelRounded, "a spreadsheet shows this number with an exponent, and digits may be lost. Format the column as text, then enter the number again from its source"
	}
	return "", ""
}

// refuseWordForNothing adds a problem or a warning for a name that is a word for
// nothing, or may be one. It reports whether it surely is.
func (c *rowCheck) refuseWordForNothing(field, v, other string) bool {
	switch celltext.ReadNothing(v) {
	case celltext.NameToo:
	case celltext.SaidNothing, celltext.WroteNone:
		c.addProblem(field, CodePlaceholder, "has a dash, N/A or the like instead of a value. Fill it in")
		return true
	default:
		return false
	}
	if celltext.IsTypedByProgram(v, strings.TrimSpace(other)) || c.hasWordElsewhere(v) {
		c.addProblem(field, CodePlaceholder, "is a word that programs write for an empty value. Fill in the name")
		return true
	}
	if v != "Nan" && v != "Ditto" { // names as they are
		c.addWarning(field, CodeNameNull, "is a word that programs write for an empty value, but also a surname. Make sure that it is the name")
	}
	return false
}

// hasWordElsewhere reports whether a cell of the row that holds no name has the same
// word for nothing, which then is none in the name either.
func (c *rowCheck) hasWordElsewhere(v string) bool {
	for _, cell := range [...]string{c.raw.AccountPurpose, c.raw.Address, c.raw.City, c.raw.Region, c.raw.PostalCode, c.raw.WalletAddress, c.raw.RedirectURL} {
		if len(cell) >= len(v) && strings.EqualFold(strings.TrimSpace(cell), v) {
			return true
		}
	}
	return false
}

// isNothing reports whether v is what senders and programs write into a cell
// without a value. Names are judged by refuseWordForNothing. There is a town called
// None in Italy, and one called Nan in Thailand.
func isNothing(field, v, country string) bool {
	if isName(field) || celltext.ReadNothing(v) == celltext.Something {
		return false
	}
	isTown := field == FieldCity && (v == "None" && country == "IT" || v == "Nan" && country == "TH")
	return !isTown
}

// compareNames compares the two names of a user: a column of whole names that was
// given to both fields names every user twice.
func (c *rowCheck) compareNames(first, last string) {
	if first == "" || last == "" || strings.IndexByte(first, ' ') < 0 && strings.IndexByte(last, ' ') < 0 {
		return
	}
	switch {
	case isSameName(first, last):
		c.addProblem(FieldLastName, CodeOtherField, "holds the same whole name as firstName. Give each column its own part of the name")
	case strings.HasPrefix(last, first) && strings.HasPrefix(last[len(first):], " "):
		c.addWarning(FieldLastName, CodeOtherFieldLikely, "begins with the first name, as a full name does. Give each column its own part of the name")
	case strings.HasSuffix(first, last) && strings.HasSuffix(first[:len(first)-len(last)], " "):
		c.addWarning(FieldFirstName, CodeOtherFieldLikely, "ends with the last name, as a full name does. Give each column its own part of the name")
	}
}

// isSameName reports whether two names of several words have the same words,
// in any order and case: Jane Doe and DOE, Jane.
func isSameName(a, b string) bool {
	words := func(name string) []string {
		list := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == ' ' || r == ',' })
		slices.Sort(list)
		return list
	}
	first, last := words(a), words(b)
	return len(first) > 1 && slices.Equal(first, last)
}
