package sqlite

import (
	"context"

	"github.com/bulkonboard/bulkonboard/ledger"
)

var _ ledger.Plans = (*Ledger)(nil)

// savedPlans are the saved plans of a ledger.
type savedPlans struct{ l *Ledger }

// DigestPlanRow implements ledger.Plans.
func (p savedPlans) DigestPlanRow(identity string, details []ledger.Detail, generation int) ledger.PlanRow {
	return ledger.NewPlanRow(&p.l.keys, identity, details, generation)
}

// SavePlan implements ledger.Plans.
func (p savedPlans) SavePlan(ctx context.Context, plan ledger.Plan, rows []ledger.PlanRow) error {
	return p.l.write(ctx, func(ctx context.Context, c *conn) error { return c.Writer().InsertPlan(ctx, plan, rows) })
}

// DecidePlan implements ledger.Plans.
func (p savedPlans) DecidePlan(ctx context.Context, id string, d ledger.PlanDecision) error {
	return p.l.write(ctx, func(ctx context.Context, c *conn) error { return c.Writer().DecidePlan(ctx, id, d) })
}
