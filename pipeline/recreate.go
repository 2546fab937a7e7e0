package pipeline

import (
	"context"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
)

// Recreation says which users of an input are deleted at the partner and created again,
// because their links are dead. One customer is through, with a new link, before the next
// user is deleted. When one is not, no further user is deleted.
type Recreation struct {
	Customers map[int64]bool // ids of customers that are created

	// Remove deletes the user of a customer under an intent of the run, and records what
	// came of it. AwaitTurn holds its requests to the rate of the run. No other request
	// about a customer is in flight meanwhile. An error ends the run; it should be a *Stop.
	Remove func(ctx context.Context, d Deletion) (Removal, error)
}

// Deletion is a user to be deleted.
type Deletion struct {
	Run       int64
	Customer  ledger.Customer // with its attempts
	AwaitTurn func(context.Context) error
}

// Removal is what became of a user that was to be deleted.
type Removal struct {
	Customer ledger.Customer // as it is now, with its attempts
	IsGone   bool            // deleted for certain, and the list does not show it any more
}

func (r *Recreation) has(customer int64) bool { return r != nil && r.Customers[customer] }

func (r *Recreation) count() int {
	if r == nil {
		return 0
	}
	return len(r.Customers)
}

// loadRenewed reads the customers of rows whose users may be deleted: a plan shows only
// the id and status of one that is created.
func (p *planner) loadRenewed(ctx context.Context, rows []checked) error {
	var jobs []*job
	var ids []int64
	for i := range rows {
		if c := rows[i].planned.Customer; p.cfg.Recreate.has(c.ID) {
			jobs, ids = append(jobs, &job{customer: c}), append(ids, c.ID)
		}
	}
	if err := p.loadHistories(ctx, jobs, ids); err != nil {
		return err
	}
	byID := make(map[int64]ledger.Customer, len(jobs))
	for _, j := range jobs {
		byID[j.customer.ID] = j.customer
	}
	for i := range rows {
		if c, ok := byID[rows[i].planned.Customer.ID]; ok {
			rows[i].planned.Customer = c
		}
	}
	return nil
}

// isIdle reports whether no row is on its way.
func (p *planner) isIdle() bool { return len(p.queue) == 0 && p.openIntents == 0 }

// renewNext deletes the user of the next customer that waits for it, and queues the
// customer to be created again.
func (p *planner) renewNext(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	j := p.renewals[0]
	p.renewals = p.renewals[1:]
	before := j.customer.Status
	removal, err := p.cfg.Recreate.Remove(ctx, Deletion{Run: p.id, Customer: j.customer, AwaitTurn: p.pace.WaitTurn})
	if err != nil {
		return err // what was sent is in the ledger; a later run of the input continues it
	}
	if removal.Customer.ID != j.customer.ID || removal.Customer.Status != ledger.InDoubt {
		return nil // it was not deleted
	}
	j.customer, j.isRenewed = removal.Customer, true
	p.cfg.OnStatusChange(before, ledger.InDoubt)
	if !removal.IsGone || decide.HasUnanswered(j.customer.History, p.timing()) {
		p.sendToResolver(j)
		return nil
	}
	// The deletion is confirmed, and its generation's key was never used.
	j.freshUntil = pacing.WallTime().Add(freshAtMost + durationAt(2, p.pace.CurrentRate()))
	p.queue = append(p.queue, j)
	return nil
}

// stopRenewals keeps all further users from being deleted.
func (p *planner) stopRenewals() {
	p.cfg.Log.Warn("no further user is deleted, because one was not created again")
	p.noRenewals, p.renewals = true, nil
}
