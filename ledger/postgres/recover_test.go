package postgres

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
)

// TestMergeFile: the answers in the emergency file of a host that will not run again are
// recorded from another one. Twice does no harm.
func TestMergeFile(t *testing.T) {
	cluster := pgtest.Start(t)
	o := optionsFor(cluster.URL())
	o.Create, o.Emergency = true, filepath.Join(t.TempDir(), "lost.emergency")
	lost, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b := registerRows(t, lost, "list", 5, func(i int) ledger.Row { return rowOf(i, "a") })
	run := beginRun(t, lost, b.ID)
	intents := intentsFor(t, lost, b.ID, 0, 5)
	ids, err := lost.Intend(t.Context(), run, intents)
	if err != nil {
		t.Fatal(err)
	}
	if err := lost.Emergency(answersTo(intents, ids)); err != nil {
		t.Fatal(err)
	}
	if err := lost.Close(); err != nil {
		t.Fatal(err)
	}
	o.Emergency, o.Create = "", false
	openWith(t, o) // which closes the attempts as unanswered
	o.Concurrent = true
	other := openWith(t, o)
	if n := countWith(t, other, ledger.InDoubt); n != 5 {
		t.Fatalf("%d in doubt", n)
	}
	for range 2 {
		answers, left, err := other.MergeFile(t.Context(), lost.options.Emergency)
		if err != nil || answers != 5 || len(left) > 0 {
			t.Errorf("%d answers, left %v, %v", answers, left, err)
		}
		if n := countWith(t, other, ledger.Created); n != 5 {
			t.Errorf("%d created", n)
		}
	}
	if _, _, err := other.MergeFile(t.Context(), "none.emergency"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that does not exist: %v", err)
	}
	checkSound(t, other)
}
