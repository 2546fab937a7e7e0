// Package celltext recognises what the text of one cell is when it is not what
// its column asks for: a value in another notation (HTML entities, percent
// signs), in a wrong encoding, of another field (an e-mail, a phone number), a
// word for nothing, or a code that a spreadsheet shortened.
//
// Nothing in this package keeps state, so any number of goroutines may use it.
package celltext

import "strings"

// IsDigit reports whether b is an ASCII digit.
func IsDigit(b byte) bool { return '0' <= b && b <= '9' }

func isASCIILetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// IsHex reports whether s holds nothing but hexadecimal digits. "" does.
func IsHex(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
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
