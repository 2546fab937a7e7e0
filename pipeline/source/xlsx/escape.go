package xlsx

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unescapeText replaces the escapes of characters that XML does not have:
// _x000D_ is a carriage return, _x005F_ the underscore that protects such a
// text (ECMA-376 part 1, 22.9.2.19 ST_Xstring).
func unescapeText(text []byte) []byte {
	if !bytes.Contains(text, []byte("_x")) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		unit, ok := parseEscape(text[i:])
		if !ok {
			out = append(out, text[i])
			i++
			continue
		}
		if utf16.IsSurrogate(unit) {
			low, ok := parseEscape(text[i+7:])
			if r := utf16.DecodeRune(unit, low); ok && r != utf8.RuneError {
				out = utf8.AppendRune(out, r)
				i += 14
				continue
			}
			out = append(out, text[i:i+7]...) // half a character stays as it is
		} else {
			out = utf8.AppendRune(out, unit)
		}
		i += 7
	}
	return out
}

func parseEscape(text []byte) (rune, bool) {
	if len(text) < 7 || text[0] != '_' || text[1] != 'x' || text[6] != '_' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 32)
	return rune(n), err == nil
}
