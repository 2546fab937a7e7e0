package inert

import (
	"regexp"
	"strings"
	"sync"
)

// lazily compiles an expression when it is first used: with all letters of Unicode in
// it that takes longer than most else at the start of the program.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// harmless are the functions that a list of choices or a conditional format may
// use: they look at values of the workbook and at nothing else.
const harmless = " AND OR NOT IF IFERROR ISBLANK ISERROR ISNUMBER ISTEXT LEN TRIM LEFT RIGHT MID LOWER UPPER SEARCH FIND EXACT SUBSTITUTE COUNTIF COUNTIFS COUNTA COUNT SUM MOD ROW COLUMN ABS INT ROUND MIN MAX TODAY VALUE TRUE FALSE "

// formulaToken matches one token at the start of a formula. There is none for
// [ and {, without which no other workbook can be named, and none for | and !
// alone, without which there is no DDE.
var formulaToken = lazily(`^(?:` +
	`(\s+|"(?:[^"]|"")*"|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[-+*/^&=<>%,;():])` + // 1: neither a place nor a name
	`|('(?:[^'\[\]:*?/\\]|'')+'!|[\pL_][\pL\pN_.]*!)` + // 2: a sheet before a place
	`|(\$?[A-Za-z]{1,3}\$?\d{1,7}\b|\$[A-Za-z]{1,3}\b|\$\d{1,7}\b|[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}\b)` + // 3: a place
	`|([\pL_][\pL\pN_.]*)` + // 4: a function or a name
	`)`)

// isHarmless reports whether a formula does nothing but look at this workbook.
func (c *copier) isHarmless(formula string) bool {
	if len(formula) > 8192 {
		return false
	}
	for rest := strings.TrimPrefix(strings.TrimSpace(formula), "="); rest != ""; {
		m := formulaToken().FindStringSubmatch(rest)
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

// onePlace is a cell or a range, of a sheet if it names one.
var onePlace = lazily(`^('(?:[^'\[\]:*?/\\]|'')+'!|[\pL_][\pL\pN_.]*!)?(\$?[A-Za-z]{1,3}\$?\d{1,7}(?::\$?[A-Za-z]{1,3}\$?\d{1,7})?|\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}|\$?\d{1,7}:\$?\d{1,7})(?:,|$)`)

// isPlace reports whether a text names cells of this workbook, and nothing but
// that.
func (c *copier) isPlace(text string) bool {
	if text = strings.TrimPrefix(strings.TrimSpace(text), "="); text == "" || len(text) > 2048 {
		return false
	}
	for text != "" {
		m := onePlace().FindStringSubmatch(text)
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

// usualName is what a defined name looks like. Names that begin otherwise, such
// as _xlnm.Auto_Open and _xleta, make programs do something.
var usualName = lazily(`^[\pL\\][\pL\pN_.?\\]*$`)

// isHarmlessName reports whether a defined name may be kept, by its name alone.
func isHarmlessName(name string) bool {
	switch name {
	case "_xlnm.Print_Area", "_xlnm.Print_Titles", "_xlnm._FilterDatabase":
		return true
	}
	upper := strings.ToUpper(name)
	return usualName().MatchString(name) && !strings.HasPrefix(upper, "AUTO_") && !strings.HasPrefix(upper, "EXCEL_BUILTIN")
}
