package postgres

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// Forget erases customers, given by identity, from all inputs, and returns how many the
// ledger knew. Of each, one keyed hash and the positions of its rows stay, so that it is
// not sent again before Readmit. The tables are then vacuumed. What PostgreSQL has written
// of them to its log, to replicas and to backups stays there as long as those are kept.
//
// ErrConflict, with nothing erased, if one of them is in doubt: what came of the request
// must be settled first. An unknown identity is barred as well.
func (l *Ledger) Forget(ctx context.Context, identities []string) (n int, err error) {
	err = l.writeAsSender(ctx, func(ctx context.Context, t *tx) error {
		return t.useReadState(ctx, func() (err error) {
			n, err = t.Writer().ForgetIdentities(ctx, identities, func(ctx context.Context) (id int64, err error) {
				err = t.QueryOne(ctx, "INSERT INTO customer (id, status) VALUES (nextval('customer_id'), 'forgotten') RETURNING id", nil, &id)
				return id, err
			})
			if err != nil {
				return err
			}
			for _, table := range []string{"lookup", "clearance"} {
				if err := t.Exec(ctx, "DELETE FROM "+table+" WHERE customer IN (SELECT customer FROM forgotten)"); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return 0, err
	}
	return n, l.vacuumTables(ctx)
}

// vacuumTables removes what is left of erased rows from the tables.
func (l *core) vacuumTables(ctx context.Context) error {
	db, err := l.address.connect(ctx, roleRead)
	if err != nil {
		return l.classify(err, false)
	}
	for _, table := range []string{"customer", "attempt", "input_row", "kyc", "reported", "gap_user", "plan_row"} {
		if err == nil {
			err = db.ExecScript(ctx, "VACUUM "+table, nil)
		}
	}
	if err != nil {
		err = fmt.Errorf("they are erased, but old pages may still hold something of theirs; run VACUUM as the owner of the tables: %w", l.classify(err, true))
	}
	_ = db.Close() // nothing is lost with it
	return err
}

// Readmit lifts what Forget barred: a later input with these e-mails makes new customers
// of them. It returns how many were barred.
func (l *Ledger) Readmit(ctx context.Context, identities []string) (n int, err error) {
	err = l.writeAsSender(ctx, func(ctx context.Context, t *tx) (err error) {
		n, err = t.Writer().ReadmitIdentities(ctx, identities)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

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
		out, err = t.Writer().PruneBatches(ctx, keep)
		return err
	})
	if err != nil {
		return Pruned{}, err
	}
	return out, nil
}
