package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// makePlan computes the plan of a list, and submits it if asked to.
func makePlan(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	editor, err := editorOf(r, by)
	if err != nil {
		return err
	}
	var order api.MakePlan
	if err := readJSON(w, r, &order); err != nil {
		return err
	}
	list, err := s.lists.Snapshot(editor, r.PathValue("list"))
	if err != nil {
		return err
	}
	plan, err := s.engine.MakePlan(r.Context(), by, list, order)
	if err != nil {
		return err
	}
	if order.Save {
		if err := s.audit.Add(by, api.LogEntry{Action: "plan", List: list.ID, Plan: plan.ID, Rows: plan.Send}); err != nil {
			return err
		}
	}
	return writeJSON(w, http.StatusOK, plan)
}

// showPlans shows all plans.
func showPlans(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	plans, err := s.engine.Plans(r.Context(), by)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.Plans{Plans: plans})
}

// showPlan shows a plan.
func showPlan(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	plan, err := s.engine.Plan(r.Context(), by, r.PathValue("plan"))
	if err != nil {
		return err
	}
	if err := s.addList(r.Context(), by, &plan); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, plan)
}

// sampleRows is how many rows of its list an approver is shown.
const sampleRows = 20

// addList adds to a plan what its list is now: whether it was edited since, what was
// decided, and some of its rows. The role see gets no values.
func (s *Server) addList(ctx context.Context, by access.Visitor, plan *api.Plan) error {
	list, err := s.lists.Latest(plan.List)
	if isRefusal(err, "not_found") { // the list was sent and is gone, or the plan was made on a command line
		return nil
	}
	if err != nil {
		return err
	}
	if isOpen := plan.State == api.PlanWaiting || plan.State == api.PlanApproved; isOpen && list.Revision != plan.Revision {
		plan.State, plan.Differs = api.PlanStale, append(plan.Differs, "The list was changed after the plan was made.")
	}
	if !by.HasAny(api.Prepare, api.Approve) {
		return nil
	}
	plan.Columns, plan.Decisions = list.Columns, list.Decided
	s.engine.AddCommands(by, list, plan)
	if plan.Sample, err = s.sample(ctx, plan); isRefusal(err, "still_checking") { // after a start: there are rows a little later
		plan.Sample = []api.Row{}
		return nil
	}
	return err
}

// isRefusal reports whether an error is the refusal with a code.
func isRefusal(err error, code string) bool {
	var refusal *api.Refusal
	return errors.As(err, &refusal) && refusal.Body.Code == code
}

// sample returns random rows of a plan: the same ones whenever it is shown.
func (s *Server) sample(ctx context.Context, plan *api.Plan) ([]api.Row, error) {
	found, err := s.lists.Rows(ctx, plan.List, lists.Query{Filter: "ready", N: 1})
	if err != nil {
		return nil, err
	}
	seed := sha256.Sum256([]byte(plan.Digest))
	random := rand.New(rand.NewChaCha8(seed)) //nolint:gosec // no secret
	rows := []api.Row{}
	for _, at := range sampleOf(random, found.Total, sampleRows) {
		one, err := s.lists.Rows(ctx, plan.List, lists.Query{Filter: "ready", From: at, N: 1})
		if err != nil {
			return nil, err
		}
		rows = append(rows, one.Rows...)
	}
	return rows, nil
}

// sampleOf returns n different numbers below total, in order; all of them if there are
// no more.
func sampleOf(random *rand.Rand, total, n int) []int {
	chosen := map[int]bool{}
	for len(chosen) < min(n, total) {
		chosen[random.IntN(total)] = true
	}
	return slices.Sorted(maps.Keys(chosen))
}

// approvePlan approves a plan.
func approvePlan(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	return decidePlan(s, w, r, by, true)
}

// declinePlan declines a plan.
func declinePlan(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	return decidePlan(s, w, r, by, false)
}

func decidePlan(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor, approves bool) error {
	var answer api.Approval
	if err := readJSON(w, r, &answer); err != nil {
		return err
	}
	plan, err := s.engine.DecidePlan(r.Context(), by, r.PathValue("plan"), approves, answer)
	if err != nil {
		return err
	}
	action := "decline"
	if approves {
		action = "approve"
	}
	if err := s.audit.Add(by, api.LogEntry{Action: action, List: plan.List, Plan: plan.ID, Rows: plan.Send}); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, plan)
}
