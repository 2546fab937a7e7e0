package kyc

import (
	"context"
	"iter"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/funnel"
)

// Customers is where the customers of a funnel come from.
type Customers interface {
	Customers(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Customer, error]
}

// Count counts the users of a batch, 0 = of the ledger, as of a moment. Links live so long.
func Count(ctx context.Context, l Customers, batch int64, now time.Time, life time.Duration) (*funnel.Funnel, error) {
	f := funnel.New(now, life)
	var often []int64 // who may have been renewed as often as is allowed
	for c, err := range l.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.Created, ledger.LinkMissing}, Batch: batch}) {
		if err != nil {
			return f, err
		}
		f.Add(&c)
		if c.Attempts > MaxRenewals && c.KYC.HasNotBegun() && c.LinkState(now, life) == ledger.LinkDead {
			often = append(often, c.ID)
		}
	}
	if len(often) == 0 {
		return f, nil
	}
	for c, err := range l.Customers(ctx, ledger.Query{IDs: often, History: true}) {
		if err != nil {
			return f, err
		}
		if c.Deletions() >= MaxRenewals {
			f.AddSpent(1)
		}
	}
	return f, nil
}
