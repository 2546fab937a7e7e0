// Package memory is a ledger in memory: for tests, examples and library users
// who keep their own record. It is the plainest implementation of the rules of
// package ledger, and every other ledger is compared with it. Start at [New].
package memory

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// Ledger is a ledger that lives as long as the process. It behaves as the one in
// a file does, except that it survives nothing. It may be used by any number of
// goroutines. Make it with New.
type Ledger struct {
	turn chan struct{} // holds the right to write
	mu   sync.Mutex    // guards all below
	state
}

// state is what the mutex of a Ledger guards.
type state struct {
	info      ledger.Info
	keys      keyed.Secret
	customers []*ledger.Customer // by id - 1
	identity  map[string]int64
	marks     map[int64]marks   // by customer
	byNumber  map[int64][]int64 // customers by mark; see other
	byName    map[int64][]int64
	batches   []ledger.Batch // by id - 1
	rows      [][]storedRow
	attempts  int64
	runs      []ledger.Run // by id - 1
	told      map[int64]int64
	learnt    map[string]learnt
	kyc       map[string]ledger.KYC // by serviceId
	gaps      []ledger.Gap          // by id - 1
	inGap     map[keyed.Digest]bool
}

type storedRow struct {
	ledger.Row
	details      ledger.Details
	name, recall int64
	owner        int64 // of a row that was erased; others are found by identity
}

// marks are by what a customer is recognised under another e-mail; 0 = none.
type marks struct{ number, name int64 }

type learnt struct {
	value string
	at    time.Time
}

var _ ledger.Ledger = (*Ledger)(nil)

// New makes an empty ledger for an environment.
func New(environment string) *Ledger {
	now := ledger.Stored(time.Now())
	return &Ledger{turn: make(chan struct{}, 1), state: state{
		info: ledger.Info{Environment: environment, Created: now, Opened: now}, keys: keyed.NewSecret(),
		identity: map[string]int64{}, marks: map[int64]marks{}, byNumber: map[int64][]int64{}, byName: map[int64][]int64{}, told: map[int64]int64{}, learnt: map[string]learnt{}, kyc: map[string]ledger.KYC{}, inGap: map[keyed.Digest]bool{}}}
}

// write runs a change with the right to write.
func (m *Ledger) write(ctx context.Context, do func() error) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer func() { <-m.turn }()
	m.mu.Lock()
	defer m.mu.Unlock()
	return do()
}

func (m *Ledger) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case m.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// customer is a copy of a customer without its attempts; zero if there is none.
func (m *state) customer(id int64) ledger.Customer {
	if id < 1 || id > int64(len(m.customers)) {
		return ledger.Customer{}
	}
	c := *m.customers[id-1]
	c.History, c.KYC = nil, m.kyc[c.ServiceID]
	if c.Attempts == 0 && c.LastBatch != 0 && c.Status != ledger.Forgotten {
		r := m.rows[c.LastBatch-1][c.LastRow]
		c.Identity, c.Email, c.FirstName, c.LastName, c.SenderID, c.Details = r.Identity, r.Email, r.FirstName, r.LastName, r.SenderID, r.details
	}
	return c
}

// person is a customer with its attempts.
func (m *state) person(id int64) ledger.Customer {
	c := m.customer(id)
	if c.ID != 0 {
		c.History = m.customers[id-1].History
	}
	return c
}

// store writes a customer with all its attempts.
func (m *state) store(c ledger.Customer) {
	at := m.customers[c.ID-1]
	c.History = slices.Clone(c.History)
	for i := range c.History {
		a := &c.History[i]
		a.NotBefore, a.NotAfter = a.NotBefore.Stored(), a.NotAfter.Stored()
	}
	c.FirstSent, c.Decided, c.Issued, c.KYC = ledger.Stored(c.FirstSent), ledger.Stored(c.Decided), ledger.Stored(c.Issued), ledger.KYC{}
	isMarked := c.Attempts == 0 || c.Attempts > at.Attempts // see ledger.Match
	*at = c
	if isMarked {
		m.mark(c.ID)
	}
}

