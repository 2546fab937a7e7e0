package session

import (
	"context"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/ledger"
)

// RecordDecision approves or declines a plan of a ledger, and writes to the ledger's log
// who did. Whether that user may decide is for the caller to know.
func RecordDecision(ctx context.Context, l Ledger, p ledger.Plan, d *ledger.PlanDecision, record ledger.Run) (ledger.Plan, error) {
	if err := l.DecidePlan(ctx, p.ID, *d); err != nil {
		return p, err
	}
	p.Decision = d
	record.Settings = plans.DecisionText(p) + ": " + p.ID
	return p, RecordCommand(ctx, l, record)
}
