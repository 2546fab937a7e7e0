package xlsx

import (
	"bytes"
	"regexp"
	"strconv"
	"unicode/utf16"
)

// escapedText is a pair of surrogates, which are one character, or a single escape.
var escapedText = regexp.MustCompile(`_x[Dd][89ABab][0-9A-Fa-f]{2}__x[Dd][C-Fc-f][0-9A-Fa-f]{2}_|_x[0-9A-Fa-f]{4}_`)

// unescapeText replaces the escapes of characters that XML does not have:
// _x000D_ is a carriage return, _x005F_ the underscore that protects such a
// text (ECMA-376 part 1, 22.9.2.19 ST_Xstring). Half a character stays as it is.
func unescapeText(text []byte) []byte {
	if !bytes.Contains(text, []byte("_x")) {
		return text
	}
	return escapedText.ReplaceAllFunc(text, func(escape []byte) []byte {
		var units []uint16
		for at := 0; at < len(escape); at += len("_x000D_") {
			n, _ := strconv.ParseUint(string(escape[at+2:at+6]), 16, 16) // hexadecimal digits, as matched
			units = append(units, uint16(n))
		}
		if len(units) == 1 && utf16.IsSurrogate(rune(units[0])) {
			return escape
		}
		return []byte(string(utf16.Decode(units)))
	})
}
