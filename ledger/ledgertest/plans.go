package ledgertest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// savedPlan returns a plan that is made at a moment and lives a day.
func savedPlan(id string, made time.Time) ledger.Plan {
	return ledger.Plan{ID: id, Terms: `{"plan":"` + id + `"}`, Who: "ann", Host: "h1", Made: made, Expires: made.Add(24 * time.Hour)}
}

// planRows returns rows of a plan for some names.
func planRows(l ledger.Plans, generation int, names ...string) (rows []ledger.PlanRow) {
	for _, name := range names {
		rows = append(rows, l.DigestPlanRow(name+"@example.com", namedDetails(name, "Doe"), generation))
	}
	return rows
}

// plansOf skips the test if the ledger keeps no plans.
func plansOf(t *testing.T, l ledger.Ledger) ledger.Plans {
	p, ok := l.(ledger.Plans)
	if !ok {
		t.Skip("this ledger keeps no plans")
	}
	return p
}

func planState(t *testing.T, l ledger.Plans, id string) ledger.PlanState {
	t.Helper()
	p, err := ledger.FindPlan(t.Context(), l, id)
	must(t, err)
	return p.State
}

func testPlans(t *testing.T, l ledger.Ledger) {
	p, ctx := plansOf(t, l), t.Context()
	all, err := p.Plans(ctx)
	must(t, err)
	same(t, "at first", len(all), 0)
	if _, err := ledger.FindPlan(ctx, p, "one"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("a plan that does not exist: %v", err)
	}
	must(t, p.SavePlan(ctx, savedPlan("one", start()), planRows(p, 1, "a", "b")))
	must(t, p.SavePlan(ctx, savedPlan("two", at(60)), nil))
	if err := p.SavePlan(ctx, savedPlan("one", at(60)), nil); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("saved twice: %v", err)
	}
	if err := p.SavePlan(ctx, savedPlan("three", at(60)), planRows(p, 0, "a", "b", "a")); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("two rows of one customer: %v", err)
	}
	all, err = p.Plans(ctx)
	must(t, err)
	one, two := savedPlan("one", start()), savedPlan("two", at(60))
	one.State, one.Rows, two.State = ledger.PlanMade, 2, ledger.PlanMade
	same(t, "newest first", all, []ledger.Plan{two, one})

	d := ledger.PlanDecision{Approves: true, Who: "ben", Host: "h2", Signer: "ben", Signature: "c2ln", Because: "looks right", At: at(90)}
	must(t, p.DecidePlan(ctx, "one", d))
	all, err = p.Plans(ctx)
	must(t, err)
	same(t, "approved", []any{all[1].State, *all[1].Decision}, []any{ledger.PlanApproved, d})
	d.Approves = false
	must(t, p.DecidePlan(ctx, "two", d))
	same(t, "declined", planState(t, p, "two"), ledger.PlanDeclined)
	for _, id := range []string{"one", "two"} {
		if err := p.DecidePlan(ctx, id, d); !errors.Is(err, ledger.ErrPlan) {
			t.Errorf("%s was decided twice: %v", id, err)
		}
	}
	if err := p.DecidePlan(ctx, "three", d); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("decided on a plan that does not exist: %v", err)
	}
	must(t, p.SavePlan(ctx, savedPlan("three", start()), nil))
	d.At = at(24 * 3600)
	if err := p.DecidePlan(ctx, "three", d); !errors.Is(err, ledger.ErrPlan) || errors.Is(err, ledger.ErrWrite) {
		t.Errorf("decided on a plan that has expired: %v", err)
	}
}

func testPlanRows(t *testing.T, l ledger.Ledger) {
	p, ctx := plansOf(t, l), t.Context()
	must(t, p.SavePlan(ctx, savedPlan("other", start()), planRows(p, 9, "a", "b", "c", "d", "e")))
	must(t, p.SavePlan(ctx, savedPlan("one", start()), planRows(p, 1, "a", "b", "c")))
	now := planRows(p, 1, "c", "d", "a")                                             // d is not in it
	now = append(now, planRows(p, 0, "b")...)                                        // a generation that fell
	now = append(now, planRows(p, 3, "b")...)                                        // and one that rose
	now = append(now, p.DigestPlanRow("b@example.com", nil, 1))                      // other details
	now = append(now, p.DigestPlanRow("a@example.com", namedDetails("a", "Doe"), 1)) // as it was
	left, err := p.Unplanned(ctx, "one", now)
	must(t, err)
	same(t, "not in the plan", left, []int{1, 3, 5})
	left, err = p.Unplanned(ctx, "none", now[:1])
	must(t, err)
	same(t, "of a plan that does not exist", left, []int{0})

	if f, ok := l.(Forgetter); ok {
		_, err := f.Forget(ctx, []string{"a@example.com"})
		must(t, err)
		left, err = p.Unplanned(ctx, "one", now)
		must(t, err)
		same(t, "after Forget", left, []int{1, 2, 3, 5, 6})
	}
	must(t, p.DecidePlan(ctx, "one", ledger.PlanDecision{At: at(1)}))
	left, err = p.Unplanned(ctx, "one", now[:1])
	must(t, err)
	same(t, "of a plan that is over", left, []int{0})
}

