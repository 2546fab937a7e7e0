package xlsx

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

type textKind int

const (
	elementText   textKind = iota
	attributeText          // may hold ]]>
	literalText            // CDATA: no entities
)

// appendText appends text with its entities replaced and its line ends as \n. It
// refuses characters that XML does not have.
func appendText(dst, text []byte, kind textKind) ([]byte, error) {
	plain := 0
	for plain < len(text) && text[plain] >= ' ' && text[plain] < utf8.RuneSelf && text[plain] != '&' && text[plain] != ']' {
		plain++
	}
	dst, text = append(dst, text[:plain]...), text[plain:]
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '&' && kind != literalText:
			n := bytes.IndexByte(text[i:min(len(text), i+16)], ';')
			r, ok := rune(0), false
			if n > 0 {
				r, ok = decodeEntity(string(text[i+1 : i+n]))
			}
			if !ok {
				return dst, malformedXML("an unknown entity")
			}
			dst = utf8.AppendRune(dst, r)
			i += n + 1
		case c == '\r':
			if i++; i < len(text) && text[i] == '\n' {
				i++
			}
			dst = append(dst, '\n')
		case c < ' ' && c != '\t' && c != '\n':
			return dst, malformedXML("a control character")
		case c == ']' && kind == elementText && bytes.HasPrefix(text[i:], []byte("]]>")):
			return dst, malformedXML("]]> in text")
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, n := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && n == 1 {
				return dst, malformedXML("a byte that is not UTF-8")
			}
			if !isXMLRune(r) {
				return dst, malformedXML("a character that XML does not allow")
			}
			dst = append(dst, text[i:i+n]...)
			i += n
		}
	}
	return dst, nil
}

func decodeEntity(name string) (rune, bool) {
	if r, ok := map[string]rune{"lt": '<', "gt": '>', "amp": '&', "apos": '\'', "quot": '"'}[name]; ok {
		return r, true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || !isXMLRune(rune(n)) {
		return 0, false
	}
	return rune(n), true
}

// isXMLRune reports whether XML 1.0 has this character (production Char).
func isXMLRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0xD7FF ||
		0xE000 <= r && r <= 0xFFFD || 0x10000 <= r && r <= utf8.MaxRune
}
