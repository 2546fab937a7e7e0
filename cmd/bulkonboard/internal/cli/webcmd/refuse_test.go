package webcmd_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/plans"
)

// errEnough ends the watching of a run.
var errEnough = errors.New("enough was seen")

func refusalOf(t *testing.T, err error) api.Error {
	t.Helper()
	var r *api.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("%v is no refusal", err)
	}
	return r.Body
}

// created returns how many users the ledger has.
func (o *office) created() int {
	return o.summary("status", "--sandbox", "--ledger="+filepath.Join(o.dir, "box.db")).Counts["created"]
}

func TestAnEditedListIsNotSent(t *testing.T) {
	o := openOffice(t, 3)
	o.run(func() string { p := o.submit(api.MakePlan{}); o.approve(p); return p.ID }())
	o.drop(5)
	planned := o.list
	plan := o.submit(api.MakePlan{})
	o.approve(plan)
	o.drop(6) // one row more under the same name
	_, err := o.StartRun(t.Context(), anna(), plan.ID, o.list)
	refused := refusalOf(t, err)
	if refused.Code != "plan_stale" || !strings.Contains(strings.Join(refused.Differs, "\n"), "row 7") || !strings.Contains(strings.Join(refused.Differs, "\n"), "staff.csv is not the file") {
		t.Errorf("%+v", refused)
	}
	if n := o.created(); n != 3 {
		t.Errorf("%d users", n)
	}
	if shown, err := o.Plan(t.Context(), ben(), plan.ID); err != nil || shown.State != api.PlanStale || len(shown.Differs) == 0 {
		t.Errorf("%+v, %v", shown, err)
	}
	o.list = planned
	if run := o.run(plan.ID); run.State != api.RunFinished || o.created() != 5 {
		t.Errorf("as approved: %+v", run)
	}
}

func TestAWalletTooSmall(t *testing.T) {
	o := openOffice(t, 9, "--sandbox-balance=2.25")
	_, err := o.MakePlan(t.Context(), anna(), o.list, api.MakePlan{Save: true})
	if refused := refusalOf(t, err); refused.Code != "wallet_short" || refused.Shortfall != "2.25" || refused.Covers != 4 {
		t.Errorf("%+v", refused)
	}
	if all, err := o.Plans(t.Context(), anna()); err != nil || len(all) != 0 {
		t.Errorf("plans %v, %v", all, err)
	}
	if shown, err := o.MakePlan(t.Context(), anna(), o.list, api.MakePlan{}); err != nil || shown.Blocked == nil || shown.Shortfall != "2.25" || shown.Covers != 4 || shown.Wallet != "2.25" {
		t.Errorf("%+v, %v", shown, err)
	}
	plan := o.submit(api.MakePlan{Funded: true})
	if plan.Limit != 4 || plan.Shortfall != "2.25" {
		t.Errorf("%+v", plan)
	}
	o.approve(plan)
	if run := o.run(plan.ID); run.Created != 4 || run.State != api.RunStopped || run.Stop.Code != "limit" || run.Stop.Sentence == "" {
		t.Errorf("%+v", run)
	}
}

func TestWhatCannotBeSubmitted(t *testing.T) {
	o := openOffice(t, 0)
	if _, err := o.MakePlan(t.Context(), anna(), o.list, api.MakePlan{Save: true}); codeOf(err) != "nothing_to_send" {
		t.Errorf("no row: %v", err)
	}
	o.drop(2)
	o.args[3] = "--fee=0.5"
	o.args = append(o.args[:3], o.args[4:]...)
	o.open()
	if _, err := o.MakePlan(t.Context(), anna(), o.list, api.MakePlan{Save: true}); codeOf(err) != "fee_unknown" {
		t.Errorf("no fee: %v", err)
	}
	if plan := o.submit(api.MakePlan{Fee: "0.75"}); plan.AtMost != "1.50" {
		t.Errorf("%+v", plan)
	}
	if err := os.Remove(o.list.File); err != nil {
		t.Fatal(err)
	}
	if _, err := o.MakePlan(t.Context(), anna(), o.list, api.MakePlan{}); err == nil || !strings.HasPrefix(err.Error(), "staff.csv: ") {
		t.Errorf("no file: %v", err)
	}
}

func TestACanaryIsContinued(t *testing.T) {
	o := openOffice(t, 9)
	plan := o.submit(api.MakePlan{Limit: 5})
	o.approve(plan)
	if run := o.run(plan.ID); run.Created != 5 || run.Stop == nil || run.Stop.Code != "limit" {
		t.Errorf("canary %+v", run)
	}
	if shown, err := o.Plan(t.Context(), ben(), plan.ID); err != nil || shown.State != api.PlanRunning || shown.Limit != 5 {
		t.Errorf("%+v, %v", shown, err)
	}
	o.open()
	if run := o.run(plan.ID); run.State != api.RunFinished || run.Created != 4 || run.Statuses["created"] != 9 {
		t.Errorf("the others %+v", run)
	}
}

