package memory

import (
	"context"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Intend implements Journal.
func (m *Ledger) Intend(ctx context.Context, run int64, intents []ledger.Intent) ([]int64, error) {
	ids := make([]int64, len(intents))
	err := m.withWriteLock(ctx, func() error {
		seen := map[int64]bool{}
		for i, in := range intents {
			if !seen[in.Customer] {
				ids[i] = m.openAttempt(run, in)
			}
			seen[in.Customer] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// openAttempt returns the attempt that an intent opens, or has opened before; 0 if it
// is refused.
func (m *state) openAttempt(run int64, in ledger.Intent) int64 {
	before := m.findWithHistory(in.Customer)
	c, err := ledger.ApplyIntent(before, in)
	if err != nil {
		return ledger.FindIntent(before, run, in)
	}
	m.attempts++
	c.History = append(slices.Clip(c.History), ledger.Attempt{ID: m.attempts, Run: run, Generation: in.Generation, Key: in.Key, Details: in.Details, Removes: in.Removes, NotBefore: in.At})
	m.storeCustomer(c)
	return m.attempts
}

// Record implements Journal.
func (m *Ledger) Record(ctx context.Context, _ int64, changes []ledger.Change) (refused []ledger.Change, err error) {
	err = m.withWriteLock(ctx, func() error {
		now := map[int64]*ledger.Customer{}
		refused = ledger.ApplyChanges(func(id int64) *ledger.Customer {
			if now[id] == nil {
				if c := m.findWithHistory(id); c.ID != 0 {
					now[id] = &c
				}
			}
			return now[id]
		}, changes)
		for _, c := range now {
			m.storeCustomer(*c)
		}
		return nil
	})
	return refused, err
}

// Merge implements Journal.
func (m *Ledger) Merge(ctx context.Context, changes []ledger.Change) (refused []ledger.Change, err error) {
	err = m.withWriteLock(ctx, func() error {
		for _, ch := range changes {
			c := m.findWithHistory(ch.Customer)
			if ledger.IsRecorded(c, ch) {
				continue
			}
			c, ok := ledger.MergeLate(c, ch)
			if !ok || !ch.IsCredible(m.findCustomers(ledger.Query{ServiceIDs: []string{ch.ServiceID}})) {
				refused = append(refused, ch)
				continue
			}
			m.storeCustomer(c)
		}
		return nil
	})
	return refused, err
}

// storeCustomer replaces a customer and its attempts.
func (m *state) storeCustomer(c ledger.Customer) {
	at := m.customers[c.ID-1]
	c.History = slices.Clone(c.History)
	for i := range c.History {
		a := &c.History[i]
		a.NotBefore, a.NotAfter = a.NotBefore.Truncate(), a.NotAfter.Truncate()
	}
	c.FirstSent, c.Decided, c.Issued, c.KYC = ledger.TruncateTime(c.FirstSent), ledger.TruncateTime(c.Decided), ledger.TruncateTime(c.Issued), ledger.KYC{}
	isMarked := c.Attempts == 0 || c.Attempts > at.Attempts // see ledger.Match
	*at = c
	if isMarked {
		m.addMarks(c.ID)
	}
}

// addMarks replaces a customer's marks by those of its last row.
func (m *state) addMarks(id int64) {
	c := m.customers[id-1]
	if c.LastBatch == 0 {
		return
	}
	m.removeMarks(id)
	r := m.rows[c.LastBatch-1][c.LastRow]
	now := marks{number: m.keys.Sender(r.SenderID), name: r.name}
	m.marks[id] = now
	m.byNumber[now.number] = append(m.byNumber[now.number], id)
	m.byName[now.name] = append(m.byName[now.name], id)
}

// removeMarks removes a customer's marks.
func (m *state) removeMarks(id int64) {
	is := func(other int64) bool { return other == id }
	was := m.marks[id]
	m.byNumber[was.number] = slices.DeleteFunc(m.byNumber[was.number], is)
	m.byName[was.name] = slices.DeleteFunc(m.byName[was.name], is)
	delete(m.marks, id)
}
