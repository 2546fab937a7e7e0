package celltext

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestReadNumberForm(t *testing.T) {
	for v, want := range map[string]NumberForm{
		"10001.0": Decimal, "10001.00": Decimal, "10001,0": Decimal, "1.000": Grouped, "10,001": Grouped, "10.001": Grouped, "1,310,100": Grouped, "10'001": Grouped,
		"1.0001E4": Exponent, "1E4": Exponent, "1e+04": Exponent, "1,5E3": Exponent,
		"10001": NoNumber, "110 00": NoNumber, "01310-100": NoNumber, "E1 6AN": NoNumber, "1012AB": NoNumber, "12E4": NoNumber, "1E": NoNumber, "1.5": NoNumber, "1,01": NoNumber, "": NoNumber, "1.": NoNumber, "12345,678": NoNumber,
	} {
		if got := ReadNumberForm(v); got != want {
			t.Errorf("%q is %d, want %d", v, got, want)
		}
	}
}

// FuzzCell holds what is true of every cell: nothing panics, what is found is
// in the cell, and what is said fits in a list of messages.
func FuzzCell(f *testing.F) {
	for _, v := range append(realNames(), "Jos&eacute;", "Jos%C3%A9", `Jos\u00e9`, "=?utf-8?Q?Jos=C3=A9?=", "Jos+AOk-", "<br>", `["a"]`, "xn--mnchen-3ya", "1.0E4", `\303\251`, "&semi;", "&#59;", "b''", "<U+00E9>", "u00e9") {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if v == "" || !utf8.ValidString(v) {
			t.Skip()
		}
		if n, found := FindNotation(v); found {
			if n.At < 1 || n.At > utf8.RuneCountInString(v) || n.Kind == "" {
				t.Errorf("%q: %+v", v, n)
			}
			if strings.ContainsFunc(n.Kind+n.Reads, func(r rune) bool { return r == ';' || unicode.IsControl(r) }) {
				t.Errorf("%q: %q is no part of a message", v, n.Reads)
			}
		}
		if ReadContent(v).Name() == "" {
			t.Errorf("%q: content without a name", v)
		}
		ReadNumberForm(v)
		HasLostZero(v, "US")
		IsLetteredPostalCode(v)
		IsMisread(v)
	})
}