func TestStopInTwoSteps(t *testing.T) {
	o := openOffice(t, 60, "--sandbox-latency=20ms", "--workers=2")
	plan := o.submit(api.MakePlan{})
	o.approve(plan)
	run, err := o.StartRun(t.Context(), anna(), plan.ID, o.list)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.StartRun(t.Context(), ben(), plan.ID, o.list); codeOf(err) != "held" {
		t.Errorf("a second run: %v", err)
	}
	if _, err := o.MakePlan(t.Context(), anna(), o.list, api.MakePlan{}); codeOf(err) != "held" {
		t.Errorf("a plan meanwhile: %v", err)
	}
	if isUsed, err := o.IsInUse(t.Context(), o.list.ID); !isUsed || err != nil || !o.IsBusy() {
		t.Errorf("in use %v, busy %v: %v", isUsed, o.IsBusy(), err)
	}
	err = o.WatchRun(t.Context(), run.ID, func(r api.Run) error {
		if r.Created == 0 {
			return nil
		}
		return errEnough
	})
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	if stopping, err := o.StopRun(t.Context(), ben(), run.ID); err != nil || stopping.State != api.RunStopping && stopping.State != api.RunStopped {
		t.Errorf("%+v, %v", stopping, err)
	}
	ended := o.await(run.ID)
	if ended.State != api.RunStopped || ended.Stop.Code != "interrupted" || *ended.ExitCode != 130 || ended.Created == 0 || ended.Created == 60 || ended.InDoubt != 0 {
		t.Errorf("stopped %+v", ended)
	}
	if _, err := o.StopRun(t.Context(), ben(), run.ID); codeOf(err) != "run_over" {
		t.Errorf("stopped again: %v", err)
	}
	if run := o.run(plan.ID); run.State != api.RunFinished || run.Statuses["created"] != 60 {
		t.Errorf("continued %+v", run)
	}
}

func TestOnePersonIsEnoughUnlessTheLedgerAsksForTwo(t *testing.T) {
	o := openOffice(t, 2)
	o.IsTeam = false
	plan := o.submit(api.MakePlan{})
	if plan.Mine {
		t.Error("the maker may decide, and the page says otherwise")
	}
	answer := api.Approval{Digest: plan.Digest, Rows: plan.Send}
	o.command("approve", "policy", "--sandbox", "--ledger="+filepath.Join(o.dir, "box.db"), "two-persons")
	if _, err := o.DecidePlan(t.Context(), anna(), plan.ID, true, answer); codeOf(err) != "own_plan" {
		t.Errorf("two persons: %v", err)
	}
	o.command("approve", "policy", "--sandbox", "--ledger="+filepath.Join(o.dir, "box.db"), "none")
	if _, err := o.DecidePlan(t.Context(), anna(), plan.ID, true, answer); err != nil {
		t.Fatal(err)
	}
	o.command("approve", "policy", "--sandbox", "--ledger="+filepath.Join(o.dir, "box.db"), "two-persons")
	if _, err := o.StartRun(t.Context(), anna(), plan.ID, o.list); codeOf(err) != "plan_refused" {
		t.Errorf("approved by its maker before two persons were asked for: %v", err)
	}
	o.command("approve", "policy", "--sandbox", "--ledger="+filepath.Join(o.dir, "box.db"), "none")
	if run := o.run(plan.ID); run.State != api.RunFinished || run.Created != 2 {
		t.Errorf("%+v", run)
	}
}

func TestEditorsCannotApprove(t *testing.T) {
	o := openOffice(t, 2)
	first := o.submit(api.MakePlan{})
	o.list.Editors = []string{"anna", "ben"}
	plan := o.submit(api.MakePlan{})
	if len(plan.Overlaps) != 1 || plan.Overlaps[0] != (api.Overlap{Plan: first.ID, Maker: "anna", Rows: 2}) || !slices.Equal(plan.SampleRows, []int{2, 3}) {
		t.Errorf("overlaps %+v, rows to look at %v", plan.Overlaps, plan.SampleRows)
	}
	if shown, err := o.Plan(t.Context(), ben(), plan.ID); err != nil || !slices.Equal(shown.Overlaps, plan.Overlaps) {
		t.Errorf("who is to approve sees the overlaps %+v, %v", shown.Overlaps, err)
	}
	if _, err := o.DecidePlan(t.Context(), ben(), plan.ID, true, api.Approval{Digest: plan.Digest, Rows: plan.Send}); codeOf(err) != "own_plan" {
		t.Errorf("%v", err)
	}
	if declined, err := o.DecidePlan(t.Context(), ben(), plan.ID, false, api.Approval{Digest: plan.Digest, Comment: "wrong month"}); err != nil || declined.State != api.PlanDeclined || declined.Decided.Comment != "wrong month" {
		t.Errorf("%+v, %v", declined, err)
	}
}

func TestAUsedPlanIsUsedInAnOlderCopyToo(t *testing.T) {
	o := openOffice(t, 4)
	plan := o.submit(api.MakePlan{})
	o.approve(plan)
	book := filepath.Join(o.dir, "box.db")
	older, err := os.ReadFile(book)
	if err != nil {
		t.Fatal(err)
	}
	o.run(plan.ID)
	if err := os.WriteFile(book, older, 0o600); err != nil {
		t.Fatal(err)
	}
	o.open()
	_, err = o.StartRun(t.Context(), anna(), plan.ID, o.list)
	if err == nil {
		t.Fatal("the plan was used twice")
	}
	if code := codeOf(err); code != "plan_refused" && code != "exit_9" && code != "exit_7" {
		t.Errorf("%v", err)
	}
}

func TestDeskEndsItsRunWithTheProcess(t *testing.T) {
	o := openOffice(t, 60, "--sandbox-latency=20ms", "--workers=2")
	plan := o.submit(api.MakePlan{})
	o.approve(plan)
	ctx, stop := context.WithCancel(t.Context())
	d, err := plans.NewDesk(ctx, o.Config)
	if err != nil {
		t.Fatal(err)
	}
	run, err := d.StartRun(t.Context(), anna(), plan.ID, o.list)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	ended, err := d.Run(t.Context(), run.ID)
	if err != nil || ended.Finished == nil || ended.State != api.RunStopped || ended.Stop.Code != "interrupted" {
		t.Errorf("%+v, %v", ended, err)
	}
}
