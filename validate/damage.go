package validate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// damaged notes what a spreadsheet does to any value: its error values,
// numbers it has rounded, and dates it has made of something else.
func (c *checking) damaged(field, v string) bool {
	switch {
	case v[0] == '#' && excelError(v):
		c.bad(field, CodeExcelError, "shows a spreadsheet error. correct the formula, or write the value itself")
		return true
	case excelRounded(v):
		c.bad(field, CodeExcelRounded, "Excel rounded this number and digits are lost. format the column as text, then enter the number again from its source")
		return true
	case isText(field):
		return c.damagedText(field, v)
	}
	return c.dated(field, v)
}

// damagedText is damaged for the fields without a grammar of their own.
func (c *checking) damagedText(field, v string) bool {
	signs := celltext.ScanSigns(v)
	if c.inNotation(field, v, signs) {
		return true
	}
	if signs&celltext.Question != 0 && lettersLost(field, v) {
		c.bad(field, CodeBadEncoding, "has a question mark in it, which programs write for a letter that they cannot. type the letter, and save the file as UTF-8")
		return true
	}
	if signs&celltext.Digit != 0 && (c.dated(field, v) || field == fieldPostalCode && c.digitCode(field, v)) {
		return true
	}
	return c.isMisplaced(field, v, signs)
}

// lettersLost tells the names of people and places that went through an
// encoding without their letters: ?ukasz, ?ód?, ul. D?uga 5. In an address and
// a purpose, where people ask questions, only a mark inside a word or before
// one is a letter.
func lettersLost(field, v string) bool {
	if field != fieldAddress && field != fieldAccountPurpose {
		return len(v) > 1 && strings.ContainsFunc(v, unicode.IsLetter)
	}
	if strings.Contains(v, "://") || strings.Contains(v, "www.") {
		return false
	}
	last := ' '
	for i, r := range v {
		if r == '?' && (unicode.IsLetter(last) || last == ' ') {
			next, _ := utf8.DecodeRuneInString(v[i+1:])
			if unicode.IsLetter(next) || field == fieldAddress && unicode.IsLetter(last) && next == ' ' {
				return true
			}
		}
		last = r
	}
	return false
}

// excelError tells the error values of Excel and LibreOffice in the languages
// whose headers we know, and the hashes of a column that is too narrow.
func excelError(v string) bool {
	if len(v) >= 3 && strings.Trim(v, "#") == "" {
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

// excelRounded tells 1.41556E+10 and 1,41556E+10: one digit, perhaps a
// fraction, E, + and the exponent. Without the + it is not how a spreadsheet
// shows a long number.
func excelRounded(v string) bool {
	v = strings.TrimLeft(v, "+-")
	if len(v) < 4 || !digit(v[0]) {
		return false
	}
	rest := v[1:]
	if rest[0] == '.' || rest[0] == ',' {
		rest = strings.TrimLeft(rest[1:], "0123456789")
	}
	if len(rest) < 3 || rest[0]|0x20 != 'e' || rest[1] != '+' {
		return false
	}
	return strings.Trim(rest[2:], "0123456789") == ""
}

// excelDecimal tells the .0 that programs write behind a number they have read
// as a decimal one: 14155551234.0. Taken as a separator, the dot would make
// another number of it.
func excelDecimal(v string) bool {
	whole := strings.TrimRight(v, "0")
	if len(whole) < 8 || len(whole) == len(v) || whole[len(whole)-1] != '.' && whole[len(whole)-1] != ',' {
		return false
	}
	return strings.Trim(strings.TrimPrefix(whole[:len(whole)-1], "+"), "0123456789") == ""
}

// doubleEncoded tells UTF-8 that was read as windows-1252 and written as UTF-8
// again: a capital with accent followed by the symbol that stands for a
// continuation byte. It may err, so it only ever warns.
func doubleEncoded(s string) bool {
	more, length := 0, 0 // continuation bytes still awaited, and of how many
	for _, r := range s {
		if r < 0x80 {
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

func digit(b byte) bool { return '0' <= b && b <= '9' }
