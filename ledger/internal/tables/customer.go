package tables

import (
	"context"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// CustomerColumns are read by Record.Customer.
const CustomerColumns = `c.id, c.status, c.generation, c.intents, c.attempts, c.last_batch, c.last_row, c.identity, c.email, c.first_name, c.last_name,
	c.sender_id, c.details, c.service_id, c.url, c.issued_us, c.pairing, c.field, c.code, c.message, c.manual, c.http_status, c.key, c.first_sent_us, c.decided_us`

// Customer reads CustomerColumns; all NULL is the zero value.
func (r *Record) Customer() (c ledger.Customer) {
	c.ID, c.Status = r.Int64(), ledger.Status(r.Text())
	c.Generation, c.Intents, c.Attempts = r.Int(), r.Int(), r.Int()
	c.LastBatch, c.LastRow = r.Int64(), r.Int()
	c.Identity, c.Email = r.identity()
	c.FirstName, c.LastName, c.SenderID = r.Text(), r.Text(), r.Text()
	c.Details = r.Details()
	c.ServiceID, c.URL, c.Issued, c.Pairing = r.Text(), r.Text(), r.Time(), ledger.Pairing(r.Text())
	c.Field, c.Code, c.Message, c.Manual, c.HTTPStatus = r.Text(), r.Text(), r.Text(), r.Bool(), r.Int()
	if c.Intents > 0 && r.IsNull() {
		c.Key = ledger.Key(r.environment, c.Identity, c.Generation)
	}
	c.Key += r.Text()
	c.FirstSent, c.Decided = r.Time(), r.Time()
	if c.URL != "" && c.Issued.IsZero() {
		c.Issued = c.Decided
	}
	return c
}

// identity reads an identity, of which NULL says that it is the e-mail as written,
// and the e-mail.
func (r *Record) identity() (identity, email string) {
	isEmail := r.IsNull()
	if identity, email = r.Text(), r.Text(); isEmail {
		identity = email
	}
	return identity, email
}

// AttemptColumns are read by Record.Attempt, from attempt a joined with its customer c.
const AttemptColumns = `a.customer, a.id, a.run, a.generation, a.class, a.absent, a.key, a.removes, a.not_before_us, a.not_before_offset_us, a.not_before_certain,
	a.not_after_us, a.not_after_offset_us, a.not_after_certain, a.http_status, a.code, coalesce(a.details, CASE WHEN a.removes = '' THEN c.details END), a.excerpt`

// Attempt reads AttemptColumns.
func (r *Record) Attempt() (customer int64, a ledger.Attempt) {
	customer = r.Int64()
	a.ID, a.Run, a.Generation, a.Class, a.Absent = r.Int64(), r.Int64(), r.Int(), ledger.Class(r.Text()), r.Bool()
	a.Key, a.Removes, a.NotBefore, a.NotAfter = r.Text(), r.Text(), r.Instant(), r.Instant()
	a.HTTPStatus, a.Code, a.Details, a.Excerpt = r.Int(), r.Text(), r.Details(), r.Blob()
	return customer, a
}

// CustomersByID reads customers without their attempts. Unknown ids are left out.
func (c *Conn) CustomersByID(ctx context.Context, ids []int64) (map[int64]ledger.Customer, error) {
	found := make(map[int64]ledger.Customer, len(ids))
	err := c.QueryNearby(ctx, "SELECT "+CustomerColumns+" FROM customer c WHERE c.id %s", ids, func(r *Record) error {
		one := r.Customer()
		found[one.ID] = one
		return nil
	})
	return found, err
}

// AttemptsOf reads the attempts of customers, oldest first.
func (c *Conn) AttemptsOf(ctx context.Context, customers []int64) (map[int64][]ledger.Attempt, error) {
	found := make(map[int64][]ledger.Attempt, len(customers))
	err := c.QueryNearby(ctx, "SELECT "+AttemptColumns+" FROM attempt a JOIN customer c ON c.id = a.customer WHERE a.customer %s ORDER BY a.id", customers, func(r *Record) error {
		id, a := r.Attempt()
		found[id] = append(found[id], a)
		return nil
	})
	return found, err
}

// WithHistory reads customers with all their attempts, as the rules of package
// ledger need them.
func (c *Conn) WithHistory(ctx context.Context, ids []int64) (map[int64]ledger.Customer, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	found, err := c.CustomersByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	sent := slices.DeleteFunc(ids, func(id int64) bool { return found[id].Intents == 0 })
	attempts, err := c.AttemptsOf(ctx, sent)
	for _, id := range sent {
		one := found[id]
		one.History = attempts[id]
		found[id] = one
	}
	return found, err
}

// Newest returns the last time in any attempt, zero if there is none, and the offset of
// the partner's clock in the newest attempt that has one.
func (c *Conn) Newest(ctx context.Context) (newest ledger.Instant, offset time.Duration, isCertain bool, err error) {
	const from = "SELECT " + AttemptColumns + " FROM attempt a CROSS JOIN customer c ON c.id = a.customer "
	// Attempts are numbered in the order in which they began, and each ends long before
	// thousands of others begin.
	err = c.Query(ctx, from+"ORDER BY a.id DESC LIMIT 10000", nil, func(r *Record) error {
		_, a := r.Attempt()
		for _, at := range []ledger.Instant{a.NotBefore, a.NotAfter} {
			if !at.At.IsZero() && (newest.At.IsZero() || at.Partner().After(newest.Partner())) {
				newest = at
			}
		}
		if !isCertain {
			offset, isCertain = certainOffset(a)
		}
		return nil
	})
	if err == nil && !isCertain {
		err = c.Query(ctx, from+"WHERE a.not_before_certain = 1 OR a.not_after_certain = 1 ORDER BY a.id DESC LIMIT 1", nil, func(r *Record) error {
			_, a := r.Attempt()
			offset, isCertain = certainOffset(a)
			return nil
		})
	}
	return newest, offset, isCertain, err
}

// certainOffset returns the offset of the partner's clock in an attempt, if it has one.
func certainOffset(a ledger.Attempt) (offset time.Duration, isCertain bool) {
	if a.NotAfter.Certain {
		return a.NotAfter.Offset, true
	}
	return a.NotBefore.Offset, a.NotBefore.Certain
}
