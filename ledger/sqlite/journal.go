package sqlite

import (
	"context"
	"database/sql"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Intend opens attempts; see ledger.Journal.
func (l *Ledger) Intend(ctx context.Context, run int64, intents []ledger.Intent) ([]int64, error) {
	if len(intents) == 0 {
		return nil, nil
	}
	if err := l.alone(); err != nil {
		return nil, err
	}
	ids := make([]int64, len(intents))
	err := l.write(ctx, func(ctx context.Context) error {
		of := make([]int64, len(intents))
		for i, in := range intents {
			of[i] = in.Customer
		}
		customers, attempts, err := l.w.forWriting(ctx, of, nil)
		if err != nil {
			return err
		}
		next := l.lastAttempt
		for i, in := range intents {
			c, err := ledger.Intended(*customers[in.Customer], in, len(attempts[in.Customer]) > 0)
			if err != nil {
				return err
			}
			next++
			ids[i] = next
			a := ledger.Attempt{ID: next, Run: run, Generation: in.Generation, Key: in.Key, Details: in.Details, Removes: in.Removes, NotBefore: in.At}
			if err := l.w.putAttempt(ctx, c.ID, a); err != nil {
				return err
			}
			if err := l.w.put(ctx, &l.keys, c, true); err != nil {
				return err
			}
			*customers[c.ID] = c
			attempts[c.ID] = append(attempts[c.ID], a)
		}
		l.lastAttempt = next // a number lost to a failed commit is never used again
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// Record closes attempts; see ledger.Journal.
func (l *Ledger) Record(ctx context.Context, _ int64, changes []ledger.Change) error {
	if len(changes) == 0 {
		return nil
	}
	return l.write(ctx, func(ctx context.Context) error { return l.record(ctx, changes) })
}

// record is Record inside a transaction.
func (l *Ledger) record(ctx context.Context, changes []ledger.Change) error {
	var of []int64
	var closing []any
	for _, ch := range changes {
		of = append(of, ch.Customer)
		for _, cl := range ch.Close {
			closing = append(closing, cl.Attempt)
		}
	}
	customers, attempts, err := l.w.forWriting(ctx, of, closing)
	if err != nil {
		return err
	}
	for _, ch := range changes {
		before := *customers[ch.Customer]
		c, changed, err := ledger.Decided(before, attempts[ch.Customer], ch)
		if err != nil {
			return err
		}
		for _, a := range changed {
			if err := l.w.putAttempt(ctx, c.ID, a); err != nil {
				return err
			}
			for i := range attempts[c.ID] {
				if attempts[c.ID][i].ID == a.ID {
					attempts[c.ID][i] = a
				}
			}
		}
		if err := l.w.put(ctx, &l.keys, c, before.Intents == 0); err != nil {
			return err
		}
		*customers[c.ID] = c
	}
	return nil
}

// forWriting reads customers with their open attempts and those that are named.
func (v *view) forWriting(ctx context.Context, ids []int64, named []any) (map[int64]*ledger.Customer, map[int64][]ledger.Attempt, error) {
	all, err := v.customers(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	customers := make(map[int64]*ledger.Customer, len(ids))
	list := make([]any, 0, len(ids))
	for i, id := range ids {
		if customers[id] == nil {
			customers[id] = &all[i]
			list = append(list, id)
		}
	}
	attempts := map[int64][]ledger.Attempt{}
	seen := map[int64]bool{}
	take := func(r *sql.Rows) error {
		a, customer, err := scanAttempt(r)
		if err == nil && !seen[a.ID] {
			seen[a.ID] = true
			attempts[customer] = append(attempts[customer], a)
		}
		return err
	}
	err = v.eachOf(ctx, "SELECT "+attemptColumns+" FROM attempts INDEXED BY attempts_open WHERE class = '' AND customer IN ", list, take)
	if err == nil {
		err = v.eachOf(ctx, "SELECT "+attemptColumns+" FROM attempts WHERE id IN ", named, take)
	}
	return customers, attempts, err
}

func (v *view) putAttempt(ctx context.Context, customer int64, a ledger.Attempt) error {
	var details any
	if a.Details != nil {
		details = []byte(a.Details)
	}
	return v.do(ctx, `INSERT INTO attempts (`+attemptColumns+`) VALUES (`+marks(18)+`) ON CONFLICT (id) DO UPDATE SET
		after_at = excluded.after_at, after_offset = excluded.after_offset, after_certain = excluded.after_certain, class = excluded.class,
		absent = excluded.absent, http_status = excluded.http_status, code = excluded.code, excerpt = excluded.excerpt`,
		a.ID, customer, a.Run, a.Generation, a.Key, details, stamp(a.NotBefore.At), int64(a.NotBefore.Offset), a.NotBefore.Certain,
		stamp(a.NotAfter.At), int64(a.NotAfter.Offset), a.NotAfter.Certain, string(a.Class), a.Absent, a.HTTPStatus, a.Code, a.Excerpt, a.Removes)
}
