package plans

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
)

// Carried is the approved plan that a run carries out.
type Carried struct {
	Plan  ledger.Plan
	Terms approval.Terms
	store Store
	to    Target
}

// Load finds the plan that a run is to carry out, by its ID or its file, and refuses
// it unless it is approved, by somebody who may approve, and fits the target. A
// signed decision that a file brings is recorded in the ledger.
func Load(ctx context.Context, store Store, f *settings.PlanFlags, to Target) (*Carried, error) {
	approvers, err := settings.ReadApprovers(f.Approvers)
	if err != nil {
		return nil, err
	}
	id, brought := f.Plan, (*ledger.PlanDecision)(nil)
	if settings.IsPlanFile(f.Plan) {
		p, err := ReadFile(f.Plan)
		if err != nil {
			return nil, err
		}
		id, brought = p.ID, p.Decision
	}
	p, err := ledger.FindPlan(ctx, store, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, refusePlan("plan "+id+" is not in this ledger", "name the ledger with which it was made; one that was put back from an older copy needs a new plan")
	}
	if err != nil {
		return nil, err
	}
	if p.State == ledger.PlanMade && brought != nil {
		if p, err = recordDecision(ctx, store, p, brought, approvers); err != nil {
			return nil, err
		}
	}
	if err := p.CheckBegin(time.Now()); err != nil {
		return nil, exit.NewHint(err, nextStep(p))
	}
	c := &Carried{Plan: p, store: store, to: to}
	if c.Terms, err = approval.ParseTerms(p.Terms); err != nil {
		return nil, fmt.Errorf("plan %s: %w", p.ID, err)
	}
	if err := c.checkDecision(ctx, approvers); err != nil {
		return nil, err
	}
	now := approval.Terms{Environment: to.Environment, Host: to.Host, Account: to.Account, KeyPrint: to.KeyPrint, Rate: to.Rate}
	return c, c.refuse(approval.CompareTarget(&c.Terms, &now))
}

// recordDecision writes what the file of a plan brings, if an approver signed it.
func recordDecision(ctx context.Context, store Store, p ledger.Plan, d *ledger.PlanDecision, approvers approval.Approvers) (ledger.Plan, error) {
	if err := approval.Verify(p.Terms, d, approvers); err != nil {
		return p, refusePlan(err.Error(), "name the list of public keys with --approvers; bulkonboard approve keygen prints a line of it")
	}
	recorded := *d
	if err := store.DecidePlan(ctx, p.ID, recorded); err != nil {
		return p, err
	}
	return ledger.FindPlan(ctx, store, p.ID)
}

// checkDecision makes sure that the approval counts: of another account, unless the
// ledger asks for one person only, or signed by an approver.
func (c *Carried) checkDecision(ctx context.Context, approvers approval.Approvers) error {
	d := c.Plan.Decision
	if d == nil {
		return refusePlan("plan " + c.Plan.ID + " is not approved")
	}
	if d.Signer == "" {
		return CheckDecider(ctx, c.store, &c.Terms, approval.Person{User: d.Who, Host: d.Host})
	}
	if err := approval.Verify(c.Plan.Terms, d, approvers); err != nil {
		return refusePlan(err.Error(), "name the list of public keys with --approvers; bulkonboard approve keygen prints a line of it")
	}
	return nil
}

// Approve compares what the run would do with the plan.
func (c *Carried) Approve(ctx context.Context, plan pipeline.Plan, rows []pipeline.RowToSend) error {
	if !plan.Fee.Known() { // the approved one is the best that is known
		plan.Fee = c.fee()
	}
	now := NewTerms(c.to, Hands{Maker: c.Terms.Maker}, plan, rows)
	planned := make([]ledger.PlanRow, len(rows))
	for i := range rows {
		planned[i] = rows[i].PlanRow
	}
	left, err := c.store.Unplanned(ctx, c.Plan.ID, planned)
	if err != nil {
		return err
	}
	names := make([]string, len(left))
	for i, at := range left {
		names[i] = rowName(plan.Batch.Files, rows[at])
	}
	return c.refuse(approval.Compare(&c.Terms, &now, names))
}

// FeeFor returns the fee that a run counts with: the given one, or the one that earlier
// runs measured, which is unknown here, or else the approved one.
func (c *Carried) FeeFor(ctx context.Context, given pipeline.Amount) (pipeline.Amount, error) {
	if given.Known() {
		return given, nil
	}
	_, _, err := c.store.Fact(ctx, pipeline.FactFee)
	if errors.Is(err, ledger.ErrNotFound) {
		return c.fee(), nil
	}
	return given, err
}

// CheckFee refuses to go on when the users cost more than was approved.
func (c *Carried) CheckFee(_, is pipeline.Amount) error {
	if is.Cmp(c.fee()) <= 0 {
		return nil
	}
	return refusePlan(fmt.Sprintf("the users cost %s each, and %s was approved, so plan %s is no longer what was approved", is, c.Terms.Fee, c.Plan.ID), "make a new plan with the new fee: bulkonboard plan --save --fee")
}

// fee returns the approved fee.
func (c *Carried) fee() pipeline.Amount {
	fee, err := pipeline.ParseAmount(c.Terms.Fee)
	if err != nil {
		return pipeline.Amount{}
	}
	return fee
}

// refuse returns the refusal of a run that differs from its plan; nil if it does not.
func (c *Carried) refuse(differences []string) error {
	if len(differences) == 0 {
		return nil
	}
	err := &approval.NotAsApproved{ID: c.Plan.ID, Differences: differences}
	return exit.NewHint(err, append(differences, "if this is what you want, make a new plan: bulkonboard plan --save")...)
}

// refusePlan returns an error with which a run does not begin.
func refusePlan(text string, hints ...string) error {
	return exit.NewHint(ledger.PlanErrorf("%s", text), hints...)
}

// nextStep says what to do about a plan that no run can begin with.
func nextStep(p ledger.Plan) string {
	if p.State == ledger.PlanMade && time.Now().Before(p.Expires) {
		return "a second person approves it with: bulkonboard approve " + p.ID
	}
	return "make a new plan: bulkonboard plan --save"
}

func rowName(files []ledger.File, r pipeline.RowToSend) string {
	if int(r.File) >= len(files) || len(files) == 1 {
		return fmt.Sprintf("row %d", r.Number)
	}
	return fmt.Sprintf("row %d of %s", r.Number, filepath.Base(files[r.File].Name))
}
