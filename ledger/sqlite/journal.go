package sqlite

import (
	"context"
	"errors"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

var (
	_ ledger.Journal  = (*Ledger)(nil)
	_ ledger.Pairings = (*Ledger)(nil)
)

// Intend implements ledger.Journal.
func (l *Ledger) Intend(ctx context.Context, run int64, intents []ledger.Intent) ([]int64, error) {
	if len(intents) == 0 {
		return nil, nil
	}
	if err := l.requireLock(); err != nil {
		return nil, err
	}
	ids := make([]int64, len(intents))
	err := l.writeInFlight(ctx, func(ctx context.Context, c *conn) error {
		of := make([]int64, len(intents))
		for i, in := range intents {
			of[i] = in.Customer
		}
		customers, err := c.WithHistory(ctx, of)
		if err != nil {
			return err
		}
		var opened []ledger.Customer
		for i, in := range intents {
			before, ok := customers[in.Customer]
			delete(customers, in.Customer) // a second intent for the same customer is skipped
			if ids[i] = ledger.FindIntent(before, run, in); ids[i] != 0 || !ok {
				continue
			}
			if in.Removes != "" { // what is known of the identity check decides, too
				if before.KYC, err = c.KYCOf(ctx, before.ServiceID); err != nil {
					return err
				}
			}
			after, err := ledger.ApplyIntent(before, in)
			if errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrForm) {
				continue
			}
			if err != nil {
				return err
			}
			l.lastAttempt++ // a number lost to a failed commit is never used again
			ids[i] = l.lastAttempt
			after.FirstSent = ledger.TruncateTime(after.FirstSent)
			after.History = append(slices.Clip(after.History), ledger.Attempt{ID: ids[i], Run: run, Generation: in.Generation, Key: in.Key,
				Details: in.Details, Removes: in.Removes, NotBefore: in.At.Truncate()})
			if err := c.putIntended(ctx, &before, &after); err != nil {
				return err
			}
			opened = append(opened, after)
		}
		if err := c.insertAttempts(ctx, opened); err != nil {
			return err
		}
		l.inFlight.add(opened)
		return c.Exec(ctx, "UPDATE ledger SET last_attempt = ?", l.lastAttempt)
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// putIntended writes a customer after an intent. From a request on it is recognised
// by the row that is sent.
func (c *conn) putIntended(ctx context.Context, before, after *ledger.Customer) error {
	if err := c.putCustomer(ctx, before, after); err != nil || before.Attempts == 0 || before.Attempts == after.Attempts {
		return err
	}
	return c.takeMarks(ctx, after.ID)
}

// insertAttempts writes the newest attempt of customers. Its details are those of
// the customer.
func (c *conn) insertAttempts(ctx context.Context, of []ledger.Customer) error {
	rows := make([]any, 0, 9*len(of))
	for i := range of {
		a := of[i].History[len(of[i].History)-1]
		rows = append(rows, a.ID, of[i].ID, a.Run, a.Generation, a.Key, a.Removes)
		rows = append(rows, tables.InstantArgs(a.NotBefore)...)
	}
	return c.InsertRows(ctx, `INSERT INTO attempt (id, customer, run, generation, key, removes, not_before_us, not_before_offset_us, not_before_certain) VALUES `, "", 9, rows)
}

// inFlight holds the customers that have a request of this process in flight, as Intend
// left them, so that Record need not read them again. Its zero value is empty. Every
// other write empties it, of this process or of another. Callers hold the right to write.
type inFlight struct {
	customers map[int64]ledger.Customer
	version   int64 // of the file, when customers were written
}

func (f *inFlight) clear() { clear(f.customers) }

// check empties it if another connection has written since. It needs a transaction.
func (f *inFlight) check(ctx context.Context, c *conn) error {
	var version int64
	err := c.QueryOne(ctx, "PRAGMA data_version", nil, &version)
	if version != f.version {
		f.clear()
		f.version = version
	}
	return err
}

// add notes customers with their attempts. If the transaction fails, undo empties it.
func (f *inFlight) add(customers []ledger.Customer) {
	if f.customers == nil {
		f.customers = map[int64]ledger.Customer{}
	}
	for _, one := range customers {
		f.customers[one.ID] = one
	}
}

// removeAll removes and returns customers, if it has all of them.
func (f *inFlight) removeAll(ids []int64) (map[int64]ledger.Customer, bool) {
	found := make(map[int64]ledger.Customer, len(ids))
	hasAll := true
	for _, id := range ids {
		one, ok := f.customers[id]
		found[id], hasAll = one, hasAll && ok
	}
	for _, id := range ids { // those that it has, too: they are about to change
		delete(f.customers, id)
	}
	return found, hasAll
}

// Record implements ledger.Journal.
func (l *Ledger) Record(ctx context.Context, _ int64, changes []ledger.Change) (refused []ledger.Change, err error) {
	if len(changes) == 0 {
		return nil, nil
	}
	err = l.writeInFlight(ctx, func(ctx context.Context, c *conn) error {
		before, known := l.inFlight.removeAll(customersOf(changes))
		if !known {
			if before, err = c.WithHistory(ctx, customersOf(changes)); err != nil {
				return err
			}
		}
		after := make(map[int64]*ledger.Customer, len(before))
		for id, one := range before {
			after[id] = &one
		}
		refused = ledger.ApplyChanges(func(id int64) *ledger.Customer { return after[id] }, changes)
		for _, id := range customersOf(changes) {
			if one := after[id]; one != nil && err == nil {
				err = c.putChanged(ctx, before[id], *one)
				delete(after, id)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return refused, nil
}

func customersOf(changes []ledger.Change) []int64 {
	ids := make([]int64, len(changes))
	for i, ch := range changes {
		ids[i] = ch.Customer
	}
	return ids
}

// Merge implements ledger.Journal.
func (l *Ledger) Merge(ctx context.Context, changes []ledger.Change) (refused []ledger.Change, err error) {
	if len(changes) == 0 {
		return nil, nil
	}
	err = l.write(ctx, func(ctx context.Context, c *conn) error {
		refused = nil
		for _, ch := range changes {
			fits, err := c.merge(ctx, ch)
			if err != nil {
				return err
			}
			if !fits {
				refused = append(refused, ch)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return refused, nil
}

// merge applies one change that may come late, and reports whether it fits.
func (c *conn) merge(ctx context.Context, ch ledger.Change) (bool, error) {
	known, err := c.WithHistory(ctx, []int64{ch.Customer})
	if err != nil {
		return false, err
	}
	before := known[ch.Customer]
	if ledger.IsRecorded(before, ch) {
		return true, nil
	}
	var owners []ledger.Customer
	if err := c.Query(ctx, "SELECT id FROM customer WHERE service_mark <> 0 AND service_mark = ? AND service_id = ?", []any{tables.Mark(ch.ServiceID), ch.ServiceID}, func(r *record) error {
		owners = append(owners, ledger.Customer{ID: r.Int64(), ServiceID: ch.ServiceID})
		return nil
	}); err != nil || !ch.IsCredible(owners) {
		return false, err
	}
	after, fits := ledger.MergeLate(before, ch)
	if !fits {
		return false, nil
	}
	return true, c.putChanged(ctx, before, after)
}

// putChanged writes a customer with those of its attempts that changed. Both have all of them.
func (c *conn) putChanged(ctx context.Context, before, after ledger.Customer) error {
	for i := range after.History {
		a := &after.History[i]
		a.NotAfter = a.NotAfter.Truncate()
		if b := before.History[i]; b.Class == a.Class && b.Absent == a.Absent && b.NotAfter == a.NotAfter && b.HTTPStatus == a.HTTPStatus && b.Code == a.Code && slices.Equal(b.Excerpt, a.Excerpt) {
			continue
		}
		args := append([]any{string(a.Class), a.Absent}, tables.InstantArgs(a.NotAfter)...)
		if err := c.Exec(ctx, `UPDATE attempt SET class = ?, absent = ?, not_after_us = ?, not_after_offset_us = ?, not_after_certain = ?, http_status = ?, code = ?, excerpt = ? WHERE id = ?`,
			append(args, a.HTTPStatus, a.Code, tables.EmptyAsNull(a.Excerpt), a.ID)...); err != nil {
			return err
		}
	}
	if err := c.putCustomer(ctx, &before, &after); err != nil {
		return err
	}
	if before.Attempts > 0 && after.Attempts == 0 {
		return c.takeMarks(ctx, after.ID)
	}
	return nil
}

// NotePairings implements ledger.Pairings.
func (l *Ledger) NotePairings(ctx context.Context, notes []ledger.PairingNote) error {
	if len(notes) == 0 {
		return nil
	}
	return l.write(ctx, func(ctx context.Context, c *conn) error {
		ids := make([]int64, len(notes))
		for i, n := range notes {
			ids[i] = n.Customer
		}
		slices.Sort(ids)
		customers, err := c.CustomersByID(ctx, slices.Compact(ids))
		if err != nil {
			return err
		}
		for _, n := range notes {
			after, applies := ledger.ApplyPairing(customers[n.Customer], n)
			if !applies {
				continue
			}
			customers[n.Customer] = after
			if err := c.Exec(ctx, "UPDATE customer SET pairing = ? WHERE id = ?", string(after.Pairing), after.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
