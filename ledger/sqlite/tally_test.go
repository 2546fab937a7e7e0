package sqlite

import (
	"reflect"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// walk counts the rows of a batch one by one.
func walk(t *testing.T, l *Ledger, batch int64) (all ledger.Tally) {
	t.Helper()
	for r, err := range l.Rows(t.Context(), ledger.Selection{Batch: batch}) {
		if err != nil {
			t.Fatal(err)
		}
		all.Count(r)
	}
	return all
}

// The tally that is kept is at every step what the rows come to.
func TestTallyIsWhatTheRowsComeTo(t *testing.T) {
	l, b, in, ids := sent(t, 12, 4)
	out := outcomes(in, ids)
	out[1].Status, out[1].Code, out[1].ServiceID, out[1].URL = ledger.Rejected, "REJECTED", "", ""
	kept := func(want bool) {
		t.Helper()
		walked := walk(t, l, b.ID)
		got, err := l.Tally(t.Context(), ledger.Selection{Batch: b.ID})
		if err != nil || !reflect.DeepEqual(got, walked) {
			t.Errorf("tally %+v, rows %+v: %v", got, walked, err)
		}
		v, end, err := l.snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer end()
		if _, ok, err := v.tallied(t.Context(), b.ID); ok != want || err != nil {
			t.Errorf("kept: %t, want %t: %v", ok, want, err)
		}
	}
	run := func(exit int) {
		t.Helper()
		id, err := l.Begin(t.Context(), ledger.Run{Command: "run", Batch: b.ID, Started: time.Now()})
		if err == nil {
			err = l.Finish(t.Context(), id, ledger.RunEnd{ExitCode: exit})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	kept(false)
	if err := recordAll(t.Context(), l, out[:3]); err != nil {
		t.Fatal(err)
	}
	run(4) // tells nobody
	kept(false)
	run(3)
	kept(false) // one is under way still
	if err := recordAll(t.Context(), l, out[3:]); err != nil {
		t.Fatal(err)
	}
	kept(false)
	run(3)
	kept(true)
	run(0) // nothing new: what was told is known now
	kept(true)
	path := image(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, path)
	kept(true)
	run(130)
	kept(true)
	other, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "another"})
	if err == nil {
		err = other.Add(t.Context(), crowd(2, "z"))
	}
	if err == nil {
		_, err = other.Commit(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	kept(false)
	run(0)
	kept(true)
	if _, err := l.Forget(t.Context(), []string{in[0].Email}); err != nil {
		t.Fatal(err)
	}
	kept(false)
	run(0)
	kept(true)
}

// What was told too long ago is known no more, and no tally says otherwise.
func TestTallyForgetsWhatWasTold(t *testing.T) {
	l, b, in, ids := sent(t, 4, 1)
	out := outcomes(in, ids)
	out[0].Status, out[0].Code, out[0].ServiceID, out[0].URL, out[0].Close[0].Class = ledger.Rejected, "REJECTED", "", "", ledger.Reject
	if err := recordAll(t.Context(), l, out); err != nil {
		t.Fatal(err)
	}
	other := registerAll(t, l, "another", crowd(1, "z"))
	again := registerAll(t, l, "the same again", crowd(4, "a"))
	run := func(batch int64, times int) {
		t.Helper()
		if times > 1 { // the runs between, of which nothing counts but that there were some
			if err := l.w.run(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO runs SELECT NULL, 'run', ?, '', '', '', '', '', 1, 1, 0, '', 0, 0, '', '' FROM n`, times, batch); err != nil {
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
		walked := walk(t, l, b.ID)
		got, err := l.Tally(t.Context(), ledger.Selection{Batch: b.ID})
		if err != nil || got.Known != walked.Known || got.Known != want {
			t.Errorf("known: %d by the tally, %d by the rows, want %d (%v)", got.Known, walked.Known, want, err)
		}
	}
	run(b.ID, 1)
	run(again.ID, 1) // tells the same outcome
	run(b.ID, 1)
	known(1)
	run(other.ID, toldRuns-1)
	run(b.ID, 1)
	run(other.ID, toldRuns-1)
	known(1) // by the run of its own that lies no more than that many back
	run(other.ID, toldRuns)
	known(0)
}
