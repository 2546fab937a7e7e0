package xlsx

import (
	"strconv"
	"strings"
)

// formatKind is what a number format makes of a number.
type formatKind uint8

const (
	kindNumber  formatKind = iota
	kindDate               // a date, with or without a time of day
	kindClock              // a time of day
	kindElapsed            // hours that go on beyond 24
)

// numberFormat is how a sheet shows what a cell holds. The zero value shows it
// as it is stored.
type numberFormat struct {
	kind     formatKind
	sections []formatSection // of kindNumber; nil = as it is stored
	text     []string        // what a text is shown between, if anything
}

// newNumberFormat reads a format code. Its first section decides the kind.
func newNumberFormat(code string) numberFormat {
	if code == "" {
		return numberFormat{}
	}
	sections := splitSections(code)
	f := numberFormat{kind: sections[0].kind()}
	if n := len(sections); n == 4 || n < 4 && sections[n-1].text {
		last := sections[n-1]
		if sections = sections[:n-1]; last.text && last.literal {
			f.text = last.aroundText()
		}
	}
	if f.kind != kindNumber || len(sections) == 0 || len(sections) == 1 && sections[0].isPlain() {
		return f
	}
	f.sections = sections
	return f
}

// chooseSection returns the one for a number. minus reports whether the sheet
// shows the sign of a negative one by itself.
func (f *numberFormat) chooseSection(v float64) (s *formatSection, minus bool) {
	all := f.sections
	for i := range all {
		if all[i].op == "" {
			continue
		}
		for j := range all { // with conditions the first that holds
			if all[j].isMet(v) {
				return &all[j], v < 0
			}
		}
		return nil, false
	}
	switch {
	case v < 0 && len(all) > 1:
		return &all[1], false
	case v == 0 && len(all) > 2:
		return &all[2], false
	}
	return &all[0], v < 0
}

// showNumber returns a stored number, in digits, as the sheet shows it. For
// formats of digits and literals (00000, 000-00-0000, "C-"0000, +0) that is the
// value that the sender means: the sheet shows 02139, and the cell holds 2139.
// For separators of thousands, decimals and powers of ten the number stays as it
// is stored. ok is false where the sheet shows something else that cannot be
// sent: a percentage, an amount of money, a fraction, a rounded number, nothing.
func (f *numberFormat) showNumber(stored string) (text string, ok bool) {
	if f.sections == nil {
		return stored, true
	}
	v, err := strconv.ParseFloat(stored, 64)
	if err != nil || strings.ContainsAny(stored, "eE") { // no digits: the rules of the field refuse it
		return stored, true
	}
	s, minus := f.chooseSection(v)
	if s == nil || len(s.parts) == 0 {
		return stored, false
	}
	whole, fraction, _ := strings.Cut(strings.TrimLeft(stored, "+-"), ".")
	switch {
	case s.other || s.text:
		return stored, s.text && !s.other && !s.literal
	case s.general:
		return s.fillDigits(strings.TrimLeft(stored, "+-"), minus), true
	case s.exponent:
		return stored, !s.literal
	case len(fraction) > s.decimals:
		return stored, false
	case s.grouped || s.point:
		return stored, !s.literal
	}
	return s.fillDigits(strings.TrimLeft(whole, "0"), minus), true
}

// isScientific reports whether the sheet shows a stored number as a power of ten.
func (f *numberFormat) isScientific(stored string) bool {
	v, err := strconv.ParseFloat(stored, 64)
	if err != nil || f.sections == nil {
		return false
	}
	s, _ := f.chooseSection(v)
	return s != nil && s.exponent
}

// showText returns a text as the sheet shows it.
func (f *numberFormat) showText(text string) string {
	if f.text == nil || text == "" {
		return text
	}
	return f.text[0] + text + f.text[1]
}

// builtinNumberFormat returns the formats that have a number and no code
// (ECMA-376 part 1, 18.8.30, with those of the East Asian locales). Those of
// money differ from country to country.
func builtinNumberFormat(id int) numberFormat {
	switch {
	case id == 1:
		return newNumberFormat("0")
	case id == 2, id == 4, id == 39, id == 40, id == 43:
		return newNumberFormat("#,##0.00")
	case id == 3, id == 37, id == 38, id == 41:
		return newNumberFormat("#,##0")
	case id >= 5 && id <= 8, id == 42, id == 44:
		return newNumberFormat(`"$"#,##0.00`)
	case id == 9, id == 10:
		return newNumberFormat("0%")
	case id == 11, id == 48:
		return newNumberFormat("0.00E+00")
	case id == 12, id == 13:
		return newNumberFormat("# ?/?")
	case id >= 14 && id <= 17, id == 22, id >= 27 && id <= 31, id >= 34 && id <= 36, id >= 50 && id <= 58:
		return numberFormat{kind: kindDate}
	case id >= 18 && id <= 21, id == 32, id == 33, id == 45, id == 47:
		return numberFormat{kind: kindClock}
	case id == 46:
		return numberFormat{kind: kindElapsed}
	}
	return numberFormat{}
}
