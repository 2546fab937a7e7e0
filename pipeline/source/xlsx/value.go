package xlsx

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// numberText gives a stored number as text. The number is never rounded to
// what the cell shows. ok is false if it is no number; rounded is true when
// digits of it were lost before it was stored: spreadsheet programs keep 15.
//
// Programs store one number in many ways: 14155551234 may stand there as
// 14155551234.0 or 1.4155551234E10. A whole number below 10^15 is given in
// digits, unless that would invent four or more zeros at its end: a phone
// number that was once shown as 1.41556E+10 and kept so is lost, and whoever
// checks phone numbers must see it.
func numberText(stored []byte) (text string, rounded, ok bool) {
	plain := len(stored) > 0 && len(stored) <= 15
	for _, c := range stored {
		plain = plain && '0' <= c && c <= '9'
	}
	if plain {
		return string(stored), false, true
	}
	mantissa, exponent, ok := cutNumber(stored)
	if !ok {
		return "", false, false
	}
	text = string(stored)
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text, true, true // beyond what a cell can hold
	}
	whole := value == math.Trunc(value)
	digits := bytes.Trim(bytes.ReplaceAll(bytes.TrimLeft(mantissa, "+-"), []byte("."), nil), "0")
	switch {
	case whole && math.Abs(value) < 1e15:
		_, fraction, _ := bytes.Cut(mantissa, []byte("."))
		if invented := exponent - len(bytes.TrimRight(fraction, "0")); exponent != 0 && invented >= 4 {
			return text, false, true
		}
		return strconv.FormatInt(int64(value), 10), false, true
	case whole:
		return text, true, true
	case len(digits) > 15:
		// 1.1 is stored as 1.1000000000000001: the next binary number. That
		// is no loss if 15 digits lead back to it.
		short := strconv.FormatFloat(value, 'g', 15, 64)
		if back, err := strconv.ParseFloat(short, 64); err == nil && back == value {
			return short, false, true
		}
		return text, true, true
	}
	return text, false, true
}

// cutNumber splits a decimal number into mantissa and exponent.
func cutNumber(stored []byte) (mantissa []byte, exponent int, ok bool) {
	if len(stored) > 400 {
		return nil, 0, false
	}
	i := 0
	if i < len(stored) && (stored[i] == '-' || stored[i] == '+') {
		i++
	}
	digits, dots := 0, 0
	for ; i < len(stored); i++ {
		if c := stored[i]; '0' <= c && c <= '9' {
			digits++
		} else if c == '.' {
			dots++
		} else {
			break
		}
	}
	if digits == 0 || dots > 1 {
		return nil, 0, false
	}
	mantissa = stored[:i]
	if i == len(stored) {
		return mantissa, 0, true
	}
	if stored[i]|0x20 != 'e' || len(stored)-i > 6 {
		return nil, 0, false
	}
	exponent, err := strconv.Atoi(string(stored[i+1:]))
	return mantissa, exponent, err == nil
}

// boolText gives a boolean the way spreadsheet programs show it.
func boolText(stored []byte) (string, bool) {
	switch string(stored) {
	case "1", "true":
		return "TRUE", true
	case "0", "false":
		return "FALSE", true
	}
	return "", false
}

// unescape undoes the escapes that stand for characters XML does not have:
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
			out = append(out, text[i:i+7]...) // half a character: left as it stands
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

// formatKind is what a number format makes of a number.
type formatKind uint8

const (
	kindNumber  formatKind = iota
	kindDate               // a date, with or without a time of day
	kindClock              // a time of day
	kindElapsed            // hours that go on beyond 24
)

// builtinFormat classifies the number formats that have a number and no code
// (ECMA-376 part 1, 18.8.30, with those of the East Asian locales).
func builtinFormat(id int) formatKind {
	switch {
	case id >= 14 && id <= 17, id == 22, id >= 27 && id <= 31, id >= 34 && id <= 36, id >= 50 && id <= 58:
		return kindDate
	case id >= 18 && id <= 21, id == 32, id == 33, id == 45, id == 47:
		return kindClock
	case id == 46:
		return kindElapsed
	}
	return kindNumber
}

// customFormat classifies a number format by its code: the first section, with
// everything taken out that is shown as it stands.
func customFormat(code string) formatKind {
	var day, clock, month, elapsed bool
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			n := strings.IndexByte(code[i+1:], '"')
			if n < 0 {
				return kindNumber
			}
			i += n + 1
		case '\\', '_', '*':
			i++
		case '[':
			n := strings.IndexByte(code[i:], ']')
			if n < 0 {
				return kindNumber
			}
			inside := strings.ToLower(code[i+1 : i+n])
			if inside != "" && (strings.Trim(inside, "h") == "" || strings.Trim(inside, "m") == "" || strings.Trim(inside, "s") == "") {
				elapsed = true
			}
			i += n
		case ';':
			i = len(code)
		case 'G', 'g':
			if len(code) >= i+7 && strings.EqualFold(code[i:i+7], "general") {
				i += 6
			}
		case 'y', 'Y', 'd', 'D':
			day = true
		case 'h', 'H', 's', 'S':
			clock = true
		case 'm', 'M':
			month = true
		}
	}
	switch {
	case elapsed && !day:
		return kindElapsed
	case day, month && !clock:
		return kindDate
	case clock:
		return kindClock
	}
	return kindNumber
}

// dateText gives a date serial as ISO 8601. Days count from 1900, where a 29
// February 1900 that never was has the number 60, or from 1904. ok is false
// outside the dates that spreadsheet programs show.
func dateText(stored []byte, kind formatKind, from1904 bool) (string, bool) {
	if _, _, ok := cutNumber(stored); !ok {
		return "", false
	}
	serial, err := strconv.ParseFloat(string(stored), 64)
	if err != nil || serial < 0 || serial >= 2_958_466 {
		return "", false
	}
	seconds := int64(math.Round(serial * 86_400)) // rounded: a second has no exact binary fraction
	days, rest := seconds/86_400, seconds%86_400
	clock := fmt.Sprintf("%02d:%02d:%02d", rest/3600, rest/60%60, rest%60)
	if kind == kindElapsed {
		return fmt.Sprintf("%02d:%02d:%02d", seconds/3600, rest/60%60, rest%60), true
	}
	if days == 0 && (kind == kindClock || !from1904 && rest > 0) {
		return clock, true
	}
	first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case from1904:
		first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days < 60:
		first = first.AddDate(0, 0, 1)
	}
	date := first.AddDate(0, 0, int(days)).Format("2006-01-02")
	if !from1904 && days == 60 {
		date = "1900-02-29"
	}
	if !from1904 && days == 0 {
		date = "1900-01-00"
	}
	if rest > 0 {
		date += "T" + clock
	}
	return date, true
}
