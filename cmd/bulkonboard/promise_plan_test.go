//go:build !windows

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// approvedPlan saves a plan of the scene's input and has it approved with a key. It
// returns the flags with which a run carries it out.
func (s *scene) approvedPlan(rows string) []string {
	s.Helper()
	plan, key, approvers := s.path("plan.json"), s.path("ben.key"), s.path("approvers.txt")
	made := s.run("approve", "keygen", "ben", key).ends(0)
	s.write(approvers, made.out.String())
	s.run("plan", "--base-url", s.base, "--ledger", s.ledger, "--rate", "unlimited", "--fee", "0.50", "--save", plan, s.input).ends(0)
	s.run("approve", "--key", key, "--rows", rows, plan).ends(0)
	return []string{"--plan", plan, "--approvers", approvers}
}

// planStates returns the states of the plans of the scene's ledger.
func (s *scene) planStates() (all []ledger.PlanState) {
	s.Helper()
	l := s.open()
	defer closing(s, l)
	saved, err := l.Plans(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	for _, p := range saved {
		all = append(all, p.State)
	}
	return all
}

// A run that carries out a plan and is killed in the middle is continued by the same
// command: no customer has two users, and the plan ends as used.
func TestPromisePlanKilled(t *testing.T) {
	t.Parallel()
	s, d := held(t, sandbox.Acted, 6)
	plan := s.approvedPlan("6")
	first := s.start(s.runArgs(append(patient(), plan...)...)...)
	d.await(t, 3)
	first.kill()
	d.release()
	if got := s.planStates(); len(got) != 1 || got[0] != ledger.PlanRunning {
		t.Fatalf("after the kill: %v", got)
	}
	s.run(s.runArgs(append(unhurried(), plan...)...)...).ends(0, 3)
	if n := len(s.users()); n != 6 {
		t.Errorf("%d users, want 6", n)
	}
	if rows := s.rows(); having(rows, ledger.Created)+having(rows, ledger.LinkMissing) != 6 {
		t.Errorf("rows %v", statuses(rows))
	}
	if got := s.planStates(); got[0] != ledger.PlanUsed {
		t.Errorf("at the end: %v", got)
	}
	posts := s.calls[0].Load()
	s.run(s.runArgs(plan...)...).ends(7)
	if n := s.calls[0].Load(); n != posts {
		t.Errorf("a used plan sent %d requests", n-posts)
	}
}

// A list that was edited after the approval sends nothing, whatever the row is like.
func TestPromisePlanOfAnotherList(t *testing.T) {
	t.Parallel()
	s := newScene(t, sandbox.Config{}, people(4))
	plan := s.approvedPlan("4")
	s.write(s.input, people(5))
	refused := s.run(s.runArgs(plan...)...).ends(7)
	for _, want := range []string{filepath.Base(s.input) + " is not the file that was approved", "were not approved: row"} {
		if !strings.Contains(refused.err.String(), want) && !strings.Contains(refused.err.String(), strings.Replace(want, "were", "was", 1)) {
			t.Errorf("%q is not said:\n%s", want, refused.err.String())
		}
	}
	if n := s.calls[0].Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
	s.write(s.input, people(4))
	s.run(s.runArgs(plan...)...).ends(0)
	s.all(ledger.Created, 4)
	if _, err := os.Stat(s.report); err != nil {
		t.Error(err)
	}
}
