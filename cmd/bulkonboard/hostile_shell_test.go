//go:build !windows

package main

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
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
			flags := logFlags{file: filepath.Join(dir, "profile"), format: choice{value: format}}
			log, done, err := flags.open(&said)
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

// The log is appended to a log of ours and to nothing else: no start file of a
// shell, no link, no second name, nothing that others may write.
func TestHostileLogFileIsALog(t *testing.T) {
	dir := writeFiles(t, map[string]string{"in.csv": customersCSV(1), ".profile": "PATH=/bin\n", "old.log": "time=2026-01-01T00:00:00Z level=INFO msg=begun\n",
		"old.json": `{"time":"2026-01-01T00:00:00Z","level":"INFO"}` + "\n", "empty.log": "", "loose.log": "", "twice.log": "", "tim": "tim"})
	for from, to := range map[string]string{"twice.log": "second.log"} {
		if err := os.Link(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("empty.log", filepath.Join(dir, "link.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "loose.log"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := makePipe(filepath.Join(dir, "pipe.log")); err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{"old.log": true, "old.json": true, "empty.log": true, "new.log": true,
		".profile": false, "loose.log": false, "twice.log": false, "second.log": false, "link.log": false, "pipe.log": false, "tim": false, "in.csv": false, ".": false} {
		before, _ := os.ReadFile(filepath.Join(dir, ".profile"))
		code, said := inDirectory(t, dir, nil, "run", "--sandbox", "--fresh", "--rate", "unlimited", "--log-file", name, "in.csv")
		if ok && code != int(exit.OK) || !ok && (code != int(exit.Usage) || !strings.Contains(said, "--log-file "+name)) {
			t.Errorf("%s: exit %d: %s", name, code, said)
		}
		if after, _ := os.ReadFile(filepath.Join(dir, ".profile")); !bytes.Equal(before, after) {
			t.Errorf("%s: .profile was changed", name)
		}
	}
}
