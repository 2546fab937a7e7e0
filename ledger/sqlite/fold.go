package sqlite

import (
	"context"
	"fmt"
)

const (
	// foldAfter is how long the log gets before a commit folds it into the
	// file, in pages of 4 KiB. A page that is written again and again goes to
	// the file once in 32 MiB of log, not in the 4 of SQLite's own choice.
	foldAfter = 8000
	// foldBeside is how many rows a registration has whose log its commit does
	// not fold: some 30 MiB.
	foldBeside = 100_000
)

// commitRows is commit for a registration of so many rows. SQLite folds the log
// into the file before it returns from a commit; after a million rows that takes
// a third of a second, for which the first request of a run would wait. So it is
// done beside what comes next, on a connection of its own, and later commits fold
// again.
func (l *Ledger) commitRows(ctx context.Context, rows int) error {
	if rows < l.foldBeside || l.ending {
		return l.commit(ctx)
	}
	if err := l.foldFrom(ctx, 0); err != nil {
		return l.undo(ctx, err)
	}
	if err := l.commit(ctx); err != nil {
		return err
	}
	l.folding.Go(l.fold)
	return nil
}

// fold folds the log, and has commits do it from then on. Close waits for it.
func (l *Ledger) fold() {
	ctx := context.Background()
	// A log that cannot be folded is as good as the file, and the next commit
	// tries again, of which SQLite says nothing either.
	_ = once(ctx, l.path, modeBeside, func(v *view) error { return v.run(ctx, "PRAGMA wal_checkpoint(PASSIVE)") })
	l.turn <- struct{}{}
	defer l.leave()
	if err := l.foldFrom(ctx, foldAfter); err != nil && l.failed == nil {
		_ = l.fail(err) // told by the next write
	}
}

// foldFrom has commits fold a log that is longer than so many pages; 0 = never.
func (l *Ledger) foldFrom(ctx context.Context, pages int) error {
	return l.w.run(ctx, fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", pages))
}
