package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestGuard(t *testing.T) {
	for cell, want := range map[string]string{
		"":                   "",
		"Ada":                "Ada",
		"=1+1":               "'=1+1",
		"@SUM(A1)":           "'@SUM(A1)",
		"\t=1":               "'\t=1",
		"\r=1":               "'\r=1",
		"＝1":                 "'＝1",
		"＠x":                 "'＠x",
		"＋4":                 "'＋4",
		"-":                  "'-",
		"-12.50":             "-12.50",
		"-12.":               "'-12.",
		"-1-2":               "'-1-2",
		"-1e5":               "'-1e5",
		"+14155551234":       "+14155551234",
		"+1 415":             "'+1 415",
		"+1+cmd|' /C calc'!": "'+1+cmd|' /C calc'!",
		"'=1":                "''=1",
		"''-x":               "'''-x",
		"'-5":                "'-5",
		"'twas":              "'twas",
		"'":                  "'",
		" =1":                " =1",
	} {
		if got := Guard(cell); got != want {
			t.Errorf("Guard(%q) = %q, want %q", cell, got, want)
		}
		if back := Unguard(want); back != cell {
			t.Errorf("Unguard(%q) = %q, want %q", want, back, cell)
		}
	}
	// What a person typed after our apostrophe was there is left alone.
	for _, cell := range []string{"'twas", "'", "'12", "x'=1"} {
		if got := Unguard(cell); got != cell {
			t.Errorf("Unguard(%q) = %q", cell, got)
		}
	}
}

func TestGuardProperty(t *testing.T) {
	alphabet := []rune("'''=+-@\t\r＝＋－＠0159. ax\n\uFFFD")
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
	if first, _ := utf8.DecodeRuneInString(out); strings.ContainsRune("=@\t\r＝＋－＠", first) && out != "" {
		t.Fatalf("Guard(%q) = %q begins a formula", cell, out)
	}
	if out != "" && (out[0] == '+' || out[0] == '-') && strings.Trim(out[1:], "0123456789.") != "" {
		t.Fatalf("Guard(%q) = %q is no number", cell, out)
	}
}
