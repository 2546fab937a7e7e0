package sqlite

import (
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// countRows counts the rows of a batch one by one.
func countRows(t *testing.T, l *Ledger, batch int64) (all ledger.Tally) {
	t.Helper()
	for r, err := range l.Rows(t.Context(), ledger.Selection{Batch: batch}) {
		if err != nil {
			t.Fatal(err)
		}
		all.Count(r)
	}
	return all
}

// The tally is at every step what the rows come to.
func TestTallyIsWhatTheRowsComeTo(t *testing.T) {
	l, b, in, ids := newWithIntents(t, 12, 4)
	out := answersTo(in, ids)
	asRefusal(&out[1], ledger.Rejected, ledger.Reject, 400)
	out[1].Code = "REJECTED"
	compare := func(known int, want map[ledger.Status]int) {
		t.Helper()
		got, err := l.Tally(t.Context(), ledger.Selection{Batch: b.ID})
		if rows := countRows(t, l, b.ID); err != nil || !reflect.DeepEqual(got, rows) || got.Known != known || !maps.Equal(got.Status, want) {
			t.Errorf("tally %+v, rows %+v, want %v and %d known: %v", got, rows, want, known, err)
		}
		var byView int
		if err := l.w.QueryOne(t.Context(), "SELECT coalesce(sum(rows), 0) FROM status WHERE batch = ? AND status = 'created'", []any{b.ID}, &byView); err != nil || byView != want[ledger.Created] {
			t.Errorf("%d are created by the view, want %d: %v", byView, want[ledger.Created], err)
		}
	}
	finish := func(exit int) {
		t.Helper()
		id, err := l.Begin(t.Context(), ledger.Run{Command: "run", Batch: b.ID, Started: time.Now()})
		if err == nil {
			err = l.Finish(t.Context(), id, ledger.RunEnd{ExitCode: exit})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	compare(0, map[ledger.Status]int{ledger.InDoubt: 4, ledger.Pending: 8})
	if err := recordAll(t.Context(), l, out[:3]); err != nil {
		t.Fatal(err)
	}
	three := map[ledger.Status]int{ledger.Created: 2, ledger.Rejected: 1, ledger.InDoubt: 1, ledger.Pending: 8}
	compare(0, three)
	finish(4) // a run that reports nothing
	compare(0, three)
	finish(3) // reports for the first time
	compare(0, three)
	finish(3)
	compare(1, three)
	if err := recordAll(t.Context(), l, out[3:]); err != nil {
		t.Fatal(err)
	}
	four := map[ledger.Status]int{ledger.Created: 3, ledger.Rejected: 1, ledger.Pending: 8}
	compare(1, four)
	path := killedCopy(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, path)
	compare(1, four)
	registerAll(t, l, "another", validRows(2, "z"))
	compare(1, four)
	if _, err := l.Forget(t.Context(), []string{in[0].Email}); err != nil {
		t.Fatal(err)
	}
	compare(1, map[ledger.Status]int{ledger.Created: 2, ledger.Rejected: 1, ledger.Pending: 8, ledger.Forgotten: 1})
}

// What was reported more than 400 runs ago is not known any more.
func TestReportedIsForgotten(t *testing.T) {
	l, b, in, ids := newWithIntents(t, 4, 1)
	out := answersTo(in, ids)
	out[0].Status, out[0].Code, out[0].ServiceID, out[0].URL, out[0].Close[0].Class = ledger.Rejected, "REJECTED", "", "", ledger.Reject
	if err := recordAll(t.Context(), l, out); err != nil {
		t.Fatal(err)
	}
	other := registerAll(t, l, "another", validRows(1, "z"))
	again := registerAll(t, l, "the same again", validRows(4, "a"))
	run := func(batch int64, times int) {
		t.Helper()
		if times > 1 { // the runs between, of which nothing counts but that there were some
			if err := l.w.ExecScript(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO run (command, batch, who, host, version, key_print, settings, started_us, ended_us) SELECT 'run', ?, '', '', '', '', '', 1, 1 FROM n`, times, batch); err != nil {
				t.Fatal(err)
			}
		}
		id, err := l.Begin(t.Context(), ledger.Run{Command: "run", Batch: batch, Started: time.Now()})
		if err == nil {
			err = l.Finish(t.Context(), id, ledger.RunEnd{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	known := func(want int) {
		t.Helper()
		walked := countRows(t, l, b.ID)
		got, err := l.Tally(t.Context(), ledger.Selection{Batch: b.ID})
		if err != nil || got.Known != walked.Known || got.Known != want {
			t.Errorf("known: %d by the tally, %d by the rows, want %d (%v)", got.Known, walked.Known, want, err)
		}
	}
	run(b.ID, 1)
	run(again.ID, 1) // reports the same outcome
	run(b.ID, 1)
	known(1)
	run(other.ID, tables.RememberedRuns-1)
	run(b.ID, 1)
	run(other.ID, tables.RememberedRuns-1)
	known(1) // by the run of its own that is no more than that many back
	run(other.ID, tables.RememberedRuns)
	known(0)
}
