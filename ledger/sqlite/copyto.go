package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// Copied is a ledger of any kind that is being copied; see Ledger.CopyTo.
type Copied = tables.Copied

// CopyTo gives all that the ledger holds to receive, which makes a ledger of another kind
// of it at a place. Nobody writes to the ledger meanwhile. When receive calls
// Copied.Close, the ledger is closed for writing, for good, and names the place; reading
// it still works. If receive fails before, nothing has changed.
//
// ErrConflict, and nothing is copied, if anything is in doubt.
func (l *Ledger) CopyTo(ctx context.Context, place string, receive func(context.Context, *Copied) error) error {
	if err := l.requireLock(); err != nil {
		return err
	}
	if err := l.lockWrites(ctx); err != nil {
		return err
	}
	defer l.unlockWrites()
	l.inFlight.clear()
	if err := l.begin(ctx); err != nil {
		return err
	}
	isClosed := false
	err := recoverPanic(func() error {
		if err := l.w.Writer().RefuseUnsettled(ctx); err != nil {
			return err
		}
		_, closed, err := l.w.Moved(ctx)
		if err != nil {
			return err
		}
		return receive(ctx, tables.NewCopied(l.w.Reader, l.lastAttempt, closed, func() error {
			ctx := context.WithoutCancel(ctx)
			if err := l.w.Writer().MarkMoved(ctx, place, l.now()); err != nil {
				return err
			}
			isClosed = true // whatever comes of the commit: the transaction is over
			return l.commit(ctx)
		}))
	})
	if !isClosed {
		err = errors.Join(err, l.w.ExecScript(context.WithoutCancel(ctx), "ROLLBACK"))
	}
	return l.classify(err)
}

// CreateCopy makes a file of a ledger that is being copied, compares the two row by row,
// closes the original, and gives the file its name. It returns how many rows were copied.
// If it fails after the original was closed, a second call completes it.
func CreateCopy(ctx context.Context, o Options, from *Copied) (rows int, err error) {
	l, err := prepare(o)
	if err != nil {
		return 0, err
	}
	if _, err := os.Lstat(l.path); err == nil {
		return 0, fmt.Errorf("%s: %w", l.path, os.ErrExist)
	}
	if _, err := datafile.CheckPlace(l.path); err != nil {
		return 0, err
	}
	if err := datafile.CheckOwn(l.path); err != nil {
		return 0, err
	}
	if l.lock, err = datafile.TakeLock(ctx, l.path, o.LockTimeout, o.Command, l.now()); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.closeAfterError()) }()
	err = datafile.Create(l.path, func(part string) error {
		if err := withConn(ctx, part, modeFill, func(c *conn) error {
			rows, err = l.fillCopy(ctx, c, from)
			return err
		}); err != nil {
			return err
		}
		if err := datafile.Sync(part); err != nil {
			return err
		}
		return from.Close()
	})
	if err != nil {
		return 0, l.classify(err)
	}
	return rows, nil
}

// fillCopy writes everything into an empty file and compares it.
func (l *opening) fillCopy(ctx context.Context, c *conn, from *Copied) (rows int, err error) {
	if err := c.beginSchema(ctx, l.steps); err != nil {
		return 0, err
	}
	i, err := from.ReadIdentity(ctx)
	if err != nil {
		return 0, err
	}
	if err := c.Exec(ctx, "INSERT INTO ledger (one, id, environment, account_partner, account_slug, secret, detail_names, created_us, last_attempt) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
		i.ID, i.Environment, i.Partner, i.Slug, i.Secret, i.DetailNames, i.Created, from.LastAttempt); err != nil {
		return 0, err
	}
	for _, t := range tables.CopiedTables() {
		if err := c.insertRowsOf(ctx, t, from); err != nil {
			return 0, err
		}
	}
	if rows, err = tables.CheckCopy(ctx, from.Conn, c.Conn); err != nil {
		return 0, err
	}
	if !from.Closed.IsZero() {
		if err := c.Writer().NoteCopyGap(ctx, from.Closed, l.now()); err != nil {
			return 0, err
		}
	}
	return rows, c.ExecScript(ctx, "COMMIT; PRAGMA journal_mode = WAL")
}

// insertRowsOf copies one table.
func (c *conn) insertRowsOf(ctx context.Context, t tables.CopiedTable, from *Copied) error {
	const rowsAtOnce = 128
	width := len(t.Columns())
	head := fmt.Sprintf("INSERT INTO %s (%s) VALUES ", t.Name, t.ColumnList())
	args := make([]any, 0, rowsAtOnce*width)
	for values, err := range from.RowsOf(ctx, t) {
		if err != nil {
			return err
		}
		if args = append(args, values...); len(args) < cap(args) {
			continue
		}
		if err := c.InsertRows(ctx, head, "", width, args); err != nil {
			return err
		}
		args = args[:0]
	}
	return c.InsertRows(ctx, head, "", width, args)
}
