package sqlite

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

const (
	cacheStep      = 100_000 // rows after which the cache is fitted to what came in
	insertCustomer = `INSERT INTO customer (id, identity, email, first_name, last_name, sender_id, details, sender_number, name_mark, last_batch, last_row) VALUES `
	insertRow      = `INSERT INTO input_row (batch, ordinal, file, number, line, customer, claims, verdict, repeats, identity, email, first_name, last_name, sender_id, carry, findings, details, name_mark, recall) VALUES `
)

func (r *registration) addRows(ctx context.Context, rows []ledger.Row) error {
	var unknown []string
	for i := range rows {
		if _, ok := r.found[rows[i].Identity]; !ok {
			unknown = append(unknown, rows[i].Identity)
		}
	}
	if _, err := r.findIdentities(ctx, unknown); err != nil {
		return err
	}
	if r.batch.Rows/cacheStep < (r.batch.Rows+len(rows))/cacheStep {
		if err := r.c.fitCache(ctx, r.nextNew); err != nil {
			return err
		}
	}
	customers, lines := make([]any, 0, 11*len(rows)), make([]any, 0, 19*len(rows))
	for i := range rows {
		row := &rows[i]
		if row.Ordinal != r.batch.Rows || r.isAnnotated {
			return fmt.Errorf("row %d added after %d rows: %w", row.Ordinal, r.batch.Rows, ledger.ErrConflict)
		}
		r.batch.Rows++
		if f := row.File; f < len(r.batch.Files) {
			r.batch.Files[f].Rows++
		}
		r.names = r.names.Add(row.Details)
		details, name := tables.DetailsArg(r.digest(row.Details)), r.l.keys.Name(row.NameText)
		who, isNew, err := r.claimRow(row)
		if err != nil {
			return err
		}
		if isNew {
			customers = append(customers, who.customer, identityArg(row), row.Email, row.FirstName, row.LastName, row.SenderID, details, ledger.PlainNumber(row.SenderID), name, r.batch.ID, row.Ordinal)
		}
		if lines, err = r.appendRow(lines, row, who, details, name); err != nil {
			return err
		}
	}
	if err := r.c.InsertRows(ctx, insertCustomer, "", 11, customers); err != nil {
		return err
	}
	return r.c.InsertRows(ctx, insertRow, "", 19, lines)
}

// digest is Ledger.Digest with the names that this registration has added.
func (r *registration) digest(details []ledger.Detail) ledger.Details {
	return r.l.keys.Details(r.names.Add(details).Values(details))
}

// claimRow finds the customer of a row, or gives it a new one.
func (r *registration) claimRow(row *ledger.Row) (who identity, isNew bool, err error) {
	if row.Identity == "" {
		return identity{}, false, nil
	}
	who = r.found[row.Identity]
	if !row.Claims {
		return who, false, nil
	}
	if who.claimed > 0 {
		return who, false, fmt.Errorf("rows %d and %d claim the same identity: %w", who.claimed-1, row.Ordinal, ledger.ErrConflict)
	}
	if isNew = who.customer == 0; isNew {
		who.customer = r.nextNew
		r.nextNew++
	} else {
		r.claimed[who.customer] = int32(row.Ordinal)
	}
	who.claimed = row.Ordinal + 1
	r.found[row.Identity] = who
	return who, isNew, nil
}

// appendRow appends the values of insertRow.
func (r *registration) appendRow(to []any, row *ledger.Row, who identity, details any, name int64) ([]any, error) {
	var customer any
	if who.customer != 0 {
		customer = who.customer
	}
	var recall any
	if row.Recall != row.Identity {
		recall = r.l.keys.Recall(row.Recall)
	}
	if who.isErased {
		erased := row.Erased()
		row, details, name, recall = &erased, nil, 0, 0
	}
	carry, err := listText(row.Carry)
	if err != nil {
		return nil, err
	}
	findings, err := listText(row.Findings)
	return append(to, r.batch.ID, row.Ordinal, row.File, row.Number, row.Line, customer, row.Claims, string(row.Verdict), row.Repeats,
		identityArg(row), row.Email, row.FirstName, row.LastName, row.SenderID, carry, findings, details, name, recall), err
}
