package sqlite

import (
	"bytes"
	"context"
	"maps"
	"slices"

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
		customers, err := l.w.forWriting(ctx, of)
		if err != nil {
			return err
		}
		after := make([]ledger.Customer, len(intents))
		var marks []mark
		for i, in := range intents {
			c := customers[in.Customer]
			if after[i], err = ledger.Intended(*c, in); err != nil {
				return err
			}
			ids[i] = l.lastAttempt + 1 + int64(i)
			after[i].History = append(slices.Clip(after[i].History), opened(ids[i], run, in))
			of, err := l.marksOf(ctx, c) // of a corrected row, they are not those of the row before
			if err != nil {
				return err
			}
			marks = append(marks, of...)
			*c = after[i] // who is meant twice is in doubt by then
		}
		if err := l.w.begin(ctx, ids[0], run, intents, after); err != nil {
			return err
		}
		l.late.marks = append(l.late.marks, marks...)
		l.lastAttempt = ids[len(ids)-1] // a number lost to a failed commit is never used again
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
	full := false
	err := l.write(ctx, func(ctx context.Context) error {
		err := l.record(ctx, changes)
		full = l.late != nil && l.late.full()
		return err
	})
	if err == nil && full {
		err = l.write(context.WithoutCancel(ctx), l.index) // the record is made, whatever ends now
	}
	return err
}

// record is Record inside a transaction.
func (l *Ledger) record(ctx context.Context, changes []ledger.Change) error {
	of := make([]int64, len(changes))
	for i, ch := range changes {
		of[i] = ch.Customer
	}
	customers, err := l.w.forWriting(ctx, of)
	if err != nil {
		return err
	}
	var w writes
	for _, ch := range changes {
		before := customers[ch.Customer]
		after, err := ledger.Decided(*before, ch)
		if err != nil {
			return err
		}
		w.customer(*before, after)
		*before = after
	}
	return l.put(ctx, &w)
}

func hasOpen(c *ledger.Customer) bool {
	return slices.ContainsFunc(c.History, func(a ledger.Attempt) bool { return a.Class == ledger.Open })
}

// forWriting reads customers with all their attempts.
func (v *view) forWriting(ctx context.Context, ids []int64) (map[int64]*ledger.Customer, error) {
	all, err := v.customers(ctx, ids, always)
	if err != nil {
		return nil, err
	}
	customers := make(map[int64]*ledger.Customer, len(ids))
	for i, id := range ids {
		if customers[id] == nil {
			customers[id] = &all[i]
		}
	}
	return customers, nil
}

// writes collects what a transaction changes, so that each customer is written
// once. The zero value is ready.
type writes struct{ customers map[int64]*changed }

// changed is a customer before and after, with all its attempts.
type changed struct{ before, after ledger.Customer }

func (w *writes) customer(before, after ledger.Customer) {
	if w.customers == nil {
		w.customers = map[int64]*changed{}
	}
	if c := w.customers[after.ID]; c != nil {
		c.after = after
		return
	}
	w.customers[after.ID] = &changed{before, after}
}

// put writes what was collected. Whoever was under way is not any more. A
// customer that nothing was intended for gets its marks, and a serviceId that is
// new is indexed.
func (l *Ledger) put(ctx context.Context, w *writes) error {
	customers := inOrder(w.customers)
	if err := l.w.putCustomers(ctx, customers); err != nil {
		return err
	}
	for _, c := range customers {
		if err := l.w.landed(ctx, c.after.ID); err != nil {
			return err
		}
		// Whose entries may wait: an opening after a crash would find them.
		soon := l.late != nil && newestAttempt(&c.after) > l.late.upTo()
		if err := l.entries(ctx, c, soon); err != nil {
			return err
		}
	}
	return nil
}

// inOrder are the values in the order of their keys, in which tables take them fastest.
func inOrder[T any](m map[int64]T) []T {
	out := make([]T, 0, len(m))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[id])
	}
	return out
}

// entries keeps the indexes true that are not SQLite's; see late.
func (l *Ledger) entries(ctx context.Context, c *changed, soon bool) error {
	is, was := c.after.ServiceID, c.before.ServiceID
	if was != "" && was != is {
		if err := l.w.do(ctx, "DELETE FROM services WHERE service_id = ? AND customer = ?", was, c.after.ID); err != nil {
			return err
		}
	}
	var marks []mark
	var services []service
	if is != "" && is != was {
		if services = append(services, service{is, c.after.ID}); soon {
			l.late.add(services[0])
			services = nil
		}
	}
	if c.before.Intents == 0 {
		var err error
		if marks, err = l.marksOf(ctx, &c.after); err != nil {
			return err
		}
	}
	if len(marks) == 0 && len(services) == 0 {
		return nil
	}
	return l.insertEntries(ctx, marks, services)
}

func (v *view) putCustomers(ctx context.Context, all []*changed) error {
	v.changed = v.changed || len(all) > 0
	rows := make([][]any, len(all))
	var p packer
	for i := range all {
		c := &all[i].after
		rows[i] = []any{c.ID, string(c.Status), c.ServiceID, stamp(c.Decided), newestAttempt(c), bytes.Clone(p.folder(c))}
	}
	return v.insert(ctx, "INSERT OR FAIL INTO customers (id, status, service_id, decided, attempt, data) VALUES ", ` ON CONFLICT (id) DO UPDATE SET
		status = excluded.status, service_id = excluded.service_id, decided = excluded.decided, attempt = excluded.attempt, data = excluded.data`, rows)
}
