package xlsx

import (
	"bytes"
	"math"
	"regexp"
	"strconv"
)

// numberText returns a stored number as text. It is not rounded to what the cell
// shows. ok is false if it is no number; rounded is true when
// digits of it were lost before it was stored: spreadsheet programs keep 15.
//
// Programs store one number in many ways: 14155551234 can be stored as
// 14155551234.0 or 1.4155551234E10. A whole number below 10^15 becomes digits,
// unless that would invent four or more zeros at its end: a phone number that was
// once shown as 1.41556E+10 and kept so is lost, and the check of phone numbers
// must see it.
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

var decimalNumber = regexp.MustCompile(`^([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:[eE]([-+][0-9]{1,4}|[0-9]{1,5}))?$`)

// cutNumber splits a decimal number into mantissa and exponent.
func cutNumber(stored []byte) (mantissa []byte, exponent int, ok bool) {
	m := decimalNumber.FindSubmatch(stored)
	if m == nil || len(stored) > 400 {
		return nil, 0, false
	}
	exponent, _ = strconv.Atoi(string(m[2])) // "" is 0
	return m[1], exponent, true
}
