package plans

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
)

// sampleSize is how many rows the second person is asked to look at.
const sampleSize = 20

// sampleRows draws rows at random, in the order of the list. A plan has only their
// places, because it holds no personal data.
func sampleRows(sends []pipeline.RowToSend) []approval.Place {
	var places []approval.Place
	for _, at := range rand.Perm(len(sends))[:min(len(sends), sampleSize)] {
		places = append(places, approval.Place{File: int(sends[at].File), Row: int(sends[at].Number)})
	}
	slices.SortFunc(places, func(a, b approval.Place) int { return cmp.Or(a.File-b.File, a.Row-b.Row) })
	return places
}

// Overlap is another plan that allows some of the same rows to be sent.
type Overlap struct {
	Plan ledger.Plan
	Rows int
}

// findOverlaps returns the plans that can still be carried out and have some of the rows.
func findOverlaps(ctx context.Context, store Store, rows []ledger.PlanRow, now time.Time) ([]Overlap, error) {
	all, err := store.Plans(ctx)
	if err != nil {
		return nil, err
	}
	var found []Overlap
	for _, p := range all {
		if !p.State.IsOpen() || !now.Before(p.Expires) {
			continue
		}
		left, err := store.Unplanned(ctx, p.ID, rows)
		if err != nil {
			return nil, err
		}
		if n := len(rows) - len(left); n > 0 {
			found = append(found, Overlap{p, n})
		}
	}
	return found, nil
}

// planRows returns the rows that the plan allows to be sent.
func (d *Draft) planRows() []ledger.PlanRow {
	rows := make([]ledger.PlanRow, len(d.sends))
	for i := range d.sends {
		rows[i] = d.sends[i].PlanRow
	}
	return rows
}

// Waiting returns the plans that wait for a second person at a moment.
func Waiting(all []ledger.Plan, now time.Time) (waiting []ledger.Plan) {
	for _, p := range all {
		if p.State == ledger.PlanMade && now.Before(p.Expires) {
			waiting = append(waiting, p)
		}
	}
	return waiting
}
