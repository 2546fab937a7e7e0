package sqlite

import (
	"context"
	"hash/fnv"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// customerColumns are read by record.customer.
const customerColumns = `c.id, c.status, c.generation, c.intents, c.attempts, c.last_batch, c.last_row, coalesce(c.identity, c.email), c.email, c.first_name, c.last_name,
	c.sender_id, c.details, c.service_id, c.url, c.issued_us, c.pairing, c.field, c.code, c.message, c.manual, c.http_status, c.key, c.first_sent_us, c.decided_us`

// customer reads customerColumns; all NULL is the zero value.
func (r *record) customer() (c ledger.Customer) {
	c.ID, c.Status = r.int64(), ledger.Status(r.text())
	c.Generation, c.Intents, c.Attempts = r.int(), r.int(), r.int()
	c.LastBatch, c.LastRow = r.int64(), r.int()
	c.Identity, c.Email, c.FirstName, c.LastName, c.SenderID = r.text(), r.text(), r.text(), r.text(), r.text()
	c.Details = r.blob()
	c.ServiceID, c.URL, c.Issued, c.Pairing = r.text(), r.text(), r.time(), ledger.Pairing(r.text())
	c.Field, c.Code, c.Message, c.Manual, c.HTTPStatus = r.text(), r.text(), r.text(), r.bool(), r.int()
	if c.Intents > 0 && r.isNull() {
		c.Key = ledger.Key(r.environment, c.Identity, c.Generation)
	}
	c.Key += r.text()
	c.FirstSent, c.Decided = r.time(), r.time()
	return c
}

// attemptColumns are read by record.attempt, from attempt a joined with its customer c.
const attemptColumns = `a.customer, a.id, a.run, a.generation, a.class, a.absent, a.key, a.removes, a.not_before_us, a.not_before_offset_us, a.not_before_certain,
	a.not_after_us, a.not_after_offset_us, a.not_after_certain, a.http_status, a.code, coalesce(a.details, iif(a.removes = '', c.details, NULL)), a.excerpt`

// attempt reads attemptColumns.
func (r *record) attempt() (customer int64, a ledger.Attempt) {
	customer = r.int64()
	a.ID, a.Run, a.Generation, a.Class, a.Absent = r.int64(), r.int64(), r.int(), ledger.Class(r.text()), r.bool()
	a.Key, a.Removes, a.NotBefore, a.NotAfter = r.text(), r.text(), r.instant(), r.instant()
	a.HTTPStatus, a.Code, a.Details, a.Excerpt = r.int(), r.text(), r.blob(), r.blob()
	return customer, a
}

// customersByID reads customers without their attempts. Unknown ids are left out.
func (c *conn) customersByID(ctx context.Context, ids []int64) (map[int64]ledger.Customer, error) {
	found := make(map[int64]ledger.Customer, len(ids))
	err := c.queryNearby(ctx, "SELECT "+customerColumns+" FROM customer c WHERE c.id %s", ids, func(r *record) error {
		one := r.customer()
		found[one.ID] = one
		return nil
	})
	return found, err
}

// attemptsOf reads the attempts of customers, oldest first.
func (c *conn) attemptsOf(ctx context.Context, customers []int64) (map[int64][]ledger.Attempt, error) {
	found := make(map[int64][]ledger.Attempt, len(customers))
	err := c.queryNearby(ctx, "SELECT "+attemptColumns+" FROM attempt a JOIN customer c ON c.id = a.customer WHERE a.customer %s ORDER BY a.id", customers, func(r *record) error {
		id, a := r.attempt()
		found[id] = append(found[id], a)
		return nil
	})
	return found, err
}

// withHistory reads customers with all their attempts, as the rules of package
// ledger need them.
func (c *conn) withHistory(ctx context.Context, ids []int64) (map[int64]ledger.Customer, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	found, err := c.customersByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	sent := slices.DeleteFunc(ids, func(id int64) bool { return found[id].Intents == 0 })
	attempts, err := c.attemptsOf(ctx, sent)
	for _, id := range sent {
		one := found[id]
		one.History = attempts[id]
		found[id] = one
	}
	return found, err
}

// The columns of a customer in groups that change together. A write names only
// the groups that changed: each column that it names costs the indexes on it.
const (
	stateColumns   = `status = ?, intents = ?, field = ?, code = ?, message = ?, manual = ?, http_status = ?, decided_us = ?`
	requestColumns = `generation = ?, attempts = ?, key = ?, first_sent_us = ?`
	userColumns    = `service_id = ?, url = ?, url_mark = ?, issued_us = ?`
	pairingColumns = `pairing = ?`
	personColumns  = `identity = nullif(?, ?), email = ?, first_name = ?, last_name = ?, details = ?`
)

// putCustomer writes what a rule of package ledger made of a customer.
func (c *conn) putCustomer(ctx context.Context, before, after *ledger.Customer) error {
	text := "UPDATE customer SET " + stateColumns
	args := append(make([]any, 0, 24), string(after.Status), after.Intents, after.Field, after.Code, after.Message, after.Manual, after.HTTPStatus, micros(after.Decided))
	add := func(columns string, values ...any) {
		text += ", " + columns
		args = append(args, values...)
	}
	if before.Generation != after.Generation || before.Attempts != after.Attempts || before.Key != after.Key || !before.FirstSent.Equal(after.FirstSent) {
		add(requestColumns, after.Generation, after.Attempts, c.keyArg(after), micros(after.FirstSent))
	}
	if before.ServiceID != after.ServiceID || before.URL != after.URL || !before.Issued.Equal(after.Issued) {
		add(userColumns, after.ServiceID, after.URL, urlMark(after.URL), micros(after.Issued))
	}
	if before.Pairing != after.Pairing {
		add(pairingColumns, string(after.Pairing))
	}
	if after.Attempts > 0 && !samePerson(before, after) {
		if err := c.keepDetails(ctx, after.ID); err != nil {
			return err
		}
		add(personColumns, after.Identity, after.Email, after.Email, after.FirstName, after.LastName, emptyAsNull(after.Details))
	}
	if err := c.exec(ctx, text+" WHERE id = ?", append(args, after.ID)...); err != nil {
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

// keyArg is the idempotency key of a customer as it is stored.
func (c *conn) keyArg(of *ledger.Customer) any {
	if of.Key != "" && of.Key == ledger.Key(c.pool.environment, of.Identity, of.Generation) {
		return nil
	}
	return of.Key
}

// keepDetails gives the attempts of a customer the details that they share with
// it, before it gets others.
func (c *conn) keepDetails(ctx context.Context, id int64) error {
	return c.exec(ctx, `UPDATE attempt SET details = (SELECT details FROM customer WHERE id = attempt.customer)
		WHERE customer = ? AND details IS NULL AND removes = ''`, id)
}

// takeLastRow gives a customer the details of the row that named it last.
func (c *conn) takeLastRow(ctx context.Context, id int64) error {
	if err := c.keepDetails(ctx, id); err != nil {
		return err
	}
	return c.exec(ctx, `UPDATE customer SET (identity, email, first_name, last_name, sender_id, details) =
		(SELECT identity, email, first_name, last_name, sender_id, details FROM input_row WHERE batch = last_batch AND ordinal = last_row)
		WHERE id = ? AND last_batch <> 0 AND status <> 'forgotten'`, id)
}

// urlMark is what links are found by; two links may have the same. 0 is no link.
func urlMark(url string) int64 {
	if url == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(url)) // never fails
	return int64(h.Sum64() | 1)
}
