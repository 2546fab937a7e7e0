package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline"
)

func TestRate(t *testing.T) {
	for text, want := range map[string]float64{"5/s": 5, "300/m": 5, "3600/h": 1, "0.5/s": 0.5} {
		var r rate
		if err := r.Set(text); err != nil || r.perSecond != want || r.unlimited {
			t.Errorf("%s: %v, %v", text, r, err)
		}
	}
	var r rate
	if err := r.Set("unlimited"); err != nil || !r.unlimited {
		t.Errorf("unlimited: %v, %v", r, err)
	}
	for _, text := range []string{"", "5", "0/s", "-1/s", "5/d", "NaN/s", "Inf/s", "1e9/s", "s/5"} {
		if err := r.Set(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestBound(t *testing.T) {
	b := bound{none: true}
	for text, want := range map[string]pipeline.Bound{"50": {Count: 50}, "2%": {Percent: 2}, "none": {Count: -1}} {
		if err := b.Set(text); err != nil || b.Bound != want {
			t.Errorf("%s: %v, %v", text, b.Bound, err)
		}
	}
	b.none = false
	for _, text := range []string{"", "0", "-3", "0%", "101%", "x", "none", "NaN%"} {
		if err := b.Set(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestAmountPairsSpan(t *testing.T) {
	var a amount
	if err := a.Set("0.50"); err != nil || a.String() != "0.50" {
		t.Errorf("0.50: %v, %v", a, err)
	}
	for _, text := range []string{"", "-1", "1e3", "free", "1/3"} {
		if err := a.Set(text); err == nil {
			t.Errorf("amount %q was taken", text)
		}
	}
	var p pairs
	for text, ok := range map[string]bool{"a=b=c": true, "a": false, "=b": false, "c=": false, "d= ": false} {
		if err := p.Set(text); (err == nil) != ok {
			t.Errorf("pair %q: %v", text, err)
		}
	}
	if p.Map()["a"] != "b=c" || p.Set("a=again") == nil {
		t.Errorf("pairs %v", p.list)
	}
	s := span{positive: true}
	for text, ok := range map[string]bool{"30s": true, "0s": false, "-1s": false, "5": false} {
		if err := s.Set(text); (err == nil) != ok {
			t.Errorf("span %q: %v", text, err)
		}
	}
	if got := shortTime(90 * time.Minute); got != "1h30m" {
		t.Errorf("90 minutes are %s", got)
	}
	if got := shortTime(2 * time.Hour); got != "2h" {
		t.Errorf("two hours are %s", got)
	}
}

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
		for i, s := range []shell{posix, cmdExe, powerShell} {
			if got := s.line(word); got != want[i] {
				t.Errorf("%q in shell %d: %s, want %s", word, i, got, want[i])
			}
		}
	}
	words := []string{"run", "--map=email=E-Mail (private)", "it's", "", `a\b`, "é", "a\nb'\\", "l\xe9", "$x", "'\x1b\\ \xff$'", "$'", "\u00a0"}
	if got := split(posix.line(words...)); !slices.Equal(got, words) {
		t.Errorf("%q is read as %q", words, got)
	}
	for want, env := range map[shell]map[string]string{posix: {"SHELL": "/usr/bin/bash"}, cmdExe: {"PROMPT": "$P$G"}, powerShell: {}} {
		if got := shellOf("windows", env); got != want {
			t.Errorf("%v is shell %d, want %d", env, got, want)
		}
	}
	if got := shellOf("linux", nil); got != posix {
		t.Errorf("linux has shell %d", got)
	}
}

func TestEnvironmentOf(t *testing.T) {
	for base, want := range map[string]string{
		"https://Api.Example.com/api": "api.example.com", "https://api.example.com:443/": "api.example.com",
		"https://api.example.com:8443": "api.example.com:8443", "http://127.0.0.1:80/api": "127.0.0.1", "http://[::1]:8080/api": "[::1]:8080",
	} {
		if got, err := environmentOf(base); err != nil || got != want {
			t.Errorf("%s: %s, %v", base, got, err)
		}
	}
	for _, base := range []string{"", "api.example.com", "ftp://x/", productionBase} {
		if got, err := environmentOf(base); err == nil {
			t.Errorf("%s: %s", base, got)
		}
	}
	if got := fileWord("[::1]:8080"); strings.ContainsAny(got, ":[]/") {
		t.Errorf("%s in a file name", got)
	}
}

// A line at each 10 %, at most one a minute, at least one in 15 minutes.
func TestProgressLines(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var out strings.Builder
	l := &lineDisplay{to: &out}
	for _, step := range []struct {
		at      time.Duration
		decided int
		line    bool
	}{
		{0, 0, false}, {10 * time.Second, 100, false}, {59 * time.Second, 500, false}, {60 * time.Second, 500, true},
		{90 * time.Second, 700, false}, {2 * time.Minute, 710, true}, {10 * time.Minute, 720, false},
		{17 * time.Minute, 720, true}, {18 * time.Minute, 799, false}, {19 * time.Minute, 800, true},
	} {
		out.Reset()
		l.draw(start.Add(step.at), pipeline.Progress{Phase: pipeline.Sending, ToSend: 1000, Since: start, Decided: step.decided})
		if (out.Len() > 0) != step.line {
			t.Errorf("at %v with %d: %q", step.at, step.decided, out.String())
		}
	}
}

// The text before the bar keeps what matters most when there is little room.
func TestBarText(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := pipeline.Progress{Phase: pipeline.Sending, ToSend: 12000, Decided: 1200, Created: 1190, Problems: 10, Rate: 20, Since: start}
	now := start.Add(time.Minute)
	for room, want := range map[int]string{
		100: "1,200 of 12,000, 1,190 created, 10 problems, about 9 min left, 20/s",
		62:  "1,200 of 12,000, 1,190 created, 10 problems, about 9 min left",
		45:  "1,200 of 12,000, 1,190 created, 10 problems",
		5:   "1,200 of 12,000",
	} {
		if got := barText(now, p, room); got != want {
			t.Errorf("in %d columns: %q, want %q", room, got, want)
		}
	}
	// At 80 columns there is room for all but the wallet, and a pause is told first.
	room := 80 - barFrame - widthOfBar(80)
	if got, want := barText(now, p, room), "1,200 of 12,000, 1,190 created, 10 problems, about 9 min left"; got != want {
		t.Errorf("at 80 columns: %q, want %q", got, want)
	}
	p.Pause, p.Until = "partner asked to wait 30 s, going on", now.Add(30*time.Second)
	if got := barText(now, p, room); !strings.HasPrefix(got, "1,200 of 12,000, waiting until ") || !strings.HasSuffix(got, ", 1,190 created") {
		t.Errorf("%q", got)
	}
}

// On a terminal lines break between words; tables and commands stay readable.
func TestWrapped(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"short\n", "short\n"},
		{"  a line that is longer than the forty columns we have\n", "  a line that is longer than the forty\n    columns we have\n"},
		{"  1  email  row 2  the cell is not one plain address\n", "  1  email  row 2  the cell is not one\n                   plain address\n"},
		{"next     bulkonboard run --rate 5/s --sandbox a-very-long-name.csv\n", "next     bulkonboard run --rate 5/s --sandbox a-very-long-name.csv\n"},
		{"  bulkonboard run --rate 5/s --sandbox a-very-long-name.csv\nx\n", "  bulkonboard run --rate 5/s --sandbox a-very-long-name.csv\nx\n"},
		{strings.Repeat("y", 60) + "\n", strings.Repeat("y", 60) + "\n"},
	} {
		if got := wrapped(test.text, 40); strings.ReplaceAll(got, " \n", "\n") != strings.ReplaceAll(test.want, " \n", "\n") {
			t.Errorf("%q\ngives %q\nwant  %q", test.text, got, test.want)
		}
	}
}
