package celltext

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"html"
	"mime"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/encoding/charmap"
)

// Notation is a value that is still written as another format writes it.
type Notation struct {
	Kind  string // in words, such as "HTML entities"
	At    int    // the code point at which it begins, from 1
	Reads string // what its first character means, in words: "é", "a line break"; "" if it means none of its own
	Sure  bool   // no plain text looks like this
}

// FindNotation returns the first notation in v that is none of plain text. Each has
// one of a few signs, which most cells have none of.
func FindNotation(v string) (Notation, bool) {
	if !strings.ContainsAny(v, `=&<%\_+"'[{0-`) {
		return Notation{}, false
	}
	for _, find := range []func(string) (Notation, bool){findEncodedWord, findEntity, findMarkup, findPercent, findQuotedPrintable, findBackslash, findBareEscape, findUTF7, findJSON, findPunycode, findPlusForSpace} {
		if n, found := find(v); found {
			return n, true
		}
	}
	return Notation{}, false
}

func newNotation(kind, v string, at int, reads rune, sure bool) (Notation, bool) {
	return Notation{Kind: kind, At: utf8.RuneCountInString(v[:at]) + 1, Reads: nameRune(reads), Sure: sure}, true
}

// nameRune names a character for a message, in which a semicolon or a line end
// would look like the end of the message.
func nameRune(r rune) string {
	switch {
	case r == 0:
		return ""
	case r == ' ':
		return "a space"
	case r == '\u00a0':
		return "a no-break space"
	case r == '\n' || r == '\r':
		return "a line break"
	case r == '\t':
		return "a tab"
	case r == ';':
		return "a semicolon"
	case unicode.IsPrint(r):
		return string(r)
	}
	return fmt.Sprintf("U+%04X", r)
}

// findEncodedWord finds =?utf-8?Q?Jos=C3=A9?=, which mail headers hold (RFC 2047).
func findEncodedWord(v string) (Notation, bool) {
	from := strings.Index(v, "=?")
	if from < 0 || !strings.Contains(v[from:], "?=") {
		return Notation{}, false
	}
	decoded, err := new(mime.WordDecoder).DecodeHeader(v[from:])
	if err != nil || decoded == v[from:] {
		return Notation{}, false
	}
	return newNotation("an encoded word of e-mail headers", v, from, firstSpecial(decoded), true)
}

// firstSpecial is the first character outside ASCII, 0 if there is none.
func firstSpecial(s string) rune {
	for _, r := range s {
		if r >= 0x80 {
			return r
		}
	}
	return 0
}

// findEntity finds &#39;, &eacute; and &#xE9;.
func findEntity(v string) (Notation, bool) {
	for i := 0; i < len(v); i++ {
		if v[i] != '&' {
			continue
		}
		if digits := strings.TrimPrefix(v[i:], "&#"); len(digits) < len(v[i:]) { // browsers read &#233 without its semicolon, too
			if n := len(digits) - len(strings.TrimLeft(digits, "0123456789")); n >= 2 && n <= 7 {
				r, _ := utf8.DecodeRuneInString(html.UnescapeString(v[i:i+2+n] + ";"))
				return newNotation("HTML entities", v, i, r, true)
			}
		}
		end := strings.IndexByte(v[i:], ';')
		if end < 2 || end > 32 || strings.ContainsAny(v[i+1:i+end], " &") {
			continue
		}
		text := v[i : i+end+1]
		if decoded := html.UnescapeString(text); decoded != text && !strings.HasSuffix(decoded, ";") || text == "&semi;" {
			r, _ := utf8.DecodeRuneInString(decoded)
			return newNotation("HTML entities", v, i, r, true)
		}
	}
	return Notation{}, false
}

// findMarkup finds the tags that word processors and web pages put around text,
// and <U+00E9> as R writes letters.
func findMarkup(v string) (Notation, bool) {
	for i := 0; i < len(v); i++ {
		if v[i] != '<' {
			continue
		}
		rest := v[i+1:]
		end := strings.IndexByte(rest, '>')
		if end < 0 {
			return Notation{}, false
		}
		tag := strings.ToLower(strings.TrimRight(strings.TrimSpace(rest[:end]), " /"))
		name, _, _ := strings.Cut(strings.TrimPrefix(tag, "/"), " ")
		switch {
		case slices.Contains([]string{"br", "p", "div", "li"}, strings.TrimPrefix(tag, "/")):
			return newNotation("HTML tags", v, i, '\n', true)
		case slices.Contains([]string{"b", "i", "u", "em", "strong", "span", "font", "td", "tr", "th", "a"}, name), strings.HasPrefix(tag, "![cdata["):
			return newNotation("HTML tags", v, i, 0, true)
		case strings.HasPrefix(tag, "u+") && len(tag) >= 6 && areHex(tag[2:], len(tag)-2):
			n, err := strconv.ParseUint(tag[2:], 16, 21)
			if err == nil {
				return newNotation("Unicode escapes", v, i, rune(n), true)
			}
		}
	}
	return Notation{}, false
}

