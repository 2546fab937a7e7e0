package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// runsAs runs a command and returns its exit code and what it says to people.
func runsAs(t *testing.T, dir string, args ...string) (code int, text string) {
	t.Helper()
	c := command(t, dir, args...)
	var said strings.Builder
	c.Stdout, c.Stderr = &said, &said
	err := c.Run()
	return exitOfProcess(t, err), said.String()
}

// TestHostileImport: a file brings no link and no service id into a ledger that
// an answer could not, and the refusal repeats neither.
func TestHostileImport(t *testing.T) {
	dir := t.TempDir()
	const id, link = "acme-user-1", "https://verify.example/1"
	for name, row := range map[string][2]string{
		"user name in the link": {id, "https://withpersona.com@evil.example/"},
		"bidi mark in the link": {id, "https://verify.example/\u202egnp.exe"},
		"ESC in the link":       {id, "https://verify.example/\x1b[2J"},
		"link of 200 KB":        {id, "https://verify.example/" + strings.Repeat("a", 200_000)},
		"http":                  {id, "http://verify.example/"},
		"ESC in the id":         {"acme\x1b[31m", link},
		"path as the id":        {"../../users", link},
		"id of 500 KB":          {strings.Repeat("a", 500_000), link},
		"id alone":              {"a/b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := fmt.Sprintf("email,serviceId,verificationUrl\njoe.poe@example.com,acme-user-0,https://verify.example/0\njane.roe@example.com,%s,%s\n", row[0], row[1])
			if err := os.WriteFile(filepath.Join(dir, "old.csv"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			code, said := runsAs(t, dir, "ledger", "import", "--sandbox", "--ledger", "l.db", "old.csv")
			if code != 2 || !strings.Contains(said, "row 3") || len(said) > 1000 || strings.ContainsAny(said, "\x1b\u202e") || strings.Contains(said, "evil") {
				t.Errorf("exit %d: %.500q", code, said)
			}
			if _, err := os.Lstat(filepath.Join(dir, "l.db")); err == nil {
				t.Error("a ledger was made")
			}
		})
	}
}

// TestHostileForgetNamesFiles: whoever erases people is told every file that the
// ledger knows of and that may still hold them.
func TestHostileForgetNamesFiles(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("in.csv", customersCSV(4)+"Bad,Row,nowhere,+49,cards,203.0.113.9,TRUE,custodial\n")
	write("people.txt", "ann0@example.com\n")
	sandboxed := func(code int, args ...string) string {
		t.Helper()
		got, said := runsAs(t, dir, append(args, "--sandbox", "--ledger", "l.db")...)
		if got != code {
			t.Fatalf("%v: exit %d\n%s", args, got, said)
		}
		return said
	}
	sandboxed(3, "run", "--rate", "unlimited", "--report", "r.csv", "in.csv")
	sandboxed(0, "ledger", "backup", "copy.db")
	sandboxed(0, "ledger", "restore", "copy.db")
	report, err := os.ReadFile(filepath.Join(dir, "r.csv"))
	if err != nil {
		t.Fatal(err)
	}
	write("r-1.csv", string(report)) // as a run keeps one that knows more
	write("r-x.csv", "another's")
	write("l.db.emergency-20240506T070809.000000000.kept", "answers")
	write("l.db.restore", "half a copy")
	write("other.db", "no ledger")
	if code, said := runsAs(t, dir, "ledger", "import", "--sandbox", "--ledger", filepath.Join(elsewhere, "l.db"), "r.csv"); code != 0 {
		t.Fatalf("exit %d: %s", code, said)
	}
	stranger, err := os.ReadFile(filepath.Join(elsewhere, "l.db"))
	if err != nil {
		t.Fatal(err)
	}
	write("stranger.db", string(stranger))

	said := sandboxed(0, "ledger", "forget", "people.txt")
	var named []string
	for line := range strings.Lines(said) {
		if path, ok := strings.CutPrefix(line, "  "+dir+string(filepath.Separator)); ok {
			named = append(named, strings.TrimSpace(path))
		}
	}
	want := []string{"copy.db", "in.csv", "in.rejects.xlsx", "l.db.emergency-20240506T070809.000000000.kept", "l.db.restore", "l.db.sandbox.jsonl", "r-1.csv", "r.csv"}
	named = slices.DeleteFunc(named, func(name string) bool { // of the ledger that was set aside
		kept := strings.HasPrefix(name, "l.db-2") && strings.Contains(name, ".kept")
		if kept && strings.HasSuffix(name, ".kept") {
			want = append(want, name)
			return false
		}
		return kept
	})
	slices.Sort(want)
	slices.Sort(named)
	if !slices.Equal(named, want) || len(want) != 9 {
		t.Errorf("named %q\nwant  %q\n%s", named, want, said)
	}
	if strings.Contains(said, "ann0") {
		t.Error("it names the person")
	}
}

// TestHostileLedgerFolder: in a folder that others may write nothing is sent.
func TestHostileLedgerFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("NOT TESTED: who may write a folder is up to its access list")
	}
	top, err := os.MkdirTemp("", "hostile-ledger-") // t.TempDir is out of others' reach
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	for _, mode := range []os.FileMode{0o777, 0o777 | os.ModeSticky} {
		dir := filepath.Join(top, fmt.Sprintf("%o", mode))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, change := range []struct {
			path string
			mode os.FileMode
		}{{top, 0o755}, {dir, mode}} {
			if err := os.Chmod(change.path, change.mode); err != nil {
				t.Fatal(err)
			}
		}
		in := filepath.Join(top, "in.csv")
		if err := os.WriteFile(in, []byte(customersCSV(2)), 0o600); err != nil {
			t.Fatal(err)
		}
		code, said := runsAs(t, top, "run", "--sandbox", "--report", filepath.Join(top, "r.csv"), "--ledger", filepath.Join(dir, "l.db"), "--json", in)
		if code != 9 || !strings.Contains(said, "chmod go-w "+dir) || strings.Contains(said, `"sent":2`) {
			t.Errorf("%v: exit %d: %s", mode, code, said)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("%v: left %v, %v", mode, entries, err)
		}
	}
}
