package sqlite

import (
	"context"
	"errors"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
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
	err := l.write(ctx, func(ctx context.Context, c *conn) error {
		clear(ids)
		isNamed := make(map[int64]bool, len(intents))
		of := make([]int64, len(intents))
		for i, in := range intents {
			of[i] = in.Customer
		}
		customers, err := c.withHistory(ctx, of)
		if err != nil {
			return err
		}
		next, opened := l.lastAttempt, make([]any, 0, 9*len(intents))
		for i, in := range intents {
			if isNamed[in.Customer] {
				continue
			}
			isNamed[in.Customer] = true
			before := customers[in.Customer]
			if ids[i] = ledger.FindIntent(before, run, in); ids[i] != 0 {
				continue
			}
			after, err := ledger.Intended(before, in)
			if errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrForm) {
				continue
			}
			if err != nil {
				return err
			}
			next++
			ids[i] = next
			opened = append(opened, next, in.Customer, run, in.Generation, in.Key, in.Removes)
			opened = append(opened, instantArgs(in.At.Stored())...)
			if err := c.putCustomer(ctx, &before, &after); err != nil {
				return err
			}
			if in.Removes == "" && before.Attempts > 0 {
				if err := c.takeMarks(ctx, in.Customer); err != nil {
					return err
				}
			}
		}
		if next == l.lastAttempt {
			return nil
		}
		l.lastAttempt = next // a number lost to a failed commit is never used again
		if err := c.insertRows(ctx, `INSERT INTO attempt (id, customer, run, generation, key, removes, not_before_us, not_before_offset_us, not_before_certain) VALUES `, "", 9, opened); err != nil {
			return err
		}
		return c.exec(ctx, "UPDATE ledger SET last_attempt = ?", next)
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// Record implements ledger.Journal.
func (l *Ledger) Record(ctx context.Context, _ int64, changes []ledger.Change) (left []ledger.Change, err error) {
	if len(changes) == 0 {
		return nil, nil
	}
	err = l.write(ctx, func(ctx context.Context, c *conn) error {
		before, err := c.withHistory(ctx, customersOf(changes))
		if err != nil {
			return err
		}
		after := make(map[int64]*ledger.Customer, len(before))
		for id, one := range before {
			after[id] = &one
		}
		left = ledger.Apply(func(id int64) *ledger.Customer { return after[id] }, changes)
		for _, id := range customersOf(changes) {
			if one := after[id]; one != nil && err == nil {
				err = c.put(ctx, before[id], *one)
				delete(after, id)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return left, nil
}

func customersOf(changes []ledger.Change) []int64 {
	ids := make([]int64, len(changes))
	for i, ch := range changes {
		ids[i] = ch.Customer
	}
	return ids
}

// Merge implements ledger.Journal.
func (l *Ledger) Merge(ctx context.Context, changes []ledger.Change) (left []ledger.Change, err error) {
	if len(changes) == 0 {
		return nil, nil
	}
	err = l.write(ctx, func(ctx context.Context, c *conn) error {
		left = nil
		for _, ch := range changes {
			fits, err := c.merge(ctx, ch)
			if err != nil {
				return err
			}
			if !fits {
				left = append(left, ch)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return left, nil
}

// merge applies one change that may come late, and reports whether it fits.
func (c *conn) merge(ctx context.Context, ch ledger.Change) (bool, error) {
	known, err := c.withHistory(ctx, []int64{ch.Customer})
	if err != nil {
		return false, err
	}
	before := known[ch.Customer]
	if ledger.Recorded(before, ch) {
		return true, nil
	}
	var owners []ledger.Customer
	if err := c.query(ctx, "SELECT id FROM customer WHERE service_id = ? AND service_id <> ''", []any{ch.ServiceID}, func(r *record) error {
		owners = append(owners, ledger.Customer{ID: r.int64(), ServiceID: ch.ServiceID})
		return nil
	}); err != nil || !ch.IsCredible(owners) {
		return false, err
	}
	after, fits := ledger.Late(before, ch)
	if !fits {
		return false, nil
	}
	return true, c.put(ctx, before, after)
}

// put writes a customer with those of its attempts that changed. Both have all of them.
func (c *conn) put(ctx context.Context, before, after ledger.Customer) error {
	for i := range after.History {
		a := &after.History[i]
		a.NotAfter = a.NotAfter.Stored()
		if b := before.History[i]; b.Class == a.Class && b.Absent == a.Absent && b.NotAfter == a.NotAfter && b.HTTPStatus == a.HTTPStatus && b.Code == a.Code && slices.Equal(b.Excerpt, a.Excerpt) {
			continue
		}
		args := append([]any{string(a.Class), a.Absent}, instantArgs(a.NotAfter)...)
		if err := c.exec(ctx, `UPDATE attempt SET class = ?, absent = ?, not_after_us = ?, not_after_offset_us = ?, not_after_certain = ?, http_status = ?, code = ?, excerpt = ? WHERE id = ?`,
			append(args, a.HTTPStatus, a.Code, emptyAsNull(a.Excerpt), a.ID)...); err != nil {
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
		customers, err := c.customersByID(ctx, slices.Compact(ids))
		if err != nil {
			return err
		}
		for _, n := range notes {
			after, applies := ledger.Paired(customers[n.Customer], n)
			if !applies {
				continue
			}
			customers[n.Customer] = after
			if err := c.exec(ctx, "UPDATE customer SET pairing = ? WHERE id = ?", string(after.Pairing), after.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
