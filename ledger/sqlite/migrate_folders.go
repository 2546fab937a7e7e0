package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Up to version 3 a customer had a column for each field, and its attempts were
// rows of a table of their own.

const oldCustomerColumns = `id, status, identity, email, first_name, last_name, sender_id, generation, service_id, url,
	field, code, message, manual, http_status, attempts, intents, key, first_sent, decided, details, issued`

const oldAttemptColumns = `id, customer, run, generation, key, details, before_at, before_offset, before_certain,
	after_at, after_offset, after_certain, class, absent, http_status, code, excerpt, removes`

// fileAll makes the folders of everybody, and drops what they replace. Pages
// that are free now are used again.
func fileAll(ctx context.Context, v *view) error {
	var stray int // what was sent to somebody must not go with the table
	err := v.one(ctx, "SELECT count(*) FROM attempts WHERE customer NOT IN (SELECT id FROM old_customers)", nil, &stray)
	if err == nil && stray > 0 {
		err = fmt.Errorf("%d attempts are of customers who are not there: %w", stray, errChunk)
	}
	if err != nil {
		return err
	}
	for last := int64(0); ; {
		page, err := v.oldPage(ctx, last)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return v.run(ctx, "DROP TABLE attempts; DROP TABLE old_customers")
		}
		last = page[len(page)-1].ID
		if err := v.putCustomers(ctx, page); err != nil {
			return err
		}
	}
}

// oldPage reads some customers after one, by id, with their attempts.
func (v *view) oldPage(ctx context.Context, last int64) (page []ledger.Customer, err error) {
	at := map[int64]int{}
	var ids []any
	err = v.each(ctx, "SELECT "+oldCustomerColumns+" FROM old_customers WHERE id > ? ORDER BY id LIMIT 256", []any{last}, func(r *sql.Rows) error {
		var c ledger.Customer
		var first, decided, issued int64
		var details []byte
		err := r.Scan(&c.ID, (*string)(&c.Status), &c.Identity, &c.Email, &c.FirstName, &c.LastName, &c.SenderID, &c.Generation, &c.ServiceID, &c.URL,
			&c.Field, &c.Code, &c.Message, &c.Manual, &c.HTTPStatus, &c.Attempts, &c.Intents, &c.Key, &first, &decided, &details, &issued)
		c.FirstSent, c.Decided, c.Details, c.Issued = moment(first), moment(decided), details, moment(issued)
		at[c.ID], page, ids = len(page), append(page, c), append(ids, c.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = v.eachOf(ctx, "SELECT "+oldAttemptColumns+" FROM attempts WHERE customer IN ", ids, func(r *sql.Rows) error {
		var a ledger.Attempt
		var customer, before, after int64
		var details []byte
		err := r.Scan(&a.ID, &customer, &a.Run, &a.Generation, &a.Key, &details, &before, &a.NotBefore.Offset, &a.NotBefore.Certain,
			&after, &a.NotAfter.Offset, &a.NotAfter.Certain, (*string)(&a.Class), &a.Absent, &a.HTTPStatus, &a.Code, &a.Excerpt, &a.Removes)
		if err != nil {
			return err
		}
		a.NotBefore.At, a.NotAfter.At, a.Details = moment(before), moment(after), details
		c := &page[at[customer]]
		c.History = append(c.History, a)
		return nil
	})
	for _, c := range page {
		slices.SortFunc(c.History, func(a, b ledger.Attempt) int { return cmp.Compare(a.ID, b.ID) })
	}
	return page, err
}

const oldGroupFormat = 2

// oldIntent reads an intent as version 3 packed it.
func (u *unpacker) oldIntent() *packedIntent {
	var in packedIntent
	in.Customer, in.Intents, in.Generation = u.varint(), int(u.varint()), int(u.varint())
	in.At = ledger.Instant{At: moment(u.varint()), Offset: time.Duration(u.varint()), Certain: u.varint() != 0}
	in.Status, in.Key = ledger.Status(u.string()), u.string()
	if d := u.string(); d != "" {
		in.Details = ledger.Details(d)
	}
	in.Removes, in.Email, in.FirstName, in.LastName = u.string(), u.string(), u.string(), u.string()
	return &in
}
