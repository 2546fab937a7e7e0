// Package celltext recognises what the text of one cell is when it is not what
// its column asks for: a value in another notation (HTML entities, percent
// signs), in a wrong encoding, of another field (an e-mail, a phone number), a
// word for nothing, or a code that a spreadsheet shortened.
//
// Start at [ScanSigns], which lets nearly every cell skip the closer look.
// Nothing in this package keeps state, so any number of goroutines may use it.
package celltext

// Signs are the classes of bytes that a cell has, as bits.
type Signs uint32

// The classes. Letters without accents, blanks, dots and apostrophes have none.
const (
	Digit Signs = 1 << iota
	At
	Percent
	Backslash
	Ampersand
	Equals
	Plus
	Question
	Angle
	Bracket // [ and {
	Quote   // "
	Colon
	Hyphen
	Dot
	Letter
	NonASCII
)

// inNotations are the signs of which other notations have at least one.
const inNotations = Percent | Backslash | Ampersand | Equals | Plus | Angle | Bracket | Quote

// ScanSigns returns the classes of all bytes of v.
func ScanSigns(v string) Signs {
	var s Signs
	for i := 0; i < len(v); i++ {
		switch b := v[i]; {
		case isASCIILetter(b):
			s |= Letter
		case IsDigit(b):
			s |= Digit
		case b != ' ':
			s |= signOf(b)
		}
	}
	return s
}

func signOf(b byte) Signs {
	switch b {
	case '@':
		return At
	case '%':
		return Percent
	case '\\':
		return Backslash
	case '&':
		return Ampersand
	case '=':
		return Equals
	case '+':
		return Plus
	case '?':
		return Question
	case '<', '>':
		return Angle
	case '[', '{':
		return Bracket
	case '"':
		return Quote
	case ':':
		return Colon
	case '-':
		return Hyphen
	case '.':
		return Dot
	}
	if b >= 0x80 {
		return NonASCII
	}
	return 0
}

// IsDigit reports whether b is an ASCII digit.
func IsDigit(b byte) bool { return '0' <= b && b <= '9' }

func isASCIILetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// IsHex reports whether s holds nothing but hexadecimal digits. "" does.
func IsHex(s string) bool {
	for i := range len(s) {
		if b := s[i]; !IsDigit(b) && (b|0x20 < 'a' || b|0x20 > 'f') {
			return false
		}
	}
	return true
}

// areHex reports whether s begins with n hexadecimal digits.
func areHex(s string, n int) bool { return len(s) >= n && IsHex(s[:n]) }

// MaxLength is the largest length of a value, in code points: what a spreadsheet
// cell holds.
const MaxLength = 32767

// IsPlain reports whether v is a common clean cell, printable ASCII without spaces
// around it, which needs no further look. v is not "".
func IsPlain(v string) bool {
	if v[0] == ' ' || v[len(v)-1] == ' ' || len(v) > MaxLength {
		return false
	}
	for i := 0; i < len(v); i++ {
		if v[i] < 0x20 || v[i] > 0x7e {
			return false
		}
	}
	return true
}
