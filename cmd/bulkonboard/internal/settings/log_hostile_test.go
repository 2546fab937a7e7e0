//go:build !windows

package settings

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
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

// A log that a shell reads as a script, since its name is that of a start file,
// runs nothing, whatever the ledger is called and in either format.
func TestHostileLogRunsNothing(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		for _, name := range hostileNames() {
			dir := t.TempDir()
			var said bytes.Buffer
			flags := LogFlags{File: filepath.Join(dir, "profile"), format: Choice{Value: format}}
			log, done, err := flags.OpenLog(&term.Stream{W: &said})
			if err != nil {
				t.Fatal(err)
			}
			log.Info("begun", "ledger", name)
			log.With("who", name).Warn(name, slog.Group("g", "x", name), slog.Any("error", os.ErrNotExist), slog.Any("any", []string{name}))
			if err := done(); err != nil {
				t.Fatal(err)
			}
			for _, shell := range []string{"sh", "bash", "zsh"} {
				if _, err := exec.LookPath(shell); err != nil {
					continue
				}
				c := exec.Command(shell, "-c", ". ./profile")
				c.Dir = dir
				_ = c.Run() // that it is no script is no matter
				text, err := os.ReadFile(filepath.Join(dir, "profile"))
				if err != nil {
					t.Fatal(err)
				}
				requireNothingRan(t, dir, string(text))
			}
		}
	}
}
