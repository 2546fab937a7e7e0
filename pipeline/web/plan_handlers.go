package web

import (
	"errors"
	"net/http"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
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
	if err := s.addList(by, &plan); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, plan)
}

// addList adds to a plan what its list is now: whether it was edited since, what was
// decided, and some of its rows. The role see gets no values.
func (s *Server) addList(by access.Visitor, plan *api.Plan) error {
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
	plan.Columns, plan.Decisions = append(plan.Columns, list.Columns...), append(plan.Decisions, list.Decided...)
	s.engine.AddCommands(by, list, plan)
	if plan.Sample, err = s.lists.Numbered(plan.List, plan.SampleRows); isRefusal(err, "still_checking") { // after a start: there are rows a little later
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
