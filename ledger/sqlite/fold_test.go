package sqlite

import (
	"os"
	"path/filepath"
	"testing"
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
		if err := l.Record(t.Context(), 1, outcomes(in, ids)); err != nil {
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
	p, err := openPool(path, modeWrite, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}()
	v, err := p.view(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := v.close(); err != nil {
			t.Error(err)
		}
	}()
	if err := v.one(t.Context(), question, nil, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}
