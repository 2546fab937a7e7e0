package sqlite

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

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
		after := make([]ledger.Customer, len(intents))
		var marks []mark
		for i, in := range intents {
			c := *customers[in.Customer]
			if after[i], err = ledger.Intended(c, in, len(attempts[c.ID]) > 0); err != nil {
				return err
			}
			ids[i] = l.lastAttempt + 1 + int64(i)
			attempts[c.ID] = append(attempts[c.ID], opened(ids[i], run, in))
			of, err := l.marksOf(ctx, c) // of a corrected row, they are not those of the row before
			if err != nil {
				return err
			}
			marks = append(marks, of...)
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
	var of, closing []int64
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
	var w writes
	for _, ch := range changes {
		before := *customers[ch.Customer]
		c, changed, err := ledger.Decided(before, attempts[ch.Customer], ch)
		if err != nil {
			return err
		}
		for _, a := range changed {
			w.attempt(c.ID, a)
			for i := range attempts[c.ID] {
				if attempts[c.ID][i].ID == a.ID {
					attempts[c.ID][i] = a
				}
			}
		}
		w.customer(before, c)
		*customers[c.ID] = c
	}
	return l.put(ctx, &w)
}

// forWriting reads customers with their open attempts and those that are named.
func (v *view) forWriting(ctx context.Context, ids, named []int64) (map[int64]*ledger.Customer, map[int64][]ledger.Attempt, error) {
	all, err := v.customers(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	customers := make(map[int64]*ledger.Customer, len(ids))
	attempts := make(map[int64][]ledger.Attempt, len(ids))
	seen := make(map[int64]bool, len(ids))
	var earlier, rest []any // customers that were sent before, and attempts that are not under way
	for i, id := range ids {
		if customers[id] != nil {
			continue
		}
		customers[id] = &all[i]
		intents := all[i].Intents
		if b := v.under[id]; b != nil {
			attempts[id], seen[b.attempt.ID] = []ledger.Attempt{b.attempt}, true
			intents--
		}
		if intents > 0 {
			earlier = append(earlier, id)
		}
	}
	for _, id := range named {
		if !seen[id] {
			rest = append(rest, id)
		}
	}
	take := func(r *sql.Rows) error {
		a, customer, err := scanAttempt(r)
		if err == nil && !seen[a.ID] {
			seen[a.ID] = true
			attempts[customer] = append(attempts[customer], a)
		}
		return err
	}
	err = v.eachOf(ctx, "SELECT "+attemptColumns+" FROM attempts INDEXED BY attempts_open WHERE class = '' AND customer IN ", earlier, take)
	if err == nil {
		err = v.eachOf(ctx, "SELECT "+attemptColumns+" FROM attempts WHERE id IN ", rest, take)
	}
	return customers, attempts, err
}

// writes collects what a transaction changes, so that each customer and each
// attempt is written once. The zero value is ready.
type writes struct {
	customers map[int64]changed
	attempts  map[int64]owned
}

type changed struct{ before, after ledger.Customer }

type owned struct {
	customer int64
	ledger.Attempt
}

func (w *writes) customer(before, after ledger.Customer) {
	if w.customers == nil {
		w.customers = map[int64]changed{}
	}
	if c, again := w.customers[after.ID]; again {
		before = c.before
	}
	w.customers[after.ID] = changed{before, after}
}

func (w *writes) attempt(customer int64, a ledger.Attempt) {
	if w.attempts == nil {
		w.attempts = map[int64]owned{}
	}
	w.attempts[a.ID] = owned{customer, a}
}

// put writes what was collected. Whoever was under way is not any more: an
// attempt of theirs that stays open is written as such. A customer that nothing
// was intended for gets its marks, and a serviceId that is new is indexed.
func (l *Ledger) put(ctx context.Context, w *writes) error {
	soon := make(map[int64]bool, len(w.attempts)) // whose index entries may wait: an opening after a crash would find them
	for id, a := range w.attempts {
		soon[a.customer] = soon[a.customer] || l.late != nil && id > l.late.upTo()
	}
	for id := range w.customers {
		if b := l.w.under[id]; b != nil {
			if _, written := w.attempts[b.attempt.ID]; !written {
				w.attempt(id, b.attempt)
			}
		}
	}
	customers, attempts := inOrder(w.customers), inOrder(w.attempts)
	if err := l.w.putAttempts(ctx, attempts); err != nil {
		return err
	}
	if err := l.w.putCustomers(ctx, customers); err != nil {
		return err
	}
	for _, c := range customers {
		if err := l.w.landed(ctx, c.after.ID); err != nil {
			return err
		}
		if err := l.entries(ctx, c, soon[c.after.ID]); err != nil {
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
func (l *Ledger) entries(ctx context.Context, c changed, soon bool) error {
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
		if marks, err = l.marksOf(ctx, c.after); err != nil {
			return err
		}
	}
	if len(marks) == 0 && len(services) == 0 {
		return nil
	}
	return l.insertEntries(ctx, marks, services)
}

func (v *view) putAttempts(ctx context.Context, all []owned) error {
	rows := make([][]any, len(all))
	for i := range all {
		a := &all[i]
		var details any
		if a.Details != nil {
			details = []byte(a.Details)
		}
		rows[i] = []any{a.ID, a.customer, a.Run, a.Generation, a.Key, details, stamp(a.NotBefore.At), int64(a.NotBefore.Offset), a.NotBefore.Certain,
			stamp(a.NotAfter.At), int64(a.NotAfter.Offset), a.NotAfter.Certain, string(a.Class), a.Absent, a.HTTPStatus, a.Code, a.Excerpt, a.Removes}
	}
	return v.insert(ctx, "INSERT OR FAIL INTO attempts ("+attemptColumns+") VALUES ", ` ON CONFLICT (id) DO UPDATE SET
		after_at = excluded.after_at, after_offset = excluded.after_offset, after_certain = excluded.after_certain, class = excluded.class,
		absent = excluded.absent, http_status = excluded.http_status, code = excluded.code, excerpt = excluded.excerpt`, rows)
}

func (v *view) putCustomers(ctx context.Context, all []changed) error {
	v.changed = v.changed || len(all) > 0
	rows := make([][]any, len(all))
	for i := range all {
		c := &all[i].after
		var details any
		if c.Details != nil {
			details = []byte(c.Details)
		}
		rows[i] = []any{c.ID, string(c.Status), c.Identity, c.Email, c.FirstName, c.LastName, c.SenderID, c.Generation, c.ServiceID, c.URL,
			c.Field, c.Code, c.Message, c.Manual, c.HTTPStatus, c.Attempts, c.Intents, c.Key, stamp(c.FirstSent), stamp(c.Decided), details, stamp(c.Issued)}
	}
	if v.upsert == "" {
		v.upsert = replacing(customerColumns)
	}
	return v.insert(ctx, "INSERT OR FAIL INTO customers ("+customerColumns+") VALUES ", v.upsert, rows)
}

// replacing is the end of a statement that writes a row whole, whether or not
// one with its id is there.
func replacing(columns string) string {
	names := strings.FieldsFunc(columns, func(r rune) bool { return strings.ContainsRune(", \n\t", r) })
	var set []string
	for _, n := range names[1:] {
		set = append(set, n+" = excluded."+n)
	}
	return " ON CONFLICT (id) DO UPDATE SET " + strings.Join(set, ", ")
}
