package sqlite

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// The log of a long registration is folded beside the first rows that are
// sent, and commits fold again after that.
func TestFoldBesideTheFirstRows(t *testing.T) {
	const rows = 20_000
	l := openNew(t)
	l.foldBeside = 1
	batch := registerAll(t, l, "one", crowd(rows, "a"))
	for at := 0; at < 640; at += 64 {
		p, err := l.Plan(t.Context(), batch.ID, at, 64)
		if err != nil {
			t.Fatal(err)
		}
		in := intents(p)
		ids, err := l.Intend(t.Context(), 1, in)
		if err != nil {
			t.Fatal(err)
		}
		if err := recordAll(t.Context(), l, outcomes(in, ids)); err != nil {
			t.Fatal(err)
		}
	}
	l.folding.Wait()
	var pages int
	if err := l.w.one(t.Context(), "PRAGMA wal_autocheckpoint", nil, &pages); err != nil || pages != foldAfter {
		t.Errorf("commits fold a log of %d pages (%v), not %d", pages, err, foldAfter)
	}
	if n := inFileAlone(t, l, "SELECT count(*) FROM identities"); n != rows {
		t.Errorf("%d of %d people are in the file without its log", n, rows)
	}
	if problems, err := l.Verify(t.Context()); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

// Whoever closes the ledger while a long registration commits finds it closed
// afterwards: nothing writes to it any more.
func TestCloseWaitsForTheFold(t *testing.T) {
	l := openNew(t)
	l.foldBeside = 1
	rows := crowd(20_000, "a")
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "one", Files: []ledger.File{{Name: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := reg.Add(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() { closed <- l.Close() }()
	for range 100 { // mostly Close waits by then
		runtime.Gosched()
	}
	if _, err := reg.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(l.path + "-wal"); err == nil {
		t.Error("the ledger is closed and its log is still there")
	}
}

// A short registration leaves the log to commits, however long it is.
func TestNoFoldForAFewRows(t *testing.T) {
	l := openNew(t)
	l.foldBeside = 10_000
	for i, n := range []int{20_000, 3} {
		registerAll(t, l, string(rune('a'+i)), crowd(n, string(rune('a'+i))))
		if i == 0 {
			l.folding.Wait()
		}
		var pages int
		if err := l.w.one(t.Context(), "PRAGMA wal_autocheckpoint", nil, &pages); err != nil || pages != foldAfter {
			t.Errorf("after %d rows commits fold a log of %d pages (%v)", n, pages, err)
		}
	}
}

// inFileAlone asks a copy of the ledger's file that has no log.
func inFileAlone(t *testing.T, l *Ledger, question string) (answer int) {
	t.Helper()
	data, err := os.ReadFile(l.path)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "alone.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	err = once(t.Context(), path, modeWrite, func(v *view) error { return v.one(t.Context(), question, nil, &answer) })
	if err != nil {
		t.Fatal(err)
	}
	return answer
}
