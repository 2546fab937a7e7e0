package memory

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"sort"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// rowOwner returns the customer of a row; zero if it has none.
func (m *state) rowOwner(r storedRow) ledger.Customer { return m.findCustomer(m.ownerID(&r)) }

// ownerID returns the id of the customer of a row; 0 if it has none.
func (m *state) ownerID(r *storedRow) int64 {
	return cmp.Or(r.owner, m.identity[r.Identity])
}

func (m *state) newReported(r storedRow) ledger.Reported {
	rep := ledger.NewReported(r.Row, r.details, m.rowOwner(r), m.info.DetailNames)
	if c := &rep.Customer; rep.ShowsOther() && c.LastBatch != 0 {
		rep.From = ledger.NewOrigin(m.batches[c.LastBatch-1], m.rows[c.LastBatch-1][c.LastRow].Row)
	}
	return rep
}

// reportMark returns the mark of a finding and its outcome; 0 if no reviewer needs to
// see it.
func (m *state) reportMark(r storedRow, rep ledger.Reported) int64 {
	if r.recall == 0 || !rep.NeedsReview() {
		return 0
	}
	return m.keys.Reported(r.recall, rep.Outcome())
}

// selectedBatch returns the batch of a selection that does not select all.
func (m *state) selectedBatch(s ledger.Selection) (int64, error) {
	id := s.Batch
	switch {
	case s.Run != 0 && s.Run > 0 && s.Run <= int64(len(m.runs)):
		id = m.runs[s.Run-1].Batch
	case s.Run != 0:
		id = 0
	case id == 0:
		id = int64(len(m.batches))
	}
	if id < 1 || id > int64(len(m.batches)) {
		return 0, fmt.Errorf("no such batch or run: %w", ledger.ErrNotFound)
	}
	return id, nil
}

// asOf returns the run before which a finding counts as known in a batch's rows.
func (m *state) asOf(s ledger.Selection, batch int64) int64 {
	if s.Run != 0 {
		return s.Run
	}
	for _, r := range slices.Backward(m.runs) {
		if r.Batch == batch {
			return r.ID
		}
	}
	return math.MaxInt64
}

