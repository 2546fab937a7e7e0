package memory

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Begin implements Runs.
func (m *Ledger) Begin(ctx context.Context, r ledger.Run) (id int64, err error) {
	err = m.withWriteLock(ctx, func() error {
		if r.Plan != "" {
			if err := m.beginPlan(r.Plan, r.Started); err != nil {
				return err
			}
		}
		r.ID, r.Started, r.End = int64(len(m.runs)+1), ledger.TruncateTime(r.Started), nil
		m.runs = append(m.runs, r)
		id = r.ID
		return nil
	})
	return id, err
}

// Finish implements Runs.
func (m *Ledger) Finish(ctx context.Context, id int64, end ledger.RunEnd) error {
	return m.withWriteLock(ctx, func() error {
		if id < 1 || id > int64(len(m.runs)) {
			return fmt.Errorf("run %d: %w", id, ledger.ErrNotFound)
		}
		if end.At.IsZero() {
			end.At = time.Now()
		}
		end.At = ledger.TruncateTime(end.At)
		m.runs[id-1].End = &end
		m.finishPlan(m.runs[id-1].Plan, end.ExitCode)
		batch := m.runs[id-1].Batch
		if batch < 1 || batch > int64(len(m.batches)) || end.ExitCode != 0 && end.ExitCode != 3 {
			return nil
		}
		for _, r := range m.rows[batch-1] {
			rep := m.newReported(r)
			if mark := m.reportMark(r, rep); mark != 0 {
				if _, ok := m.reportedIn[mark]; !ok {
					m.reportedIn[mark] = id
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
	return yieldAll(ctx, all)
}

// yieldAll yields a list.
func yieldAll[T any](ctx context.Context, all []T) iter.Seq2[T, error] {
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
	return m.withWriteLock(ctx, func() error {
		if m.info.Account.Differs(account) {
			return fmt.Errorf("ledger in memory: %w", ledger.ErrAccount)
		}
		m.info.Account = m.info.Account.Merge(account)
		return nil
	})
}

// Fact implements Runs.
func (m *Ledger) Fact(_ context.Context, name string) (string, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.learnt[name]
	if !ok {
		return "", time.Time{}, fmt.Errorf("%s: %w", name, ledger.ErrNotFound)
	}
	return f.value, f.at, nil
}

// SaveFact implements Runs.
func (m *Ledger) SaveFact(ctx context.Context, name, value string, at time.Time) error {
	return m.withWriteLock(ctx, func() error {
		m.learnt[name] = learnt{value, ledger.TruncateTime(at)}
		return nil
	})
}
