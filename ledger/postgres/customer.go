package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// changes are what one transaction writes to customers and their attempts.
type changes struct {
	customers map[int64]*changed
	opened    []opened
}

// changed is a customer before and after.
type changed struct{ before, after ledger.Customer }

// opened is an attempt that an intent opens. Its number is written to id.
type opened struct {
	ledger.Intent
	run int64
	id  *int64
}

func (x *changes) add(before, after ledger.Customer) {
	x.customers[after.ID] = &changed{before, after}
}

// addAll adds customers as they were and as they are. One that does not exist is left out.
func (x *changes) addAll(before, after map[int64]ledger.Customer) {
	for id, one := range after {
		if one.ID != 0 {
			x.add(before[id], one)
		}
	}
}

// sorted returns the customers that changed in the order of their numbers, in which they
// are locked.
func (x *changes) sorted() []*changed {
	all := make([]*changed, 0, len(x.customers))
	for _, c := range x.customers {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *changed) int { return int(a.after.ID - b.after.ID) })
	return all
}

// queueAttempts inserts the attempts that were opened, in the order of the intents. One
// that has a number already keeps it.
func (x *changes) queueAttempts(b *pgx.Batch, as *term) {
	var fresh, numbered attemptColumns
	for _, o := range x.opened {
		if *o.id != 0 {
			numbered.add(o)
		} else {
			fresh.add(o)
		}
	}
	if len(fresh.customer) > 0 {
		b.Queue(`INSERT INTO attempt (customer, sender, run, generation, key, removes, details, not_before_us, not_before_offset_us, not_before_certain)
			SELECT v.customer, $1, v.run, v.generation, v.key, v.removes, v.details, v.at, v.ahead, v.certain
			FROM unnest($2::bigint[], $3::bigint[], $4::integer[], $5::text[], $6::text[], $7::bytea[], $8::bigint[], $9::bigint[], $10::smallint[])
				WITH ORDINALITY AS v (customer, run, generation, key, removes, details, at, ahead, certain, place)
			ORDER BY v.place RETURNING customer, id`, fresh.args(as.id)...).Query(func(rows pgx.Rows) error {
			var of, id int64
			_, err := pgx.ForEachRow(rows, []any{&of, &id}, func() error {
				*fresh.ids[of] = id
				return nil
			})
			return err
		})
	}
	if len(numbered.customer) > 0 {
		b.Queue(`INSERT INTO attempt (id, customer, sender, run, generation, key, removes, details, not_before_us, not_before_offset_us, not_before_certain) OVERRIDING SYSTEM VALUE
			SELECT v.id, v.customer, $1, v.run, v.generation, v.key, v.removes, v.details, v.at, v.ahead, v.certain
			FROM unnest($2::bigint[], $3::bigint[], $4::integer[], $5::text[], $6::text[], $7::bytea[], $8::bigint[], $9::bigint[], $10::smallint[], $11::bigint[])
				AS v (customer, run, generation, key, removes, details, at, ahead, certain, id)`, append(numbered.args(as.id), numbered.number)...)
	}
}

// attemptColumns are attempts to be opened, column by column.
type attemptColumns struct {
	customer, run, notBefore, offset, number []int64
	generation                               []int32
	key, removes                             []string
	details                                  [][]byte
	certain                                  []int16
	ids                                      map[int64]*int64 // of a customer: where its attempt's number goes
}

func (c *attemptColumns) add(o opened) {
	at := o.At.Truncate()
	c.customer, c.run, c.number = append(c.customer, o.Customer), append(c.run, o.run), append(c.number, *o.id)
	c.generation, c.key, c.removes = append(c.generation, int32(o.Generation)), append(c.key, storedText(o.Key)), append(c.removes, storedText(o.Removes))
	c.notBefore, c.offset, c.certain = append(c.notBefore, at.At.UnixMicro()), append(c.offset, int64(at.Offset/time.Microsecond)), append(c.certain, flagValue(at.Certain))
	var details []byte
	if o.Removes == "" {
		details = o.Details
	}
	c.details = append(c.details, details)
	if c.ids == nil {
		c.ids = map[int64]*int64{}
	}
	c.ids[o.Customer] = o.id
}

func (c *attemptColumns) args(sender int64) []any {
	return []any{sender, c.customer, c.run, c.generation, c.key, c.removes, c.details, c.notBefore, c.offset, c.certain}
}

