package inert

import (
	"regexp"
	"strings"
)

// harmless are the functions that a list of choices or a conditional format may
// use: they look at values of the workbook and at nothing else.
const harmless = " AND OR NOT IF IFERROR ISBLANK ISERROR ISNUMBER ISTEXT LEN TRIM LEFT RIGHT MID LOWER UPPER SEARCH FIND EXACT SUBSTITUTE COUNTIF COUNTIFS COUNTA COUNT SUM MOD ROW COLUMN ABS INT ROUND MIN MAX TODAY VALUE TRUE FALSE "

// expressions are what formulas and names are read with. They are made for each copy: with all
// letters of Unicode in them, at the start of the program they would delay every command.
type expressions struct {
	// token matches one token at the start of a formula. There is none for [ and {,
	// without which no other workbook can be named, and none for | and ! alone, without
	// which there is no DDE.
	token *regexp.Regexp
	// place is a cell or a range, of a sheet if it names one.
	place *regexp.Regexp
	// name is what a defined name looks like. Names that begin otherwise, such as
	// _xlnm.Auto_Open and _xleta, make programs do something.
	name *regexp.Regexp
}

func newExpressions() expressions {
	return expressions{
		token: regexp.MustCompile(`^(?:` +
			`(\s+|"(?:[^"]|"")*"|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[-+*/^&=<>%,;():])` + // 1: neither a place nor a name
			`|('(?:[^'\[\]:*?/\\]|'')+'!|[\pL_][\pL\pN_.]*!)` + // 2: a sheet before a place
			`|(\$?[A-Za-z]{1,3}\$?\d{1,7}\b|\$[A-Za-z]{1,3}\b|\$\d{1,7}\b|[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}\b)` + // 3: a place
			`|([\pL_][\pL\pN_.]*)` + // 4: a function or a name
			`)`),
		place: regexp.MustCompile(`^('(?:[^'\[\]:*?/\\]|'')+'!|[\pL_][\pL\pN_.]*!)?(\$?[A-Za-z]{1,3}\$?\d{1,7}(?::\$?[A-Za-z]{1,3}\$?\d{1,7})?|\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}|\$?\d{1,7}:\$?\d{1,7})(?:,|$)`),
		name:  regexp.MustCompile(`^[\pL\\][\pL\pN_.?\\]*$`),
	}
}

// isHarmless reports whether a formula does nothing but look at this workbook.
func (c *copier) isHarmless(formula string) bool {
	if len(formula) > 8192 {
		return false
	}
	for rest := strings.TrimPrefix(strings.TrimSpace(formula), "="); rest != ""; {
		m := c.formulas.token.FindStringSubmatch(rest)
		if m == nil {
			return false
		}
		rest = rest[len(m[0]):]
		switch {
		case m[2] != "":
			if !c.hasSheet(m[2]) {
				return false
			}
		case m[3] != "":
			if strings.HasPrefix(rest, "(") { // LOG10( is a function
				return false
			}
		case m[4] != "":
			name := strings.ToUpper(m[4])
			call := strings.HasPrefix(rest, "(")
			if strings.Contains(harmless, " "+name+" ") && (call || name == "TRUE" || name == "FALSE") {
				continue
			}
			if call || !c.names[name] {
				return false
			}
		}
	}
	return true
}

// isPlace reports whether a text names cells of this workbook, and nothing but
// that.
func (c *copier) isPlace(text string) bool {
	if text = strings.TrimPrefix(strings.TrimSpace(text), "="); text == "" || len(text) > 2048 {
		return false
	}
	for text != "" {
		m := c.formulas.place.FindStringSubmatch(text)
		if m == nil || m[1] != "" && !c.hasSheet(m[1]) {
			return false
		}
		text = text[len(m[0]):]
	}
	return true
}

// hasSheet reports whether the copy has the sheet that a place names, as in
// 'My list'!.
func (c *copier) hasSheet(prefix string) bool {
	name := strings.TrimSuffix(prefix, "!")
	if strings.HasPrefix(name, "'") {
		name = strings.ReplaceAll(strings.Trim(name, "'"), "''", "'")
	}
	return c.sheets[strings.ToUpper(name)]
}

// isHarmlessName reports whether a defined name may be kept, by its name alone.
func (e expressions) isHarmlessName(name string) bool {
	switch name {
	case "_xlnm.Print_Area", "_xlnm.Print_Titles", "_xlnm._FilterDatabase":
		return true
	}
	upper := strings.ToUpper(name)
	return e.name.MatchString(name) && !strings.HasPrefix(upper, "AUTO_") && !strings.HasPrefix(upper, "EXCEL_BUILTIN")
}
