package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

const customerColumns = `id, status, identity, email, first_name, last_name, sender_id, generation, service_id, url,
	field, code, message, manual, http_status, attempts, intents, key, first_sent, decided, details, issued`

const attemptColumns = `id, customer, run, generation, key, details, before_at, before_offset, before_certain,
	after_at, after_offset, after_certain, class, absent, http_status, code, excerpt, removes`

func scanCustomer(r *sql.Rows) (c ledger.Customer, err error) {
	var first, decided, issued int64
	var details []byte
	err = r.Scan(&c.ID, (*string)(&c.Status), &c.Identity, &c.Email, &c.FirstName, &c.LastName, &c.SenderID, &c.Generation, &c.ServiceID, &c.URL,
		&c.Field, &c.Code, &c.Message, &c.Manual, &c.HTTPStatus, &c.Attempts, &c.Intents, &c.Key, &first, &decided, &details, &issued)
	c.FirstSent, c.Decided, c.Details, c.Issued = moment(first), moment(decided), details, moment(issued)
	return c, err
}

func scanAttempt(r *sql.Rows) (a ledger.Attempt, customer int64, err error) {
	var before, after int64
	var details []byte
	err = r.Scan(&a.ID, &customer, &a.Run, &a.Generation, &a.Key, &details, &before, &a.NotBefore.Offset, &a.NotBefore.Certain,
		&after, &a.NotAfter.Offset, &a.NotAfter.Certain, (*string)(&a.Class), &a.Absent, &a.HTTPStatus, &a.Code, &a.Excerpt, &a.Removes)
	a.NotBefore.At, a.NotAfter.At, a.Details = moment(before), moment(after), details
	return a, customer, err
}

// customers reads customers by id, parallel to the argument; one that is not
// in the ledger, or 0, gives a zero Customer.
func (v *view) customers(ctx context.Context, ids []int64) ([]ledger.Customer, error) {
	out := make([]ledger.Customer, len(ids))
	at := make(map[int64][]int, len(ids))
	list := make([]any, 0, len(ids))
	for i, id := range ids {
		if b := v.under[id]; b != nil && b.after.ID != 0 {
			out[i] = b.after
			continue
		}
		if id == 0 {
			continue
		}
		if len(at[id]) == 0 {
			list = append(list, id)
		}
		at[id] = append(at[id], i)
	}
	if len(list) == 0 {
		return out, nil
	}
	type where struct {
		batch int64
		row   int
	}
	places := make(map[int64]where, len(list))
	err := v.eachNear(ctx, "SELECT customer, batch, row FROM places WHERE customer ", list, func(r *sql.Rows) error {
		var id int64
		var w where
		err := r.Scan(&id, &w.batch, &w.row)
		places[id] = w
		return err
	})
	if err != nil {
		return nil, err
	}
	err = v.eachNear(ctx, "SELECT "+customerColumns+" FROM customers WHERE id ", list, func(r *sql.Rows) error {
		c, err := scanCustomer(r)
		for _, i := range at[c.ID] {
			out[i] = c
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if len(at[id]) == 0 {
			continue
		}
		c := &out[i]
		if w, placed := places[id]; placed {
			c.LastBatch, c.LastRow = w.batch, w.row
			if err := v.fromRow(ctx, id, c); err != nil {
				return nil, err
			}
		}
		if b := v.under[id]; b != nil {
			if *c, err = b.applied(*c); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// fromRow completes a customer that was never sent by its last row.
func (v *view) fromRow(ctx context.Context, id int64, c *ledger.Customer) error {
	if c.ID != 0 && (c.Attempts > 0 || c.Status == ledger.Forgotten) {
		return nil
	}
	row, err := v.rowAt(ctx, c.LastBatch, c.LastRow)
	switch {
	case err != nil:
		return err
	case row == nil && c.ID == 0:
		return errChunk // a place that points nowhere
	case row == nil:
		return nil
	}
	if c.ID == 0 {
		c.ID, c.Status = id, ledger.Pending
	}
	c.Identity, c.Email, c.FirstName, c.LastName, c.SenderID, c.Details = row.Identity, row.Email, row.FirstName, row.LastName, row.SenderID, row.details
	return nil
}

// history reads the attempts of customers, oldest first, into c.History where want says so.
func (v *view) history(ctx context.Context, all []ledger.Customer, want func(ledger.Customer) bool) error {
	at := map[int64][]int{}
	var list []any
	for i, c := range all {
		if c.Intents > 0 && want(c) {
			if len(at[c.ID]) == 0 {
				list = append(list, c.ID)
			}
			at[c.ID] = append(at[c.ID], i)
			if b := v.under[c.ID]; b != nil {
				all[i].History = append(all[i].History, b.attempt)
			}
		}
	}
	err := v.eachOf(ctx, "SELECT "+attemptColumns+" FROM attempts WHERE customer IN ", list, func(r *sql.Rows) error {
		a, customer, err := scanAttempt(r)
		for _, i := range at[customer] {
			all[i].History = append(all[i].History, a)
		}
		return err
	})
	for _, at := range at {
		for _, i := range at {
			slices.SortFunc(all[i].History, func(a, b ledger.Attempt) int { return cmp.Compare(a.ID, b.ID) })
		}
	}
	return err
}

// identities looks digests up.
func (v *view) identities(ctx context.Context, digests []keyed.Digest, into map[keyed.Digest]int64) error {
	list := make([]any, len(digests))
	for i, d := range digests {
		list[i] = d[:]
	}
	return v.eachOf(ctx, "SELECT digest, customer FROM identities WHERE digest IN ", list, func(r *sql.Rows) error {
		var d []byte
		var id int64
		if err := r.Scan(&d, &id); err != nil {
			return err
		}
		if len(d) != len(keyed.Digest{}) {
			return errChunk
		}
		into[keyed.Digest(d)] = id
		return nil
	})
}