// reportLines returns the report lines of a selection.
func (m *state) reportLines(s ledger.Selection) (out []ledger.Reported, err error) {
	first, last := int64(1), int64(len(m.batches))
	if !s.All {
		if first, err = m.selectedBatch(s); err != nil {
			return nil, err
		}
		last = first
	}
	for b := first; b <= last; b++ {
		limit := m.asOf(s, b)
		for _, row := range m.rows[b-1] {
			r := m.newReported(row)
			if s.All && (!r.Claims || r.Customer.LastBatch != b || r.Customer.LastRow != r.Ordinal) ||
				s.Reviewed && !r.NeedsReview() || len(s.Only) > 0 && !slices.Contains(s.Only, r.Status) ||
				!s.Since.IsZero() && !r.Since(s.Since, m.batches[b-1].Registered) {
				continue
			}
			if mark := m.reportMark(row, r); mark != 0 {
				run, ok := m.reportedIn[mark]
				r.WasReported = ok && run < limit
			}
			if !s.All {
				r.Customer.LastBatch, r.Customer.LastRow = 0, 0
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// Rows implements Reader.
func (m *Ledger) Rows(ctx context.Context, s ledger.Selection) iter.Seq2[ledger.Reported, error] {
	return func(yield func(ledger.Reported, error) bool) {
		m.mu.Lock()
		all, err := m.reportLines(s)
		m.mu.Unlock()
		if err != nil {
			yield(ledger.Reported{}, err)
			return
		}
		yieldAll(ctx, all)(yield)
	}
}

// Tally implements Reader.
func (m *Ledger) Tally(ctx context.Context, s ledger.Selection) (ledger.Tally, error) {
	t := ledger.Tally{Status: map[ledger.Status]int{}, Code: map[ledger.StatusCode]int{}}
	for r, err := range m.Rows(ctx, s) {
		if err != nil {
			return ledger.Tally{}, err
		}
		t.Count(r)
	}
	return t, nil
}

// Plan implements Reader.
func (m *Ledger) Plan(_ context.Context, batch int64, from, n int) ([]ledger.Planned, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.selectedBatch(ledger.Selection{Batch: batch}); err != nil {
		return nil, err
	}
	if batch == 0 {
		batch = int64(len(m.batches))
	}
	rows := m.rows[batch-1]
	from = min(max(from, 0), len(rows))
	out := []ledger.Planned{}
	for _, r := range rows[from : from+min(max(n, 0), len(rows)-from)] {
		p := ledger.Planned{Ordinal: r.Ordinal, Verdict: r.Verdict, Claims: r.Claims, Details: r.details, Customer: m.rowOwner(r)}
		switch c := &p.Customer; {
		case c.ID == 0:
		case !c.Status.IsPlanned():
			*c = ledger.Customer{ID: c.ID, Status: c.Status}
		case c.Status != ledger.LinkMissing:
			c.History = slices.Clone(m.customers[c.ID-1].History)
		}
		out = append(out, p)
	}
	return out, nil
}

// Batches implements Reader.
func (m *Ledger) Batches(context.Context) ([]ledger.Batch, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Clone(m.batches)
	slices.Reverse(all)
	return all, nil
}

// FindBatch implements Registrar.
func (m *Ledger) FindBatch(_ context.Context, fingerprint string) (ledger.Batch, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range m.batches {
		if b.Fingerprint == fingerprint {
			return b, nil
		}
	}
	return ledger.Batch{}, fmt.Errorf("this input: %w", ledger.ErrNotFound)
}

// Customers implements Reader.
func (m *Ledger) Customers(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Customer, error] {
	return func(yield func(ledger.Customer, error) bool) {
		m.mu.Lock()
		all := m.findCustomers(q)
		m.mu.Unlock()
		yieldAll(ctx, all)(yield)
	}
}

func (m *state) findCustomers(q ledger.Query) (out []ledger.Customer) {
	if q.Newest > 0 && len(q.Status) == 0 {
		q.Status = []ledger.Status{ledger.Created, ledger.LinkMissing}
	}
	in, not := m.claimedCustomers(q.Batch), m.claimedCustomers(q.NotBatch)
	ids := map[int64]bool{}
	for _, s := range q.Identities {
		ids[m.identity[s]] = true
	}
	for _, p := range m.customers {
		if len(q.Status) > 0 && !slices.Contains(q.Status, p.Status) || q.Batch != 0 && !in[p.ID] || q.NotBatch != 0 && not[p.ID] ||
			len(q.IDs) > 0 && !slices.Contains(q.IDs, p.ID) || len(q.Identities) > 0 && !ids[p.ID] ||
			len(q.ServiceIDs) > 0 && (p.ServiceID == "" || !slices.Contains(q.ServiceIDs, p.ServiceID)) ||
			len(q.URLs) > 0 && (p.URL == "" || !slices.Contains(q.URLs, p.URL)) || q.Pairing != ledger.NotPaired && p.Pairing != q.Pairing ||
			q.Near != nil && (p.Status != ledger.Created && p.Status != ledger.LinkMissing || !isBeyond(q.Near, newestAttempt(p.History))) {
			continue
		}
		c := m.findCustomer(p.ID)
		if q.History {
			c.History = slices.Clone(p.History)
		}
		out = append(out, c)
	}
	if q.Near != nil {
		sort.Slice(out, func(i, j int) bool {
			if !q.Near.After {
				i, j = j, i
			}
			return newestAttempt(m.customers[out[i].ID-1].History) < newestAttempt(m.customers[out[j].ID-1].History)
		})
		out = out[:min(q.Near.N, len(out))]
	}
	if q.Newest > 0 {
		out = slices.DeleteFunc(out, func(c ledger.Customer) bool { return c.Decided.IsZero() })
		sort.Slice(out, func(i, j int) bool {
			a, b := out[i].ID, out[j].ID
			return cmp.Or(cmp.Compare(m.newestAnswered(b), m.newestAnswered(a)), cmp.Compare(b, a)) < 0
		})
		out = out[:min(q.Newest, len(out))]
	}
	return out
}

// isBeyond reports whether an attempt lies on the side that is asked for.
func isBeyond(n *ledger.Near, attempt int64) bool {
	return attempt != 0 && (n.After && attempt > n.Attempt || !n.After && attempt < n.Attempt)
}

// newestAttempt returns the id of the newest attempt, 0 if there is none.
func newestAttempt(h []ledger.Attempt) (id int64) {
	for _, a := range h {
		id = max(id, a.ID)
	}
	return id
}

// newestAnswered returns the newest attempt of a customer that is not open, 0 if
// there is none.
func (m *state) newestAnswered(customer int64) (id int64) {
	for _, a := range m.customers[customer-1].History {
		if a.Class != ledger.Open {
			id = max(id, a.ID)
		}
	}
	return id
}

// claimedCustomers returns the customers that rows of a batch claim.
func (m *state) claimedCustomers(batch int64) map[int64]bool {
	set := map[int64]bool{}
	if batch < 1 || batch > int64(len(m.batches)) {
		return set
	}
	rows := m.rows[batch-1]
	for i := range rows {
		if rows[i].Claims {
			set[m.ownerID(&rows[i])] = true
		}
	}
	return set
}

// Digest implements Registrar.
func (m *Ledger) Digest(details []ledger.Detail) ledger.Details {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.keys.Details(m.info.DetailNames.Add(details).Values(details))
}
