//go:build !windows

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

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
