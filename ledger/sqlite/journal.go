package sqlite

import (
	"bytes"
	"cmp"
	"context"
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
	err := l.writeSoon(ctx, company, func(ctx context.Context) error {
		of := make([]int64, len(intents))
		for i, in := range intents {
			of[i] = in.Customer
		}
		customers, err := l.w.forWriting(ctx, of)
		if err != nil {
			return err
		}
		after, packing := make([]*ledger.Customer, len(intents)), make([]packedIntent, len(intents))
		marks := make([]mark, 0, 2*len(intents))
		for i, in := range intents {
			c := &customers.of(in.Customer).Customer
			packing[i] = packedIntent{in, in.Removes == "" && bytes.Equal(in.Details, c.Details) && in.Email == c.Email && in.FirstName == c.FirstName && in.LastName == c.LastName}
			if *c, err = ledger.Intended(*c, in); err != nil {
				return err
			}
			ids[i] = l.lastAttempt + 1 + int64(i)
			c.History = append(slices.Clip(c.History), opened(ids[i], run, in)) // who is meant twice has one open by then
			after[i] = c
			of, err := l.marksOf(ctx, c) // of a corrected row, they are not those of the row before
			if err != nil {
				return err
			}
			marks = append(marks, of...)
		}
		if err := l.w.begin(ctx, ids[0], run, packing, after); err != nil {
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
	w, err := l.w.forWriting(ctx, of)
	if err != nil {
		return err
	}
	for _, ch := range changes {
		c := w.of(ch.Customer)
		if c.Customer, err = ledger.Decided(c.Customer, ch); err != nil {
			return err
		}
	}
	return l.put(ctx, w)
}

func hasOpen(c *ledger.Customer) bool {
	return slices.ContainsFunc(c.History, func(a ledger.Attempt) bool { return a.Class == ledger.Open })
}

// writes are the customers that a transaction changes, in the order of their
// ids, in which the table takes them fastest.
type writes []changed

// changed is a customer with all its attempts, as it is to be written.
type changed struct {
	ledger.Customer
	asked   int64  // its id, also if it is not there
	service string // its service id before
	sent    bool   // something was intended for it before
}

// forWriting reads customers, each once, with all their attempts.
func (v *view) forWriting(ctx context.Context, ids []int64) (writes, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	all, err := v.customers(ctx, ids, always)
	w := make(writes, len(all))
	for i, c := range all {
		w[i] = changed{Customer: c, asked: ids[i], service: c.ServiceID, sent: c.Intents > 0}
	}
	return w, err
}

// of is one of those that were asked for.
func (w writes) of(id int64) *changed {
	at, _ := slices.BinarySearchFunc(w, id, func(c changed, id int64) int { return cmp.Compare(c.asked, id) })
	return &w[at]
}

// put writes customers. Whoever was under way is not any more. A customer that
// nothing was intended for gets its marks, and a serviceId that is new is indexed.
func (l *Ledger) put(ctx context.Context, w writes) error {
	if err := l.w.putCustomers(ctx, w); err != nil {
		return err
	}
	for i := range w {
		c := &w[i]
		if err := l.w.landed(ctx, c.ID); err != nil {
			return err
		}
		// Whose entries may wait: an opening after a crash would find them.
		soon := l.late != nil && newestAttempt(&c.Customer) > l.late.upTo()
		if err := l.entries(ctx, c, soon); err != nil {
			return err
		}
	}
	return nil
}

// entries keeps the indexes true that are not SQLite's; see late.
func (l *Ledger) entries(ctx context.Context, c *changed, soon bool) error {
	is, was := c.ServiceID, c.service
	if was != "" && was != is {
		if err := l.w.do(ctx, "DELETE FROM services WHERE service_id = ? AND customer = ?", was, c.ID); err != nil {
			return err
		}
	}
	var marks []mark
	var services []service
	if is != "" && is != was {
		if services = append(services, service{is, c.ID}); soon {
			l.late.add(services[0])
			services = nil
		}
	}
	if !c.sent {
		var err error
		if marks, err = l.marksOf(ctx, &c.Customer); err != nil {
			return err
		}
	}
	if len(marks) == 0 && len(services) == 0 {
		return nil
	}
	return l.insertEntries(ctx, marks, services)
}

func (v *view) putCustomers(ctx context.Context, w writes) error {
	v.changed = v.changed || len(w) > 0
	args := make([]any, 0, 6*len(w))
	var p packer
	for i := range w {
		c := &w[i].Customer
		args = append(args, c.ID, string(c.Status), c.ServiceID, stamp(c.Decided), newestAttempt(c), bytes.Clone(p.folder(c)))
	}
	return v.insert(ctx, insertion{putCustomerHead, putCustomerTail}, 6, args)
}
