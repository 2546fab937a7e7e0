package sqlite

import (
	"bytes"
	"context"
	"fmt"
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
		clear(ids) // it may be run again
		of := make([]int64, len(intents))
		for i, in := range intents {
			of[i] = in.Customer
		}
		customers, err := l.w.forWriting(ctx, of)
		if err != nil {
			return err
		}
		packing := slices.Grow(l.w.packing[:0], len(intents))[:0]
		defer func() {
			clear(packing)
			l.w.packing = packing[:0]
		}()
		marks := make([]mark, 0, 2*len(intents))
		seen := make(map[int64]bool, len(intents))
		for i, in := range intents {
			if seen[in.Customer] {
				continue
			}
			seen[in.Customer] = true
			c := customers.of(in.Customer)
			packed := packedIntent{in, in.Removes == "" && bytes.Equal(in.Details, c.Details) && in.Email == c.Email && in.FirstName == c.FirstName && in.LastName == c.LastName}
			after, err := ledger.Intended(*c, in)
			if err != nil {
				ids[i] = ledger.FindIntent(*c, run, in)
				continue
			}
			*c = after
			ids[i] = l.lastAttempt + 1 + int64(len(packing))
			packing = append(packing, packed)
			c.History = append(slices.Clip(c.History), opened(ids[i], run, in))
			of, err := l.marksOf(ctx, c) // of a corrected row, they are not those of the row before
			if err != nil {
				return err
			}
			marks = append(marks, of...)
		}
		if len(packing) == 0 {
			return nil
		}
		if err := l.w.begin(ctx, l.lastAttempt+1, run, packing, customers); err != nil {
			return err
		}
		l.late.waiting.marks = append(l.late.waiting.marks, marks...)
		l.lastAttempt += int64(len(packing)) // a number lost to a failed commit is never used again
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// Record closes attempts; see ledger.Journal.
func (l *Ledger) Record(ctx context.Context, _ int64, changes []ledger.Change) (left []ledger.Change, err error) {
	if len(changes) == 0 {
		return nil, nil
	}
	err = l.write(ctx, func(ctx context.Context) error {
		if left, err = l.record(ctx, changes); err == nil && l.late != nil {
			return l.indexSome(ctx, len(changes))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return left, nil
}

// record is Record inside a transaction.
func (l *Ledger) record(ctx context.Context, changes []ledger.Change) (left []ledger.Change, err error) {
	of := make([]int64, len(changes))
	for i, ch := range changes {
		of[i] = ch.Customer
	}
	w, err := l.w.forWritingIn(ctx, l.w.room, of)
	if err != nil {
		return nil, err
	}
	defer func() {
		clear(w.people)
		l.w.room = w.people[:0]
	}()
	left = ledger.Apply(func(id int64) *ledger.Customer {
		if c := w.of(id); c.ID != 0 {
			return c
		}
		return nil
	}, changes)
	if len(left) > 0 { // of those nothing is written
		isLeft := map[int64]int{}
		for _, ch := range changes {
			isLeft[ch.Customer]++
		}
		for _, ch := range left {
			isLeft[ch.Customer]--
		}
		w = w.only(func(c *ledger.Customer) bool { return c.ID != 0 && isLeft[c.ID] > 0 })
	}
	return left, l.put(ctx, w)
}

// Merge records late answers; see ledger.Journal.
func (l *Ledger) Merge(ctx context.Context, changes []ledger.Change) (left []ledger.Change, err error) {
	if len(changes) == 0 {
		return nil, nil
	}
	err = l.write(ctx, func(ctx context.Context) error {
		left, err = l.merge(ctx, changes)
		return err
	})
	if err != nil {
		return nil, err
	}
	return left, nil
}

func hasOpen(c *ledger.Customer) bool {
	return slices.ContainsFunc(c.History, func(a ledger.Attempt) bool { return a.Class == ledger.Open })
}

// writes are customers that a transaction changes, each once, in the order of
// their ids, in which the table takes them fastest.
type writes struct {
	ids    []int64
	people []ledger.Customer // with all their attempts; zero if not in the ledger
	before []before
}

// before is what was of a customer.
type before struct {
	service string // its service id
	sent    bool   // something was intended for it
}

// forWriting reads customers with all their attempts.
func (v *view) forWriting(ctx context.Context, ids []int64) (writes, error) {
	return v.forWritingIn(ctx, nil, ids)
}

// forWritingIn is forWriting, with room for the customers that is used if it is enough.
func (v *view) forWritingIn(ctx context.Context, room []ledger.Customer, ids []int64) (writes, error) {
	w := writes{ids: slices.Clone(ids)}
	slices.Sort(w.ids)
	w.ids = slices.Compact(w.ids)
	var err error
	w.people, err = v.people(ctx, room, w.ids, always, true)
	w.before = make([]before, len(w.people))
	for i := range w.people {
		w.before[i] = before{w.people[i].ServiceID, w.people[i].Intents > 0}
	}
	return w, err
}

// of is one of those that were asked for.
func (w writes) of(id int64) *ledger.Customer {
	at, _ := slices.BinarySearch(w.ids, id)
	return &w.people[at]
}

// only leaves those to be written whom it changes.
func (w writes) only(change func(*ledger.Customer) bool) (left writes) {
	for i := range w.people {
		if change(&w.people[i]) {
			left.ids, left.people, left.before = append(left.ids, w.ids[i]), append(left.people, w.people[i]), append(left.before, w.before[i])
		}
	}
	return left
}

// put writes customers. Whoever was under way is not any more. A customer that
// nothing was intended for gets its marks, and a serviceId that is new is indexed.
func (l *Ledger) put(ctx context.Context, w writes) error {
	if err := l.w.putCustomers(ctx, w.people); err != nil {
		return err
	}
	var now entries
	for i := range w.people {
		c := &w.people[i]
		if err := l.w.landed(ctx, c.ID); err != nil {
			return err
		}
		if err := l.entries(ctx, c, w.before[i], &now); err != nil {
			return err
		}
	}
	if now.len() == 0 {
		return nil
	}
	return l.insertEntries(ctx, now)
}

// entries keeps the indexes true that are not SQLite's; see late. What must not
// wait is added to now.
func (l *Ledger) entries(ctx context.Context, c *ledger.Customer, was before, now *entries) error {
	is := c.ServiceID
	if was.service != "" && was.service != is {
		if err := l.w.do(ctx, "DELETE FROM services WHERE service_id = ? AND customer = ?", was.service, c.ID); err != nil {
			return err
		}
	}
	if is != "" && is != was.service {
		// An opening after a crash would find those of newer attempts.
		if of := (service{is, c.ID}); l.late != nil && newestAttempt(c) > l.late.upTo() {
			l.late.add(of)
		} else {
			now.services = append(now.services, of)
		}
	}
	if was.sent {
		return nil
	}
	marks, err := l.marksOf(ctx, c)
	now.marks = append(now.marks, marks...)
	return err
}

func (v *view) putCustomers(ctx context.Context, people []ledger.Customer) error {
	v.changed = v.changed || len(people) > 0
	args := make([]any, 0, 8*len(people))
	var p packer
	v.arena = v.arena[:0]
	for i := range people {
		c := &people[i]
		from := len(v.arena)
		v.arena = append(v.arena, p.folder(c)...) // when it grows, the folders before stay where they were
		args = append(args, c.ID, string(c.Status), c.ServiceID, stamp(c.Decided), newestAttempt(c), string(c.Pairing), linkDigest(c.URL), v.arena[from:len(v.arena):len(v.arena)])
	}
	return v.insert(ctx, insertion{putCustomerHead, putCustomerTail}, 8, args)
}

// Emergency keeps changes in <ledger>.emergency until the next opening merges
// them: for answers that Record refused. It works whatever state the ledger
// is in, as long as the directory's disk takes a write in place.
func (l *Ledger) Emergency(changes []ledger.Change) error {
	if l.backup == nil {
		return fmt.Errorf("%s is open for reading only: %w", l.path, ledger.ErrWrite)
	}
	if err := l.backup.Add(changes); err != nil {
		return fmt.Errorf("%s.emergency: %w: %w", l.path, err, ledger.ErrWrite)
	}
	return nil
}