// findPercent finds Jos%C3%A9, New%20York and %u00e9. "100%25" may be a sum.
func findPercent(v string) (Notation, bool) {
	for i := 0; i+2 < len(v); i++ {
		if v[i] != '%' {
			continue
		}
		if (v[i+1] == 'u' || v[i+1] == 'U') && areHex(v[i+2:], 4) {
			return newNotation("percent-encoding", v, i, hexRune(v[i+2:i+6]), true)
		}
		if !areHex(v[i+1:], 2) || i > 0 && IsDigit(v[i-1]) {
			continue
		}
		r, sure := escapedBytes(v[i:], "%", 2, 16)
		return newNotation("percent-encoding", v, i, r, sure || !isAlphanumeric(r))
	}
	return Notation{}, false
}

// findQuotedPrintable finds Jos=C3=A9, as mail bodies write it (RFC 2045).
func findQuotedPrintable(v string) (Notation, bool) {
	for i := 0; i+2 < len(v); i++ {
		if v[i] != '=' || !areHex(v[i+1:], 2) || i > 0 && IsDigit(v[i-1]) {
			continue
		}
		r, sure := escapedBytes(v[i:], "=", 2, 16)
		if !sure && (v[i+1]|v[i+2])&0x20 != 0 && (!IsDigit(v[i+1]) || !IsDigit(v[i+2])) && isAlphanumeric(r) {
			continue // lower case is not what programs write
		}
		return newNotation("quoted-printable", v, i, r, sure || !isAlphanumeric(r))
	}
	return Notation{}, false
}

func isAlphanumeric(r rune) bool { return unicode.IsLetter(r) && r < 0x80 || unicode.IsDigit(r) }

// escapedBytes reads the bytes that s begins with, each a mark and so many digits
// of that base. sure is true if they are a character outside ASCII, of UTF-8 or of
// a Western code page.
func escapedBytes(s, mark string, digits, base int) (r rune, sure bool) {
	var b []byte
	for len(b) < utf8.UTFMax && strings.HasPrefix(s, mark) && len(s) >= len(mark)+digits {
		n, err := strconv.ParseUint(s[len(mark):len(mark)+digits], base, 8)
		if err != nil {
			break
		}
		b = append(b, byte(n))
		s = s[len(mark)+digits:]
	}
	if r, n := utf8.DecodeRune(b); r != utf8.RuneError || n > 1 {
		return r, r >= 0x80
	}
	return charmap.Windows1252.DecodeByte(b[0]), true
}

func hexRune(digits string) rune {
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}

