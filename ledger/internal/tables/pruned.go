package tables

import (
	"context"
	"fmt"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// PrunedMark begins the fingerprint of a batch that lost rows, so that the same input,
// met again, is read and checked like a new one.
const PrunedMark = "pruned:"

// Pruned says what pruning removed.
type Pruned struct {
	Batches int // whose row lists were shortened or dropped
	Rows    int
}

// IsPruned reports whether rows of a batch are no longer kept.
func IsPruned(b ledger.Batch) bool { return strings.HasPrefix(b.Fingerprint, PrunedMark) }

// PruneBatches drops the row lists of inputs that none of the newest keep runs read, but
// for the last row of each customer. It runs within the caller's transaction.
func (c Writer) PruneBatches(ctx context.Context, keep int) (out Pruned, err error) {
	// The newest input is reported without being named.
	old, err := c.QueryIDs(ctx, `SELECT id FROM batch WHERE rows > 0 AND id <> (SELECT max(id) FROM batch)
		AND id NOT IN (SELECT batch FROM run WHERE batch IS NOT NULL ORDER BY id DESC LIMIT ?)`, keep)
	if err != nil {
		return out, err
	}
	for _, batch := range old {
		n, err := c.ExecCount(ctx, `DELETE FROM input_row WHERE batch = ? AND NOT EXISTS
			(SELECT 1 FROM customer c WHERE c.id = input_row.customer AND c.last_batch = input_row.batch AND c.last_row = input_row.ordinal)`, batch)
		if err != nil {
			return out, err
		}
		if n == 0 {
			continue
		}
		if err := c.Exec(ctx, "UPDATE batch SET rows = rows - ?, fingerprint = ? WHERE id = ?", n, PrunedMark+fmt.Sprint(batch), batch); err != nil {
			return out, err
		}
		out.Batches++
		out.Rows += n
	}
	return out, nil
}
