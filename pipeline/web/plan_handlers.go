package web

import (
	"net/http"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// makePlan computes the plan of a list, and submits it if asked to.
func (s *Server) makePlan(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
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
func (s *Server) showPlans(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	plans, err := s.engine.Plans(r.Context(), by)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.Plans{Plans: plans})
}

// showPlan shows a plan.
func (s *Server) showPlan(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	plan, err := s.engine.Plan(r.Context(), by, r.PathValue("plan"))
	if err != nil {
		return err
	}
	if !by.HasAny(api.Prepare, api.Approve) {
		plan.Sample, plan.Decisions = []api.Row{}, []api.Decision{}
	}
	return writeJSON(w, http.StatusOK, plan)
}

// approvePlan approves a plan.
func (s *Server) approvePlan(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	return s.decidePlan(w, r, by, true)
}

// declinePlan declines a plan.
func (s *Server) declinePlan(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	return s.decidePlan(w, r, by, false)
}

func (s *Server) decidePlan(w http.ResponseWriter, r *http.Request, by access.Visitor, approves bool) error {
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
