package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Visitor is shown everything that a ledger holds; see Ledger.Walk. An error
// of a method ends the walk.
type Visitor interface {
	Info(ledger.Info) error
	Fact(name, value string, at time.Time) error
	Run(ledger.Run) error
	Batch(ledger.Batch) error
	Row(batch int64, r ledger.Reported) error // its Customer has no History
	Customer(ledger.Customer) error           // with History
}

// Walk shows everything but secrets, which are the keys of hashes, and the
// hashes made with them: in the order of Visitor's methods, runs and customers
// oldest first, all of one state. It goes beside a run.
func (l *Ledger) Walk(ctx context.Context, to Visitor) error {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return err
	}
	defer end()
	info, err := l.Info(ctx)
	if err == nil {
		err = to.Info(info)
	}
	if err != nil {
		return err
	}
	if err := l.walkRuns(ctx, v, to); err != nil {
		return err
	}
	batches, err := v.batches(ctx)
	if err != nil {
		return l.sick(err)
	}
	for i := len(batches) - 1; i >= 0; i-- {
		if err := to.Batch(batches[i]); err != nil {
			return err
		}
		if batches[i].Rows == 0 {
			continue
		}
		var failed error
		_, err := l.rows(ctx, v, ledger.Selection{Batch: batches[i].ID}, func(r ledger.Reported, _ *packed) bool {
			failed = to.Row(batches[i].ID, r)
			return failed == nil
		})
		if failed != nil {
			return failed
		}
		if err != nil {
			return l.sick(err)
		}
	}
	var failed error
	_, err = l.query(ctx, look{view: v}, ledger.Query{History: true}, func(c ledger.Customer) bool {
		failed = to.Customer(c)
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return l.sick(err)
}

func (l *Ledger) walkRuns(ctx context.Context, v *view, to Visitor) error {
	type fact struct {
		name, value string
		at          int64
	}
	var facts []fact
	err := v.each(ctx, "SELECT name, value, at FROM learnt ORDER BY name", nil, func(r *sql.Rows) error {
		var f fact
		err := r.Scan(&f.name, &f.value, &f.at)
		facts = append(facts, f)
		return err
	})
	if err != nil {
		return l.sick(err)
	}
	for _, f := range facts {
		if err := to.Fact(f.name, f.value, moment(f.at)); err != nil {
			return err
		}
	}
	for next := int64(0); ; {
		var page []ledger.Run
		err := v.each(ctx, "SELECT "+runColumns+" FROM runs WHERE id > ? ORDER BY id LIMIT 100", []any{next}, func(r *sql.Rows) error {
			run, err := scanRun(r)
			page = append(page, run)
			return err
		})
		if err != nil {
			return l.sick(err)
		}
		for _, r := range page {
			if err := to.Run(r); err != nil {
				return err
			}
			next = r.ID
		}
		if len(page) == 0 {
			return nil
		}
	}
}
