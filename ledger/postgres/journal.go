package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

var (
	_ ledger.Journal  = (*Ledger)(nil)
	_ ledger.Pairings = (*Ledger)(nil)
)

// timeToRecord is how long the server may take for a group of the send pass.
const timeToRecord = 10 * time.Second

// decision reads customers, locked and with their attempts, and says what a transaction
// makes of them.
type decision func(ctx context.Context, t *tx, customers map[int64]ledger.Customer, out *changes) error

// timeToCallAgain is the patience of the send pass of several senders: whoever sends keeps
// answers outside the ledger meanwhile, and calls again.
const timeToCallAgain = 2 * time.Second

// send runs a transaction of the send pass.
func (l *core) send(ctx context.Context, ids []int64, decide decision) error {
	patience := l.options.Patience
	if l.options.Shared {
		patience = min(patience, timeToCallAgain)
	}
	return l.retryUntilKnown(ctx, patience, func(ctx context.Context, t *tx) error { return l.sendOnce(ctx, t, ids, decide) })
}

// sendOnce runs a transaction of the send pass in two round trips: the fence and the
// customers with their attempts, locked in the order of their numbers; then what decide
// makes of them, and the commit.
func (l *core) sendOnce(ctx context.Context, t *tx, ids []int64, decide decision) error {
	ctx, cancel := context.WithTimeout(ctx, timeToRecord)
	defer cancel()
	customers := map[int64]ledger.Customer{}
	b := &pgx.Batch{}
	b.Queue("BEGIN")
	if l.isSender() {
		t.term = l.sender.present.Load()
		b.Queue(fence, t.term.id, t.term.token).QueryRow(func(row pgx.Row) error { return l.checkFence(t, row.Scan(&t.writes)) })
	}
	t.queueCustomers(b, ids, customers)
	if err := t.db.pg.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	out := &changes{customers: map[int64]*changed{}}
	if err := decide(ctx, t, customers, out); err != nil {
		return err
	}
	if len(out.opened) > 0 && t.term == nil {
		return fmt.Errorf("this process has left the ledger: %w", ledger.ErrConflict)
	}
	b = &pgx.Batch{}
	out.queueAttempts(b, t.term)
	if n := len(out.opened); n > 0 {
		b.Queue("UPDATE sender SET sent = sent + $1 WHERE id = $2", n, t.term.id)
	}
	out.queueClosings(b)
	t.queueCustomerUpdates(b, out)
	if out.needsRows() {
		if err := t.db.pg.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		if err := t.takeRows(ctx, out); err != nil {
			return err
		}
		b = &pgx.Batch{}
	}
	b.Queue("COMMIT")
	return t.db.pg.SendBatch(ctx, b).Close()
}

// queueCustomers reads customers with their attempts into a map, and locks them.
func (t *tx) queueCustomers(b *pgx.Batch, ids []int64, into map[int64]ledger.Customer) {
	b.Queue("SELECT "+tables.CustomerColumns+" FROM customer c WHERE c.id = ANY ($1) ORDER BY c.id FOR UPDATE", ids).Query(func(rows pgx.Rows) error {
		return t.readRows(rows, func(r *record) error {
			c := r.Customer()
			into[c.ID] = c
			return nil
		})
	})
	b.Queue("SELECT "+tables.AttemptColumns+" FROM attempt a JOIN customer c ON c.id = a.customer WHERE a.customer = ANY ($1) ORDER BY a.id", ids).Query(func(rows pgx.Rows) error {
		return t.readRows(rows, func(r *record) error {
			id, a := r.Attempt()
			c := into[id]
			c.History = append(c.History, a)
			into[id] = c
			return nil
		})
	})
}

func (t *tx) readRows(rows pgx.Rows, read func(*record) error) error {
	all, err := collectRows(rows)
	return useEach(all, err, func(values []any) error {
		r := tables.NewRecord(values, t.Environment)
		if err := read(r); err != nil {
			return err
		}
		return r.Err()
	})
}

