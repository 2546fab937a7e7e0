package sqlite

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// recordAll is Record, with ErrConflict for what was left.
func recordAll(ctx context.Context, l *Ledger, changes []ledger.Change) error {
	left, err := l.Record(ctx, 1, changes)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%d changes were left: %w", len(left), ledger.ErrConflict)
	}
	return err
}

// KeepsOldMarks tells the suite that this ledger recognises customers by the marks
// of earlier rows, too.
func (l *Ledger) KeepsOldMarks() {}
