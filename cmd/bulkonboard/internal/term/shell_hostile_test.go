//go:build !windows

package term

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// hostileNames are names of files and columns that a sender, an archive or a
// neighbour chose. Each would run `touch ran` if a shell read a part of it.
func hostileNames() []string {
	return []string{"$(touch ran)", "`touch ran`", "a;touch ran;", "a;touch${IFS}ran;", "a\ntouch ran\n", "';touch ran;'", "';touch ran;'\x1b", "'\\\\';touch ran;'\x07",
		"\";touch ran;\"", "\";touch ran;\"\u200b", "$(touch${IFS}ran)", "a&touch ran&", "a|touch ran", "\\", "\\'", "$'\\';touch ran;'", "\u2019;touch ran;\u2019", "-x", "a\r\ntouch ran", "#", "~", "{a,b}", "*",
		"'\xff;touch ran;'", "x' \x00"[:2] + "\x1b;touch ran;"}
}

// requireNothingRan fails if a command of a hostile name was run in dir.
func requireNothingRan(t interface{ Fatalf(string, ...any) }, dir, what string) {
	if _, err := os.Lstat(filepath.Join(dir, "ran")); err == nil {
		t.Fatalf("%q ran a command", what)
	}
}

// A printed command line hands every name on as one word, in each shell that
// this machine has; none runs a part of it.
func TestHostilePrintedCommandLine(t *testing.T) {
	dir := t.TempDir()
	check := func(t interface{ Fatalf(string, ...any) }, words []string) {
		line := Printable(Posix.QuoteLine(words...))
		if got := SplitWords(line); !slices.Equal(got, words) {
			t.Fatalf("%q is read as %q", words, got)
		}
		for _, shell := range []string{"sh", "bash", "zsh"} {
			if _, err := exec.LookPath(shell); err != nil {
				continue
			}
			c := exec.Command(shell, "-c", "printf '%s\\0' "+line)
			c.Dir = dir
			out, err := c.Output()
			requireNothingRan(t, dir, line)
			if err != nil {
				t.Fatalf("%s: %q: %v", shell, line, err)
			}
			if want := strings.Join(words, "\x00") + "\x00"; shell != "sh" && string(out) != want {
				t.Fatalf("%s: %q is handed on as %q", shell, words, out)
			}
			if n := bytes.Count(out, []byte{0}); n != len(words) {
				t.Fatalf("%s: %d words became %d", shell, len(words), n)
			}
		}
	}
	for _, name := range hostileNames() {
		check(t, []string{"run", "--ledger=" + name, name})
	}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"'", "\"", "\\", "$", "(", ")", "touch ran", ";", "\n", "\x1b", " ", "a", "`", "&", "\xc3", "é", "\u202e", "012"})
		check(t, []string{strings.Join(rapid.SliceOfN(part, 1, 12).Draw(t, "parts"), "")})
	})
}

// A name that begins with a dash is no flag in a printed command.
func TestHostileFileNameIsNoFlag(t *testing.T) {
	got := FileArguments([]string{"--proxy=http://127.0.0.1:1", "-", "in.csv", "-x"})
	if want := []string{"./--proxy=http://127.0.0.1:1", "-", "in.csv", "./-x"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