// Intend implements ledger.Journal.
func (l *Ledger) Intend(ctx context.Context, run int64, intents []ledger.Intent) ([]int64, error) {
	if len(intents) == 0 {
		return nil, nil
	}
	if err := l.requireSender(); err != nil {
		return nil, err
	}
	of := make([]int64, len(intents))
	for i, in := range intents {
		of[i] = in.Customer
	}
	ids := make([]int64, len(intents))
	err := l.send(ctx, of, func(ctx context.Context, t *tx, customers map[int64]ledger.Customer, out *changes) error {
		var found []int64
		clear(ids)
		for i, in := range intents {
			before, ok := customers[in.Customer]
			delete(customers, in.Customer) // whoever is named twice is skipped
			if ids[i] = ledger.FindIntent(before, run, in); ids[i] != 0 {
				found = append(found, ids[i])
			}
			if ids[i] != 0 || !ok {
				continue
			}
			if in.Removes != "" { // what is known of the identity check decides, too
				k, err := t.KYCOf(ctx, before.ServiceID)
				if err != nil {
					return err
				}
				before.KYC = k
			}
			after, err := ledger.ApplyIntent(before, in)
			if errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrForm) {
				continue
			}
			if err != nil {
				return err
			}
			after.FirstSent = ledger.TruncateTime(after.FirstSent)
			out.add(before, after)
			out.opened = append(out.opened, opened{in, run, &ids[i]})
		}
		earlier, err := t.ofEarlierNumbers(ctx, found)
		if err != nil {
			return err
		}
		t.done = &deed{run: run, intents: slices.Clone(intents), ids: ids}
		t.onCommit = func() {
			l.sender.noteAttempts(t.term, slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return slices.Contains(earlier, id) }))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slices.Clone(ids), nil
}

// ofEarlierNumbers returns those attempts that this process opened before it had its
// present number: they may not be sent any more.
func (t *tx) ofEarlierNumbers(ctx context.Context, ids []int64) (earlier []int64, err error) {
	err = tables.QueryList(ctx, t.Conn, fmt.Sprintf("SELECT id FROM attempt WHERE sender <> %d AND id IN (?)", t.term.id), ids, func(r *record) error {
		earlier = append(earlier, r.Int64())
		return nil
	})
	return earlier, err
}

// Record implements ledger.Journal.
func (l *Ledger) Record(ctx context.Context, run int64, list []ledger.Change) (refused []ledger.Change, err error) {
	return l.change(ctx, run, list, func(_ context.Context, _ *tx, list []ledger.Change, customers map[int64]ledger.Customer, out *changes) ([]ledger.Change, error) {
		after, refused := applyChanges(customers, list)
		out.addAll(customers, after)
		return refused, nil
	})
}

// applyChanges returns the customers after changes, and the changes that do not fit.
func applyChanges(customers map[int64]ledger.Customer, list []ledger.Change) (after map[int64]ledger.Customer, refused []ledger.Change) {
	present := make(map[int64]*ledger.Customer, len(customers))
	for id, one := range customers {
		present[id] = &one
	}
	refused = ledger.ApplyChanges(func(id int64) *ledger.Customer { return present[id] }, list)
	after = make(map[int64]ledger.Customer, len(customers))
	for id, one := range present {
		after[id] = *one
	}
	return after, refused
}

// change runs a transaction that records changes. apply returns those that do not fit.
func (l *Ledger) change(ctx context.Context, run int64, list []ledger.Change,
	apply func(context.Context, *tx, []ledger.Change, map[int64]ledger.Customer, *changes) ([]ledger.Change, error)) (refused []ledger.Change, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	err = l.send(ctx, customersOf(list), func(ctx context.Context, t *tx, customers map[int64]ledger.Customer, out *changes) error {
		present := l.memory.renumber(list)
		if refused, err = apply(ctx, t, present, customers, out); err != nil {
			return err
		}
		t.done = &deed{run: run, changes: slices.Clone(present)}
		t.onCommit = func() { l.forgetAttempts(list, refused) }
		return nil
	})
	if err != nil {
		return nil, err
	}
	return refused, nil
}

// forgetAttempts forgets attempts whose outcome is recorded: they are not sent any more.
// Those of refused changes are still open.
func (l *core) forgetAttempts(list, refused []ledger.Change) {
	if l.sender == nil {
		return
	}
	isOpen := map[int64]bool{}
	for _, ch := range refused {
		for _, cl := range ch.Close {
			isOpen[cl.Attempt] = true
		}
	}
	for _, ch := range list {
		for _, cl := range ch.Close {
			if !isOpen[cl.Attempt] {
				l.sender.lease.RemoveAttempt(cl.Attempt)
			}
		}
	}
}

