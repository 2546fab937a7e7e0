package pipeline

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
)

// meddled is a ledger that another writer changes just before an intent or a
// record of ours.
type meddled struct {
	*memory.Ledger
	mu     sync.Mutex
	intend func(intents []ledger.Intent) // nil = nothing
	record func(changes []ledger.Change) (keep, left []ledger.Change)
	kept   []ledger.Change // by Emergency
	calls  int             // of Intend
}

func (m *meddled) Intend(ctx context.Context, run int64, in []ledger.Intent) ([]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.intend != nil {
		m.intend(in)
	}
	return m.Ledger.Intend(ctx, run, in)
}

func (m *meddled) Record(ctx context.Context, run int64, changes []ledger.Change) ([]ledger.Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var left []ledger.Change
	if m.record != nil {
		changes, left = m.record(changes)
	}
	more, err := m.Ledger.Record(ctx, run, changes)
	return append(left, more...), err
}

func (m *meddled) Emergency(changes []ledger.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = append(m.kept, changes...)
	return nil
}

// byHand sets the status of a customer that was never sent.
func byHand(t *testing.T, l ledger.Ledger, e ledger.Expect, s ledger.Status) {
	t.Helper()
	left, err := l.Record(t.Context(), 99, []ledger.Change{{Expect: e, Status: s, Code: "by_hand", Manual: true, At: pacing.WallTime()}})
	if err != nil || len(left) > 0 {
		t.Errorf("%v, left: %v", err, left)
	}
}

// Rows that another writer has changed are skipped, as the only one or in the middle of a
// group: one that is settled counts as it is, one that is to be sent still is
// sent, and nothing is sent twice.
func TestPlannerSkipsWhatChanged(t *testing.T) {
	for name, unlimited := range map[string]bool{"one at a time": false, "in groups": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, 30)
				m := &meddled{Ledger: b.ledger}
				b.cfg.Ledger, b.cfg.Pace.Unlimited = m, unlimited
				seen := map[int64]bool{}
				m.intend = func(in []ledger.Intent) {
					for _, i := range in {
						if seen[i.Customer] {
							continue
						}
						seen[i.Customer] = true
						switch i.Customer % 3 {
						case 0:
							if n, err := b.ledger.Forget(t.Context(), []string{i.Email}); n != 1 || err != nil {
								t.Errorf("forgot %d, %v", n, err)
							}
						case 1:
							byHand(t, b.ledger, i.Expect, ledger.InsufficientBalance)
						}
					}
				}
				s, err := b.run()
				if err != nil {
					t.Fatal(err)
				}
				want(t, s, map[ledger.Status]int{ledger.Created: 20, ledger.Forgotten: 10})
				if len(b.partner.posts) != 20 {
					t.Errorf("%d requests", len(b.partner.posts))
				}
			})
		})
	}
}

// The only row changes again and again: nothing but the skip itself makes the
// planner look at its queue once more.
func TestPlannerRetriesSkippedRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		m := &meddled{Ledger: b.ledger}
		b.cfg.Ledger = m
		m.intend = func(in []ledger.Intent) {
			switch {
			case m.calls > 6:
			case in[0].Status == ledger.Pending:
				byHand(t, b.ledger, in[0].Expect, ledger.InsufficientBalance)
			default:
				byHand(t, b.ledger, in[0].Expect, ledger.Pending)
			}
		}
		s, err := b.run()
		if err != nil || m.calls != 7 {
			t.Errorf("after %d calls: %v", m.calls, err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 1})
	})
}

// A row that another process sends is left to it, and the limit counts what was
// sent.
func TestPlannerSkipsOpenAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 5)
		m := &meddled{Ledger: b.ledger}
		b.cfg.Ledger, b.cfg.Bounds.Limit = m, 2
		m.intend = func(in []ledger.Intent) {
			m.intend = nil
			if _, err := b.ledger.Intend(t.Context(), 99, in[:1]); err != nil {
				t.Error(err)
			}
		}
		s, err := Run(t.Context(), b.cfg)
		if reasonOf(err) != Limit {
			t.Errorf("%v", err)
		}
		want(t, s, map[ledger.Status]int{ledger.Created: 2, ledger.InDoubt: 1, ledger.Pending: 2})
	})
}

// refusing accepts no intent, although nothing has changed.
type refusing struct{ *memory.Ledger }

func (refusing) Intend(_ context.Context, _ int64, in []ledger.Intent) ([]int64, error) {
	return make([]int64, len(in)), nil
}

func TestPlannerGivesUpOnARefusedIntent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 5)
		b.cfg.Ledger = refusing{b.ledger}
		_, err := Run(t.Context(), b.cfg)
		if reasonOf(err) != LedgerFault || !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("%v", err)
		}
	})
}

// An answer that does not fit goes to the emergency file and stops the run; the
// other answers of its group are recorded.
func TestRecorderSavesRefusedAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 20)
		m := &meddled{Ledger: b.ledger}
		b.cfg.Ledger, b.cfg.Pace.Unlimited = m, true
		recorded := 0
		m.record = func(changes []ledger.Change) (keep, left []ledger.Change) {
			if recorded += len(changes); recorded >= 5 && len(m.kept) == 0 {
				m.record = nil
				return changes[1:], changes[:1]
			}
			return changes, nil
		}
		s, err := Run(t.Context(), b.cfg)
		if reasonOf(err) != LedgerFault || !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("%v", err)
		}
		if len(m.kept) != 1 || m.kept[0].Status != ledger.Created || m.kept[0].URL == "" {
			t.Fatalf("kept: %+v", m.kept)
		}
		created := 0
		for c, err := range b.ledger.Customers(t.Context(), ledger.Query{Status: []ledger.Status{ledger.Created}}) {
			if err != nil || c.ID == m.kept[0].Customer {
				t.Errorf("%d %v", c.ID, err)
			}
			created++
		}
		if created != len(b.partner.users)-1 || s.Tally.Status[ledger.Created] > created {
			t.Errorf("%d created, the partner has %d, the summary says %v", created, len(b.partner.users), s.Tally.Status)
		}
	})
}
