package sqlite

import (
	"context"

	"github.com/bulkonboard/bulkonboard/ledger"
)

var _ ledger.Plans = (*Ledger)(nil)

// DigestPlanRow implements ledger.Plans.
func (l *Ledger) DigestPlanRow(identity string, details []ledger.Detail, generation int) ledger.PlanRow {
	return ledger.NewPlanRow(&l.keys, identity, details, generation)
}

// SavePlan implements ledger.Plans.
func (l *Ledger) SavePlan(ctx context.Context, p ledger.Plan, rows []ledger.PlanRow) error {
	return l.write(ctx, func(ctx context.Context, c *conn) error { return c.InsertPlan(ctx, p, rows) })
}

// Plans implements ledger.Plans.
func (l *Ledger) Plans(ctx context.Context) ([]ledger.Plan, error) {
	return read(ctx, l, func(c *conn) ([]ledger.Plan, error) { return c.Plans(ctx, "ORDER BY made_us DESC, id") })
}

// DecidePlan implements ledger.Plans.
func (l *Ledger) DecidePlan(ctx context.Context, id string, d ledger.PlanDecision) error {
	return l.write(ctx, func(ctx context.Context, c *conn) error { return c.DecidePlan(ctx, id, d) })
}

// Unplanned implements ledger.Plans.
func (l *Ledger) Unplanned(ctx context.Context, id string, rows []ledger.PlanRow) ([]int, error) {
	return read(ctx, l, func(c *conn) ([]int, error) { return c.Unplanned(ctx, id, rows) })
}
