package term

import (
	"slices"
	"testing"
)

func TestShellLine(t *testing.T) {
	for word, want := range map[string][3]string{
		"in.csv":       {"in.csv", "in.csv", "in.csv"},
		"my file.csv":  {"'my file.csv'", `"my file.csv"`, "'my file.csv'"},
		"it's":         {`'it'\''s'`, `"it's"`, "'it''s'"},
		"":             {"''", `""`, "''"},
		"$(rm)":        {"'$(rm)'", `"$(rm)"`, "'$(rm)'"},
		"--max-new=2%": {"--max-new=2%", `"--max-new=2%"`, "'--max-new=2%'"},
		"a\nb":         {`$'a\012b'`, `"a_b"`, "'a_b'"},
		`a"&b`:         {`'a"&b'`, `^"a\^"^&b^"`, `'a\"&b'`},
		"%A%":          {"%A%", `^"^%A^%^"`, "'%A%'"},
		"a’;b":         {"'a’;b'", `"a’;b"`, "'a’’;b'"},
		"'\x1b":        {`$'\047\033'`, `"'_"`, "'''_'"},
		"l\xe9a'\\":    {`$'l\351a\047\134'`, `"l_a'\\"`, `'l_a''\'`},
		"é.csv":        {"'é.csv'", `"é.csv"`, "'é.csv'"},
		`C:\my dir\`:   {`'C:\my dir\'`, `"C:\my dir\\"`, `'C:\my dir\'`},
		"a&b":          {"'a&b'", `"a&b"`, "'a&b'"},
		"@x":           {"@x", "@x", "'@x'"},
	} {
		for i, s := range []shell{Posix, cmdExe, powerShell} {
			if got := s.QuoteLine(word); got != want[i] {
				t.Errorf("%q in shell %d: %s, want %s", word, i, got, want[i])
			}
		}
	}
	words := []string{"run", "--map=email=E-Mail (private)", "it's", "", `a\b`, "é", "a\nb'\\", "l\xe9", "$x", "'\x1b\\ \xff$'", "$'", "\u00a0"}
	if got := SplitWords(Posix.QuoteLine(words...)); !slices.Equal(got, words) {
		t.Errorf("%q is read as %q", words, got)
	}
	for want, env := range map[shell]map[string]string{Posix: {"SHELL": "/usr/bin/bash"}, cmdExe: {"PROMPT": "$P$G"}, powerShell: {}} {
		if got := shellOf("windows", env); got != want {
			t.Errorf("%v is shell %d, want %d", env, got, want)
		}
	}
	if got := shellOf("linux", nil); got != Posix {
		t.Errorf("linux has shell %d", got)
	}
}
