package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// registerDump registers n customers, the first of them number first, and a run that ended.
func registerDump(t *testing.T, l *Ledger, name string, first, n int) ledger.Batch {
	t.Helper()
	ctx := t.Context()
	reg, err := l.Register(ctx, ledger.Batch{Fingerprint: name, Files: []ledger.File{{Name: name}}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		id := fmt.Sprintf("p%d@example.com", first+i)
		if _, err := reg.Lookup(ctx, []ledger.LookupKey{{Identity: id}}); err != nil {
			t.Fatal(err)
		}
		if err := reg.Add(ctx, []ledger.Row{{Ordinal: i, Number: i + 2, Identity: id, Email: id, Claims: true, Repeats: -1}}); err != nil {
			t.Fatal(err)
		}
	}
	b, err := reg.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	run, err := l.Begin(ctx, ledger.Run{Command: "run", Batch: b.ID, Started: time.Now()})
	if err == nil {
		err = l.Finish(ctx, run, ledger.RunEnd{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A whole list every day leaves the ledger bounded, and no customer is lost.
func TestPruneDailyDumps(t *testing.T) {
	l := openNew(t)
	var most int
	for day := range 8 {
		registerDump(t, l, fmt.Sprintf("day%d.csv", day), 0, 300+10*day)
		if _, err := l.Prune(t.Context(), 3); err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := l.w.QueryOne(t.Context(), "SELECT count(*) FROM input_row", nil, &rows); err != nil {
			t.Fatal(err)
		}
		most = max(most, rows)
	}
	if most != 350+360+370 {
		t.Errorf("up to %d rows are kept, want those of three lists", most)
	}
	tally, err := l.Tally(t.Context(), ledger.Selection{All: true})
	if err != nil || tally.Rows != 370 {
		t.Errorf("%d customers of 370 are in a report of all: %v", tally.Rows, err)
	}
	checkSound(t, l)
}

// The last row of each customer is kept: it is the only place of those never sent.
func TestPruneKeepsEachLastRow(t *testing.T) {
	l := openNew(t)
	first := registerDump(t, l, "a.csv", 0, 300)
	for i := range 4 {
		registerDump(t, l, fmt.Sprintf("b%d.csv", i), 100, 200) // those before are only in a.csv
	}
	got, err := l.Prune(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	// Of a.csv rows 100 to 299 go; b0 to b2 go wholly.
	if want := (Pruned{Batches: 4, Rows: 200 + 3*200}); got != want {
		t.Errorf("pruned %+v, want %+v", got, want)
	}
	tally, err := l.Tally(t.Context(), ledger.Selection{All: true})
	if err != nil || tally.Rows != 300 || tally.Status[ledger.Pending] != 300 {
		t.Errorf("%+v, %v", tally, err)
	}
	checkSound(t, l)
	if again, err := l.Prune(t.Context(), 1); err != nil || again != (Pruned{}) {
		t.Errorf("the second time: %+v, %v", again, err)
	}
	// The same input is an input like a new one.
	if _, err := l.FindBatch(t.Context(), "a.csv"); err == nil {
		t.Error("a pruned list is mistaken for a whole one")
	}
	batches, err := l.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if b.ID == first.ID && (!IsPruned(b) || b.Rows != 100) {
			t.Errorf("%+v", b)
		}
	}
	if _, err := l.Prune(t.Context(), 0); err == nil {
		t.Error("nothing is kept, and that is no error")
	}
}

// visited counts what a walk shows.
type visited struct{ facts, runs, batches, rows, customers, attempts int }

func (v *visited) Info(ledger.Info) error { return nil }
func (v *visited) Fact(name, value string, at time.Time) error {
	if name == "fee" && value == "0.50" && at.Unix() == 1_700_000_000 {
		v.facts++
	}
	return nil
}
func (v *visited) Run(ledger.Run) error             { v.runs++; return nil }
func (v *visited) Batch(ledger.Batch) error         { v.batches++; return nil }
func (v *visited) Row(int64, ledger.Reported) error { v.rows++; return nil }
func (v *visited) Customer(c ledger.Customer) error {
	v.customers++
	v.attempts += len(c.History)
	return nil
}

func TestWalk(t *testing.T) {
	l := openNew(t)
	registerDump(t, l, "a.csv", 0, 300)
	registerDump(t, l, "b.csv", 200, 200)
	ctx := context.Background()
	if err := l.SaveFact(ctx, "fee", "0.50", time.Unix(1_700_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Intend(ctx, 2, []ledger.Intent{{Expect: ledger.Expect{Customer: 1, Status: ledger.Pending}, Key: ledger.Key("sandbox", "p0@example.com", 0), Email: "p0@example.com", At: ledger.Instant{At: time.Now()}}}); err != nil {
		t.Fatal(err)
	}
	var got visited
	if err := l.Walk(ctx, &got); err != nil {
		t.Fatal(err)
	}
	if want := (visited{facts: 1, runs: 2, batches: 2, rows: 500, customers: 400, attempts: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	mine := errors.New("the visitor's own")
	if err := l.Walk(ctx, refusing{&got, mine}); !errors.Is(err, mine) || errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("the visitor refused: %v", err)
	}
}

// refusing is a visitor that ends the walk at the first row.
type refusing struct {
	*visited
	err error
}

func (v refusing) Row(int64, ledger.Reported) error { return v.err }