// findBackslash finds the escapes of programs: O\'Brien, \u00e9, \xe9, \303\251, \n.
func findBackslash(v string) (Notation, bool) {
	const kind = "backslash escapes"
	for i := 0; i+1 < len(v); i++ {
		if v[i] != '\\' {
			continue
		}
		next, rest := v[i+1], v[i+2:]
		switch {
		case next == 'u' && areHex(rest, 4):
			return newNotation(kind, v, i, hexRune(rest[:4]), true)
		case next == 'U' && areHex(rest, 8):
			return newNotation(kind, v, i, hexRune(rest[:8]), true)
		case next == 'u' && strings.HasPrefix(rest, "{"):
			if digits, _, ok := strings.Cut(rest[1:], "}"); ok && digits != "" && len(digits) <= 6 && areHex(digits, len(digits)) {
				return newNotation(kind, v, i, hexRune(digits), true)
			}
		case next == 'x' && areHex(rest, 2):
			r, _ := escapedBytes(v[i:], `\x`, 2, 16)
			return newNotation(kind, v, i, r, true)
		case next == '\'' || next == '"' || next == '`':
			return newNotation(kind, v, i, rune(next), true)
		case next >= '0' && next <= '3' && len(rest) >= 2 && isOctal(rest[0]) && isOctal(rest[1]):
			r, sure := escapedBytes(v[i:], `\`, 3, 8)
			return newNotation(kind, v, i, r, sure)
		case next == 'n' || next == 'r' || next == 't':
			plain := rest == "" || !isASCIILetter(rest[0]) || rest[0] <= 'Z' || i > 0 && strings.IndexByte(",. ", v[i-1]) >= 0
			r := '\n'
			if next == 't' {
				r = '\t'
			}
			return newNotation(kind, v, i, r, plain)
		case next == '/' || next == '\\' || next == '&' || next == ',':
			return newNotation(kind, v, i, rune(next), false)
		}
	}
	return Notation{}, false
}

func isOctal(b byte) bool { return '0' <= b && b <= '7' }

// findBareEscape finds Josu00e9, a \u00e9 whose backslash was lost, and Jos_x00e9_
// as workbooks write letters.
func findBareEscape(v string) (Notation, bool) {
	for i := 0; i+7 <= len(v); i++ {
		if v[i] == '_' && v[i+1] == 'x' && areHex(v[i+2:], 4) && v[i+6] == '_' {
			return newNotation("escapes of a workbook", v, i, hexRune(v[i+2:i+6]), true)
		}
	}
	for i := 1; i+5 <= len(v); i++ {
		if v[i] == 'u' && v[i+1] == '0' && v[i+2] == '0' && v[i+3] >= '8' && areHex(v[i+3:], 2) && isASCIILetter(v[i-1]) {
			return newNotation("Unicode escapes", v, i, hexRune(v[i+1:i+5]), true)
		}
	}
	return Notation{}, false
}

// findPlusForSpace finds New+York, as web forms send it.
func findPlusForSpace(v string) (Notation, bool) {
	i := strings.IndexByte(v, '+')
	if i < 2 || strings.IndexByte(v, ' ') >= 0 || !isASCIILetter(v[i-1]) || !isASCIILetter(v[i-2]) ||
		len(v) < i+3 || !isASCIILetter(v[i+1]) || !isASCIILetter(v[i+2]) {
		return Notation{}, false
	}
	return newNotation("the plus signs of a web form", v, i, ' ', false)
}

// findUTF7 finds Jos+AOk- (RFC 2152), and Jos&AOk- as mailbox names have it (RFC 3501).
func findUTF7(v string) (Notation, bool) {
	for i := 0; i < len(v); i++ {
		if v[i] != '+' && v[i] != '&' {
			continue
		}
		end := strings.IndexByte(v[i:], '-')
		if end < 4 {
			continue
		}
		if r, ok := utf7Rune(v[i+1 : i+end]); ok {
			return newNotation("UTF-7", v, i, r, true)
		}
	}
	return Notation{}, false
}

// utf7Rune decodes base64 of UTF-16, which must be letters or signs outside ASCII.
func utf7Rune(text string) (rune, bool) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(strings.ReplaceAll(text, ",", "/"))
	if err != nil || len(b) < 2 || len(b)%2 != 0 {
		return 0, false
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	decoded := utf16.Decode(units)
	for _, r := range decoded {
		if r == utf8.RuneError || !unicode.IsPrint(r) || r >= 0x0530 && r < 0x2000 {
			return 0, false
		}
	}
	if decoded[0] < 0x80 && len(decoded) > 1 {
		return 0, false
	}
	return decoded[0], true
}

// findJSON finds a value that kept the marks of a list, an object or a string
// of a program: ["Jane"], {"name": …}, b'Jane', "Jane".
func findJSON(v string) (Notation, bool) {
	last := v[len(v)-1]
	switch {
	case len(v) < 2:
		return Notation{}, false
	case strings.HasPrefix(v, `["`) && last == ']', strings.HasPrefix(v, `['`) && last == ']', strings.HasPrefix(v, `{"`) && last == '}':
		return newNotation("JSON brackets and quotation marks", v, 0, 0, true)
	case len(v) > 3 && v[0] == 'b' && (v[1] == '"' && last == '"' || v[1] == '\'' && last == '\''):
		return newNotation("the quotation marks of a program", v, 0, 0, true)
	case v[0] == '"' && last == '"' && strings.Count(v, `"`) == 2:
		return newNotation("quotation marks around the value", v, 0, 0, false)
	}
	return Notation{}, false
}

// findPunycode finds xn--mnchen-3ya, as host names write München.
func findPunycode(v string) (Notation, bool) {
	i := strings.Index(strings.ToLower(v), "xn--")
	if i < 0 || i > 0 && v[i-1] != '.' && v[i-1] != ' ' {
		return Notation{}, false
	}
	word, _, _ := strings.Cut(v[i:], " ")
	decoded, err := idna.Punycode.ToUnicode(word)
	if err != nil || decoded == word {
		return Notation{}, false
	}
	return newNotation("punycode", v, i, firstSpecial(decoded), true)
}
