package formula

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestGuard(t *testing.T) {
	for cell, want := range map[string]string{
		"":                    "",
		"Ada":                 "Ada",
		"=1+1":                "'=1+1",
		"@SUM(A1)":            "'@SUM(A1)",
		"\t=1":                "'\t'=1",
		"\r=1":                "'\r'=1",
		"\tx":                 "'\tx",
		"＝1":                  "'＝1",
		"＠x":                  "'＠x",
		"＋4":                  "'＋4",
		"-":                   "'-",
		"-12.50":              "-12.50",
		"-12.":                "'-12.",
		"-1-2":                "'-1-2",
		"-1e5":                "'-1e5",
		"+14155551234":        "+14155551234",
		"+1 415":              "'+1 415",
		"+1+cmd|' /C calc'!":  "'+1+cmd|' /C calc'!",
		"'=1":                 "''=1",
		"''-x":                "'''-x",
		"'-5":                 "'-5",
		"'twas":               "'twas",
		"'":                   "'",
		" =1":                 "' =1",
		"\u00a0\u3000=1":      "'\u00a0\u3000=1",
		"\ufeff\u200b@x":      "'\ufeff\u200b@x",
		"' '=1":               "'' '=1",
		" -5":                 " -5",
		"\"=1\"":              "'\"=1\"",
		"﹦1":                  "'﹦1",
		"Jane;=1+1":           "Jane;'=1+1",
		"Jane; =1+1":          "Jane;' =1+1",
		"Jane;\"=1\"":         "Jane;'\"=1\"",
		"Jane;'=1":            "Jane;''=1",
		"Jane,@x":             "Jane,'@x",
		"Jane|＝1":             "Jane|'＝1",
		"Jane\t+1+cmd|a!b":    "Jane\t'+1+cmd|a!b",
		"Jane\n=1\r\n=2":      "Jane\n'=1\r\n'=2",
		"Jane；=1":             "Jane；'=1",
		"Jane\u2028=1":        "Jane\u2028'=1",
		"Jane;-5":             "Jane;-5",
		"Jane;-5,1+1":         "Jane;'-5,1+1",
		"=1;=2":               "'=1;'=2",
		"Flat 3, 5-7 Main St": "Flat 3, 5-7 Main St",
		"jane@x.org; a=b":     "jane@x.org; a=b",
		";;=":                 ";;'=",
	} {
		if got := Guard(cell); got != want {
			t.Errorf("Guard(%q) = %q, want %q", cell, got, want)
		}
		if back := Unguard(want); back != cell {
			t.Errorf("Unguard(%q) = %q, want %q", want, back, cell)
		}
	}
	// What the sender typed after our apostrophe is not changed.
	for _, cell := range []string{"'twas", "'", "'12", "x'=1"} {
		if got := Unguard(cell); got != cell {
			t.Errorf("Unguard(%q) = %q", cell, got)
		}
	}
}

func TestGuardProperty(t *testing.T) {
	alphabet := []rune("'''\"=+-@\t\r＝＋－＠0159. ax\n\uFFFD;;,,|；\u200b")
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(rapid.StringOf(rapid.SampledFrom(alphabet)), rapid.String()).Draw(t, "cell")
		checkGuard(t, cell)
	})
}

func FuzzGuard(f *testing.F) {
	for _, s := range []string{"=1", "'=1", "-1", "+1", "＝", "\xff", "'\xff="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cell string) { checkGuard(t, cell) })
}

func checkGuard(t interface{ Fatalf(string, ...any) }, cell string) {
	out := Guard(cell)
	if Unguard(out) != cell {
		t.Fatalf("Unguard(Guard(%q)) = %q", cell, Unguard(out))
	}
	// Any place where some program may begin a field.
	for i, field := range strings.FieldsFunc("a;"+out, isSeparator) {
		if field = strings.TrimLeftFunc(field, func(r rune) bool { return r != '\'' && isSkipped(r) }); i == 0 || field == "" {
			continue
		}
		if first, _ := utf8.DecodeRuneInString(field); strings.ContainsRune("=@＝＋－＠", first) {
			t.Fatalf("Guard(%q) = %q has a formula", cell, out)
		}
		if (field[0] == '+' || field[0] == '-') && strings.Trim(field[1:], "0123456789.") != "" {
			t.Fatalf("Guard(%q) = %q has %q, which is no number", cell, out, field)
		}
	}
	if strings.HasPrefix(out, "\t") || strings.HasPrefix(out, "\r") {
		t.Fatalf("Guard(%q) = %q begins with nothing to see", cell, out)
	}
	if strings.ReplaceAll(out, "'", "") != strings.ReplaceAll(cell, "'", "") {
		t.Fatalf("Guard(%q) = %q changes more than apostrophes", cell, out)
	}
}
