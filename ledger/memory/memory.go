// Package memory is a ledger in memory: for tests, examples and library users
// who keep their own record. It is the plainest implementation of the rules of
// package ledger, and every other ledger is compared with it. Start at [New].
package memory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// Ledger is a ledger that lives as long as the process. It behaves as the one in
// a file does, except that it survives nothing. It may be used by any number of
// goroutines. Make it with New.
type Ledger struct {
	writeLock chan struct{} // full while one goroutine may write
	mu        sync.Mutex    // guards all below
	state
}

// state is what the mutex of a Ledger guards.
type state struct {
	info       ledger.Info
	keys       keyed.Secret
	customers  []*ledger.Customer // by id - 1
	identity   map[string]int64
	marks      map[int64]marks   // by customer
	byNumber   map[int64][]int64 // customers by mark; see other
	byName     map[int64][]int64
	batches    []ledger.Batch // by id - 1
	rows       [][]storedRow
	attempts   int64
	runs       []ledger.Run // by id - 1
	reportedIn map[int64]int64
	learnt     map[string]learnt
	kyc        map[string]ledger.KYC // by serviceId
	gaps       []ledger.Gap          // by id - 1
	inGap      map[keyed.Digest]bool
	plans      []ledger.Plan                                   // oldest first
	planRows   map[string]map[ledger.PlanDigest]ledger.PlanRow // of the open plans, by customer
	sharing    shared
}

type storedRow struct {
	ledger.Row
	details      ledger.Details
	name, recall int64
	owner        int64 // of a row that was erased; others are found by identity
}

// marks recognise a customer under another e-mail; 0 = none.
type marks struct{ number, name int64 }

type learnt struct {
	value string
	at    time.Time
}

var _ ledger.Ledger = (*Ledger)(nil)

// New returns an empty ledger for an environment.
func New(environment string) *Ledger {
	now := ledger.TruncateTime(time.Now())
	return &Ledger{writeLock: make(chan struct{}, 1), state: state{
		info: ledger.Info{Environment: environment, Created: now, Opened: now}, keys: keyed.NewSecret(),
		identity: map[string]int64{}, marks: map[int64]marks{}, byNumber: map[int64][]int64{}, byName: map[int64][]int64{}, reportedIn: map[int64]int64{}, learnt: map[string]learnt{}, kyc: map[string]ledger.KYC{}, inGap: map[keyed.Digest]bool{}, planRows: map[string]map[ledger.PlanDigest]ledger.PlanRow{}, sharing: newShared()}}
}

// withWriteLock runs a change while no other goroutine writes or reads.
func (m *Ledger) withWriteLock(ctx context.Context, do func() error) error {
	if err := m.lockWrites(ctx); err != nil {
		return err
	}
	defer func() { <-m.writeLock }()
	m.mu.Lock()
	defer m.mu.Unlock()
	return do()
}

func (m *Ledger) lockWrites(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case m.writeLock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// findCustomer returns a copy of a customer without its attempts; zero if there is
// none.
func (m *state) findCustomer(id int64) ledger.Customer {
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

// findWithHistory returns a customer with its attempts.
func (m *state) findWithHistory(id int64) ledger.Customer {
	c := m.findCustomer(id)
	if c.ID != 0 {
		c.History = m.customers[id-1].History
	}
	return c
}

// NotePairings implements Pairings.
func (m *Ledger) NotePairings(ctx context.Context, notes []ledger.PairingNote) error {
	return m.withWriteLock(ctx, func() error {
		for _, n := range notes {
			if c, ok := ledger.ApplyPairing(m.findWithHistory(n.Customer), n); ok {
				m.customers[n.Customer-1].Pairing = c.Pairing
			}
		}
		return nil
	})
}

// Info implements Reader.
func (m *Ledger) Info(context.Context) (ledger.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.info, nil
}

// Forget erases customers, as the ledger in a file does. It returns how many it
// knew; ErrConflict if one of them is in doubt.
func (m *Ledger) Forget(ctx context.Context, identities []string) (n int, err error) {
	err = m.withWriteLock(ctx, func() error {
		for _, text := range identities {
			if c := m.findCustomer(m.identity[text]); c.Status == ledger.InDoubt {
				return fmt.Errorf("customer %d is in doubt; settle it first: %w", c.ID, ledger.ErrConflict)
			}
		}
		for _, text := range identities {
			if text != "" && m.forgetCustomer(text) {
				n++
			}
		}
		return nil
	})
	return n, err
}

// forgetCustomer erases one customer and reports whether there was one.
func (m *state) forgetCustomer(identity string) bool {
	id, known := m.identity[identity]
	if !known {
		id = int64(len(m.customers) + 1)
		m.customers = append(m.customers, &ledger.Customer{ID: id})
		m.identity[identity] = id
	}
	c := m.customers[id-1]
	delete(m.inGap, m.keys.Identity(identity))
	for _, rows := range m.planRows {
		delete(rows, ledger.PlanDigest(m.keys.PlannedCustomer(identity)))
	}
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
	m.removeMarks(id)
	return known
}
