package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
)

const (
	// foldAfter is how long the log gets before a commit folds it into the
	// file, in pages of 4 KiB. A page that is written again and again goes to
	// the file once in 32 MiB of log, not in the 4 of SQLite's own choice.
	foldAfter = 8000
	// foldBeside is how long the log of one transaction is, in bytes, that no
	// commit folds.
	foldBeside = foldAfter * 4096
)

// commitLong is commit for a transaction that may have written very much, as
// the registration of a million rows does. SQLite folds the log into the file
// before it returns from a commit; that takes a third of a second then, for
// which the first request of a run would wait. So it is done beside what comes
// next, on a connection of its own, and later commits fold again.
func (l *Ledger) commitLong(ctx context.Context) error {
	if log, err := os.Stat(l.path + "-wal"); err != nil || log.Size() < l.foldBeside {
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
	_ = l.foldNow(ctx)
	l.turn <- struct{}{}
	defer l.leave()
	if err := l.foldFrom(ctx, foldAfter); err != nil && l.failed == nil {
		_ = l.fail(err) // told by the next write
	}
}

func (l *Ledger) foldNow(ctx context.Context) (err error) {
	p, err := openPool(l.path, modeBeside, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	v, err := p.view(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.close()) }()
	return v.run(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
}

// foldFrom has commits fold a log that is longer than so many pages; 0 = never.
func (l *Ledger) foldFrom(ctx context.Context, pages int) error {
	return l.w.run(ctx, fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", pages))
}
