//go:build !windows

package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
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
	s.establish()
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

// madeByAnother puts a plan into the scene's ledger that is like the only one in it, and
// was made by another account of this machine. It returns its ID.
func (s *scene) madeByAnother() string {
	s.Helper()
	l := s.open()
	saved, err := l.Plans(s.Context())
	closing(s, l)
	if err != nil || len(saved) != 1 {
		s.Fatalf("%d plans: %v", len(saved), err)
	}
	terms, err := approval.ParseTerms(saved[0].Terms)
	if err != nil {
		s.Fatal(err)
	}
	terms.Maker.User = "somebody-else"
	text, id, err := terms.Encode(time.Now())
	if err != nil {
		s.Fatal(err)
	}
	db, err := sql.Open("sqlite", s.ledger)
	if err != nil {
		s.Fatal(err)
	}
	defer closing(s, db)
	for _, statement := range []string{
		"INSERT INTO plan (id, state, terms, rows, who, host, made_us, expires_us) SELECT ?1, state, ?2, rows, ?3, host, made_us, expires_us FROM plan",
		"INSERT INTO plan_row SELECT ?1, customer, details, generation FROM plan_row WHERE ?2 <> ?3",
	} {
		if _, err := db.ExecContext(s.Context(), statement, id, text, terms.Maker.User); err != nil {
			s.Fatal(err)
		}
	}
	return id
}

// Two accounts of one machine need no key: the second one approves the plan in the
// ledger, while a run may hold it.
func TestPromisePlanOfAnotherAccount(t *testing.T) {
	t.Parallel()
	s := newScene(t, sandbox.Config{}, people(3))
	s.run("plan", "--base-url", s.base, "--ledger", s.ledger, "--rate", "unlimited", "--fee", "0.50", "--save", s.input).ends(0)
	id := s.madeByAnother()
	s.run("approve", "--base-url", s.base, "--ledger", s.ledger, id).ends(2) // the number of rows was not typed
	done := s.run("approve", "--base-url", s.base, "--ledger", s.ledger, "--rows", "3", id).ends(0)
	if strings.Contains(done.err.String(), "the account that made it") || !strings.Contains(done.err.String(), "approved by") {
		t.Errorf("said:\n%s", done.err.String())
	}
	s.run("approve", "--base-url", s.base, "--ledger", s.ledger, "--decline", "--because", "too late", id).ends(7)
	s.run(s.runArgs("--plan", id)...).ends(0)
	s.all(ledger.Created, 3)
	s.run(s.runArgs("--plan", id)...).ends(7)
	s.run("ledger", "verify", "--ledger", s.ledger).ends(0)
}
