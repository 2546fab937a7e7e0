package memory

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

var _ ledger.Plans = (*Ledger)(nil)

// DigestPlanRow implements Plans.
func (m *Ledger) DigestPlanRow(identity string, details []ledger.Detail, generation int) ledger.PlanRow {
	return ledger.NewPlanRow(&m.keys, identity, details, generation)
}

// SavePlan implements Plans.
func (m *Ledger) SavePlan(ctx context.Context, p ledger.Plan, rows []ledger.PlanRow) error {
	return m.withWriteLock(ctx, func() error {
		if m.findPlan(p.ID) != nil {
			return fmt.Errorf("plan %s is there already: %w", p.ID, ledger.ErrConflict)
		}
		byCustomer := make(map[ledger.PlanDigest]ledger.PlanRow, len(rows))
		for _, r := range rows {
			byCustomer[r.Customer] = r
		}
		if len(byCustomer) != len(rows) {
			return fmt.Errorf("plan %s has two rows of one customer: %w", p.ID, ledger.ErrConflict)
		}
		p.State, p.Rows, p.Decision = ledger.PlanMade, len(rows), nil
		p.Made, p.Expires = ledger.TruncateTime(p.Made), ledger.TruncateTime(p.Expires)
		m.plans = append(m.plans, p)
		m.planRows[p.ID] = byCustomer
		return nil
	})
}

// Plans implements Plans.
func (m *Ledger) Plans(context.Context) ([]ledger.Plan, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Clone(m.plans)
	sort.SliceStable(all, func(i, j int) bool { return all[i].Made.After(all[j].Made) })
	return all, nil
}

// DecidePlan implements Plans.
func (m *Ledger) DecidePlan(ctx context.Context, id string, d ledger.PlanDecision) error {
	return m.withWriteLock(ctx, func() error {
		p, err := m.requirePlan(id)
		if err == nil {
			err = p.CheckDecision(d.At)
		}
		if err != nil {
			return err
		}
		d.At = ledger.TruncateTime(d.At)
		p.Decision = &d
		if d.Approves {
			m.movePlan(p, ledger.PlanApproved)
		} else {
			m.movePlan(p, ledger.PlanDeclined)
		}
		return nil
	})
}

// Unplanned implements Plans.
func (m *Ledger) Unplanned(_ context.Context, id string, rows []ledger.PlanRow) (left []int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, r := range rows {
		if planned, ok := m.planRows[id][r.Customer]; !ok || !planned.Allows(r) {
			left = append(left, i)
		}
	}
	return left, nil
}

// findPlan returns a plan that may be changed, or nil.
func (m *state) findPlan(id string) *ledger.Plan {
	for i := range m.plans {
		if m.plans[i].ID == id {
			return &m.plans[i]
		}
	}
	return nil
}

func (m *state) requirePlan(id string) (*ledger.Plan, error) {
	p := m.findPlan(id)
	if p == nil {
		return nil, fmt.Errorf("plan %s: %w", id, ledger.ErrNotFound)
	}
	return p, nil
}

// movePlan gives a plan another state. The rows of one that is over are removed.
func (m *state) movePlan(p *ledger.Plan, to ledger.PlanState) {
	if p.State = to; !to.IsOpen() {
		delete(m.planRows, p.ID)
	}
}

// beginPlan moves a plan to running, for a run that begins at a moment.
func (m *state) beginPlan(id string, now time.Time) error {
	p, err := m.requirePlan(id)
	if err == nil {
		err = p.CheckBegin(now)
	}
	if err == nil {
		m.movePlan(p, ledger.PlanRunning)
	}
	return err
}

// finishPlan makes the plan of a run used, if it has one that is running.
func (m *state) finishPlan(id string, exitCode int) {
	if p := m.findPlan(id); p != nil && p.State == ledger.PlanRunning && !ledger.LeavesPlan(exitCode) {
		m.movePlan(p, ledger.PlanUsed)
	}
}

// voidPlans makes all open plans void.
func (m *state) voidPlans() {
	for i := range m.plans {
		if p := &m.plans[i]; p.State.IsOpen() {
			m.movePlan(p, ledger.PlanVoid)
		}
	}
}
