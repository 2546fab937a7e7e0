package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// registration is a check pass in progress. It keeps other writers out; Commit
// moves what it has added into the ledger.
type registration struct {
	m         *Ledger
	batch     ledger.Batch
	ended     bool
	annotated bool // no rows are added any more
	names     ledger.DetailNames
	rows      []storedRow
	claims    map[string]int // identity → ordinal
}

var _ ledger.Registration = (*registration)(nil)

// Register implements Registrar.
func (m *Ledger) Register(ctx context.Context, b ledger.Batch) (ledger.Registration, error) {
	if err := m.lockWrites(ctx); err != nil {
		return nil, err
	}
	if _, err := m.FindBatch(ctx, b.Fingerprint); err == nil {
		<-m.writeLock
		return nil, fmt.Errorf("this input is registered already: %w", ledger.ErrOutdated)
	}
	if b.Registered.IsZero() {
		b.Registered = time.Now()
	}
	b.Registered, b.Rows = ledger.TruncateTime(b.Registered), 0
	return &registration{m: m, batch: b, names: m.info.DetailNames, claims: map[string]int{}}, nil
}

func (r *registration) requireOpen() error {
	if r.ended {
		return fmt.Errorf("the registration is over: %w", ledger.ErrConflict)
	}
	return nil
}

// Lookup implements Registration.
func (r *registration) Lookup(_ context.Context, s []ledger.LookupKey) ([]ledger.Match, error) {
	if err := r.requireOpen(); err != nil {
		return nil, err
	}
	m := r.m
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]ledger.Match, len(s))
	for i := range s {
		k := &out[i]
		k.Claimed = -1
		if at, ok := r.claims[s[i].Identity]; ok && s[i].Identity != "" {
			k.Claimed = at
			k.First = ledger.Position{File: r.rows[at].File, Number: r.rows[at].Number, Line: r.rows[at].Line}
		}
		own := m.identity[s[i].Identity]
		if c := m.findCustomer(own); c.ID != 0 {
			k.Customer, k.Forgot = &c, c.Status == ledger.Forgotten
		}
		mine := ledger.Details(m.keys.Details(r.names.Add(s[i].Details).Values(s[i].Details)))
		switch {
		case k.Forgot:
		case k.Claimed >= 0:
			k.Differs = mine.Changed(r.rows[k.Claimed].details, r.names)
		case k.Customer != nil:
			k.Differs = mine.Changed(k.Customer.Details, r.names)
		}
		if k.Customer != nil && k.Customer.Status.Onboarded() {
			continue
		}
		k.ByID = m.findByMark(m.byNumber, m.keys.Sender(s[i].SenderID), own)
		k.ByName = m.findByMark(m.byName, m.keys.Name(s[i].NameText), own)
	}
	return out, nil
}

// findByMark returns the first customer with a mark, other than own, that was or
// may have been onboarded.
func (m *state) findByMark(by map[int64][]int64, mark, own int64) (best *ledger.Customer) {
	if mark == 0 {
		return nil
	}
	for _, id := range by[mark] {
		c := m.findCustomer(id)
		switch c.Status {
		case ledger.Created, ledger.LinkMissing, ledger.InDoubt:
			if id != own && (best == nil || id < best.ID) {
				best = &c
			}
		}
	}
	return best
}

// Add implements Registration.
func (r *registration) Add(_ context.Context, rows []ledger.Row) error {
	if err := r.requireOpen(); err != nil {
		return err
	}
	for _, row := range rows {
		if row.Ordinal != len(r.rows) || r.annotated {
			return r.endWith(fmt.Errorf("row %d added after %d rows: %w", row.Ordinal, len(r.rows), ledger.ErrConflict))
		}
		if row.Identity != "" && row.Claims {
			if at, ok := r.claims[row.Identity]; ok {
				return r.endWith(fmt.Errorf("rows %d and %d claim the same identity: %w", at, row.Ordinal, ledger.ErrConflict))
			}
			r.claims[row.Identity] = row.Ordinal
		}
		r.names = r.names.Add(row.Details)
		p := storedRow{Row: row, details: r.m.keys.Details(r.names.Values(row.Details)), name: r.m.keys.Name(row.NameText), recall: r.m.keys.Recall(row.Recall)}
		p.Details, p.NameText, p.Recall = nil, "", ""
		r.rows = append(r.rows, p)
	}
	return nil
}

// AddNotes implements Registration.
func (r *registration) AddNotes(_ context.Context, notes []ledger.RowNote) error {
	if err := r.requireOpen(); err != nil {
		return err
	}
	last := -1
	for _, n := range notes {
		if n.Ordinal <= last || n.Ordinal >= len(r.rows) || r.annotated {
			return r.endWith(fmt.Errorf("a note on row %d after row %d of %d: %w", n.Ordinal, last, len(r.rows), ledger.ErrConflict))
		}
		last = n.Ordinal
		r.rows[last].AddNote(n)
	}
	r.annotated = true
	return nil
}

// Commit implements Registration.
func (r *registration) Commit(context.Context) (ledger.Batch, error) {
	if err := r.requireOpen(); err != nil {
		return ledger.Batch{}, err
	}
	m := r.m
	m.mu.Lock()
	defer m.mu.Unlock()
	r.batch.ID, r.batch.Rows = int64(len(m.batches)+1), len(r.rows)
	r.batch.Files = slices.Clone(r.batch.Files)
	for i := range r.batch.Files {
		r.batch.Files[i].Rows = 0
	}
	for _, row := range r.rows {
		if row.File < len(r.batch.Files) {
			r.batch.Files[row.File].Rows++
		}
	}
	m.info.DetailNames = r.names
	m.batches = append(m.batches, r.batch)
	m.rows = append(m.rows, r.rows)
	for i := range r.rows {
		row := &r.rows[i]
		id, known := m.identity[row.Identity]
		if row.Identity != "" && row.Claims {
			if !known {
				id = int64(len(m.customers) + 1)
				m.identity[row.Identity] = id
				m.customers = append(m.customers, &ledger.Customer{ID: id, Status: ledger.Pending})
			}
			c := m.customers[id-1]
			c.LastBatch, c.LastRow = r.batch.ID, row.Ordinal
			if c.Attempts == 0 {
				m.addMarks(id)
			}
		}
		if c := m.findCustomer(id); c.Status == ledger.Forgotten {
			*row = storedRow{Row: row.Erased(), owner: id}
		}
	}
	r.ended = true
	<-m.writeLock
	return r.batch, nil
}

// Rollback implements Registration.
func (r *registration) Rollback() error {
	if !r.ended {
		r.ended = true
		<-r.m.writeLock
	}
	return nil
}

// endWith ends the registration for an error.
func (r *registration) endWith(cause error) error {
	r.ended = true
	<-r.m.writeLock
	return cause
}

// CountReported implements ledger.ReportedCounter.
func (r *registration) CountReported(_ context.Context, s ledger.Status) (n int, err error) {
	if err := r.requireOpen(); err != nil {
		return 0, err
	}
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	for _, row := range r.rows {
		rep := r.m.newReported(row)
		if rep.Status != s {
			continue
		}
		if _, ok := r.m.reportedIn[r.m.reportMark(row, rep)]; ok {
			n++
		}
	}
	return n, nil
}

var _ ledger.ReportedCounter = (*registration)(nil)
