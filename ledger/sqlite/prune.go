package sqlite

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// Pruned says what Prune removed.
type Pruned = tables.Pruned

// Prune drops the row lists of inputs that none of the newest runs read, so
// that a ledger fed with a whole list every day stays bounded. Only runs with
// an input count. What happened to customers stays, with every attempt and link,
// and so does the last row of each: all customers are in a report still. Runs stay
// in the log.
//
// keep must be at least 1. It needs the lock.
func (l *Ledger) Prune(ctx context.Context, keep int) (Pruned, error) {
	var out Pruned
	if keep < 1 {
		return out, fmt.Errorf("the rows of at least one run must be kept")
	}
	err := l.writeWithLock(ctx, func(ctx context.Context, c *conn) (err error) {
		out, err = c.Writer().PruneBatches(ctx, keep)
		return err
	})
	if err != nil {
		return Pruned{}, err
	}
	return out, nil
}

// IsPruned reports whether rows of a batch are no longer kept.
func IsPruned(b ledger.Batch) bool { return tables.IsPruned(b) }
