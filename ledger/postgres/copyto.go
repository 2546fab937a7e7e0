package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// Copied is a ledger of any kind that is being copied; see Ledger.CopyTo.
type Copied = tables.Copied

// CopyTo gives all that the ledger holds to receive, which makes a ledger of another kind
// of it at a place. Nobody writes to the ledger meanwhile. When receive calls
// Copied.Close, the ledger is closed for writing, for good, and names the place; reading
// it still works. If receive fails before, nothing has changed. receive may be called
// again after an outage of the server.
//
// ErrConflict, and nothing is copied, if anything is in doubt.
func (l *Ledger) CopyTo(ctx context.Context, place string, receive func(context.Context, *Copied) error) error {
	if err := l.requireSender(); err != nil {
		return err
	}
	var closed time.Time // before this call
	isRead := false
	return l.retryUntilKnown(ctx, l.options.Patience, func(inside context.Context, t *tx) error {
		if err := l.begin(inside, t, holdLedger); err != nil {
			return err
		}
		if err := t.db.ExecScript(inside, "SET LOCAL idle_in_transaction_session_timeout = 0", nil); err != nil {
			return err
		}
		if err := t.Writer().RefuseUnsettled(inside); err != nil {
			return err
		}
		if _, at, err := t.Moved(inside); err != nil {
			return err
		} else if !isRead {
			closed, isRead = at, true
		}
		var last int64
		if err := t.QueryOne(inside, "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('attempt', 'id')::regclass), 0)", nil, &last); err != nil {
			return err
		}
		return receive(ctx, tables.NewCopied(t.Reader, last, closed, func() error {
			if err := t.Writer().MarkMoved(inside, place, l.now()); err != nil {
				return err
			}
			_, err := t.db.pg.Exec(inside, "COMMIT")
			return err
		}))
	})
}

// CreateCopy makes a schema of a ledger that is being copied, compares the two row by row,
// closes the original, and commits the schema. It returns how many rows were copied. If
// it fails after the original was closed, a second call completes it.
func CreateCopy(ctx context.Context, o Options, from *Copied) (rows int, err error) {
	o = o.withDefaults()
	a, err := parseAddress(o.Address)
	if err != nil {
		return 0, err
	}
	l := &core{options: o, address: a, now: o.Now}
	if l.now == nil {
		l.now = time.Now
	}
	db, err := a.connectFirst(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := db.readServer(ctx)
	if err == nil {
		if err := s.check(true); err != nil {
			return 0, fmt.Errorf("%s: %w", a.text, err)
		}
	}
	has := false
	if err == nil {
		has, err = db.hasLedger(ctx, a.schema)
	}
	if err == nil && has {
		return 0, fmt.Errorf("%s: schema %s has a ledger: %w", a.text, a.schema, os.ErrExist)
	}
	if err == nil {
		rows, err = l.fillCopy(ctx, db, from)
	}
	return rows, l.classify(err, !db.pg.IsClosed())
}

// fillCopy makes the copy, in one transaction.
func (l *core) fillCopy(ctx context.Context, db *database, from *Copied) (rows int, err error) {
	tx, err := db.pg.Begin(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	i, err := from.ReadIdentity(ctx)
	if err != nil {
		return 0, err
	}
	if err := db.ExecScript(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0", nil); err != nil {
		return 0, err
	}
	if err := db.createTables(ctx, l.address.schema); err != nil {
		return 0, err
	}
	c := newConn(db, i.Environment, nil)
	if err := c.insertHeader(ctx, i); err != nil {
		return 0, err
	}
	sender, err := l.insertCopier(ctx, c)
	if err != nil {
		return 0, err
	}
	for _, t := range tables.CopiedTables() {
		if err := db.copyRowsOf(ctx, t, from, sender); err != nil {
			return 0, err
		}
	}
	if err := db.ExecScript(ctx, fillLookup+"; ANALYZE lookup", nil); err != nil {
		return 0, err
	}
	if rows, err = tables.CheckCopy(ctx, from.Conn, c.Conn); err != nil {
		return 0, err
	}
	if !from.Closed.IsZero() {
		if err := c.Writer().NoteCopyGap(ctx, from.Closed, l.now()); err != nil {
			return 0, err
		}
	}
	if err := c.continueNumbers(ctx, from.LastAttempt); err != nil {
		return 0, err
	}
	if err := from.Close(); err != nil {
		return 0, err
	}
	return rows, tx.Commit(context.WithoutCancel(ctx))
}

// insertHeader writes what a ledger and its copies have in common.
func (c *conn) insertHeader(ctx context.Context, i tables.Identity) error {
	return c.Exec(ctx, `INSERT INTO ledger (one, id, environment, account_partner, account_slug, secret, detail_names, created_us, schema_version, oldest_reader)
		VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, i.ID, i.Environment, i.Partner, i.Slug, i.Secret, i.DetailNames, i.Created, newestSchema(), oldestReader(steps()))
}

// insertCopier adds the sender that the copied attempts belong to. It has ended.
func (l *core) insertCopier(ctx context.Context, c *conn) (id int64, err error) {
	err = c.QueryOne(ctx, `INSERT INTO sender (host, pid, os_user, command, lease_us, timeout_us, began_us, beat_us, ended_us, end_reason, closes_us, swept)
		VALUES (?, ?, ?, 'ledger copy', 0, 0, `+nowMicros+", "+nowMicros+", "+nowMicros+", 'finished', "+nowMicros+", 1) RETURNING id",
		[]any{nameOfHost(), os.Getpid(), nameOfUser()}, &id)
	return id, err
}

// copyRowsOf copies one table. Attempts have the number of a sender, too.
func (d *database) copyRowsOf(ctx context.Context, t tables.CopiedTable, from *Copied, sender int64) error {
	columns := t.Columns()
	isOfSender := t.Name == "attempt"
	if isOfSender {
		columns = append(columns, "sender")
	}
	next, stop := iter.Pull2(from.RowsOf(ctx, t))
	defer stop()
	_, err := d.pg.CopyFrom(ctx, pgx.Identifier{t.Name}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		values, err, isThere := next()
		if err != nil || !isThere {
			return nil, err
		}
		values = storedArgs(values)
		if isOfSender {
			values = append(values, sender)
		}
		return values, nil
	}))
	if err == nil {
		err = d.ExecScript(ctx, "ANALYZE "+t.Name, nil)
	}
	return err
}

// continueNumbers makes new rows be numbered after the copied ones.
func (c *conn) continueNumbers(ctx context.Context, lastAttempt int64) error {
	for _, text := range []string{
		"SELECT setval('customer_id', 1 + coalesce(max(id), 0), false) FROM customer",
		"SELECT setval('run_id', 1 + coalesce(max(id), 0), false) FROM run",
		"SELECT setval('gap_id', 1 + coalesce(max(id), 0), false) FROM gap",
	} {
		var last int64
		if err := c.QueryOne(ctx, text, nil, &last); err != nil {
			return err
		}
	}
	if lastAttempt == 0 {
		return nil
	}
	return c.QueryOne(ctx, "SELECT setval(pg_get_serial_sequence('attempt', 'id')::regclass, ?)", []any{lastAttempt}, &lastAttempt)
}
