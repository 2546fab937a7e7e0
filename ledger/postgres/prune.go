package postgres

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// Pruned says what Prune removed.
type Pruned = tables.Pruned

// Prune drops the row lists of inputs that none of the newest runs read; see the same of
// the ledger in a file. keep must be at least 1.
func (l *Ledger) Prune(ctx context.Context, keep int) (Pruned, error) {
	var out Pruned
	if keep < 1 {
		return out, fmt.Errorf("the rows of at least one run must be kept")
	}
	err := l.writeAsSender(ctx, func(ctx context.Context, t *tx) (err error) {
		out, err = t.PruneBatches(ctx, keep)
		return err
	})
	if err != nil {
		return Pruned{}, err
	}
	return out, nil
}
