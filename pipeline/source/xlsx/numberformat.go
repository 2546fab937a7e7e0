package xlsx

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// numberFormat is how a sheet shows what a cell holds. The zero value shows it
// as it is stored.
type numberFormat struct {
	kind     formatKind
	sections []formatSection // of kindNumber; nil = as it is stored
	text     []string        // what stands before and behind a text, if anything does
}

// formatSection is one of the up to four parts of a format code, each for some
// numbers (ECMA-376 part 1, 18.8.31).
type formatSection struct {
	op       string  // "" = none
	operand  float64 // of op
	parts    []formatPart
	literal  bool // shows something besides digits
	digits   int  // placeholders before the decimal point
	decimals int  // placeholders behind it
	grouped  bool // thousands have separators
	point    bool
	general  bool // has General in it
	exponent bool
	text     bool // has @ in it
	other    bool // percent, fraction, thousands left out, filled with a character
}

// formatPart is text that is shown as it stands, or a placeholder.
type formatPart struct {
	text string
	mark byte // 0 # ? for digits, G for General, @ for a text; 0 = text
}

// newNumberFormat reads a format code.
func newNumberFormat(code string) numberFormat {
	f := numberFormat{kind: customFormat(code)}
	if code == "" {
		return f
	}
	sections := splitSections(code)
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

// isPlain tells General and what is like it.
func (s *formatSection) isPlain() bool { return s.general && !s.literal && !s.other }

func splitSections(code string) []formatSection {
	var all []formatSection
	for rest := code; ; {
		var s formatSection
		n := s.parseSection(rest)
		all = append(all, s)
		if n >= len(rest) || len(all) == 4 {
			return all
		}
		rest = rest[n+1:]
	}
}

// parse reads a section up to its semicolon, or the end, and returns where
// that is.
func (s *formatSection) parseSection(code string) int {
	for i := 0; i < len(code); {
		c := code[i]
		switch {
		case c == ';':
			return i
		case c == '"':
			n := strings.IndexByte(code[i+1:], '"')
			if n < 0 {
				n = len(code) - i - 1
			}
			s.addLiteral(code[i+1 : i+1+n])
			i += n + 2
		case c == '\\' || c == '!' || c == '_' || c == '*':
			_, n := utf8.DecodeRuneInString(code[i+1:])
			switch next := code[i+1 : i+1+n]; c {
			case '_':
				s.parts = append(s.parts, formatPart{text: " "})
			case '*':
				s.other = s.other || next != " "
			default:
				s.addLiteral(next)
			}
			i += 1 + n
		case c == '[':
			n := strings.IndexByte(code[i:], ']')
			if n < 0 {
				n = len(code) - i
			}
			s.parseBracket(code[i+1 : i+n])
			i += n + 1
		case len(code) >= i+7 && strings.EqualFold(code[i:i+7], "general"):
			s.general = true
			s.parts = append(s.parts, formatPart{mark: 'G'})
			i += 7
		default:
			_, n := utf8.DecodeRuneInString(code[i:])
			s.addMark(code[i:i+n], code[i+n:])
			i += n
		}
	}
	return len(code)
}

// mark reads a character that means something outside quotation marks; rest is
// what follows it.
func (s *formatSection) addMark(c, rest string) {
	switch c {
	case "0", "#", "?":
		s.parts = append(s.parts, formatPart{mark: c[0]})
		if s.point {
			s.decimals++
		} else {
			s.digits++
		}
	case ".":
		s.point = true
	case ",":
		if rest == "" || !strings.ContainsAny(rest[:1], "0#?") { // thousands are left out
			s.other = true
		}
		s.grouped = true
	case "%", "/":
		s.other = true
	case "E", "e":
		s.exponent = true
	case "@":
		s.text = true
		s.parts = append(s.parts, formatPart{mark: '@'})
	case "+", "-":
		if !s.exponent {
			s.addLiteral(c)
		}
	default:
		s.addLiteral(c)
	}
}

func (s *formatSection) addLiteral(text string) {
	s.parts = append(s.parts, formatPart{text: text})
	s.literal = s.literal || strings.TrimSpace(text) != ""
}

// bracket reads [Red], [$€-407] or [<=9999999].
func (s *formatSection) parseBracket(inside string) {
	if currency, ok := strings.CutPrefix(inside, "$"); ok {
		if currency, _, _ = strings.Cut(currency, "-"); currency != "" {
			s.addLiteral(currency)
		}
		return
	}
	op := inside[:len(inside)-len(strings.TrimLeft(inside, "<>="))]
	if n, err := strconv.ParseFloat(strings.TrimSpace(inside[len(op):]), 64); op != "" && err == nil {
		s.op, s.operand = op, n
	}
}

// holds reports whether the section's condition is met.
func (s *formatSection) isMet(v float64) bool {
	switch s.op {
	case "<":
		return v < s.operand
	case "<=":
		return v <= s.operand
	case ">":
		return v > s.operand
	case ">=":
		return v >= s.operand
	case "=":
		return v == s.operand
	case "<>":
		return v != s.operand
	}
	return true
}

// section chooses the one for a number. minus is whether the sheet shows the
// sign of a negative one by itself.
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

// shown gives a stored number, in digits, as the sheet shows it. For formats
// of digits and literals (00000, 000-00-0000, "C-"0000, +0) that is the value
// which people mean: they see 02139, and the cell holds 2139. Separators of
// thousands, decimals and powers of ten change nothing that counts, and the
// number stays as it is stored. ok is false where the sheet shows something
// else that cannot be sent: a percentage, an amount of money, a fraction, a
// rounded number, nothing at all.
func (f *numberFormat) showNumber(stored string) (text string, ok bool) {
	if f.sections == nil {
		return stored, true
	}
	v, err := strconv.ParseFloat(stored, 64)
	if err != nil || strings.ContainsAny(stored, "eE") { // not to be had in digits: whoever reads the field refuses it
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

// fillDigits puts a number's digits into the placeholders, from the right. The first
// placeholder takes all that are left.
func (s *formatSection) fillDigits(number string, minus bool) string {
	at := len(number)
	left := s.digits
	out := make([]string, len(s.parts))
	for i := len(s.parts) - 1; i >= 0; i-- {
		part := s.parts[i]
		switch part.mark {
		case 0:
			out[i] = part.text
			continue
		case 'G':
			out[i] = number
			continue
		}
		from := max(0, at-1)
		if left--; left == 0 {
			from = 0
		}
		out[i] = number[from:at]
		if at == 0 {
			out[i] = map[byte]string{'0': "0", '?': " "}[part.mark]
		}
		at = from
	}
	text := strings.TrimSpace(strings.Join(out, ""))
	if minus {
		text = "-" + text
	}
	return text
}

// aroundText gives what a section for texts shows before and behind each.
func (s *formatSection) aroundText() []string {
	around := []string{"", ""}
	side := 0
	for _, part := range s.parts {
		if part.mark == '@' {
			side = 1
			continue
		}
		around[side] += part.text
	}
	return around
}

// shownText gives a text as the sheet shows it.
func (f *numberFormat) showText(text string) string {
	if f.text == nil || text == "" {
		return text
	}
	return f.text[0] + text + f.text[1]
}

// builtinNumberFormat gives the formats that have a number and no code
// (ECMA-376 part 1, 18.8.30). Those of money differ from country to country.
func builtinNumberFormat(id int) numberFormat {
	if kind := builtinFormat(id); kind != kindNumber {
		return numberFormat{kind: kind}
	}
	switch id {
	case 1:
		return newNumberFormat("0")
	case 2, 4, 39, 40, 43:
		return newNumberFormat("#,##0.00")
	case 3, 37, 38, 41:
		return newNumberFormat("#,##0")
	case 5, 6, 7, 8, 42, 44:
		return newNumberFormat(`"$"#,##0.00`)
	case 9, 10:
		return newNumberFormat("0%")
	case 11, 48:
		return newNumberFormat("0.00E+00")
	case 12, 13:
		return newNumberFormat("# ?/?")
	}
	return numberFormat{}
}