func customersOf(list []ledger.Change) []int64 {
	ids := make([]int64, len(list))
	for i, ch := range list {
		ids[i] = ch.Customer
	}
	return ids
}

// Merge implements ledger.Journal.
func (l *Ledger) Merge(ctx context.Context, list []ledger.Change) (refused []ledger.Change, err error) {
	return l.change(ctx, 0, list, func(ctx context.Context, t *tx, list []ledger.Change, customers map[int64]ledger.Customer, out *changes) ([]ledger.Change, error) {
		after := maps.Clone(customers)
		refused, err := t.mergeChanges(ctx, list, after)
		out.addAll(customers, after)
		return refused, err
	})
}

// mergeChanges makes late changes of customers, in place. It returns those that do not
// fit.
func (t *tx) mergeChanges(ctx context.Context, list []ledger.Change, customers map[int64]ledger.Customer) (refused []ledger.Change, err error) {
	owners, err := t.ownersOf(ctx, list)
	if err != nil {
		return nil, err
	}
	for id, one := range customers {
		owners[id] = one.ServiceID
	}
	for _, ch := range list {
		c := customers[ch.Customer]
		if ledger.IsRecorded(c, ch) {
			continue
		}
		merged, fits := ledger.MergeLate(c, ch)
		if !fits || !ch.IsCredible(withServiceID(owners, ch.ServiceID)) {
			refused = append(refused, ch)
			continue
		}
		customers[ch.Customer], owners[ch.Customer] = merged, merged.ServiceID
	}
	return refused, nil
}

// ownersOf returns the service ids of the customers that have one of those in a list.
func (t *tx) ownersOf(ctx context.Context, list []ledger.Change) (map[int64]string, error) {
	owners, marks := map[int64]string{}, []int64{}
	for _, ch := range list {
		if ch.ServiceID != "" {
			marks = append(marks, tables.Mark(ch.ServiceID))
		}
	}
	err := tables.QueryList(ctx, t.Conn, "SELECT id, service_id FROM customer WHERE id IN (SELECT customer FROM lookup WHERE service_mark <> 0 AND service_mark IN (?))", marks, func(r *record) error {
		id := r.Int64()
		owners[id] = r.Text()
		return nil
	})
	return owners, err
}

func withServiceID(owners map[int64]string, serviceID string) (all []ledger.Customer) {
	for id, has := range owners {
		if serviceID != "" && has == serviceID {
			all = append(all, ledger.Customer{ID: id, ServiceID: has})
		}
	}
	return all
}

// NotePairings implements ledger.Pairings.
func (l *Ledger) NotePairings(ctx context.Context, notes []ledger.PairingNote) error {
	if len(notes) == 0 {
		return nil
	}
	ids := make([]int64, len(notes))
	for i, n := range notes {
		ids[i] = n.Customer
	}
	slices.Sort(ids)
	return l.write(ctx, holdLedger, func(ctx context.Context, t *tx) error {
		customers, err := t.lockCustomers(ctx, slices.Compact(ids))
		if err != nil {
			return err
		}
		for _, n := range notes {
			after, applies := ledger.ApplyPairing(customers[n.Customer], n)
			if !applies {
				continue
			}
			customers[n.Customer] = after
			if err := t.Exec(ctx, "UPDATE customer SET pairing = ? WHERE id = ?", string(after.Pairing), after.ID); err != nil {
				return err
			}
			if err := t.Exec(ctx, "UPDATE lookup SET unconfirmed = ? WHERE customer = ?", after.Pairing == ledger.Unconfirmed, after.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// lockCustomers reads customers without their attempts, and locks them.
func (t *tx) lockCustomers(ctx context.Context, ids []int64) (map[int64]ledger.Customer, error) {
	found := map[int64]ledger.Customer{}
	err := tables.QueryList(ctx, t.Conn, "SELECT "+tables.CustomerColumns+" FROM customer c WHERE c.id IN (?) ORDER BY c.id FOR UPDATE", ids, func(r *record) error {
		c := r.Customer()
		found[c.ID] = c
		return nil
	})
	return found, err
}
