package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// The columns of a customer in groups that change together. A write names only
// the groups that changed: each column that it names costs the indexes on it.
const (
	stateColumns   = `status = ?, intents = ?, field = ?, code = ?, message = ?, manual = ?, http_status = ?, decided_us = ?`
	requestColumns = `generation = ?, attempts = ?, key = ?, first_sent_us = ?`
	userColumns    = `service_id = ?, service_mark = ?, url = ?, url_mark = ?, issued_us = ?`
	pairingColumns = `pairing = ?`
	personColumns  = `identity = nullif(?, ?), email = ?, first_name = ?, last_name = ?, details = ?`
)

// putCustomer writes what a rule of package ledger made of a customer.
func (c *conn) putCustomer(ctx context.Context, before, after *ledger.Customer) error {
	text := "UPDATE customer SET " + stateColumns
	args := append(make([]any, 0, 24), string(after.Status), after.Intents, after.Field, after.Code, after.Message, after.Manual, after.HTTPStatus, tables.Micros(after.Decided))
	add := func(columns string, values ...any) {
		text += ", " + columns
		args = append(args, values...)
	}
	if before.Generation != after.Generation || before.Attempts != after.Attempts || before.Key != after.Key || !before.FirstSent.Equal(after.FirstSent) {
		add(requestColumns, after.Generation, after.Attempts, c.keyArg(after), tables.Micros(after.FirstSent))
	}
	if before.ServiceID != after.ServiceID || before.URL != after.URL || issuedArg(before) != issuedArg(after) {
		add(userColumns, after.ServiceID, tables.Mark(after.ServiceID), after.URL, tables.Mark(after.URL), issuedArg(after))
	}
	if before.Pairing != after.Pairing {
		add(pairingColumns, string(after.Pairing))
	}
	if after.Attempts > 0 && !samePerson(before, after) {
		if err := c.keepDetails(ctx, after.ID); err != nil {
			return err
		}
		add(personColumns, after.Identity, after.Email, after.Email, after.FirstName, after.LastName, tables.DetailsArg(after.Details))
	}
	if err := c.Exec(ctx, text+" WHERE id = ?", append(args, after.ID)...); err != nil {
		return err
	}
	if before.Attempts > 0 && after.Attempts == 0 {
		return c.takeLastRow(ctx, after.ID) // the request was never sent
	}
	return nil
}

func samePerson(a, b *ledger.Customer) bool {
	return a.Email == b.Email && a.FirstName == b.FirstName && a.LastName == b.LastName && slices.Equal(a.Details, b.Details)
}

// issuedArg is when a customer's link came to be known, as it is stored.
func issuedArg(of *ledger.Customer) any {
	if of.Issued.Equal(of.Decided) {
		return nil
	}
	return tables.Micros(of.Issued)
}

// keyArg is the idempotency key of a customer as it is stored.
func (c *conn) keyArg(of *ledger.Customer) any {
	if of.Key != "" && of.Key == ledger.Key(c.Environment, of.Identity, of.Generation) {
		return nil
	}
	return of.Key
}

// keepDetails gives the attempts of a customer the details that they share with
// it, before it gets others.
func (c *conn) keepDetails(ctx context.Context, id int64) error {
	return c.Exec(ctx, `UPDATE attempt SET details = (SELECT details FROM customer WHERE id = attempt.customer)
		WHERE customer = ? AND details IS NULL AND removes = ''`, id)
}

// takeLastRow gives a customer the details of the row that named it last.
func (c *conn) takeLastRow(ctx context.Context, id int64) error {
	if err := c.keepDetails(ctx, id); err != nil {
		return err
	}
	return c.Exec(ctx, `UPDATE customer SET (identity, email, first_name, last_name, sender_id, details) =
		(SELECT identity, email, first_name, last_name, sender_id, details FROM input_row WHERE batch = last_batch AND ordinal = last_row)
		WHERE id = ? AND last_batch <> 0 AND status <> 'forgotten'`, id)
}

// updateKnown points the customers that were known before to the rows that claim
// them now. Of those for whom nothing was sent, the new row counts.
func (c *conn) updateKnown(ctx context.Context, batch, firstNew int64) error {
	if err := c.Exec(ctx, `UPDATE customer SET last_batch = r.batch, last_row = r.ordinal FROM input_row r
		WHERE r.batch = ? AND r.claims = 1 AND r.customer < ? AND customer.id = r.customer`, batch, firstNew); err != nil {
		return err
	}
	changed, err := c.QueryIDs(ctx, `SELECT c.id FROM input_row r JOIN customer c ON c.id = r.customer
		WHERE r.batch = ? AND r.claims = 1 AND r.customer < ? AND c.attempts = 0 AND c.status <> 'forgotten'
			AND (c.email, c.first_name, c.last_name, c.sender_id, c.name_mark, c.details) IS NOT (r.email, r.first_name, r.last_name, r.sender_id, r.name_mark, r.details)`, batch, firstNew)
	for _, id := range changed {
		if err == nil {
			err = c.takeLastRow(ctx, id)
		}
		if err == nil {
			err = c.takeMarks(ctx, id)
		}
	}
	return err
}

// takeMarks makes a customer be recognised by the row that named it last.
func (c *conn) takeMarks(ctx context.Context, id int64) error {
	var sender, number string
	var name, wasName int64
	err := c.QueryOne(ctx, `SELECT r.sender_id, r.name_mark, c.sender_number, c.name_mark FROM customer c
		JOIN input_row r ON r.batch = c.last_batch AND r.ordinal = c.last_row WHERE c.id = ?`, []any{id}, &sender, &name, &number, &wasName)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // of no row
	}
	if err != nil || number == ledger.PlainNumber(sender) && wasName == name {
		return err
	}
	return c.Exec(ctx, "UPDATE customer SET sender_number = ?, name_mark = ? WHERE id = ?", ledger.PlainNumber(sender), name, id)
}

// identityArg is the identity of a row as it is stored.
func identityArg(row *ledger.Row) any {
	if row.Identity == row.Email {
		return nil
	}
	return row.Identity
}

// listText returns a list as JSON; "" for none.
func listText[T any](list []T) (string, error) {
	if list == nil {
		return "", nil
	}
	text, err := json.Marshal(list)
	return string(text), err
}
