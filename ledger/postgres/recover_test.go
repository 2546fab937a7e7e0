package postgres

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestMergeFile: the answers in the emergency file of a host that will not run again are
// recorded from another one. Twice does no harm.
func TestMergeFile(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
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

// TestAdoptedElsewhere: a host whose emergency file knows more than the database is refused,
// until the ledger was adopted, from this host or another one. That it was adopted before the
// file was written is not enough.
func TestAdoptedElsewhere(t *testing.T) {
	t.Parallel()
	testAdoptedElsewhere(t, shared.Cluster(t).URL())
}

func testAdoptedElsewhere(t *testing.T, address string) {
	t.Helper()
	dir := t.TempDir()
	o := optionsFor(address)
	o.Create, o.Emergency = true, filepath.Join(dir, "a.emergency")
	adopt := func() {
		t.Helper()
		other := o
		other.Emergency, other.Adopt = filepath.Join(dir, "b.emergency"), true
		l, err := Open(t.Context(), other)
		if err == nil {
			err = l.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	adopt()
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b := registerRows(t, l, "list", 5, func(i int) ledger.Row { return rowOf(i, "a") })
	sendRows(t, l, b.ID, beginRun(t, l, b.ID), 0, 5)
	execute(t, l, "UPDATE sender SET writes = 0, ended_us = began_us, closes_us = began_us, swept = 1")
	if err := l.abandon(); err != nil { // its last write must not find out
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), o); !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), "ledger adopt") {
		t.Fatalf("a database that has lost writes: %v", err)
	}
	adopt()
	openWith(t, o)
}

// TestOtherLedgersFile: the emergency file of one ledger is not used for another, and the
// refusal names the flag that helps.
func TestOtherLedgersFile(t *testing.T) {
	o := optionsFor(shared.Cluster(t).URL())
	o.Create, o.Emergency = true, filepath.Join(t.TempDir(), "answers.emergency")
	if err := openWith(t, o).Close(); err != nil {
		t.Fatal(err)
	}
	o.Address = shared.Cluster(t).URL()
	if _, err := Open(t.Context(), o); !errors.Is(err, ledger.ErrUnsafe) || !strings.Contains(err.Error(), "--emergency") {
		t.Errorf("%v", err)
	}
}

// TestNoRoomForBeat: a server that has no connection left for the signs of life says so at
// the opening: without them nothing could be sent.
func TestNoRoomForBeat(t *testing.T) {
	cluster := shared.Cluster(t)
	cluster.Query(t, "CREATE ROLE with_two LOGIN", "GRANT CREATE ON DATABASE postgres TO with_two")
	o := optionsFor(addressAs(cluster.URL(), "with_two"))
	o.Create, o.Patience = true, time.Millisecond
	if err := openWith(t, o).Close(); err != nil {
		t.Fatal(err)
	}
	cluster.Query(t, "ALTER ROLE with_two CONNECTION LIMIT 2")
	if l, err := Open(t.Context(), o); !errors.Is(err, ledger.ErrUnavailable) || !strings.Contains(err.Error(), "53300") {
		t.Errorf("%v", err)
		if err == nil {
			t.Error(l.Close())
		}
	}
}