func testPlanRuns(t *testing.T, l ledger.Ledger) {
	p, ctx := plansOf(t, l), t.Context()
	begin := func(id string, seconds int) (int64, error) {
		return l.Begin(ctx, ledger.Run{Command: "run", Plan: id, Started: at(seconds)})
	}
	refused := func(what, id string, seconds int) {
		t.Helper()
		if _, err := begin(id, seconds); !errors.Is(err, ledger.ErrPlan) || errors.Is(err, ledger.ErrWrite) {
			t.Errorf("%s: %v", what, err)
		}
	}
	finish := func(run int64, code int) {
		t.Helper()
		must(t, l.Finish(ctx, run, ledger.RunEnd{At: at(100), ExitCode: code}))
	}
	for _, id := range []string{"one", "made", "declined", "open"} {
		must(t, p.SavePlan(ctx, savedPlan(id, start()), planRows(p, 0, "a")))
	}
	if _, err := begin("none", 1); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("a plan that does not exist: %v", err)
	}
	refused("not approved", "made", 1)
	must(t, p.DecidePlan(ctx, "declined", ledger.PlanDecision{At: at(1)}))
	refused("declined", "declined", 1)
	must(t, p.DecidePlan(ctx, "one", ledger.PlanDecision{Approves: true, At: at(1)}))
	refused("expired", "one", 24*3600)
	same(t, "still", planState(t, p, "one"), ledger.PlanApproved)

	_, err := begin("one", 2)
	must(t, err)
	same(t, "killed", planState(t, p, "one"), ledger.PlanRunning)
	for _, code := range []int{4, 6, 8, 130, 143} {
		run, err := begin("one", 3)
		must(t, err)
		finish(run, code)
		same(t, fmt.Sprint("after exit code ", code), planState(t, p, "one"), ledger.PlanRunning)
	}
	refused("expired on the way", "one", 24*3600)
	last, err := begin("one", 24*3600-1)
	must(t, err)
	finish(last, 3)
	same(t, "after the last run", planState(t, p, "one"), ledger.PlanUsed)
	refused("used", "one", 4)
	for r, err := range l.Log(ctx) {
		must(t, err)
		same(t, "in the log", []any{r.ID, r.Plan}, []any{last, "one"})
		break
	}
	run, err := begin("", 5)
	must(t, err)
	finish(run, 0)

	g, ok := l.(ledger.Gaps)
	if !ok {
		return
	}
	must(t, p.DecidePlan(ctx, "open", ledger.PlanDecision{Approves: true, At: at(1)}))
	_, err = g.OpenGap(ctx, ledger.Gap{Cause: ledger.GapAdopt})
	must(t, err)
	for id, want := range map[string]ledger.PlanState{"one": ledger.PlanUsed, "made": ledger.PlanVoid, "declined": ledger.PlanDeclined, "open": ledger.PlanVoid} {
		same(t, id+" after the ledger was put back", planState(t, p, id), want)
	}
	refused("void", "open", 5)
}

// playPlan saves a plan, decides on one, or carries one out.
func (w *twins) playPlan() {
	on, ok := w.l.(ledger.Plans)
	if !ok {
		return
	}
	id := fmt.Sprint("plan ", rapid.IntRange(1, 4).Draw(w.T, "plan"))
	what := rapid.SampledFrom([]string{"save", "approve", "decline", "run", "late"}).Draw(w.T, "what")
	people, code := w.drawPeople(1), rapid.SampledFrom([]int{0, 4, 5}).Draw(w.T, "exit")
	w.nextTime()
	do := func(l ledger.Ledger, p ledger.Plans) error {
		switch what {
		case "save":
			return p.SavePlan(w.Context(), savedPlan(id, w.now), w.planRows(p, people))
		case "approve", "decline":
			return p.DecidePlan(w.Context(), id, ledger.PlanDecision{Approves: what == "approve", Who: "ben", At: w.now})
		case "late":
			return p.DecidePlan(w.Context(), id, ledger.PlanDecision{At: w.now.Add(48 * time.Hour)})
		}
		run, err := l.Begin(w.Context(), ledger.Run{Command: "run", Plan: id, Started: w.now})
		if err == nil && code != 5 { // else it was killed
			err = l.Finish(w.Context(), run, ledger.RunEnd{At: w.now, ExitCode: code})
		}
		return err
	}
	got, want := do(w.l, on), do(w.m, w.m)
	for _, kind := range []error{ledger.ErrConflict, ledger.ErrPlan, ledger.ErrNotFound} {
		if (got == nil) != (want == nil) || errors.Is(got, kind) != errors.Is(want, kind) {
			w.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
	w.comparePlans(on, id)
}

// planRows returns rows of a plan for some e-mails.
func (w *twins) planRows(p ledger.Plans, people []string) (rows []ledger.PlanRow) {
	for _, email := range people {
		rows = append(rows, p.DigestPlanRow(email, namedDetails("J"), 0))
	}
	return rows
}

// comparePlans compares all plans, and which customers one of them allows.
func (w *twins) comparePlans(on ledger.Plans, id string) {
	list := func(p ledger.Plans) (texts []string) {
		all, err := p.Plans(w.Context())
		w.must(err)
		for _, one := range all {
			d := one.Decision
			one.Decision = nil
			texts = append(texts, fmt.Sprintf("%+v %+v", one, d))
		}
		left, err := p.Unplanned(w.Context(), id, w.planRows(p, w.people))
		w.must(err)
		return append(texts, fmt.Sprint(left))
	}
	w.same("plans", list(on), list(w.m))
}
