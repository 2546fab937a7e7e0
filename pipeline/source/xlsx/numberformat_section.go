package xlsx

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// formatSection is one of the up to four parts of a format code, each for some
// numbers (ECMA-376 part 1, 18.8.31).
type formatSection struct {
	op       string  // "" = none
	operand  float64 // of op
	parts    []formatPart
	literal  bool // shows something besides digits
	digits   int  // placeholders before the decimal point
	decimals int  // placeholders after it
	grouped  bool // thousands have separators
	point    bool
	general  bool // has General in it
	exponent bool
	text     bool // has @ in it
	other    bool // percent, fraction, thousands left out, filled with a character

	day, month, clock, elapsed, unclosed bool // of dates and times; a quotation mark or bracket is not closed
}

// formatPart is text that is shown as it is, or a placeholder.
type formatPart struct {
	text string
	mark byte // 0 # ? for digits, G for General, @ for a text; 0 = text
}

func (s *formatSection) kind() formatKind {
	switch {
	case s.unclosed:
		return kindNumber
	case s.elapsed && !s.day:
		return kindElapsed
	case s.day, s.month && !s.clock:
		return kindDate
	case s.clock:
		return kindClock
	}
	return kindNumber
}

// isPlain reports whether the section is General and no more.
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

// parseSection reads a section up to its semicolon, or the end, and returns
// where that is.
func (s *formatSection) parseSection(code string) int {
	for i := 0; i < len(code); {
		c := code[i]
		switch {
		case c == ';':
			return i
		case c == '"':
			n := strings.IndexByte(code[i+1:], '"')
			if n < 0 {
				n, s.unclosed = len(code)-i-1, true
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
				n, s.unclosed = len(code)-i, true
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

// addMark reads a character outside quotation marks; rest is what follows it.
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
	case "y", "Y", "d", "D":
		s.day = true
		s.addLiteral(c)
	case "m", "M":
		s.month = true
		s.addLiteral(c)
	case "h", "H", "s", "S":
		s.clock = true
		s.addLiteral(c)
	default:
		s.addLiteral(c)
	}
}

func (s *formatSection) addLiteral(text string) {
	s.parts = append(s.parts, formatPart{text: text})
	s.literal = s.literal || strings.TrimSpace(text) != ""
}

// parseBracket reads [Red], [$€-407] or [<=9999999].
func (s *formatSection) parseBracket(inside string) {
	if currency, ok := strings.CutPrefix(inside, "$"); ok {
		if currency, _, _ = strings.Cut(currency, "-"); currency != "" {
			s.addLiteral(currency)
		}
		return
	}
	if lower := strings.ToLower(inside); lower != "" && strings.ContainsAny(lower[:1], "hms") && strings.Trim(lower, lower[:1]) == "" {
		s.elapsed = true
	}
	op := inside[:len(inside)-len(strings.TrimLeft(inside, "<>="))]
	if n, err := strconv.ParseFloat(strings.TrimSpace(inside[len(op):]), 64); op != "" && err == nil {
		s.op, s.operand = op, n
	}
}

// isMet reports whether the section's condition is met.
func (s *formatSection) isMet(v float64) bool {
	return s.op == "" || strings.Contains(s.op, "<") && v < s.operand || strings.Contains(s.op, ">") && v > s.operand ||
		strings.Contains(s.op, "=") && v == s.operand
}

// fillDigits puts the digits of a number into the placeholders, from the right.
// The first placeholder gets all that are left.
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

// aroundText returns what a section for texts shows before and after each.
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
