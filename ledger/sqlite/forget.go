package sqlite

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Forget erases customers, given by identity, from all inputs, and returns how
// many the ledger knew. Of each, one keyed hash and the positions of its rows
// stay, so that it is not sent again before Readmit. The file is then rewritten to
// remove every trace, which needs free space of about twice its size. Reports,
// backups and the partner keep theirs.
//
// ErrConflict, with nothing erased, if one of them is in doubt: what came of
// the request must be settled first. An unknown identity is barred as well.
func (l *Ledger) Forget(ctx context.Context, identities []string) (n int, err error) {
	err = l.writeWithLock(ctx, func(ctx context.Context, c *conn) (err error) {
		n, err = c.Writer().ForgetIdentities(ctx, identities, func(ctx context.Context) (id int64, err error) {
			err = c.QueryOne(ctx, "INSERT INTO customer (status) VALUES ('forgotten') RETURNING id", nil, &id)
			return id, err
		})
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, l.scrubFile(ctx)
}

// scrubFile rewrites the file and empties the log. SQLite overwrites what is deleted,
// but not what it leaves behind when it moves a record to another page.
func (l *database) scrubFile(ctx context.Context) error {
	if err := l.lockWrites(ctx); err != nil {
		return err
	}
	defer l.unlockWrites()
	ctx = context.WithoutCancel(ctx)
	if err := l.w.ExecScript(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("they are erased, but old pages of the file may still hold their data; free space of about twice the size of %s, end other programs that write to it, then run the same command again: %w: %w", l.path, l.classify(err), ledger.ErrWrite)
	}
	var busy, logged, moved int
	err := l.w.QueryOne(ctx, "PRAGMA wal_checkpoint(TRUNCATE)", nil, &busy, &logged, &moved)
	if err != nil {
		return l.failWith(err)
	}
	if busy != 0 {
		return fmt.Errorf("%s: they are erased, but another program that reads the ledger keeps the old pages in %s-wal; end it and run the same command again", l.path, l.path)
	}
	return nil
}

// Readmit lifts what Forget barred: a later input with these e-mails makes new
// customers of them. It returns how many were barred.
func (l *Ledger) Readmit(ctx context.Context, identities []string) (n int, err error) {
	err = l.writeWithLock(ctx, func(ctx context.Context, c *conn) (err error) {
		n, err = c.Writer().ReadmitIdentities(ctx, identities)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
