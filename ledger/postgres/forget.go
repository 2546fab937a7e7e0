package postgres

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
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
		n = 0
		gone := map[keyed.Digest]int64{}
		var ids []int64
		var digests [][]byte
		for _, text := range identities {
			d := l.keys.Identity(text)
			if _, done := gone[d]; done || text == "" {
				continue
			}
			id, isKnown, err := t.barIdentity(ctx, text, d)
			if err != nil {
				return err
			}
			if gone[d] = id; isKnown {
				n++
			}
			ids, digests = append(ids, id), append(digests, d[:])
			if err := t.ForgetPlanned(ctx, text); err != nil {
				return err
			}
		}
		if err := t.Exec(ctx, "DELETE FROM gap_user WHERE digest = ANY (?)", digests); err != nil {
			return err
		}
		return t.useReadState(ctx, func() error { return t.eraseCustomers(ctx, ids) })
	})
	if err != nil {
		return 0, err
	}
	return n, l.vacuumTables(ctx)
}

// barIdentity notes the digest of an e-mail as forgotten, and returns its customer, which is made
// if there is none. Rows that have the e-mail and no customer get it.
func (t *tx) barIdentity(ctx context.Context, text string, digest keyed.Digest) (id int64, isKnown bool, err error) {
	err = t.Query(ctx, "SELECT id, status FROM customer WHERE email <> '' AND coalesce(identity, email) = ?", []any{text}, func(r *record) error {
		id, isKnown = r.Int64(), true
		if ledger.Status(r.Text()) == ledger.InDoubt {
			return fmt.Errorf("customer %d is in doubt; settle it first (bulkonboard run, or ledger resolve): %w", id, ledger.ErrConflict)
		}
		return nil
	})
	if err != nil || isKnown {
		if err == nil {
			err = t.Exec(ctx, "INSERT INTO forgotten VALUES (?, ?)", digest[:], id)
		}
		return id, isKnown, err
	}
	barred, err := t.QueryIDs(ctx, "SELECT customer FROM forgotten WHERE digest = ?", digest[:])
	if err == nil && len(barred) > 0 {
		return barred[0], true, nil
	}
	if err == nil {
		err = t.QueryOne(ctx, "INSERT INTO customer (id, status) VALUES (nextval('customer_id'), 'forgotten') RETURNING id", nil, &id)
	}
	if err == nil {
		err = t.Exec(ctx, "INSERT INTO forgotten VALUES (?, ?)", digest[:], id)
	}
	if err == nil {
		err = t.Exec(ctx, "UPDATE input_row SET customer = ? WHERE customer IS NULL AND coalesce(identity, email) <> '' AND coalesce(identity, email) = ?", id, text)
	}
	return id, false, err
}

// eraseCustomers removes what is known of customers, except that they are forgotten.
func (t *tx) eraseCustomers(ctx context.Context, ids []int64) error {
	marks := []int64{}
	if err := t.LinesWhere(ctx, ledger.Selection{All: true}, tables.ReviewedLine, nil, "r.customer IN (SELECT value FROM json_each(?))", []any{ids}, func(n *tables.Line) error {
		if n.Mark != 0 {
			marks = append(marks, n.Mark)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := t.Exec(ctx, "DELETE FROM reported WHERE mark = ANY (?)", marks); err != nil {
		return err
	}
	for _, text := range []string{
		"DELETE FROM kyc WHERE service_id IN (SELECT service_id FROM customer WHERE id = ANY (?))",
		"DELETE FROM kyc WHERE service_id IN (SELECT removes FROM attempt WHERE customer = ANY (?))",
		"DELETE FROM attempt WHERE customer = ANY (?)",
		"DELETE FROM lookup WHERE customer = ANY (?)",
		"DELETE FROM clearance WHERE customer = ANY (?)",
		"UPDATE input_row SET identity = '', email = '', first_name = '', last_name = '', sender_id = '', carry = '', details = NULL, name_mark = 0, recall = 0 WHERE customer = ANY (?)",
		`UPDATE customer SET status = 'forgotten', generation = 0, intents = 0, attempts = 0, identity = NULL, email = '', first_name = '', last_name = '', sender_id = '',
			details = NULL, sender_number = '', name_mark = 0, service_id = '', service_mark = 0, url = '', url_mark = 0, issued_us = NULL, pairing = '', field = '', code = '', message = '',
			manual = 0, http_status = 0, key = '', first_sent_us = NULL, decided_us = NULL WHERE id = ANY (?)`,
	} {
		if err := t.Exec(ctx, text, ids); err != nil {
			return err
		}
	}
	return nil
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
	digests := [][]byte{}
	for _, text := range identities {
		d := l.keys.Identity(text)
		digests = append(digests, d[:])
	}
	err = l.writeAsSender(ctx, func(ctx context.Context, t *tx) (err error) {
		if n, err = t.ExecCount(ctx, "DELETE FROM forgotten WHERE digest = ANY (?)", digests); err != nil || n == 0 {
			return err
		}
		// Rows of theirs may be in any input that was checked meanwhile, and no longer say
		// whose they are: every input is checked again.
		return t.Exec(ctx, "UPDATE batch SET fingerprint = 'readmitted ' || id || ' ' || fingerprint WHERE fingerprint NOT LIKE ? || '%'", tables.PrunedMark)
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
		out, err = t.PruneBatches(ctx, keep)
		return err
	})
	if err != nil {
		return Pruned{}, err
	}
	return out, nil
}