// mark gives a customer the marks of its last row.
func (m *state) mark(id int64) {
	c := m.customers[id-1]
	if c.LastBatch == 0 {
		return
	}
	m.unmark(id)
	r := m.rows[c.LastBatch-1][c.LastRow]
	now := marks{number: m.keys.Sender(r.SenderID), name: r.name}
	m.marks[id] = now
	m.byNumber[now.number] = append(m.byNumber[now.number], id)
	m.byName[now.name] = append(m.byName[now.name], id)
}

// unmark takes a customer's marks away.
func (m *state) unmark(id int64) {
	is := func(other int64) bool { return other == id }
	was := m.marks[id]
	m.byNumber[was.number] = slices.DeleteFunc(m.byNumber[was.number], is)
	m.byName[was.name] = slices.DeleteFunc(m.byName[was.name], is)
	delete(m.marks, id)
}

// Intend implements Journal.
func (m *Ledger) Intend(ctx context.Context, run int64, intents []ledger.Intent) ([]int64, error) {
	ids := make([]int64, len(intents))
	err := m.write(ctx, func() error {
		seen := map[int64]bool{}
		for i, in := range intents {
			if !seen[in.Customer] {
				ids[i] = m.intend(run, in)
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

// intend returns the attempt that an intent opens, or has opened before; 0 if it
// is refused.
func (m *state) intend(run int64, in ledger.Intent) int64 {
	before := m.person(in.Customer)
	c, err := ledger.Intended(before, in)
	if err != nil {
		return ledger.FindIntent(before, run, in)
	}
	m.attempts++
	c.History = append(slices.Clip(c.History), ledger.Attempt{ID: m.attempts, Run: run, Generation: in.Generation, Key: in.Key, Details: in.Details, Removes: in.Removes, NotBefore: in.At})
	m.store(c)
	return m.attempts
}

// Record implements Journal.
func (m *Ledger) Record(ctx context.Context, _ int64, changes []ledger.Change) (left []ledger.Change, err error) {
	err = m.write(ctx, func() error {
		now := map[int64]*ledger.Customer{}
		left = ledger.Apply(func(id int64) *ledger.Customer {
			if now[id] == nil {
				if c := m.person(id); c.ID != 0 {
					now[id] = &c
				}
			}
			return now[id]
		}, changes)
		for _, c := range now {
			m.store(*c)
		}
		return nil
	})
	return left, err
}

// Merge implements Journal.
func (m *Ledger) Merge(ctx context.Context, changes []ledger.Change) (left []ledger.Change, err error) {
	err = m.write(ctx, func() error {
		for _, ch := range changes {
			c := m.person(ch.Customer)
			if ledger.Recorded(c, ch) {
				continue
			}
			c, ok := ledger.Late(c, ch)
			if !ok || !ch.IsCredible(m.query(ledger.Query{ServiceIDs: []string{ch.ServiceID}})) {
				left = append(left, ch)
				continue
			}
			m.store(c)
		}
		return nil
	})
	return left, err
}

// Begin implements Runs.
func (m *Ledger) Begin(ctx context.Context, r ledger.Run) (id int64, err error) {
	err = m.write(ctx, func() error {
		r.ID, r.Started, r.End = int64(len(m.runs)+1), ledger.Stored(r.Started), nil
		m.runs = append(m.runs, r)
		id = r.ID
		return nil
	})
	return id, err
}

// Finish implements Runs.
func (m *Ledger) Finish(ctx context.Context, id int64, end ledger.RunEnd) error {
	return m.write(ctx, func() error {
		if id < 1 || id > int64(len(m.runs)) {
			return fmt.Errorf("run %d: %w", id, ledger.ErrNotFound)
		}
		if end.At.IsZero() {
			end.At = time.Now()
		}
		end.At = ledger.Stored(end.At)
		m.runs[id-1].End = &end
		batch := m.runs[id-1].Batch
		if batch < 1 || batch > int64(len(m.batches)) || end.ExitCode != 0 && end.ExitCode != 3 {
			return nil
		}
		for _, r := range m.rows[batch-1] {
			rep := m.reported(r)
			if mark := m.tellMark(r, rep); mark != 0 {
				if _, ok := m.told[mark]; !ok {
					m.told[mark] = id
				}
			}
		}
		return nil
	})
}

// Log implements Runs.
func (m *Ledger) Log(ctx context.Context) iter.Seq2[ledger.Run, error] {
	m.mu.Lock()
	all := slices.Clone(m.runs)
	m.mu.Unlock()
	slices.Reverse(all)
	return values(ctx, all)
}

// values yields a list.
func values[T any](ctx context.Context, all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if err := ctx.Err(); err != nil {
				yield(*new(T), err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// Bind implements Runs.
func (m *Ledger) Bind(ctx context.Context, account ledger.Account) error {
	return m.write(ctx, func() error {
		if m.info.Account.Differs(account) {
			return fmt.Errorf("ledger in memory: %w", ledger.ErrAccount)
		}
		m.info.Account = m.info.Account.Learn(account)
		return nil
	})
}

// NotePairings implements Pairings.
func (m *Ledger) NotePairings(ctx context.Context, notes []ledger.PairingNote) error {
	return m.write(ctx, func() error {
		for _, n := range notes {
			if c, ok := ledger.Paired(m.person(n.Customer), n); ok {
				m.customers[n.Customer-1].Pairing = c.Pairing
			}
		}
		return nil
	})
}

// Learnt implements Runs.
func (m *Ledger) Learnt(_ context.Context, name string) (string, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.learnt[name]
	if !ok {
		return "", time.Time{}, fmt.Errorf("%s: %w", name, ledger.ErrNotFound)
	}
	return f.value, f.at, nil
}

// Learn implements Runs.
func (m *Ledger) Learn(ctx context.Context, name, value string, at time.Time) error {
	return m.write(ctx, func() error {
		m.learnt[name] = learnt{value, ledger.Stored(at)}
		return nil
	})
}

// Info implements Reader.
func (m *Ledger) Info(context.Context) (ledger.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.info, nil
}

// Forget erases people, as the ledger in a file does. It returns how many it
// knew; ErrConflict if one of them is in doubt.
func (m *Ledger) Forget(ctx context.Context, identities []string) (n int, err error) {
	err = m.write(ctx, func() error {
		for _, text := range identities {
			if c := m.customer(m.identity[text]); c.Status == ledger.InDoubt {
				return fmt.Errorf("customer %d is in doubt; settle it first: %w", c.ID, ledger.ErrConflict)
			}
		}
		for _, text := range identities {
			if text != "" && m.forget(text) {
				n++
			}
		}
		return nil
	})
	return n, err
}

// forget erases one person and says whether there was one.
func (m *state) forget(identity string) bool {
	id, known := m.identity[identity]
	if !known {
		id = int64(len(m.customers) + 1)
		m.customers = append(m.customers, &ledger.Customer{ID: id})
		m.identity[identity] = id
	}
	c := m.customers[id-1]
	delete(m.inGap, m.keys.Identity(identity))
	delete(m.kyc, c.ServiceID)
	for _, a := range c.History {
		delete(m.kyc, a.Removes)
	}
	*c = ledger.Customer{ID: id, Status: ledger.Forgotten, LastBatch: c.LastBatch, LastRow: c.LastRow}
	for _, rows := range m.rows {
		for i := range rows {
			if rows[i].Identity == identity {
				rows[i] = storedRow{Row: rows[i].Erased(), owner: id}
			}
		}
	}
	m.unmark(id)
	return known
}
