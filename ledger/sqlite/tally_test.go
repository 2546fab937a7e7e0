package sqlite

import (
	"reflect"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// The tally that is kept is at every step what the rows come to.
func TestTallyIsWhatTheRowsComeTo(t *testing.T) {
	l, b, in, ids := sent(t, 12, 4)
	out := outcomes(in, ids)
	out[1].Status, out[1].Code, out[1].ServiceID, out[1].URL = ledger.Rejected, "REJECTED", "", ""
	kept := func(want bool) {
		t.Helper()
		var walked ledger.Tally
		for r, err := range l.Rows(t.Context(), ledger.Selection{Batch: b.ID}) {
			if err != nil {
				t.Fatal(err)
			}
			walked.Count(r)
		}
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
	if err := l.Record(t.Context(), 1, out[:3]); err != nil {
		t.Fatal(err)
	}
	run(4) // tells nobody
	kept(false)
	run(3)
	kept(false) // one is under way still
	if err := l.Record(t.Context(), 1, out[3:]); err != nil {
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
