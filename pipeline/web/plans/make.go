package plans

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// MakePlan computes the plan of a list, and submits it if order.Save is set. Its figures
// are those of plan --json. A plan that a run would refuse is not submitted: the error
// says why. Without order.Save the answer says it, in Plan.Blocked.
func (d *Desk) MakePlan(ctx context.Context, by access.Visitor, list *lists.Snapshot, order api.MakePlan) (api.Plan, error) {
	if d.currentRun() != nil {
		return api.Plan{}, api.Refuse(http.StatusConflict, "held")
	}
	select { // the ledger is for one at a time
	case d.busy <- struct{}{}:
		defer func() { <-d.busy }()
	case <-ctx.Done():
		return api.Plan{}, ctx.Err()
	}
	terms := Terms{Fee: order.Fee, Save: order.Save, NeedsAll: order.Save && !order.Funded}
	p, err := d.Commands.Preview(ctx, orderOf(by, list), terms)
	if err != nil && p.Plan.Rows == 0 {
		return api.Plan{}, err
	}
	plan := d.newPlan(ctx, by, list, &p)
	plan.Limit = order.Limit
	if covers := p.Plan.Covered; order.Funded && covers >= 0 && covers < p.Plan.Send {
		plan.Limit = min(cmp.Or(plan.Limit, covers), covers)
	}
	d.addCommands(orderOf(by, list), &plan, order.Fee)
	plan.Blocked = blockedBy(&p, err, order.Funded)
	if !order.Save {
		return plan, nil
	}
	if p.Saved.ID == "" {
		if plan.Blocked == nil {
			return plan, cmp.Or(err, error(api.Refuse(http.StatusInternalServerError, "failed")))
		}
		return plan, &api.Refusal{Status: http.StatusUnprocessableEntity, Body: *plan.Blocked}
	}
	e := entry{Plan: p.Saved.ID, List: list.ID, Name: list.Name, Revision: list.Revision, Origin: list.Origin, Limit: plan.Limit, Fee: order.Fee, Made: time.Now().UTC(), Overlaps: p.Overlaps, Warnings: p.Warnings}
	if err := d.book.add(e); err != nil {
		return plan, err
	}
	if plan, err = d.describePlan(ctx, by, p.Saved); err != nil {
		return plan, err
	}
	plan.Seconds = p.Plan.Duration.Seconds()
	plan.Columns, plan.Decisions = append(plan.Columns, list.Columns...), append(plan.Decisions, list.Decided...)
	d.addCommands(orderOf(by, list), &plan, order.Fee)
	return plan, nil
}

// AddCommands adds to a plan what makes it and what carries it out from a command line.
func (d *Desk) AddCommands(by access.Visitor, list *lists.Snapshot, plan *api.Plan) {
	e, _ := d.book.find(plan.ID)
	d.addCommands(orderOf(by, list), plan, e.Fee)
}

// addCommands is AddCommands with the fee that was typed.
func (d *Desk) addCommands(o Order, plan *api.Plan, fee string) {
	plan.Command = d.Commands.Command(o, Terms{Fee: fee, Save: true, NeedsAll: plan.Shortfall == ""}, "plan")
	plan.RunCommand = d.Commands.Command(o, Terms{Plan: plan.ID, Fee: fee, Limit: plan.Limit}, "run")
}

// blockedBy says why a plan cannot be submitted; nil if it can.
func blockedBy(p *Preview, err error, isFunded bool) *api.Error {
	plan := &p.Plan
	refused := &api.Refusal{}
	switch {
	case p.Saved.ID != "":
		return nil
	case plan.Send+plan.InDoubt == 0:
		return wordedError("nothing_to_send")
	case plan.Covered >= 0 && plan.Covered < plan.Send && !isFunded:
		short := wordedError("wallet_short")
		short.Shortfall, short.Covers = plan.Shortfall.String(), plan.Covered
		short.Sentence = strings.TrimSpace(fmt.Sprintf("The wallet covers %s of %s. It is short by %s %s", reporttext.FormatCount(plan.Covered), reporttext.CountNoun(plan.Send, "row"), short.Shortfall, plan.Currency)) + "."
		return short
	case !plan.Fee.Known():
		return wordedError("fee_unknown")
	case errors.As(err, &refused):
		return &refused.Body
	}
	return nil
}

// wordedError returns an error with the sentences of its code.
func wordedError(code string) *api.Error {
	m := messages.English().Requests[code]
	return &api.Error{Code: code, Sentence: m.Meaning, WhatToDo: m.Finance}
}
