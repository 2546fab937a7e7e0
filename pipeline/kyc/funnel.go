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
	for c, err := range l.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.Created, ledger.LinkMissing}, Batch: batch}) {
		if err != nil {
			return f, err
		}
		f.Add(&c)
	}
	return f, nil
}