// queueClosings updates the attempts that were closed or marked.
func (x *changes) queueClosings(b *pgx.Batch) {
	var ids, notAfter, offset []int64
	var class, code []string
	var absent, certain []int16
	var status []int32
	var excerpt [][]byte
	for _, c := range x.sorted() {
		for i := range c.before.History {
			was, a := &c.before.History[i], &c.after.History[i]
			a.NotAfter = a.NotAfter.Truncate()
			if was.Class == a.Class && was.Absent == a.Absent && was.NotAfter == a.NotAfter && was.HTTPStatus == a.HTTPStatus && was.Code == a.Code && slices.Equal(was.Excerpt, a.Excerpt) {
				continue
			}
			ids, class, code, excerpt = append(ids, a.ID), append(class, string(a.Class)), append(code, storedText(a.Code)), append(excerpt, nilIfEmpty(a.Excerpt))
			absent, certain, status = append(absent, flagValue(a.Absent)), append(certain, flagValue(a.NotAfter.Certain)), append(status, int32(a.HTTPStatus))
			notAfter, offset = append(notAfter, a.NotAfter.At.UnixMicro()), append(offset, int64(a.NotAfter.Offset/time.Microsecond))
		}
	}
	if len(ids) == 0 {
		return
	}
	b.Queue(`UPDATE attempt a SET class = v.class, absent = v.absent, not_after_us = v.at, not_after_offset_us = v.ahead, not_after_certain = v.certain,
			http_status = v.status, code = v.code, excerpt = v.excerpt
		FROM unnest($1::bigint[], $2::text[], $3::smallint[], $4::bigint[], $5::bigint[], $6::smallint[], $7::integer[], $8::text[], $9::bytea[])
			AS v (id, class, absent, at, ahead, certain, status, code, excerpt)
		WHERE a.id = v.id`, ids, class, absent, notAfter, offset, certain, status, code, excerpt)
}

func nilIfEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// queueCustomerUpdates writes what rules of package ledger made of customers.
func (t *tx) queueCustomerUpdates(b *pgx.Batch, x *changes) {
	all := x.sorted()
	if len(all) == 0 {
		return
	}
	var u customerColumns
	for _, c := range all {
		u.add(&c.after, t.keyArg(&c.after))
	}
	b.Queue(`UPDATE customer c SET status = v.status, generation = v.generation, intents = v.intents, attempts = v.attempts,
			field = v.field, code = v.code, message = v.message, manual = v.manual, http_status = v.http_status, key = v.key,
			first_sent_us = v.first_sent, decided_us = v.decided, service_id = v.service_id, service_mark = v.service_mark, url = v.url, url_mark = v.url_mark,
			issued_us = v.issued, pairing = v.pairing, identity = v.identity, email = v.email, first_name = v.first_name, last_name = v.last_name, details = v.details
		FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::smallint[], $10::integer[], $11::text[],
			$12::bigint[], $13::bigint[], $14::text[], $15::bigint[], $16::text[], $17::bigint[], $18::bigint[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::bytea[])
			AS v (id, status, generation, intents, attempts, field, code, message, manual, http_status, key,
			first_sent, decided, service_id, service_mark, url, url_mark, issued, pairing, identity, email, first_name, last_name, details)
		WHERE c.id = v.id`,
		u.id, u.status, u.generation, u.intents, u.attempts, u.field, u.code, u.message, u.manual, u.httpStatus, u.key, u.firstSent, u.decided,
		u.serviceID, u.serviceMark, u.url, u.urlMark, u.issued, u.pairing, u.identity, u.email, u.firstName, u.lastName, u.details)
	b.Queue(`INSERT INTO lookup AS x (customer, in_doubt, unconfirmed, service_mark, url_mark)
		SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::bigint[], $5::bigint[])
		ON CONFLICT (customer) DO UPDATE SET in_doubt = excluded.in_doubt, unconfirmed = excluded.unconfirmed, service_mark = excluded.service_mark, url_mark = excluded.url_mark
		WHERE (x.in_doubt, x.unconfirmed, x.service_mark, x.url_mark) <> (excluded.in_doubt, excluded.unconfirmed, excluded.service_mark, excluded.url_mark)`,
		u.id, u.inDoubt, u.unconfirmed, u.serviceMark, u.urlMark)
}

// customerColumns are customers, column by column.
type customerColumns struct {
	id, serviceMark, urlMark                              []int64
	generation, intents, attempts, httpStatus             []int32
	manual, inDoubt, unconfirmed                          []int16
	status, field, code, message, serviceID, url, pairing []string
	email, firstName, lastName                            []string
	key, identity                                         []*string
	firstSent, decided, issued                            []*int64
	details                                               [][]byte
}

