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
	err := l.writeWithLock(ctx, func(ctx context.Context, c *conn) error {
		out = Pruned{}
		// The newest input is reported without being named.
		old, err := c.QueryIDs(ctx, `SELECT id FROM batch WHERE rows > 0 AND id <> (SELECT max(id) FROM batch)
			AND id NOT IN (SELECT batch FROM run WHERE batch IS NOT NULL ORDER BY id DESC LIMIT ?)`, keep)
		if err != nil {
			return err
		}
		for _, batch := range old {
			n, err := c.ExecCount(ctx, `DELETE FROM input_row WHERE batch = ? AND NOT EXISTS
				(SELECT 1 FROM customer c WHERE c.id = input_row.customer AND c.last_batch = input_row.batch AND c.last_row = input_row.ordinal)`, batch)
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			if err := c.Exec(ctx, "UPDATE batch SET rows = rows - ?, fingerprint = ? WHERE id = ?", n, tables.PrunedMark+fmt.Sprint(batch), batch); err != nil {
				return err
			}
			out.Batches++
			out.Rows += n
		}
		return nil
	})
	if err != nil {
		return Pruned{}, err
	}
	return out, nil
}

// IsPruned reports whether rows of a batch are no longer kept.
func IsPruned(b ledger.Batch) bool { return tables.IsPruned(b) }
