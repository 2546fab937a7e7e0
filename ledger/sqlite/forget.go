package sqlite

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
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
	err = l.writeWithLock(ctx, func(ctx context.Context, c *conn) error {
		n = 0
		gone := map[keyed.Digest]int64{}
		for _, text := range identities {
			d := l.keys.Identity(text)
			if _, done := gone[d]; done || text == "" {
				continue
			}
			id, isKnown, err := c.blockIdentities(ctx, text, d)
			if err != nil {
				return err
			}
			if gone[d] = id; isKnown {
				n++
			}
		}
		ids := make([]int64, 0, len(gone))
		for d, id := range gone {
			ids = append(ids, id)
			if err := c.Exec(ctx, "DELETE FROM gap_user WHERE digest = ?", d[:]); err != nil {
				return err
			}
		}
		for _, text := range identities {
			if err := c.ForgetPlanned(ctx, text); err != nil {
				return err
			}
		}
		return c.EraseCustomers(ctx, ids)
	})
	if err != nil {
		return 0, err
	}
	return n, l.scrubFile(ctx)
}

// blockIdentities notes the digest of an e-mail as forgotten, and returns its customer, which
// is made if there is none. Rows that have the e-mail and no customer get it.
func (c *conn) blockIdentities(ctx context.Context, text string, digest keyed.Digest) (id int64, isKnown bool, err error) {
	err = c.Query(ctx, "SELECT id, status FROM customer WHERE email <> '' AND coalesce(identity, email) = ?", []any{text}, func(r *record) error {
		id, isKnown = r.Int64(), true
		if ledger.Status(r.Text()) == ledger.InDoubt {
			return fmt.Errorf("customer %d is in doubt; settle it first (bulkonboard run, or ledger resolve): %w", id, ledger.ErrConflict)
		}
		return nil
	})
	if err != nil || isKnown {
		if err == nil {
			err = c.Exec(ctx, "INSERT INTO forgotten VALUES (?, ?)", digest[:], id)
		}
		return id, isKnown, err
	}
	barred, err := c.QueryIDs(ctx, "SELECT customer FROM forgotten WHERE digest = ?", digest[:])
	if err == nil && len(barred) > 0 {
		return barred[0], true, nil
	}
	if err == nil {
		err = c.QueryOne(ctx, "INSERT INTO customer (status) VALUES ('forgotten') RETURNING id", nil, &id)
	}
	if err == nil {
		err = c.Exec(ctx, "INSERT INTO forgotten VALUES (?, ?)", digest[:], id)
	}
	if err == nil {
		err = c.Exec(ctx, "UPDATE input_row SET customer = ? WHERE customer IS NULL AND coalesce(identity, email) <> '' AND coalesce(identity, email) = ?", id, text)
	}
	return id, false, err
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
	err = l.writeWithLock(ctx, func(ctx context.Context, c *conn) error {
		n = 0
		for _, text := range identities {
			d := l.keys.Identity(text)
			gone, err := c.ExecCount(ctx, "DELETE FROM forgotten WHERE digest = ?", d[:])
			if err != nil {
				return err
			}
			n += gone
		}
		if n == 0 {
			return nil
		}
		// Rows of theirs may be in any input that was checked meanwhile, and
		// no longer say whose they are: every input is checked again.
		return c.Exec(ctx, "UPDATE batch SET fingerprint = 'readmitted ' || id || ' ' || fingerprint WHERE fingerprint NOT LIKE ? || '%'", tables.PrunedMark)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
