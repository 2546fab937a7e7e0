package plans

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// maxComment is how many characters a comment has at most.
const maxComment = 1000

// DecidePlan approves or declines a plan. The answer must repeat the digest of the plan
// that was on the screen, and the number of rows to approve it. Whoever made the plan, or
// had a hand in its list, cannot approve it where two persons are asked for.
func (d *Desk) DecidePlan(ctx context.Context, by access.Visitor, id string, approves bool, answer api.Approval) (api.Plan, error) {
	p, err := d.findPlan(ctx, id)
	if err != nil {
		return api.Plan{}, err
	}
	terms, err := approval.ParseTerms(p.Terms)
	if err != nil {
		return api.Plan{}, err
	}
	if err := d.checkAnswer(ctx, by, p, &terms, approves, answer); err != nil {
		return api.Plan{}, err
	}
	if err := d.Commands.Decide(ctx, p, by.Name, Answer{Approves: approves, Comment: strings.TrimSpace(answer.Comment)}); err != nil {
		return api.Plan{}, err
	}
	return d.Plan(ctx, by, id)
}

func (d *Desk) checkAnswer(ctx context.Context, by access.Visitor, p ledger.Plan, terms *approval.Terms, approves bool, answer api.Approval) error {
	comment := strings.TrimSpace(answer.Comment)
	if len(comment) > maxComment || !approves && comment == "" {
		return api.Refuse(http.StatusUnprocessableEntity, "reason_missing")
	}
	if p.CheckDecision(time.Now()) != nil {
		return api.Refuse(http.StatusConflict, "not_waiting")
	}
	if answer.Digest != digestOf(p) {
		return api.Refuse(http.StatusConflict, "plan_differs")
	}
	if !approves {
		return nil
	}
	if terms.CheckDecider(d.personOf(by)) != nil {
		needsSecond, err := d.needsSecondPerson(ctx)
		if err != nil {
			return err
		}
		if needsSecond {
			return api.Refuse(http.StatusForbidden, "own_plan")
		}
	}
	if answer.Rows != terms.MaySend() {
		return api.Refuse(http.StatusUnprocessableEntity, "wrong_rows")
	}
	return nil
}

// needsSecondPerson reports whether maker and approver have to be two: always in a team.
func (d *Desk) needsSecondPerson(ctx context.Context) (bool, error) {
	if d.IsTeam {
		return true, nil
	}
	return d.Commands.NeedsSecondPerson(ctx)
}