func (u *customerColumns) add(c *ledger.Customer, key *string) {
	u.id, u.serviceMark, u.urlMark = append(u.id, c.ID), append(u.serviceMark, tables.Mark(c.ServiceID)), append(u.urlMark, tables.Mark(c.URL))
	u.generation, u.intents, u.attempts = append(u.generation, int32(c.Generation)), append(u.intents, int32(c.Intents)), append(u.attempts, int32(c.Attempts))
	u.httpStatus, u.manual = append(u.httpStatus, int32(c.HTTPStatus)), append(u.manual, flagValue(c.Manual))
	u.status, u.pairing = append(u.status, string(c.Status)), append(u.pairing, string(c.Pairing))
	u.field, u.code, u.message = append(u.field, storedText(c.Field)), append(u.code, storedText(c.Code)), append(u.message, storedText(c.Message))
	u.serviceID, u.url = append(u.serviceID, storedText(c.ServiceID)), append(u.url, storedText(c.URL))
	u.email, u.firstName, u.lastName = append(u.email, storedText(c.Email)), append(u.firstName, storedText(c.FirstName)), append(u.lastName, storedText(c.LastName))
	u.inDoubt, u.unconfirmed = append(u.inDoubt, flagValue(c.Status == ledger.InDoubt)), append(u.unconfirmed, flagValue(c.Pairing == ledger.Unconfirmed))
	var identity *string
	if c.Identity != c.Email {
		text := storedText(c.Identity)
		identity = &text
	}
	u.key, u.identity, u.details = append(u.key, key), append(u.identity, identity), append(u.details, c.Details)
	issued := microsOf(c.Issued)
	if c.Issued.Equal(c.Decided) {
		issued = nil // as decided
	}
	u.firstSent, u.decided, u.issued = append(u.firstSent, microsOf(c.FirstSent)), append(u.decided, microsOf(c.Decided)), append(u.issued, issued)
}

// microsOf returns a moment as it is stored; nil for none.
func microsOf(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	us := t.UnixMicro()
	return &us
}

// keyArg is the idempotency key of a customer as it is stored; nil for the one that
// follows from environment, identity and generation.
func (c *conn) keyArg(of *ledger.Customer) *string {
	if of.Key != "" && of.Key == ledger.Key(c.Environment, of.Identity, of.Generation) {
		return nil
	}
	key := storedText(of.Key)
	return &key
}

// putCustomer writes one customer, and its attempts that changed.
func (t *tx) putCustomer(ctx context.Context, before, after ledger.Customer) error {
	out := &changes{customers: map[int64]*changed{}}
	out.add(before, after)
	b := &pgx.Batch{}
	out.queueClosings(b)
	t.queueCustomerUpdates(b, out)
	return t.db.pg.SendBatch(ctx, b).Close()
}

// unsent returns the customers whose requests all turned out never to have been sent, and
// those that are sent once more.
func (x *changes) unsent() (unsent, resent []int64) {
	for _, c := range x.sorted() {
		switch {
		case c.before.Attempts > 0 && c.after.Attempts == 0:
			unsent = append(unsent, c.after.ID)
		case c.before.Attempts > 0 && c.after.Attempts > c.before.Attempts:
			resent = append(resent, c.after.ID)
		}
	}
	return unsent, resent
}

// needsRows reports whether customers must be compared with the row that named them last.
func (x *changes) needsRows() bool {
	unsent, resent := x.unsent()
	return len(unsent)+len(resent) > 0
}

// takeRows gives customers the details of the row that named them last once nothing was
// sent for them, and makes them recognised by it.
func (t *tx) takeRows(ctx context.Context, x *changes) error {
	unsent, resent := x.unsent()
	if err := t.takeLastRow(ctx, unsent); err != nil {
		return err
	}
	return t.takeMarks(ctx, append(unsent, resent...))
}

// takeLastRow gives customers the details of the row that named them last.
func (t *tx) takeLastRow(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	return t.Exec(ctx, `UPDATE customer c SET identity = r.identity, email = r.email, first_name = r.first_name, last_name = r.last_name, sender_id = r.sender_id, details = r.details
		FROM input_row r WHERE r.batch = c.last_batch AND r.ordinal = c.last_row AND c.id = ANY (?) AND c.last_batch <> 0 AND c.status <> 'forgotten'`, ids)
}

// takeMarks makes customers be recognised by the row that named them last.
func (t *tx) takeMarks(ctx context.Context, ids []int64) error {
	var of, names []int64
	var numbers []string
	err := tables.QueryList(ctx, t.Conn, `SELECT c.id, r.sender_id, r.name_mark, c.sender_number, c.name_mark FROM customer c
		JOIN input_row r ON r.batch = c.last_batch AND r.ordinal = c.last_row WHERE c.id IN (?)`, ids, func(r *record) error {
		id, number, name := r.Int64(), ledger.PlainNumber(r.Text()), r.Int64()
		if r.Text() != number || r.Int64() != name {
			of, numbers, names = append(of, id), append(numbers, number), append(names, name)
		}
		return nil
	})
	if err != nil || len(of) == 0 {
		return err
	}
	return t.Exec(ctx, `UPDATE customer c SET sender_number = v.number, name_mark = v.name FROM unnest(?::bigint[], ?::text[], ?::bigint[]) AS v (id, number, name)
		WHERE c.id = v.id`, of, numbers, names)
}
