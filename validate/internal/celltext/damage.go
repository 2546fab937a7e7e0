package celltext

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Position returns the position of the code point at byte at, from 1.
func Position(s string, at int) int { return utf8.RuneCountInString(s[:at]) + 1 }

// IsErrorValue reports whether v is an error value of Excel or LibreOffice, in
// the languages whose headers are known, or the hashes of a column that is too
// narrow.
func IsErrorValue(v string) bool {
	if len(v) < 3 || v[0] != '#' {
		return false
	}
	if strings.Trim(v, "#") == "" {
		return true
	}
	switch strings.ToUpper(v) {
	case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!",
		"#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!", "#UNKNOWN!", "#GETTING_DATA", "#ERROR!", // English
		"#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#ÜBERLAUF!", // German
		"#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!", // French
		"#N/D", "#¡REF!", "#¡VALOR!", "#¿NOMBRE?", "#¡DIV/0!", "#¡NUM!", "#¡NULO!", // Spanish
		"#VALOR!", "#NOME?", "#NÚM!", "#NULO!", // Portuguese
		"#RIF!", "#VALORE!", "#NULLO!", // Italian
		"#N/B", "#VERW!", "#WAARDE!", "#NAAM?", "#DEEL/0!", "#GETAL!", "#LEEG!": // Dutch
		return true
	}
	return false
}

var roundedNumber = regexp.MustCompile(`^[-+]*[0-9](?:[.,][0-9]*)?[eE]\+[0-9]+$`)

// IsRounded reports whether v is a long number as a spreadsheet shows it,
// 1.41556E+10 or 1,41556E+10: one digit, perhaps a fraction, E, + and the
// exponent. Spreadsheets always write the +.
func IsRounded(v string) bool {
	return strings.LastIndexByte(v, '+') > 0 && roundedNumber.MatchString(v)
}

// IsCutTo15 reports whether v is a whole number of which a spreadsheet has kept
// 15 digits and made zeros of the rest.
func IsCutTo15(v string) bool {
	return len(v) > 15 && len(v) <= 32 && isDigits(v) && v[0] != '0' && strings.Trim(v[15:], "0") == ""
}

var decimalZeros = regexp.MustCompile(`^(?:\+[0-9]{6,}|[0-9]{7,})[.,]0+$`)

// HasDecimalZeros reports whether v is a long number with the .0 that programs
// write behind what they have read as a decimal one: 14155551234.0. Read as a
// separator, the dot would make another number of it.
func HasDecimalZeros(v string) bool {
	return v != "" && v[len(v)-1] == '0' && decimalZeros.MatchString(v)
}

// isDigits reports whether s holds nothing but ASCII digits. "" does.
func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// IsDoubleEncoded reports whether v looks like UTF-8 that was read as
// windows-1252 and written as UTF-8 again: a capital with accent followed by the
// symbol of a continuation byte. It may err, so it is good for a warning only.
func IsDoubleEncoded(v string) bool {
	more, length := 0, 0 // continuation bytes still awaited, and of how many
	for _, r := range v {
		if r < utf8.RuneSelf {
			more = 0
			continue
		}
		b, ok := charmap.Windows1252.EncodeRune(r)
		switch {
		case !ok:
			more = 0
		case more > 0 && b >= 0x80 && b <= 0xbf && (b != 0xa0 || length == 1): // French puts a no-break space between "à" and "»"
			if more--; more == 0 {
				return true
			}
		case b >= 0xc2 && b <= 0xc5, b >= 0xce && b <= 0xd1:
			more, length = 1, 1
		case b >= 0xe0 && b <= 0xef:
			more, length = 2, 2
		case b >= 0xf0 && b <= 0xf4:
			more, length = 3, 3
		default:
			more = 0
		}
	}
	return false
}
