package tables

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// ForgetIdentities erases customers, given by identity, and bars them, within the caller's
// transaction. It returns how many the ledger knew. insert makes a customer that is
// forgotten. ErrConflict if one of them is in doubt.
func (c Writer) ForgetIdentities(ctx context.Context, identities []string, insert func(context.Context) (int64, error)) (n int, err error) {
	isDone := map[keyed.Digest]bool{}
	var ids []int64
	for _, text := range identities {
		d := c.Keys.Identity(text)
		if isDone[d] || text == "" {
			continue
		}
		id, isKnown, err := c.barIdentity(ctx, text, d, insert)
		if err != nil {
			return 0, err
		}
		if isDone[d] = true; isKnown {
			n++
		}
		ids = append(ids, id)
		if err := c.Exec(ctx, "DELETE FROM gap_user WHERE digest = ?", d[:]); err != nil {
			return 0, err
		}
		if err := c.ForgetPlanned(ctx, text); err != nil {
			return 0, err
		}
	}
	return n, c.EraseCustomers(ctx, ids)
}

// barIdentity notes the digest of an e-mail as forgotten, and returns its customer, which
// is made if there is none. Rows that have the e-mail and no customer get it.
func (c Writer) barIdentity(ctx context.Context, text string, digest keyed.Digest, insert func(context.Context) (int64, error)) (id int64, isKnown bool, err error) {
	err = c.Query(ctx, "SELECT id, status FROM customer WHERE email <> '' AND coalesce(identity, email) = ?", []any{text}, func(r *Record) error {
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
		id, err = insert(ctx)
	}
	if err == nil {
		err = c.Exec(ctx, "INSERT INTO forgotten VALUES (?, ?)", digest[:], id)
	}
	if err == nil {
		err = c.Exec(ctx, "UPDATE input_row SET customer = ? WHERE customer IS NULL AND coalesce(identity, email) <> '' AND coalesce(identity, email) = ?", id, text)
	}
	return id, false, err
}

// ReadmitIdentities lifts what ForgetIdentities barred, within the caller's transaction,
// and returns how many were barred.
func (c Writer) ReadmitIdentities(ctx context.Context, identities []string) (n int, err error) {
	for _, text := range identities {
		d := c.Keys.Identity(text)
		gone, err := c.ExecCount(ctx, "DELETE FROM forgotten WHERE digest = ?", d[:])
		if err != nil {
			return 0, err
		}
		n += gone
	}
	if n == 0 {
		return 0, nil
	}
	// Rows of theirs may be in any input that was checked meanwhile, and no longer say
	// whose they are: every input is checked again.
	return n, c.Exec(ctx, "UPDATE batch SET fingerprint = 'readmitted ' || id || ' ' || fingerprint WHERE fingerprint NOT LIKE ? || '%'", PrunedMark)
}

// EraseCustomers removes what is known of customers, except that they are forgotten.
func (c *Reader) EraseCustomers(ctx context.Context, ids []int64) error {
	list := ids
	const these = "IN (SELECT value FROM json_each(?))"
	var marks []int64
	if err := c.LinesWhere(ctx, ledger.Selection{All: true}, ReviewedLine, nil, "r.customer "+these, []any{list}, func(n *Line) error {
		if n.Mark != 0 {
			marks = append(marks, n.Mark)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := c.Exec(ctx, "DELETE FROM reported WHERE mark "+these, marks); err != nil {
		return err
	}
	for _, text := range []string{
		"DELETE FROM kyc WHERE service_id IN (SELECT service_id FROM customer WHERE id " + these + ")",
		"DELETE FROM kyc WHERE service_id IN (SELECT removes FROM attempt WHERE customer " + these + ")",
		"DELETE FROM attempt WHERE customer " + these,
		"UPDATE input_row SET identity = '', email = '', first_name = '', last_name = '', sender_id = '', carry = '', details = NULL, name_mark = 0, recall = 0 WHERE customer " + these,
		`UPDATE customer SET status = 'forgotten', generation = 0, intents = 0, attempts = 0, identity = NULL, email = '', first_name = '', last_name = '', sender_id = '',
			details = NULL, sender_number = '', name_mark = 0, service_id = '', service_mark = 0, url = '', url_mark = 0, issued_us = NULL, pairing = '', field = '', code = '', message = '',
			manual = 0, http_status = 0, key = '', first_sent_us = NULL, decided_us = NULL WHERE id ` + these,
	} {
		if err := c.Exec(ctx, text, list); err != nil {
			return err
		}
	}
	return nil
}
