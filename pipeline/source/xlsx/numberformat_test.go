package xlsx

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNumberFormatShown(t *testing.T) {
	for _, c := range []struct {
		code, stored, want string // "!" = a problem
	}{
		{"General", "2139", "2139"}, {"0", "2139", "2139"}, {"0", "0", "0"}, {"@", "2139", "2139"}, {"", "2139", "2139"},
		{"00000", "2139", "02139"}, {"00000", "123456", "123456"}, {"00000", "0", "00000"},
		{"00000-0000", "21391234", "02139-1234"}, {`00000\-0000`, "21391234", "02139-1234"},
		{`"SG "000000`, "18956", "SG 018956"}, {`"C-"0000`, "7", "C-0007"}, {"C-0000", "7", "C-0007"}, {`\C\-0000`, "7", "C-0007"},
		{`\+0`, "14155551234", "+14155551234"}, {"+0", "14155551234", "+14155551234"}, {`"+"#`, "14155551234", "+14155551234"},
		{`"+1 "(000) 000-0000`, "4155551234", "+1 (415) 555-1234"}, {`(000)\ 000\-0000`, "4155551234", "(415) 555-1234"},
		{`[<=9999999]000\-0000;(000)\ 000\-0000`, "5551234", "555-1234"}, {`[<=9999999]000\-0000;(000)\ 000\-0000`, "4155551234", "(415) 555-1234"},
		{"000-00-0000", "123456789", "123-45-6789"}, {"### ###", "1234567", "1234 567"}, {"000 00", "11350", "113 50"}, {"00-000", "950", "00-950"},
		{"000_-", "7", "007"}, {"_(000_)", "7", "007"}, {"[Red]000", "7", "007"}, {"[$-409]000", "7", "007"}, {"* 000", "7", "007"}, {"??000", "7", "007"},
		{"000;-000;\"none\";@", "7", "007"}, {"000;(000)", "-7", "(007)"}, {"000", "-7", "-007"}, {"000;;\"none\"", "0", "none"},
		{`General"x"`, "7", "7x"}, {`"K"General`, "1.5", "K1.5"}, {`"yes";"yes";"no"`, "1", "yes"}, {`"yes";"yes";"no"`, "0", "no"},
		{"[=1]\"yes\";[=0]\"no\";General", "0", "no"}, {"[=1]\"yes\";[=0]\"no\";General", "5", "5"},
		// what changes nothing that counts
		{"#,##0", "10001", "10001"}, {"0.00", "10001", "10001"}, {"0.00", "1.5", "1.5"}, {"#,##0.00_);(#,##0.00)", "10001", "10001"}, {"0.00E+00", "14155551234", "14155551234"},
		{"0", "1.41556E+10", "1.41556E+10"},
		// what does
		{"0%", "0.5", "!"}, {`"$"#,##0.00`, "5", "!"}, {"[$€-407] #,##0.00", "5", "!"}, {"0,", "5000", "!"}, {"0", "2139.5", "!"}, {"00000", "2139.5", "!"}, {"0.0", "1.26", "!"},
		{";;;", "5", "!"}, {"0;;", "-5", "!"}, {"# ?/?", "5", "!"}, {"*0#####", "5", "!"},
	} {
		f := newNumberFormat(c.code)
		got, ok := f.showNumber(c.stored)
		if f.kind != kindNumber || ok != (c.want != "!") || ok && got != c.want || !ok && got != c.stored {
			t.Errorf("%s of %s: %q, %t (kind %d), want %s", c.code, c.stored, got, ok, f.kind, c.want)
		}
	}
	for _, c := range []struct{ code, text, want string }{
		{`"SG "@`, "018956", "SG 018956"}, {`000;-000;0;"C-"@`, "x", "C-x"}, {"@", "x", "x"}, {"General", "x", "x"}, {"yyyy-mm-dd;@", "x", "x"}, {`@" "`, "x", "x"},
	} {
		if f := newNumberFormat(c.code); f.showText(c.text) != c.want {
			t.Errorf("%s of %s: %q", c.code, c.text, f.showText(c.text))
		}
	}
}

// Whatever the literals, the digits shown are those stored, behind zeros.
func TestNumberFormatKeepsDigits(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		code := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"0", "#", "-", " ", `"x"`, `\/`, "(", ")", "+", "?", "_-"}), 1, 15).Draw(r, "code"), "")
		if !strings.ContainsAny(code, "0#?") {
			code += "0"
		}
		n := rapid.Int64Range(1, 999_999_999_999_999).Draw(r, "number")
		f := newNumberFormat(code)
		text, ok := f.showNumber(strconv.FormatInt(n, 10))
		if !ok {
			r.Fatal(code, n)
		}
		digits := strings.Map(func(c rune) rune {
			if c >= '0' && c <= '9' {
				return c
			}
			return -1
		}, text)
		if strings.TrimLeft(digits, "0") != strconv.FormatInt(n, 10) {
			r.Fatalf("%s of %d: %q", code, n, text)
		}
	})
}

func FuzzNumberFormat(f *testing.F) {
	for _, code := range []string{"General", `"SG "000000`, "[<=9]0;[>3]#", `\`, `"`, "[", "*", "_", "0.0E+0%", ";;;;", "@é;é"} {
		f.Add(code, "12")
	}
	f.Fuzz(func(_ *testing.T, code, stored string) {
		format := newNumberFormat(code)
		format.showNumber(stored)
		format.showText(stored)
	})
}
