package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Copies lists what holds, or may hold, records of the ledger, and nothing else.
func TestCopiesAreListed(t *testing.T) {
	dir := t.TempDir()
	o := optionsFor(filepath.Join(dir, "l.db"))
	o.Create = true
	l := openWith(t, o)
	registerAll(t, l, "one", validRows(3, "a"))
	if found, err := l.Copies(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("a ledger without copies: %q, %v", found, err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	ours, others := backupOf(t, l), wholeCopy(t)
	copyFiles(t, ours, in("monday.bak"), "")
	copyFiles(t, ours, in("tuesday.bak"), "")
	copyFiles(t, others, in("other.db"), "")
	killed := killedCopy(t, l)
	copyFiles(t, killed, in("killed.db"), "", "-wal", ".emergency")
	damaged, err := os.ReadFile(ours)
	if err != nil {
		t.Fatal(err)
	}
	clear(damaged[200:])
	want := []string{"damaged.bak", "killed.db", "killed.db-wal", "killed.db.emergency", "monday.bak", "tuesday.bak"}
	for name, text := range map[string][]byte{"damaged.bak": damaged, "notes.txt": []byte("jane@example.com"), "empty.db": nil, "short.db": []byte("SQLite format 3\x00")} {
		if err := os.WriteFile(in(name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"l.db-20260304T050607.000000000.kept", "l.db-20260304T050607.000000000.kept-wal", "l.db.emergency-20260304T050607.000000000.kept",
		"l.db-schema-8-20260304T050607.000000000.kept", "l.db.new", "l.db.restore", "l.db.emergency.new"} {
		want = append(want, name)
		if err := os.WriteFile(in(name), []byte("anything"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink(in("monday.bak"), in("link.bak")), os.Mkdir(in("folder.db"), 0o700)); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	found, err := l.Copies(t.Context())
	for i, path := range found {
		found[i] = filepath.Base(path)
	}
	if err != nil || !slices.Equal(found, want) {
		t.Errorf("found %q\nwant  %q (%v)", found, want, err)
	}
	for _, name := range want { // none of them keeps the ledger from being used
		if name == "l.db.new" || name == "l.db.restore" || name == "l.db.emergency.new" {
			continue
		}
		if _, err := os.Lstat(in(name)); err != nil {
			t.Errorf("%s was touched: %v", name, err)
		}
	}
}
